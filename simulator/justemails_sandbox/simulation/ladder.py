"""The story of each message as an SMTP ladder: who said what to whom, and how much time went by between.

+0 s         accepted by the API: hello@yourdomain.com to ann@story.test
+0 s         attempt 1
               mx.story.test [198.18.0.80]
               <- 220 mx.story.test ESMTP
               -> EHLO localhost.localdomain
               ...
               <- 450 4.7.1 greylisted, come back in five minutes
             put off until +57 s
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from justemails_contract.delivery import is_terminal
from justemails_sandbox.simulation.history import Accepted, Crashed, Entry, Finished, Started

_ARROWS = {"C: ": "-> ", "S: ": "<- ", "-- ": ""}
_COLUMN = 13


class Ladder:
    """Reads a history and tells it message by message."""

    def __init__(self) -> None:
        self._accepted: dict[str, tuple[datetime, list[str]]] = {}
        self._last: dict[str, tuple[str, ...]] = {}

    def __call__(self, entry: Entry) -> None:
        match entry.happening:
            case Accepted() as accepted:
                told = f"accepted by the API: {accepted.sender} to {accepted.recipient}"
                self._accepted[accepted.message_id] = entry.at, [_at(timedelta(0), told)]
            case Finished(recorded=True) as done:
                start, lines = self._accepted[done.message_id]
                lines += self._attempt(done, entry.at - start, start)
            case Crashed(who) | Started(who):
                verb = "died" if isinstance(entry.happening, Crashed) else "started again"
                for start, lines in self._accepted.values():
                    lines.append(_at(entry.at - start, f"{who} {verb}"))

    def text(self) -> str:
        """Return the whole story."""
        return "\n\n".join("\n".join(lines) for _, lines in self._accepted.values())

    def _attempt(self, done: Finished, age: timedelta, start: datetime) -> Iterator[str]:
        yield _at(age, f"attempt {done.attempt}")
        if done.transcript == self._last.get(done.message_id) and done.transcript:
            yield _under(
                "as before: " + next(line for line in reversed(done.transcript) if line.startswith(("S:", "--")))
            )
        else:
            for line in done.transcript or (f"-- {done.text}",):
                yield _under(_ARROWS.get(line[:3], "") + line[3:])
        self._last[done.message_id] = done.transcript
        if is_terminal(done.status):
            yield _at(None, f"{done.status}: {done.text}" if done.text else str(done.status))
        elif done.due_at is not None:
            yield _at(None, f"put off until {_plain(done.due_at - start)}")


def _at(age: timedelta | None, text: str) -> str:
    return f"{'' if age is None else _plain(age):<{_COLUMN}}{text}"


def _under(text: str) -> str:
    return " " * (_COLUMN + 2) + text


def _plain(age: timedelta) -> str:
    """Write a time as ``+2 d 3 h``: its two greatest units."""
    seconds = round(age.total_seconds())
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    parts = []
    for unit, length in units:
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count} {unit}")
    return "+" + " ".join(parts[:2] or ["0 s"])
