"""The retries of one message as a staircase: the longer it has waited, the longer it waits for the next step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from justemails_contract.delivery import Status
from justemails_lessons.pictures.axis import TimeAxis
from justemails_lessons.pictures.svg import BLUE, INK, MUTED, PAPER, RULE, Svg
from justemails_lessons.pictures.timeline import COLOURS
from justemails_lessons.times import write_span

_WIDTH, _LEFT, _RIGHT, _TOP = 640, 64, 600, 56
_HIGH, _STEP = 300, 24
_SHORTEST = 30.0  # what is earlier stands at the left edge: the first attempt, at once


@dataclass(frozen=True, slots=True, repr=False)
class Staircase:
    """The picture; as text, a line for each attempt."""

    recipient: str
    began_after: Sequence[timedelta]
    status: Status

    def __repr__(self) -> str:
        lines = [f"attempt {number:>2}  +{write_span(at)}" for number, at in enumerate(self.began_after, 1)]
        return "\n".join([f"{self.recipient}: {self.status}", *lines])

    def _repr_svg_(self) -> str:
        count = len(self.began_after)
        high = min(_HIGH, count * _STEP)
        bottom = _TOP + 24 + high
        last = self.began_after[-1].total_seconds()
        axis = TimeAxis(_LEFT, _RIGHT, _SHORTEST, max(last * 1.25, 120))
        svg = Svg(_WIDTH, int(bottom) + 56, f"{count} attempts to deliver to {self.recipient}")
        axis.draw(svg, _TOP, bottom, "time since POST /send (logarithmic)")
        svg.text(_LEFT, bottom + 18, "0", MUTED, anchor="middle", size=13)
        self._draw_numbers(svg, bottom, high / count)
        x, y = axis.x(0), float(bottom)
        for number, at in enumerate(self.began_after, 1):
            to, up = axis.x(at.total_seconds()), bottom - number * high / count
            svg.line(x, y, to, y, BLUE, 2)
            svg.line(to, y, to, up, BLUE, 2)
            svg.dot(to, up, 4, BLUE, PAPER)
            x, y = to, up
        colour = COLOURS[self.status]
        svg.dot(x, y, 7, colour, PAPER)
        svg.text(
            x - 12, y - 6, f"{self.status} at +{write_span(self.began_after[-1])}", colour, anchor="end", bold=True
        )
        return str(svg)

    def _draw_numbers(self, svg: Svg, bottom: float, step: float) -> None:
        count = len(self.began_after)
        every = 1 if count <= 12 else 5
        svg.line(_LEFT, bottom, _RIGHT, bottom, INK)
        svg.text(16, _TOP - 6, "attempt", MUTED, size=13)
        for number in range(1, count + 1):
            if number == 1 or number % every == 0:
                y = bottom - number * step
                svg.line(_LEFT, y, _RIGHT, y, RULE)
                svg.text(_LEFT - 10, y + 5, str(number), MUTED, anchor="end", size=13)
