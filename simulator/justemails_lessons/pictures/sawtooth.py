"""How full a limit is over time: a request that counts lifts the line, and lets it down again when its time is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from justemails_lessons.pictures.svg import BLUE, INK, MUTED, PAPER, RED, RULE, Svg

_WIDTH, _LEFT, _RIGHT, _TOP, _HIGH = 660, 64, 636, 62, 190
_SAMPLES = 400


@dataclass(frozen=True, slots=True, repr=False)
class Sawtooth:
    """The picture; as text, how many requests passed in each minute, and how many did not.

    Args:
        title: who asked.
        asked: when each request was made, and the status of its answer.
        limit: how many may pass in a window.
    """

    title: str
    asked: Sequence[tuple[datetime, int]]
    limit: int
    window: timedelta = timedelta(minutes=1)

    def _seconds(self, *, refused: bool) -> list[float]:
        first = self.asked[0][0]
        return [(at - first).total_seconds() for at, status in self.asked if (status == 429) is refused]

    def __repr__(self) -> str:
        passed, refused = self._seconds(refused=False), self._seconds(refused=True)
        length = self.window.total_seconds()
        lines = [self.title]
        for number in range(int(max(passed + refused) // length) + 1):
            counts = [sum(at // length == number for at in times) for times in (passed, refused)]
            lines.append(f"minute {number + 1}: {counts[0]} passed, {counts[1]} refused with 429")
        return "\n".join(lines)

    def _repr_svg_(self) -> str:
        passed, refused = self._seconds(refused=False), self._seconds(refused=True)
        last, length = max(passed + refused), self.window.total_seconds()
        bottom, wide = _TOP + _HIGH, _RIGHT - _LEFT
        svg = Svg(_WIDTH, bottom + 96, self.title)
        svg.text(16, _TOP - 12, f"requests counted in the last {length:.0f} s", MUTED, size=13)
        high = (_HIGH - 14) / self.limit
        for share in (0, self.limit // 2, self.limit):
            svg.line(_LEFT, bottom - share * high, _RIGHT, bottom - share * high, RULE)
            svg.text(_LEFT - 10, bottom - share * high + 5, str(share), MUTED, anchor="end", size=13)
        svg.line(_LEFT, bottom - self.limit * high, _RIGHT, bottom - self.limit * high, RED, 1.5, dashed=True)
        svg.text(_RIGHT, bottom - self.limit * high - 7, "the limit", RED, anchor="end", size=13)
        points = []
        for number in range(_SAMPLES + 1):
            now = last * number / _SAMPLES
            count = sum(now - length < at <= now for at in passed)
            points.append(f"{_LEFT + wide * number / _SAMPLES:.1f} {bottom - count * high:.1f}")
        svg.path("M" + " L".join(points), BLUE, 2)
        for at in refused:
            x = _LEFT + wide * at / last
            svg.line(x, bottom + 6, x, bottom + 18, RED, 2)
        for minute in range(int(last // 30) + 1):
            x = _LEFT + wide * minute * 30 / last
            svg.line(x, bottom, x, bottom + 4, INK)
            svg.text(x, bottom + 36, f"{minute * 30}", MUTED, anchor="middle", size=13)
        svg.line(_LEFT, bottom, _RIGHT, bottom, INK)
        svg.text((_LEFT + _RIGHT) / 2, bottom + 56, "time in seconds", MUTED, anchor="middle", size=13)
        svg.rect(_LEFT, bottom + 72, 2, 12, RED, PAPER)
        svg.text(_LEFT + 10, bottom + 83, "a request that was refused: it does not count", RED, size=13)
        return str(svg)
