"""Which value passes in which member of a request: a cell for each pair, with the status of the answer in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from justemails_lessons.pictures.svg import AMBER, GREEN, INK, MUTED, PALE, RED, Svg

_LEFT, _TOP, _CELL, _HIGH, _EDGE = 104, 104, 60, 38, 16
_BAND, _STROKE = 9, 7  # of a cell: how high its hatched band is, and how far its strokes are apart

_MEANINGS = {
    200: (GREEN, "", "taken"),
    400: (AMBER, "/", "not the documented shape"),
    422: (RED, "x", "refused by a rule"),
}
_OTHER = (MUTED, "/", "something else")


@dataclass(frozen=True, slots=True, repr=False)
class FieldGrid:
    """The picture; as text, a line for each member.

    Args:
        title: what was asked.
        values: a name for each value, of one word or two.
        statuses: for each member the status of the answer to each value, in their order.
    """

    title: str
    values: Sequence[str]
    statuses: Mapping[str, Sequence[int]]

    def status(self, member: str, value: str) -> int:
        """Return the status of one cell."""
        return self.statuses[member][self.values.index(value)]

    def __repr__(self) -> str:
        lines = [f"{self.title}: {', '.join(self.values)}"]
        lines += [f"{member:<9} {' '.join(map(str, row))}" for member, row in self.statuses.items()]
        return "\n".join(lines)

    def _repr_svg_(self) -> str:
        bottom = _TOP + _HIGH * len(self.statuses)
        wide = _CELL * len(self.values)
        svg = Svg(_LEFT + wide + _EDGE, bottom + 52, self.title)
        svg.text(_EDGE, _TOP - 12, "member", MUTED, size=13)
        svg.text(_LEFT + wide / 2, _TOP - 52, "what was put in its place", MUTED, anchor="middle", size=13)
        for number, value in enumerate(self.values):
            words = value.split(" ", 1)
            for line, word in enumerate(reversed(words)):
                x, y = _LEFT + (number + 0.5) * _CELL, _TOP - 12 - 15 * line
                svg.text(x, y, word, INK, anchor="middle", size=12)
        for number, (member, row) in enumerate(self.statuses.items()):
            y = _TOP + number * _HIGH
            svg.text(_EDGE, y + 23, member, INK, mono=True, size=13)
            for column, status in enumerate(row):
                _cell(svg, _LEFT + column * _CELL, y, status)
        self._legend(svg, bottom + 12)
        return str(svg)

    def _legend(self, svg: Svg, y: float) -> None:
        x = float(_EDGE)
        for status in sorted({status for row in self.statuses.values() for status in row}):
            _cell(svg, x, y, status)
            said = _MEANINGS.get(status, _OTHER)[2]
            svg.text(x + _CELL + 8, y + 23, said, MUTED, size=13)
            x += _CELL + 8 + len(said) * 7.8 + 18


def _cell(svg: Svg, x: float, y: float, status: int) -> None:
    colour, hatch, _ = _MEANINGS.get(status, _OTHER)
    svg.rect(x + 2, y + 2, _CELL - 4, _HIGH - 4, PALE[colour], colour, radius=3)
    svg.text(x + _CELL / 2, y + (18 if hatch else 24), str(status), colour, anchor="middle", bold=True, size=13)
    top, bottom = y + _HIGH - 5 - _BAND, y + _HIGH - 5
    strokes = []
    left = x + 7
    while hatch and left + _STROKE <= x + _CELL - 6:
        strokes.append(f"M{left:.0f} {bottom} L{left + _STROKE:.0f} {top}")
        if hatch == "x":
            strokes.append(f"M{left:.0f} {top} L{left + _STROKE:.0f} {bottom}")
        left += _STROKE
    if strokes:
        svg.path(" ".join(strokes), colour)
