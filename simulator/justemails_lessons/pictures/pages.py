"""Which messages each page of a walk brought: a strip for each walk, a bar for each page, and what came twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from justemails_lessons.pictures.svg import BLUE, INK, MUTED, PALE, RED, RULE, Svg

_WIDTH, _LEFT, _RIGHT, _TOP = 660, 24, 636, 56
_BAR, _STRIP = 24, 128  # the height of a bar, and of a strip with its name and its marks
_TICK = 50
_STROKE = 6  # how far the strokes of the hatching are apart


@dataclass(frozen=True, slots=True)
class _Page:
    """Where a page's messages stood in the list when the walk began, counted from 0; the last one is not in it."""

    first: int
    end: int
    fresh: int
    """The first one that no page before had."""

    @property
    def twice(self) -> int:
        return self.fresh - self.first


@dataclass(frozen=True, slots=True, repr=False)
class Pages:
    """The picture; as text, a line for each walk and each of its pages.

    Args:
        walks: for each walk the ids on each of its pages, in the order of the walk.
        order: the ids of the list when the walks began, first to last; what came later is not drawn.
    """

    walks: Mapping[str, Sequence[Sequence[str]]]
    order: Sequence[str]

    def __repr__(self) -> str:
        lines = []
        for name, walk in self.walks.items():
            lines.append(f"{name}: {_summary(walk)}")
            for number, page in enumerate(self._placed(walk), 1):
                again = f", {page.twice} of them twice" if page.twice else ""
                lines.append(f"  page {number}: places {page.first + 1} to {page.end}{again}")
        return "\n".join(lines)

    def _repr_svg_(self) -> str:
        bottom = _TOP + _STRIP * len(self.walks)
        svg = Svg(_WIDTH, bottom + 50, "Which messages each page brought")
        svg.line(_LEFT, bottom, _RIGHT, bottom, INK)
        for place in self._ticks:
            x = self._x(place + 0.5)
            svg.line(x, bottom, x, bottom + 4, INK)
            svg.text(x, bottom + 20, str(place + 1), MUTED, anchor="middle", size=13)
        svg.text(
            (_LEFT + _RIGHT) / 2,
            bottom + 40,
            "place in the list when the walk began (1 is the newest message)",
            MUTED,
            anchor="middle",
            size=13,
        )
        for number, (name, walk) in enumerate(self.walks.items()):
            self._strip(svg, _TOP + _STRIP * number, name, walk)
        return str(svg)

    def _strip(self, svg: Svg, top: float, name: str, walk: Sequence[Sequence[str]]) -> None:
        svg.text(16, top + 12, f"{name}: {_summary(walk)}", INK, bold=True, size=13)
        for place in self._ticks:
            x = self._x(place + 0.5)
            svg.line(x, top + 40, x, top + 48 + 2 * _BAR + 4, RULE)
        for number, page in enumerate(self._placed(walk)):
            y = top + 44 + number % 2 * (_BAR + 4)  # by turns above and below, so that what overlaps can be seen
            left, right, fresh = self._x(page.first), self._x(page.end), self._x(page.fresh)
            svg.rect(left, y, right - left, _BAR, PALE[BLUE], BLUE)
            if page.twice:
                svg.rect(left, y, fresh - left, _BAR, PALE[RED], RED)
                svg.path(_hatching(left, fresh, y, y + _BAR), RED)
                beside = y - 7 if number % 2 == 0 else y + _BAR + 16
                svg.text((left + fresh) / 2, beside, f"{page.twice} twice", RED, anchor="middle", size=12)
            said = f"page {number + 1}"
            room = right - fresh
            svg.text(
                (fresh + right) / 2,
                y + 17,
                said if len(said) * 8 < room else str(number + 1),
                BLUE,
                anchor="middle",
                size=13,
            )

    def _placed(self, walk: Sequence[Sequence[str]]) -> list[_Page]:
        place = {one: number for number, one in enumerate(self.order)}
        found, seen = [], 0
        for page in walk:
            places = [place[one] for one in page if one in place]
            if places:
                first, end = min(places), max(places) + 1
                found.append(_Page(first, end, min(max(first, seen), end)))
                seen = max(seen, end)
        return found

    @property
    def _ticks(self) -> Sequence[int]:
        return [0, *range(_TICK - 1, len(self.order), _TICK)]

    def _x(self, place: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * place / len(self.order)


def _summary(walk: Sequence[Sequence[str]]) -> str:
    ids = [one for page in walk for one in page]
    return f"{len(walk)} pages, {len(ids)} items, {len(set(ids))} messages"


def _hatching(left: float, right: float, top: float, bottom: float) -> str:
    strokes, x = [], left
    while x + _STROKE <= right + 0.5:
        strokes.append(f"M{x:.1f} {bottom:.0f} L{x + _STROKE:.1f} {top:.0f}")
        x += _STROKE
    return " ".join(strokes) or f"M{left:.1f} {bottom:.0f} L{right:.1f} {top:.0f}"
