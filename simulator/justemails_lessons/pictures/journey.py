"""The way of one mail: your program, the API, its delivery engine, the recipient's server, and when each had a turn."""

from dataclasses import dataclass
from datetime import timedelta

from justemails_contract.delivery import INITIAL, Status
from justemails_lessons.pictures.svg import BLUE, GREEN, INK, PALE, RULE, Svg
from justemails_lessons.times import write_span

_LANES = ("your program", "the API", "delivery engine", "recipient's server")
_WIDTH, _FIRST, _APART, _TOP, _STEP = 640, 76, 160, 72, 48


@dataclass(frozen=True, slots=True)
class Step:
    """One arrow, from a lane to a lane, and when."""

    at: timedelta
    begin: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class Journey:
    """The picture of a message that was delivered at its first attempt; as text, a line for each step."""

    recipient: str
    began: timedelta
    ended: timedelta
    reply: str
    status: Status

    @property
    def steps(self) -> tuple[Step, ...]:
        """What happened, in order."""
        zero = timedelta(0)
        return (
            Step(zero, 0, 1, "POST /send"),
            Step(zero, 1, 0, f"200, {INITIAL}"),
            Step(self.began, 1, 2, "a message is due"),
            Step(self.began, 2, 3, "the mail, by SMTP"),
            Step(self.ended, 3, 2, self.reply),
            Step(self.ended, 2, 1, str(self.status)),
        )

    def __repr__(self) -> str:
        return "\n".join(
            f"+{write_span(step.at):<6}  {_LANES[step.begin]} -> {_LANES[step.end]}: {step.text}" for step in self.steps
        )

    def _repr_svg_(self) -> str:
        bottom = _TOP + 20 + _STEP * len(self.steps)
        svg = Svg(_WIDTH, bottom + 12, f"The way of a mail to {self.recipient}")
        for number, lane in enumerate(_LANES):
            x = _FIRST + number * _APART
            svg.rect(x - 70, 42, 140, 26, PALE[BLUE], radius=4)
            svg.text(x, 60, lane, BLUE, anchor="middle", bold=True, size=13)
            svg.line(x, 68, x, bottom, RULE, 2)
        for number, step in enumerate(self.steps):
            self._draw(svg, _TOP + 34 + number * _STEP, step)
        return str(svg)

    def _draw(self, svg: Svg, y: float, step: Step) -> None:
        begin, end = _FIRST + step.begin * _APART, _FIRST + step.end * _APART
        back = end < begin
        colour = GREEN if back else INK
        svg.arrow(begin + (-2 if back else 2), y, end + (2 if back else -2), colour, dashed=back)
        svg.text((begin + end) / 2, y - 6, step.text, colour, anchor="middle", size=13)
        svg.text((begin + end) / 2, y + 15, f"+{write_span(step.at)}", colour, anchor="middle", size=12)
