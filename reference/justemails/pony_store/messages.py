"""Messages: accepted in the order of their sequence numbers, listed in ranges of them."""

from collections.abc import Sequence
from typing import Any

from pony.orm import desc, get, raw_sql

from justemails.pony_store import content_json
from justemails.pony_store.tables import Tables, in_session, instant, instant_or_none, us
from justemails.records import Message, MessageFilter, NewMessage
from justemails_contract.delivery import INITIAL, Status


class Messages(Tables):
    """Implements ``justemails.store.MessageStore``."""

    def accept(self, message: NewMessage) -> None:
        def write() -> None:
            account = self.entities.account.get_for_update(id=message.account_id)
            account.message_count += 1
            self.entities.message(**row_of(message), seq=account.message_count)
            self.database.flush()  # what is wrong with it is raised here, and not to who writes next

        self.writer.write(write)

    @in_session
    def message(self, account_id: str, message_id: str) -> Message | None:
        row = self.entities.message.get(lambda m: m.id == message_id)
        return as_message(row) if row and row.account.id == account_id else None

    @in_session
    def page(self, account_id: str, wanted: MessageFilter, page: int, per_page: int) -> tuple[Sequence[Message], int]:
        rows = self.entities.message.select(lambda m: m.account.id == account_id)
        if wanted.is_empty:
            total = get(a.message_count for a in self.entities.account if a.id == account_id) or 0
            newest = total - (page - 1) * per_page
            oldest = newest - per_page
            rows = rows.filter(lambda m: m.seq > oldest and m.seq <= newest).order_by(lambda m: desc(m.seq))
            return [as_message(row) for row in rows], total
        rows = _narrowed(rows, wanted)
        before = (page - 1) * per_page
        found = rows.order_by(lambda m: desc(m.seq)).limit(per_page, offset=before)[:]
        # To find few, or to count many, every message is looked at: never for both.
        is_last = len(found) < per_page and (found or page == 1)
        return [as_message(row) for row in found], before + len(found) if is_last else rows.count()


def _narrowed(rows: Any, wanted: MessageFilter) -> Any:  # Pony queries
    if wanted.status is not None:
        status = str(wanted.status)
        rows = rows.filter(lambda m: m.status == status)
    if wanted.sender is not None:
        sender = wanted.sender
        rows = rows.filter(lambda m: m.sender_address == sender)
    if wanted.recipient is not None:
        recipient = wanted.recipient
        rows = rows.filter(lambda m: m.recipient_address == recipient)
    if wanted.subject is not None:
        # Not LIKE: SQLite refuses a pattern of more than fifty thousand bytes, and a request may bring a longer one.
        rows = rows.filter(lambda m: raw_sql("instr(m.subject_lower, $(wanted.subject.lower())) > 0"))
    if wanted.created_after is not None:
        after_us = us(wanted.created_after)
        rows = rows.filter(lambda m: m.created_us >= after_us)
    if wanted.created_before is not None:
        before_us = us(wanted.created_before)
        rows = rows.filter(lambda m: m.created_us < before_us)
    return rows


def row_of(message: NewMessage) -> dict[str, object]:
    """Return the attributes of a message as it is accepted: queued, and due now; all but its sequence number."""
    created_us, content = us(message.created_at), message.content
    return {
        "id": message.id,
        "account": message.account_id,
        "status": INITIAL.value,
        "sender_text": message.sender_text,
        "recipient_text": message.recipient_text,
        "sender_address": str(content.sender.address),
        "recipient_address": str(content.recipient),
        "recipient_domain": content.recipient.domain,
        "subject": content.subject,
        "subject_lower": content.subject.lower(),
        "created_us": created_us,
        "delivered_us": None,
        "due_us": created_us,
        "leased": False,
        "fence": 0,
        "attempts": 0,
        "content": content_json.dump(content),
    }


def as_message(row: Any) -> Message:
    return Message(
        row.id,
        Status(row.status),
        row.sender_text,
        row.recipient_text,
        row.subject,
        instant(row.created_us),
        instant_or_none(row.delivered_us),
    )
