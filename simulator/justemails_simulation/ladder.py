"""The story of each message as an SMTP ladder: who said what to whom, and how much time went by between.

+0 s           accepted by the API: hello@yourdomain.com to ann@story.test
+0 s           attempt 1
                 mx.story.test [198.18.0.80]
                 <- 220 mx.story.test ESMTP
                 -> EHLO out.justemails.test
                 ...
                 <- 450 4.7.1 greylisted, come back in five minutes
               put off until +57 s
+57 s          attempt 2 went the same way: 450 4.7.1 greylisted, come back in five minutes
               put off until +5 min 50 s
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from justemails_contract.delivery import is_terminal
from justemails_sandbox.durations import in_words
from justemails_simulation.history import Accepted, Claimed, Crashed, Entry, Finished, Started

_ARROWS = {"C: ": "-> ", "S: ": "<- ", "-- ": ""}
_COLUMN = 15


@dataclass(slots=True)
class _Attempts:
    """One attempt, or several in a row that went the same way as the one before them."""

    first: Finished
    last: Finished
    began: timedelta  # the first one, after the acceptance
    last_began: timedelta
    ended: timedelta
    told_before: bool

    def lines(self, accepted_at: datetime) -> list[str]:
        return [*self._heading(), self._end(accepted_at)]

    def _heading(self) -> list[str]:
        number = self.first.attempt
        if not self.told_before:
            said = self.first.transcript or (f"-- {self.first.text}",)
            ladder = [" " * (_COLUMN + 2) + _ARROWS.get(line[:3], "") + line[3:] for line in said]
            return [_at(self.began, f"attempt {number}"), *ladder]
        how = f"went the same way: {self._last_words()}"
        if self.last is self.first:
            return [_at(self.began, f"attempt {number} {how}")]
        until = _since(self.last_began)
        return [_at(self.began, f"attempts {number} to {self.last.attempt}, the last one at {until}, {how}")]

    def _last_words(self) -> str:
        said = [line[3:] for line in self.first.transcript if line.startswith("S: ") and line[3:4] in "45"]
        return said[-1] if said else self.first.text

    def _end(self, accepted_at: datetime) -> str:
        took_a_while = _since(self.ended) != _since(self.last_began)
        return _at(self.ended if took_a_while else None, self._outcome(accepted_at))

    def _outcome(self, accepted_at: datetime) -> str:
        if is_terminal(self.last.status):
            return f"{self.last.status}: {self.last.text}" if self.last.text else str(self.last.status)
        return f"put off until {_since(self.last.due_at - accepted_at)}" if self.last.due_at else "put off"


class Ladder:
    """Reads a history and tells it message by message."""

    def __init__(self) -> None:
        self._begun_at: datetime | None = None
        self._accepted_at: dict[str, datetime] = {}
        self._claims: dict[str, tuple[Claimed, datetime]] = {}
        self._stories: dict[str, list[str | _Attempts]] = {}

    def __call__(self, entry: Entry) -> None:
        match entry.happening:
            case Accepted() as accepted:
                self._begun_at = self._begun_at or entry.at
                later = entry.at - self._begun_at
                when = f", {in_words(later)} into the story" if later else ""
                told = f"accepted by the API{when}: {accepted.sender} to {accepted.recipient}"
                self._accepted_at[accepted.message_id] = entry.at
                self._stories[accepted.message_id] = [_at(timedelta(0), told)]
            case Claimed() as claim:
                self._claims[claim.message_id] = (claim, entry.at)
            case Finished(recorded=True) as done:
                _, claimed_at = self._claims.pop(done.message_id)
                accepted_at = self._accepted_at[done.message_id]
                self._attempt(done, claimed_at - accepted_at, entry.at - accepted_at)
            case Crashed(who):
                for message_id, story in self._unfinished():
                    story.append(
                        _at(entry.at - self._accepted_at[message_id], f"{who} died" + self._cut(message_id, who))
                    )
            case Started(who):
                for message_id, story in self._unfinished():
                    story.append(_at(entry.at - self._accepted_at[message_id], f"{who} started again"))

    def text(self) -> str:
        """Return the whole story."""
        return "\n\n".join(
            "\n".join(
                line
                for part in story
                for line in ([part] if isinstance(part, str) else part.lines(self._accepted_at[message_id]))
            )
            for message_id, story in self._stories.items()
        )

    def _cut(self, message_id: str, who: str) -> str:
        claim = self._claims[message_id][0] if message_id in self._claims else None
        return f" in attempt {claim.attempt}" if claim is not None and claim.worker == who else ""

    def _unfinished(self) -> Iterator[tuple[str, list[str | _Attempts]]]:
        for message_id, story in self._stories.items():
            latest = story[-1]
            if not (isinstance(latest, _Attempts) and is_terminal(latest.last.status)):
                yield message_id, story

    def _attempt(self, done: Finished, began: timedelta, ended: timedelta) -> None:
        story = self._stories[done.message_id]
        before = next((part for part in reversed(story) if isinstance(part, _Attempts)), None)
        same = before is not None and (before.first.transcript, before.first.text) == (done.transcript, done.text)
        if before is not None and before is story[-1] and before.told_before and same:
            before.last, before.last_began = done, began
            before.ended = ended
        else:
            story.append(_Attempts(done, done, began, began, ended, told_before=same))


def _at(age: timedelta | None, text: str) -> str:
    return f"{'' if age is None else _since(age):<{_COLUMN}}{text}"


def _since(age: timedelta) -> str:
    return "+" + in_words(age)
