"""What a network in memory does to connections and datagrams: frozen data, and the choice among them.

A ``Line`` is how the network is on an ordinary day. A ``Rule`` is a fault for some of the connections; the first
that matches wins (as in turmoil), and there is one look at them for each connection and each datagram.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """Latency of a chunk in seconds, from and to; the largest chunk; the share of datagrams that are lost."""

    latency: tuple[float, float] = (0.0, 0.0)
    largest_chunk: int | None = None
    loss: float = 0.0


@dataclass(frozen=True, slots=True)
class Refuse:
    """Nothing listens."""


@dataclass(frozen=True, slots=True)
class BlackHole:
    """Nothing is ever answered."""


@dataclass(frozen=True, slots=True)
class ResetAfter:
    """The connection is reset once so many bytes, of both directions, have been sent."""

    octets: int


@dataclass(frozen=True, slots=True)
class HalfOpen:
    """Once so many bytes have been sent nothing arrives any more, not even the end."""

    octets: int


@dataclass(frozen=True, slots=True)
class Throttle:
    """So many bytes a second get through."""

    octets_per_second: float


Fate = Refuse | BlackHole | ResetAfter | HalfOpen | Throttle


@dataclass(frozen=True, slots=True)
class Rule:
    """A fault.

    Args:
        servers: addresses of the hosts that it is about; None: all.
        since: in seconds of the loop's time; ``until`` likewise.
        probability: of a connection to meet it.
    """

    fate: Fate
    servers: frozenset[str] | None = None
    since: float = 0.0
    until: float = float("inf")
    probability: float = 1.0


def first_match(rules: Sequence[Rule], server: str, now: float, rng: random.Random) -> Fate | None:
    """Return the fate of a connection to ``server``; None: it passes."""
    for rule in rules:
        if rule.servers is not None and server not in rule.servers:
            continue
        # Drawn even where it is certain, so that a changed probability moves nothing else.
        if rule.since <= now < rule.until and rng.random() < rule.probability:
            return rule.fate
    return None
