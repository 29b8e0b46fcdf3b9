"""The mails that arrived at the fake network, on disk, so that they survive a restart and cost no memory.

A mail is kept before the fake server acknowledges it. Pony's objects never leave this module.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pony.orm import Database, LongStr, PrimaryKey, Required, desc
from pony.orm import Optional as OptionalColumn

from fakemx.mx.parsed import parse
from fakemx.mx.received import Received
from justemails.pony_store.tables import in_session, instant, us


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in the inbox: what the server noted, and the bytes."""

    id: str
    message_id: str
    recipient: str
    sender: str
    subject: str
    received_at: datetime
    host: str
    auth: dict[str, object]
    data: bytes


@dataclass(frozen=True, slots=True)
class MailFilter:
    """What the inbox may be narrowed by; None means any."""

    recipient: str | None = None
    sender: str | None = None
    subject: str | None = None
    message_id: str | None = None


class Inbox:
    """The mails of one sandbox, newest first, on one SQLite file."""

    def __init__(self, path: str) -> None:
        self._database = Database()
        self._mail = _define(self._database)

        @self._database.on_connect(provider="sqlite")
        def _set_up(_: Database, connection: Any) -> None:
            # A killed process loses nothing of this; a power cut may, and a fake mail can be sent again.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")

        self._database.bind(provider="sqlite", filename=path, create_db=True)
        self._database.generate_mapping(create_tables=True)

    def close(self) -> None:
        self._database.disconnect()

    @in_session
    def add(self, received: Received) -> Sequence[str]:
        """Keep a mail, once for each of its recipients; return the ids it got."""
        parsed = parse(received.data)
        rows = [
            self._mail(
                message_id=api_message_id(
                    {name.lower(): value for name, value in parsed.headers}.get("message-id", "")
                ),
                recipient=recipient,
                sender=parsed.from_,
                subject=parsed.subject,
                received_us=us(received.received_at),
                host=received.host,
                auth=json.dumps(asdict(received.auth)),
                data=received.data,
            )
            for recipient in received.recipients
        ]
        self._database.flush()
        return [_id(row) for row in rows]

    @in_session
    def get(self, mail_id: str) -> Mail | None:
        number = mail_id.removeprefix("mail_")
        row = self._mail.get(id=int(number)) if number.isascii() and number.isdigit() and len(number) < 16 else None
        return _as_mail(row) if row else None

    @in_session
    def page(self, wanted: MailFilter, page: int, per_page: int) -> tuple[Sequence[Mail], int]:
        """Return one page, newest first, and how many match in all."""
        rows = _narrowed(self._mail.select(), wanted)
        total = rows.count()  # before the rows: a mail that comes in between is one too many, never one too few
        found = rows.order_by(lambda m: desc(m.id)).limit(per_page, offset=(page - 1) * per_page)
        return [_as_mail(row) for row in found], total

    @in_session
    def clear(self) -> int:
        """Forget every mail; return how many there were."""
        return int(self._mail.select().delete(bulk=True))


def api_message_id(header: str) -> str:
    """Return the API's id out of a Message-ID header, or the header itself for a mail from elsewhere."""
    text = header.strip().removeprefix("<").removesuffix(">")
    local, _, _ = text.partition("@")
    return local if local.startswith("msg_") else text


def _define(database: Database) -> Any:  # a Pony entity class
    class Mail(database.Entity):
        id = PrimaryKey(int, auto=True)
        message_id = OptionalColumn(str, index=True, autostrip=False)
        recipient = Required(str, index=True, autostrip=False)
        sender = OptionalColumn(str, autostrip=False)
        subject = OptionalColumn(LongStr, autostrip=False, lazy=False)
        received_us = Required(int, size=64)
        host = Required(str)
        auth = Required(LongStr, lazy=False)  # JSON
        data = Required(bytes, lazy=True)

    return Mail


def _narrowed(rows: Any, wanted: MailFilter) -> Any:  # Pony queries
    if wanted.recipient is not None:
        recipient = wanted.recipient.lower()
        rows = rows.filter(lambda m: m.recipient.lower() == recipient)
    if wanted.sender is not None:
        sender = wanted.sender.lower()
        rows = rows.filter(lambda m: sender in m.sender.lower())
    if wanted.subject is not None:
        subject = wanted.subject.lower()
        rows = rows.filter(lambda m: subject in m.subject.lower())
    if wanted.message_id is not None:
        message_id = wanted.message_id
        rows = rows.filter(lambda m: m.message_id == message_id)
    return rows


def _id(row: Any) -> str:
    return f"mail_{row.id}"


def _as_mail(row: Any) -> Mail:
    return Mail(
        _id(row),
        row.message_id,
        row.recipient,
        row.sender,
        row.subject,
        instant(row.received_us),
        row.host,
        json.loads(row.auth),
        row.data,
    )
