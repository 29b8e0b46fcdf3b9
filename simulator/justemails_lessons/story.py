"""What has happened to one message: the facts that the pictures draw, and the pictures."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from justemails.delivery.reasons import explain
from justemails.records import Attempt
from justemails_contract.delivery import INITIAL, Event, Status, is_terminal
from justemails_lessons.pictures.journey import Journey
from justemails_lessons.pictures.ladder import Ladder
from justemails_lessons.pictures.staircase import Staircase
from justemails_lessons.pictures.transcript import Transcript
from justemails_lessons.times import write_span
from justemails_lessons.world import Try

_HOST = re.compile(r"-- (\S+) \[.+\]")  # how a transcript says whom it is with


@dataclass(frozen=True, slots=True, repr=False)
class Story:
    """A message from its acceptance to now."""

    message_id: str
    recipient: str
    created_at: datetime
    told_at: datetime
    tries: tuple[Try, ...]

    @property
    def status(self) -> Status:
        return self.tries[-1].status if self.tries else INITIAL

    @property
    def events(self) -> tuple[Event, ...]:
        """What each attempt meant for the message, in order."""
        return tuple(one.attempt.event for one in self.tries if one.attempt.event is not None)

    @property
    def began_after(self) -> tuple[timedelta, ...]:
        """When each attempt began, counted from the acceptance."""
        return tuple(one.attempt.at - self.created_at for one in self.tries)

    @property
    def waits(self) -> tuple[timedelta, ...]:
        """How long the message waited between the end of each attempt and the next one."""
        return tuple(
            after.attempt.at - before.ended_at for before, after in zip(self.tries, self.tries[1:], strict=False)
        )

    @property
    def over(self) -> bool:
        """Whether nothing can happen to it any more."""
        return is_terminal(self.status)

    def attempt(self, number: int = 1) -> Attempt:
        """Return one attempt, counted from 1; a negative number counts from the last."""
        return self.tries[number - 1 if number > 0 else number].attempt

    def said(self, number: int = -1) -> Mapping[str, str]:
        """Return the last that each host said in an attempt, or what happened in its place, by the host's name."""
        attempt = self.attempt(number)
        found: dict[str, str] = {}
        host = attempt.host or ""
        for line in attempt.transcript:
            if named := _HOST.fullmatch(line):
                host = named[1]
            elif line.startswith(("S: ", "-- ")) and not line.startswith("S:  "):
                found[host] = line[3:]
        return found

    def ladder(self, number: int = 1, *, short: bool = False) -> Ladder:
        """Draw what the two servers said in one attempt; ``short`` leaves out what a greeting lists."""
        return Ladder(self.attempt(number), short)

    def transcript(self, number: int = 1) -> Transcript:
        """Return what the two servers said in one attempt, line by line."""
        return Transcript(self.attempt(number))

    def journey(self) -> Journey:
        """Draw the way of the mail, by its last attempt."""
        one = self.tries[-1]
        reply = f"{one.attempt.code} {one.attempt.text}" if one.attempt.code else one.attempt.text
        began, ended = one.attempt.at - self.created_at, one.ended_at - self.created_at
        return Journey(self.recipient, began, ended, reply, one.status)

    def staircase(self) -> Staircase:
        """Draw when it was tried."""
        return Staircase(self.recipient, self.began_after, self.status)

    def __repr__(self) -> str:
        lines = [f"{self.recipient}: {self.status}"]
        for one, began in zip(self.tries, self.began_after, strict=True):
            lines.append(f"  attempt {one.attempt.number} at +{write_span(began)}: {explain(one.attempt).text}")
        return "\n".join(lines)
