"""What is going to happen, soonest first: for who looks at the clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pony.orm import select

from justemails.pony_store.tables import Tables, in_session, instant


@dataclass(frozen=True, slots=True)
class DueMessage:
    """When a message is acted on next: its next attempt, or, while one is under way, the end of its lease."""

    at: datetime
    message_id: str
    recipient_text: str
    attempts: int  # begun so far
    under_way: bool


@dataclass(frozen=True, slots=True)
class DueCheck:
    """When the records of a domain are looked at next."""

    at: datetime
    domain: str


class DueQueries(Tables):
    """Reads a few due times by their index, however many there are."""

    @in_session
    def due_messages(self, most: int) -> Sequence[DueMessage]:
        """Return the messages of all accounts that fall due next."""
        rows = select(
            (m.due_us, m.id, m.recipient_text, m.attempts, m.leased)
            for m in self.entities.message
            if m.due_us is not None
        ).order_by(1)
        return [DueMessage(instant(due_us), *rest) for due_us, *rest in rows[:most]]

    @in_session
    def due_domains(self, most: int) -> Sequence[DueCheck]:
        """Return the domains of all accounts whose records are looked at next."""
        rows = select((d.check_us, d.name) for d in self.entities.domain if d.check_us is not None).order_by(1)
        return [DueCheck(instant(check_us), name) for check_us, name in rows[:most]]
