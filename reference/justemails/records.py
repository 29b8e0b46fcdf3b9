"""What the store keeps, as frozen dataclasses: the words that the rest of the package speaks."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from justemails.addresses import Address, Mailbox
from justemails_contract.delivery import Event, Status
from justemails_contract.operations import Scope


@dataclass(frozen=True, slots=True)
class Account:
    """Owner of keys, domains and messages; accounts never see each other."""

    id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Key:
    """An API key without its secret, which nobody keeps."""

    id: str
    account_id: str
    name: str
    scope: Scope
    hint: str  # the first characters, enough to recognise a key by
    created_at: datetime
    last_used: datetime | None = None


@dataclass(frozen=True, slots=True)
class DkimKey:
    """The private half of a key that signs for a domain; ``selector`` is where the public half is published."""

    selector: str
    private_key: str = field(repr=False)  # PEM


@dataclass(frozen=True, slots=True)
class Domain:
    """A sending domain of one account, with the keys that sign for it, in the order of their signatures."""

    id: str
    account_id: str
    name: str  # lower-case A-labels
    token: str
    dkim_keys: tuple[DkimKey, ...]
    created_at: datetime
    verified_at: datetime | None = None
    check_at: datetime | None = None  # when its records are to be looked at again

    @property
    def verified(self) -> bool:
        return self.verified_at is not None


@dataclass(frozen=True, slots=True)
class Content:
    """What the receiver will see, as the caller gave it."""

    sender: Mailbox
    recipient: Address
    subject: str
    html: str | None = None
    text: str | None = None
    reply_to: Mailbox | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message as it is accepted; ``sender_text`` and ``recipient_text`` are echoed byte for byte."""

    id: str
    account_id: str
    sender_text: str
    recipient_text: str
    content: Content
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A message as the API shows it."""

    id: str
    status: Status
    sender_text: str
    recipient_text: str
    subject: str
    created_at: datetime
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """What GET /messages may be narrowed by; None means any."""

    status: str | None = None
    sender: str | None = None
    recipient: str | None = None
    subject: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None

    @property
    def is_empty(self) -> bool:
        return self == MessageFilter()


@dataclass(frozen=True, slots=True)
class DomainRoom:
    """How many messages to one recipient's domain may be under way at once, and how many are by now."""

    limit: int = sys.maxsize
    busy: Mapping[str, int] = field(default_factory=dict)

    @property
    def full(self) -> Sequence[str]:
        """The domains that have no room left."""
        return [domain for domain, count in self.busy.items() if count >= self.limit]


@dataclass(frozen=True, slots=True)
class Claim:
    """A message leased to one worker; ``fence`` tells its lease from every earlier and later one."""

    message_id: str
    account_id: str
    fence: int
    attempt: int  # counts from 1
    content: Content
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver a message, and how it ended."""

    number: int
    at: datetime
    event: Event | None  # None: the attempt is under way, or was cut short by a crash
    phase: str
    host: str | None = None
    ip: str | None = None
    tls: bool = False
    code: int | None = None
    enhanced: str | None = None
    text: str = ""
    transcript: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt changes: the message's status, and when to try again (None: never)."""

    status: Status
    attempt: Attempt
    due_at: datetime | None
    delivered_at: datetime | None
