"""When a step acts: conditions, and the circumstances that they are judged by.

A condition looks at nothing but the ``Circumstances`` it is given, so whether it holds can be asked without a
connection, a clock or a network.

    >>> holds(AfterMessages(10), Circumstances(now, "127.0.0.1", messages=10))      # True
    >>> holds(WithoutTls(), Circumstances(now, "127.0.0.1", tls=True))              # False
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class Check(StrEnum):
    """Something that a receiver can find wrong with a mail or with who brings it."""

    SPF = "spf"
    DKIM = "dkim"
    DMARC = "dmarc"
    HELO = "helo"
    """The EHLO name must have the client's address, and the address's own name (PTR) must lead back to it."""


@dataclass(frozen=True, slots=True)
class AfterMessages:
    """This connection has carried so many messages."""

    count: int


@dataclass(frozen=True, slots=True)
class AboveSessions:
    """More than so many sessions are open from this client to this domain, this one included."""

    count: int


@dataclass(frozen=True, slots=True)
class WithoutTls:
    """The connection is in clear."""


@dataclass(frozen=True, slots=True)
class OverRate:
    """More than so many came within so many seconds: a token bucket for each client and domain."""

    count: int
    per_s: float


@dataclass(frozen=True, slots=True)
class Failing:
    """A check failed. One that could not be made, as DNS did not answer, is not failing."""

    check: Check


Condition = AfterMessages | AboveSessions | WithoutTls | OverRate | Failing


@dataclass(frozen=True, slots=True)
class Circumstances:
    """All that a decision may depend on."""

    now: datetime
    client_ip: str = ""
    messages: int = 0
    sessions: int = 1
    tls: bool = False
    failing: frozenset[Check] = frozenset()
    over: frozenset[OverRate] = frozenset()
    """The rates that are exceeded; the ``playbook`` counts."""


def holds(condition: Condition, circumstances: Circumstances) -> bool:
    """Say whether a condition is met."""
    match condition:
        case AfterMessages(count):
            return circumstances.messages >= count
        case AboveSessions(count):
            return circumstances.sessions > count
        case WithoutTls():
            return not circumstances.tls
        case OverRate():
            return condition in circumstances.over
        case Failing(check):
            return check in circumstances.failing


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is left of a rate: tokens, counted at a moment."""

    tokens: float
    at: datetime


def full(rate: OverRate, now: datetime) -> Bucket:
    """Return the bucket of a client that nobody has seen before."""
    return Bucket(rate.count, now)


def take(bucket: Bucket, rate: OverRate, now: datetime) -> tuple[Bucket, bool]:
    """Take one token; return what is left, and whether there was none."""
    gained = (now - bucket.at).total_seconds() * rate.count / rate.per_s
    filled = Bucket(min(float(rate.count), bucket.tokens + gained), now)
    # A millionth of slack: one that comes exactly when its token is due must not fail by a rounding.
    if filled.tokens < 1 - 1e-6:
        return filled, True
    return replace(filled, tokens=max(0.0, filled.tokens - 1)), False
