"""The mails that arrived at the fake network, on disk, so that they survive a restart and cost no memory.

A mail is kept before the fake server acknowledges it. Pony's objects never leave this module.

Of each mail there is a card, with what lists are searched by, in small letters. The mails themselves are large, and
walking a hundred thousand of them for a word would take longer than a reader waits.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pony.orm import Database, LongStr, PrimaryKey, Required, count, desc, raw_sql, select
from pony.orm import Optional as OptionalColumn

from fakemx.mail.parsed import parse
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
class ListedMail:
    """A mail as a list shows it: without its bytes, with how many links and one-time codes were found in it."""

    id: str
    recipient: str
    sender: str
    subject: str
    received_at: datetime
    host: str
    auth: dict[str, object]
    links: int
    codes: int


@dataclass(frozen=True, slots=True)
class MailFilter:
    """What the inbox may be narrowed by; None means any.

    Args:
        words: each of them stands in the subject, the sender or the recipient.
    """

    recipient: str | None = None
    sender: str | None = None
    subject: str | None = None
    message_id: str | None = None
    words: tuple[str, ...] = ()


class Inbox:
    """The mails of one sandbox, newest first, on one SQLite file."""

    def __init__(self, path: str) -> None:
        self._database = Database()
        self._mail, self._card = _define(self._database)

        @self._database.on_connect(provider="sqlite")
        def _set_up(_: Database, connection: Any) -> None:
            # A killed process loses nothing of this; a power cut may, and a fake mail can be sent again.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")

        self._database.bind(provider="sqlite", filename=path, create_db=True)
        self._database.generate_mapping(create_tables=True)
        self._make_missing_cards()

    def close(self) -> None:
        self._database.disconnect()

    @in_session
    def add(self, received: Received) -> Sequence[str]:
        """Keep a mail, once for each of its recipients; return the ids it got."""
        parsed = parse(received.data)
        headers = {name.lower(): value for name, value in parsed.headers}
        message_id = api_message_id(headers.get("message-id", ""))
        rows = [
            self._mail(
                message_id=message_id,
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
        for row in rows:
            self._card(
                id=row.id,
                message_id=message_id,
                recipient=row.recipient.lower(),
                sender=parsed.from_.lower(),
                subject=parsed.subject.lower(),
                text=f"{parsed.subject}\n{parsed.from_}\n{row.recipient}".lower(),
                links=len(parsed.links),
                codes=len(parsed.codes),
            )
        return [_id(row) for row in rows]

    @in_session
    def get(self, mail_id: str) -> Mail | None:
        number = mail_id.removeprefix("mail_")
        row = self._mail.get(id=int(number)) if number.isascii() and number.isdigit() and len(number) < 16 else None
        return _as_mail(row) if row else None

    @in_session
    def page(self, wanted: MailFilter, page: int, per_page: int) -> tuple[Sequence[Mail], int]:
        """Return one page, newest first, and how many match in all."""
        cards, total = self._cards(wanted, page, per_page)
        return [_as_mail(self._mail[card.id]) for card in cards], total

    @in_session
    def listed(self, wanted: MailFilter, page: int, per_page: int) -> tuple[Sequence[ListedMail], int]:
        """Return one page for a list, newest first, and how many match in all."""
        cards, total = self._cards(wanted, page, per_page)
        return [_as_listed(self._mail[card.id], card) for card in cards], total

    @in_session
    def recipients(self, most: int) -> Sequence[tuple[str, int]]:
        """Return who got mail and how much, the most first, in small letters."""
        counted = select((c.recipient, count(c)) for c in self._card).order_by(-2, 1)  # the columns' numbers
        return [(recipient, number) for recipient, number in counted.limit(most)]

    @in_session
    def clear(self) -> int:
        """Forget every mail; return how many there were."""
        self._card.select().delete(bulk=True)
        return int(self._mail.select().delete(bulk=True))

    def _cards(self, wanted: MailFilter, page: int, per_page: int) -> tuple[Sequence[Any], int]:
        cards = _narrowed(self._card.select(), wanted)
        first = (page - 1) * per_page
        found = cards.order_by(lambda c: desc(c.id)).limit(per_page, offset=first)[:]
        # Whoever finds less than a page has seen all; only the others look for the words once more.
        if len(found) < per_page and (found or page == 1):
            return found, first + len(found)
        return found, cards.count()

    @in_session
    def _make_missing_cards(self) -> None:
        """Make the cards of mails that were kept by a version without any: in one statement, for there may be many."""
        self._database.execute(_MISSING_CARDS)


def api_message_id(header: str) -> str:
    """Return the API's id out of a Message-ID header, or the header itself for a mail from elsewhere."""
    text = header.strip().removeprefix("<").removesuffix(">")
    local, _, _ = text.partition("@")
    return local if local.startswith("msg_") else text


def _define(database: Database) -> tuple[Any, Any]:  # Pony entity classes
    class Mail(database.Entity):
        id = PrimaryKey(int, auto=True)
        message_id = OptionalColumn(str, autostrip=False)
        recipient = Required(str, autostrip=False)
        sender = OptionalColumn(str, autostrip=False)
        subject = OptionalColumn(LongStr, autostrip=False, lazy=False)
        received_us = Required(int, size=64)
        host = Required(str)
        auth = Required(LongStr, lazy=False)  # JSON
        data = Required(bytes, lazy=True)

    class Card(database.Entity):
        id = PrimaryKey(int)  # of the mail
        message_id = OptionalColumn(str, index=True, autostrip=False)
        recipient = Required(str, index=True, autostrip=False)
        sender = OptionalColumn(str, autostrip=False)
        subject = OptionalColumn(LongStr, autostrip=False, lazy=False)
        text = OptionalColumn(LongStr, autostrip=False, lazy=False)  # all that words are looked for in
        links = OptionalColumn(int)  # how many were found; None: nobody has looked
        codes = OptionalColumn(int)

    return Mail, Card


_MISSING_CARDS = """
    INSERT INTO "Card" (id, message_id, recipient, sender, subject, text)
    SELECT id, message_id, py_lower(recipient), py_lower(sender), py_lower(subject),
           py_lower(subject || char(10) || sender || char(10) || recipient)
    FROM "Mail" WHERE id > (SELECT coalesce(max(id), 0) FROM "Card")
"""  # py_lower is Pony's: SQLite's own lower() knows A to Z alone


# instr and not LIKE: SQLite refuses a pattern of more than fifty thousand bytes, and a request may bring a longer one.
def _narrowed(cards: Any, wanted: MailFilter) -> Any:  # Pony queries
    if wanted.recipient is not None:
        recipient = wanted.recipient.lower()
        cards = cards.filter(lambda c: c.recipient == recipient)
    if wanted.sender is not None:
        cards = cards.filter(lambda c: raw_sql("instr(c.sender, $(wanted.sender.lower())) > 0"))
    if wanted.subject is not None:
        cards = cards.filter(lambda c: raw_sql("instr(c.subject, $(wanted.subject.lower())) > 0"))
    if wanted.message_id is not None:
        message_id = wanted.message_id
        cards = cards.filter(lambda c: c.message_id == message_id)
    for word in wanted.words:  # noqa: B007  # the SQL uses it, at once
        cards = cards.filter(lambda c: raw_sql("instr(c.text, $(word.lower())) > 0"))
    return cards


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


def _as_listed(row: Any, card: Any) -> ListedMail:
    links, codes = card.links, card.codes
    if links is None:
        parsed = parse(row.data)
        links, codes = len(parsed.links), len(parsed.codes)
    return ListedMail(
        _id(row),
        row.recipient,
        row.sender,
        row.subject,
        instant(row.received_us),
        row.host,
        json.loads(row.auth),
        links,
        codes,
    )
