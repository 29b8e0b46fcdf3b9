"""How a domain treats mail, as data: its hosts in DNS, their ports, and what they do in the dialogue.

This is the vocabulary's front door: what a step can do is in ``actions`` and when in ``conditions``, and both
are importable from here.

    >>> refuse = Step(Stage.RCPT, Reply(550, "5.1.1 no such user here"))
    >>> one_host("closed", "refuses everyone", Expected.BOUNCED, refuse)
    >>> Behaviour(
    ...     "half", "the better host is down", Expected.DELIVERED,
    ...     (Host("mx1", port=Port.REFUSED), Host("mx2", preference=20)),
    ... )

How a step is chosen is in ``decision``. The written form is in ``form``, the ready ones are in ``catalogue``.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fakemx.behaviours.actions import (
    BEFORE_RCPT,
    Action,
    Deciding,
    Delay,
    Drop,
    Inject,
    Raw,
    Reply,
    ReportKind,
    Reset,
    SendReport,
    Silence,
    Stage,
    Tarpit,
    Then,
)
from fakemx.behaviours.conditions import (
    AboveSessions,
    AfterMessages,
    Check,
    Circumstances,
    Condition,
    Failing,
    OverRate,
    WithoutTls,
)
from fakemx.dns.zones import DnsFault

__all__ = [
    "BEFORE_RCPT",
    "AboveSessions",
    "Action",
    "Address",
    "AfterMessages",
    "Behaviour",
    "Certificate",
    "Check",
    "Circumstances",
    "Condition",
    "Deciding",
    "Delay",
    "Drop",
    "Expected",
    "Extension",
    "Failing",
    "Host",
    "Inject",
    "OverRate",
    "Port",
    "Raw",
    "Reply",
    "ReportKind",
    "Reset",
    "SendReport",
    "Silence",
    "Stage",
    "Step",
    "Tarpit",
    "Then",
    "WithoutTls",
    "one_host",
]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a server does at one stage, for as long as it does it."""

    at: Stage
    action: Action
    times: int | None = None
    for_seconds: float | None = None
    when: Condition | None = None


class Port(StrEnum):
    """What happens to who connects."""

    OPEN = "open"
    REFUSED = "refused"
    BLACKHOLE = "blackhole"  # no answer at all: the SYN is never acknowledged


class Certificate(StrEnum):
    """What a host shows in the TLS handshake."""

    GOOD = "good"  # by an authority that a client may be told to trust, for the host's own name
    SELF_SIGNED = "self-signed"
    EXPIRED = "expired"
    WRONG_NAME = "wrong-name"


class Address(StrEnum):
    """What DNS says of where a host is."""

    V4 = "v4"
    V6 = "v6"
    BOTH = "both"
    ALIAS = "alias"  # the MX names a CNAME, which RFC 2181 section 10.3 forbids and everybody tolerates
    NONE = "none"  # there is no such host
    SELF = "self"  # 127.0.0.1: the sender itself
    LITERAL = "literal"  # the MX names an IP address, which is no host name

    @property
    def reachable(self) -> bool:
        """Whether a careful sender finds an address that it may connect to."""
        return self not in {Address.NONE, Address.SELF, Address.LITERAL}


class Extension(StrEnum):
    """An SMTP extension that a host offers unless it is hidden."""

    PIPELINING = "PIPELINING"
    EIGHT_BIT = "8BITMIME"
    SMTPUTF8 = "SMTPUTF8"
    SIZE = "SIZE"
    ENHANCED_CODES = "ENHANCEDSTATUSCODES"
    STARTTLS = "STARTTLS"  # hidden and yet there, when the host has a certificate


@dataclass(frozen=True, slots=True)
class Host:
    """One mail host of a domain.

    Attributes:
        label: ``mx`` is mx.DOMAIN; empty is the domain itself, without any MX record (RFC 5321 section 5.1).
        tls: it offers STARTTLS, and this is what it shows in the handshake.
        size_limit: the largest message it takes, in bytes; None is 32 MiB.
        from_s, until_s: it is in DNS only within that time after the domain was first looked up.
    """

    label: str = "mx"
    preference: int = 10
    steps: tuple[Step, ...] = ()
    port: Port = Port.OPEN
    address: Address = Address.V4
    tls: Certificate | None = None
    without: frozenset[Extension] = frozenset()
    size_limit: int | None = None
    from_s: float = 0
    until_s: float | None = None


class Expected(StrEnum):
    """What becomes of a message that meets a behaviour, at a sender who retries for days."""

    DELIVERED = "delivered"
    DEFERRED_THEN_DELIVERED = "deferred then delivered"
    BOUNCED = "bounced"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a domain treats mail: in DNS, at its hosts' ports and in the dialogue.

    No hosts at all: the domain exists and has neither an MX nor an address. ``ttl`` is how long its records may be
    remembered; with 0 a change shows at once.
    """

    name: str
    summary: str
    expected: Expected
    hosts: tuple[Host, ...] = (Host(),)
    dns_fault: DnsFault | None = None
    ttl: int = 0


def one_host(
    name: str,
    summary: str,
    expected: Expected,
    *steps: Step,
    dns_fault: DnsFault | None = None,
    **host: Any,  # the other members of Host, checked where it is made
) -> Behaviour:
    """Return the behaviour of a domain with a single host."""
    return Behaviour(name, summary, expected, (Host(steps=steps, **host),), dns_fault)
