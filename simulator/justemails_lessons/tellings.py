"""What the lab says in a line or a few: what happened while time passed, and how a host behaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from justemails_contract.delivery import is_terminal
from justemails_lessons.times import write_span
from justemails_lessons.world import Try

_MOST_LINES = 6


@dataclass(frozen=True, slots=True)
class Note:
    """A line of text that shows itself without quotes."""

    text: str

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Passed:
    """Time that passed, and what happened in it."""

    span: timedelta
    now: datetime
    lines: Sequence[str]

    def __repr__(self) -> str:
        shown = list(self.lines)
        if len(shown) > _MOST_LINES:
            left_out = len(shown) - _MOST_LINES
            shown[_MOST_LINES // 2 : -_MOST_LINES // 2] = [f"... {left_out} more ..."]
        first = f"{write_span(self.span)} passed; it is {self.now:%d %B, %H:%M:%S} UTC."
        return "\n".join([first, *shown])


def lines_of(tries: Sequence[Try], span: timedelta) -> list[str]:
    """Say what became of each attempt, with the day where ``span`` is longer than one."""
    when = "%H:%M:%S" if span < timedelta(days=1) else "%d %b %H:%M"
    return [
        f"{one.ended_at:{when}}  {one.recipient}, attempt {one.attempt.number}: {_outcome(one, when)}" for one in tries
    ]


def write_step(step: str | Mapping[str, object]) -> str:
    """Say in words what a step of a script does."""
    if isinstance(step, str):
        return step
    does = next((f"says {step[name]!r}" for name in ("reply",) if name in step), "does " + _rest(step))
    often = f" {step['times']} times" if "times" in step else f" for {step['for']}" if "for" in step else ""
    return f"{does} at {step.get('at', 'RCPT')}{often}"


def _rest(step: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in step.items() if name not in {"at", "times", "for"})


def _outcome(one: Try, when: str) -> str:
    said = str(one.attempt.code) if one.attempt.code else f"no answer at {one.attempt.phase}"
    if is_terminal(one.status):
        return f"{said}, {one.status}"
    return f"{said}, put off" + ("" if one.due_at is None else f" to {one.due_at:{when}}")
