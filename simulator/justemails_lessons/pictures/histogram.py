"""How often each length of a wait occurred."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from justemails_lessons.pictures.svg import BLUE, INK, MUTED, PAPER, RULE, Svg

_WIDTH, _LEFT, _RIGHT, _TOP, _HIGH = 640, 64, 616, 56, 170


@dataclass(frozen=True, slots=True, repr=False)
class Histogram:
    """The picture; as text, a line for each bar.

    Args:
        title: what was counted.
        lengths: the lengths.
        bar: how much of time a bar stands for.
    """

    title: str
    lengths: Sequence[timedelta]
    bar: timedelta

    @property
    def counts(self) -> dict[int, int]:
        """How many fell into each bar, by the bar's number from zero seconds on; empty bars in between too."""
        found = Counter(length // self.bar for length in self.lengths)
        return {number: found[number] for number in range(min(found), max(found) + 1)}

    def _edge(self, number: int) -> int:
        return round((number * self.bar).total_seconds())

    def __repr__(self) -> str:
        return "\n".join(
            [self.title]
            + [
                f"{self._edge(number):>4} to {self._edge(number + 1)} s  {'#' * count} {count}"
                for number, count in self.counts.items()
            ]
        )

    def _repr_svg_(self) -> str:
        counts = self.counts
        bottom, most = _TOP + _HIGH, max(counts.values())
        wide = (_RIGHT - _LEFT) / len(counts)
        svg = Svg(_WIDTH, bottom + 56, self.title)
        svg.text(16, _TOP - 6, "messages", MUTED, size=13)
        for share in (0, most // 2, most):
            y = bottom - (_HIGH - 10) * share / most
            svg.line(_LEFT, y, _RIGHT, y, RULE)
            svg.text(_LEFT - 10, y + 5, str(share), MUTED, anchor="end", size=13)
        for place, (number, count) in enumerate(counts.items()):
            x, high = _LEFT + place * wide, (_HIGH - 10) * count / most
            svg.rect(x + 2, bottom - high, wide - 4, high, BLUE, PAPER)
            svg.text(x, bottom + 18, str(self._edge(number)), MUTED, anchor="middle", size=13)
        svg.text(_RIGHT, bottom + 18, str(self._edge(max(counts) + 1)), MUTED, anchor="middle", size=13)
        svg.line(_LEFT, bottom, _RIGHT, bottom, INK)
        svg.text((_LEFT + _RIGHT) / 2, bottom + 40, "wait in seconds", MUTED, anchor="middle", size=13)
        return str(svg)
