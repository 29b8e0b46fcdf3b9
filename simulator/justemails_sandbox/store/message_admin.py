"""What is seen and done by hand, whatever the account: a message with all its facts, its next attempt, its end.

A message that is under way is left alone: only its lease's holder may move it, or whoever comes after the lease.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pony.orm import select

from justemails.pony_store import content_json
from justemails.pony_store.deliveries import leased
from justemails.pony_store.messages import as_message
from justemails.pony_store.tables import Tables, in_session, instant, instant_or_none, us
from justemails.records import Attempt, Claim, Content, Message
from justemails_contract.delivery import Event


@dataclass(frozen=True, slots=True)
class Details:
    """A message with all that is kept of it but its attempts.

    Args:
        due_at: when it is to be tried next, or, while it is under way, when its lease ends; None: never again.
    """

    message: Message
    account_id: str
    content: Content
    due_at: datetime | None
    under_way: bool


class MessageAdmin(Tables):
    """What somebody sees, and does by hand, who looks after the messages of all accounts."""

    @in_session
    def details(self, message_id: str) -> Details | None:
        """Return a message, whatever its account."""
        row = self.entities.message.get(lambda m: m.id == message_id)
        if not row:
            return None
        content = content_json.load(row.content)
        return Details(as_message(row), row.account.id, content, instant_or_none(row.due_us), row.leased)

    @in_session
    def newest_attempts(self, message_ids: Sequence[str]) -> Mapping[str, Attempt]:
        """Return the newest attempt of each message that has one, without its transcript."""
        ids = list(message_ids)
        # Each message has a few attempts, found by the primary key. Their transcripts stay where they are.
        rows = select(
            (a.message_id, a.number, a.at_us, a.event, a.phase, a.host, a.ip, a.tls, a.code, a.enhanced, a.text)
            for a in self.entities.attempt
            if a.message_id in ids
        )
        newest: dict[str, Attempt] = {}
        for message_id, number, at_us, event, *rest in rows:
            if message_id not in newest or newest[message_id].number < number:
                newest[message_id] = Attempt(number, instant(at_us), Event(event) if event else None, *rest)
        return newest

    def make_due(self, message_id: str, now: datetime) -> bool:
        """Have a message tried now instead of later. False: it does not wait, for it is under way, over or unknown."""

        def write() -> bool:
            row = self._waiting_row(message_id, now)
            if row is None:
                return False
            row.due_us = min(row.due_us, us(now))
            return True

        return self.writer.write(write)

    def claim_waiting(self, message_id: str, now: datetime, lease_until: datetime) -> Claim | None:
        """Lease this very message, due or not. None: it does not wait, for it is under way, over or unknown."""

        def write() -> Claim | None:
            row = self._waiting_row(message_id, now)
            return leased(row, lease_until) if row else None

        return self.writer.write(write)

    def _waiting_row(self, message_id: str, now: datetime) -> Any:  # a Pony entity, or None
        """Return the row of a message that is not over, and that nobody holds: its lease, if any, has run out."""
        row = self.entities.message.get_for_update(lambda m: m.id == message_id)
        if not row or row.due_us is None:
            return None
        return None if row.leased and row.due_us > us(now) else row
