"""What the lab says in a line or a few: what happened while time passed, and how a host behaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from justemails_contract.delivery import is_terminal
from justemails_lessons.times import write_span
from justemails_lessons.world import Try

_MOST_LINES = 8


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


def lines_since(tries: Sequence[Try]) -> list[str]:
    """Say what became of each attempt."""
    return [f"{one.ended_at:%H:%M:%S}  {one.recipient}, attempt {one.attempt.number}: {_outcome(one)}" for one in tries]


def write_step(step: str | Mapping[str, object]) -> str:
    """Say in words what a step of a script does."""
    if isinstance(step, str):
        return step
    does = next((f"says {step[name]!r}" for name in ("reply",) if name in step), "does " + _rest(step))
    often = f" {step['times']} times" if "times" in step else f" for {step['for']}" if "for" in step else ""
    return f"{does} at {step.get('at', 'RCPT')}{often}"


def _rest(step: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in step.items() if name not in {"at", "times", "for"})


def _outcome(one: Try) -> str:
    said = f"{one.attempt.code} {one.attempt.text}" if one.attempt.code else one.attempt.text or "no answer"
    first = said.splitlines()[0]
    if is_terminal(one.status):
        return f"{one.status} ({first})"
    due = "" if one.due_at is None else f", due again {one.due_at:%H:%M:%S}"
    return f"put off{due} ({first})"
