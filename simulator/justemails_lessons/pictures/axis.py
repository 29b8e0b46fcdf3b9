"""A logarithmic axis of time, from a fraction of a second to days."""

import math
from dataclasses import dataclass

from justemails_lessons.pictures.svg import MUTED, RULE, Svg

_TICKS = (
    (0.1, "0.1 s"),
    (1, "1 s"),
    (10, "10 s"),
    (60, "1 min"),
    (600, "10 min"),
    (3600, "1 h"),
    (6 * 3600, "6 h"),
    (86400, "1 d"),
    (4 * 86400, "4 d"),
)


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Where a number of seconds stands between two edges of a picture."""

    left: float
    right: float
    shortest: float
    longest: float

    def x(self, seconds: float) -> float:
        """Return where a time stands; what is shorter than the shortest stands with it."""
        whole = math.log(self.longest / self.shortest)
        return self.left + (self.right - self.left) * math.log(max(seconds, self.shortest) / self.shortest) / whole

    def draw(self, svg: Svg, top: float, bottom: float, label: str) -> None:
        """Draw the ticks as lines from top to bottom, their names below, and the axis' own name below these."""
        room = 0.0
        for seconds, name in _TICKS:
            if self.shortest <= seconds <= self.longest:
                x = self.x(seconds)
                svg.line(x, top, x, bottom, RULE)
                if x >= room:
                    svg.text(x, bottom + 18, name, MUTED, anchor="middle", size=13)
                    room = x + 48
        svg.text((self.left + self.right) / 2, bottom + 40, label, MUTED, anchor="middle", size=13)
