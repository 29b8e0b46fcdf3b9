"""What happened in a simulation: one frozen dataclass for each kind of thing, and the log that they go into.

The log is append-only and in order. Whoever wants to know something, an invariant, a counter, the trace, reads
the entries as they come; nobody asks the world.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fakemx.dns.observation import DnsAnswer
from fakemx.mx.observation import Observation
from fakemx.mx.received import Received
from justemails_contract.delivery import Event, Status
from justemails_contract.limits import Tier

API = "api"
"""The API among those who crash and start; all others are workers."""


@dataclass(frozen=True, slots=True)
class Called:
    """A client called the API and saw the answer."""

    key: str  # its name in the simulation, not the secret
    tier: Tier | None
    operation: str
    status: int
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """POST /send answered with an id."""

    message_id: str
    sender: str
    recipient: str
    subject: str
    text: str | None
    html: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """The API told the state of a message; ``status`` None: it knows no such message."""

    message_id: str
    status: str | None
    created_at: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Listed:
    """GET /messages answered: the ids of one page with their statuses, and the total."""

    page: int
    per_page: int
    total: int
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class KeyMade:
    """A key was made; ``key`` is its name in the simulation."""

    key: str


@dataclass(frozen=True, slots=True)
class KeyRevoked:
    """A key was revoked."""

    key: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A worker took a message on."""

    worker: str
    message_id: str
    fence: int
    attempt: int
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class InDoubt:
    """A worker recorded that the final dot is about to be sent; ``granted`` False: it lost its lease.

    Where it is granted, the message is leased anew, until ``lease_until``.
    """

    worker: str
    message_id: str
    attempt: int
    granted: bool
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Finished:
    """A worker recorded how an attempt ended; ``recorded`` False: it had lost its lease, and nothing changed.

    ``dialled`` are the addresses that it really connected to, or tried to, in order.
    """

    worker: str
    message_id: str
    attempt: int
    outcome: Event
    status: Status
    phase: str
    code: int | None
    text: str
    transcript: tuple[str, ...]
    due_at: datetime | None
    delivered_at: datetime | None
    dialled: tuple[str, ...]
    recorded: bool


@dataclass(frozen=True, slots=True)
class MxDid:
    """A fake mail host did something."""

    did: Observation


@dataclass(frozen=True, slots=True)
class MailKept:
    """A fake mail host took a mail, before it answered the dot; ``ip`` is the host's address."""

    mail: Received
    connection: int
    ip: str


@dataclass(frozen=True, slots=True)
class DnsSaid:
    """The fake DNS answered, or did not."""

    answer: DnsAnswer


@dataclass(frozen=True, slots=True)
class LookUpFailed:
    """A worker's resolver could not tell it something now: lost packets, a broken name server, or too late."""

    worker: str
    name: str


@dataclass(frozen=True, slots=True)
class LinkFailed:
    """The network did something to a connection: refused it, swallowed it, reset it, let it go dead."""

    kind: str
    server: str


@dataclass(frozen=True, slots=True)
class Crashed:
    """A process died at once, without a last word; ``who`` is a worker or the API."""

    who: str


@dataclass(frozen=True, slots=True)
class Started:
    """A process began, for the first time or again."""

    who: str


@dataclass(frozen=True, slots=True)
class Paused:
    """A worker stands still, and does not know."""

    who: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """A worker that stood still goes on."""

    who: str


Happening = (
    Called
    | Accepted
    | Shown
    | Listed
    | KeyMade
    | KeyRevoked
    | Claimed
    | InDoubt
    | Finished
    | MxDid
    | MailKept
    | DnsSaid
    | LookUpFailed
    | LinkFailed
    | Crashed
    | Started
    | Paused
    | Resumed
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, its number (from 1) and when."""

    number: int
    at: datetime
    happening: Happening


class History:
    """The log: gives each happening its number and time, and hands it to every reader at once."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._readers: list[Callable[[Entry], None]] = []
        self.length = 0

    def read_by(self, reader: Callable[[Entry], None]) -> None:
        """Hand every entry from now on to ``reader``."""
        self._readers.append(reader)

    def close(self) -> None:
        """Take nothing more."""
        self._readers.clear()

    def add(self, happening: Happening) -> None:
        self.length += 1
        entry = Entry(self.length, self._now(), happening)
        for reader in self._readers:
            reader(entry)
