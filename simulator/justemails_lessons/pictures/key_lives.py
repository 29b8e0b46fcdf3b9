"""Keys over time: a bar from the making of each to its revocation, and a tick for each use."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from justemails_lessons.pictures.svg import BLUE, INK, MUTED, PALE, RED, RULE, Svg

_WIDTH, _LEFT, _RIGHT, _TOP, _ROW = 672, 160, 640, 52, 58
_STEPS_MIN = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)
_MOST_TICKS = 8


@dataclass(slots=True)
class KeyLife:
    """What happened to a key so far; a lesson writes it down as it goes on.

    Args:
        made: when it was made.
        uses: when it was used, and the status of each answer.
        revoked: when it was revoked, or None where it still works.
    """

    name: str
    made: datetime
    uses: list[tuple[datetime, int]] = field(default_factory=list)
    revoked: datetime | None = None

    def count(self, *, refused: bool) -> int:
        """Return how many uses were refused with 401, or how many were not."""
        return sum((status == 401) is refused for _, status in self.uses)


@dataclass(frozen=True, slots=True, repr=False)
class KeyLives:
    """The picture; as text, a line for each key.

    Args:
        title: what happened.
        lives: the keys, in the order of the rows; the time axis begins when the first of them was made.
        until: where the time axis ends.
    """

    title: str
    lives: Sequence[KeyLife]
    until: datetime

    @property
    def began(self) -> datetime:
        return min(life.made for life in self.lives)

    def __repr__(self) -> str:
        return "\n".join([self.title, *map(self._line, self.lives)])

    def _line(self, life: KeyLife) -> str:
        end = "works to the end" if life.revoked is None else f"revoked at minute {self._minute(life.revoked):g}"
        made = self._minute(life.made)
        refused = life.count(refused=True)
        return (
            f"{life.name}: made at minute {made:g}, {life.count(refused=False)} uses, "
            f"{end}{f', {refused} refused with 401' if refused else ''}"
        )

    def _minute(self, at: datetime) -> float:
        return round((at - self.began) / timedelta(minutes=1), 1)

    def _x(self, at: datetime) -> float:
        return _LEFT + (_RIGHT - _LEFT) * ((at - self.began) / (self.until - self.began))

    def _repr_svg_(self) -> str:
        bottom = _TOP + _ROW * len(self.lives)
        svg = Svg(_WIDTH, bottom + 84, self.title)
        self._axis(svg, bottom)
        for number, life in enumerate(self.lives):
            self._row(svg, life, _TOP + number * _ROW + _ROW / 2 + 6)
        _legend(svg, bottom + 66)
        return str(svg)

    def _axis(self, svg: Svg, bottom: float) -> None:
        whole = self._minute(self.until)
        step = next((step for step in _STEPS_MIN if whole / step <= _MOST_TICKS), _STEPS_MIN[-1])
        for minute in range(0, int(whole) + 1, step):
            x = self._x(self.began + timedelta(minutes=minute))
            svg.line(x, _TOP, x, bottom, RULE)
            svg.text(x, bottom + 18, str(minute), MUTED, anchor="middle", size=13)
        svg.line(_LEFT, bottom, _RIGHT, bottom, INK)
        svg.text(
            (_LEFT + _RIGHT) / 2,
            bottom + 38,
            "minutes of the lab's time, from the making of the first key",
            MUTED,
            anchor="middle",
            size=13,
        )

    def _row(self, svg: Svg, life: KeyLife, y: float) -> None:
        begin, end = self._x(life.made), self._x(life.revoked or self.until)
        svg.text(_LEFT - 14, y + 5, life.name, INK, anchor="end", size=13)
        svg.rect(begin, y - 11, end - begin, 22, PALE[BLUE], BLUE)
        for at, status in life.uses:
            if status == 401:
                _cross(svg, self._x(at), y)
            else:
                svg.line(self._x(at), y - 9, self._x(at), y + 9, BLUE, 2)
        if life.revoked is not None:
            svg.line(end, y - 16, end, y + 16, RED, 4)
            svg.text(end, y - 20, "revoked", RED, anchor="middle", bold=True, size=12)


def _cross(svg: Svg, x: float, y: float) -> None:
    svg.line(x - 4, y - 5, x + 4, y + 5, RED, 2)
    svg.line(x - 4, y + 5, x + 4, y - 5, RED, 2)


def _legend(svg: Svg, y: float) -> None:
    svg.rect(_LEFT - 110, y - 8, 34, 16, PALE[BLUE], BLUE)
    svg.text(_LEFT - 68, y + 5, "the key works", MUTED, size=13)
    svg.line(_LEFT + 70, y - 9, _LEFT + 70, y + 9, BLUE, 2)
    svg.text(_LEFT + 80, y + 5, "a use", MUTED, size=13)
    svg.line(_LEFT + 168, y - 10, _LEFT + 168, y + 10, RED, 4)
    svg.text(_LEFT + 180, y + 5, "revocation", MUTED, size=13)
    _cross(svg, _LEFT + 306, y)
    svg.text(_LEFT + 318, y + 5, "a use refused: 401", MUTED, size=13)
