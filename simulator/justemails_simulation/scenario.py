"""What is to happen in a simulation, as frozen data: nothing here runs.

A scenario is written by hand in a file (``scenario_file``), drawn from a seed (``generate``), drawn by Hypothesis in
tests, or cut down from a bigger one (``shrink``). Whatever chance it leaves open, the jitter of retries, the
latency of a chunk, comes from its ``seed``: the same scenario always runs the same way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from fakemx.behaviours.script import Behaviour
from fakemx.dns.zones import DnsFault
from justemails_contract.delivery import Status

ZERO = timedelta(0)
FOREVER = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class Send:
    """POST /send; ``text`` and ``subject`` None: something plain."""

    at: timedelta
    recipient: str
    subject: str | None = None
    text: str | None = None


class Visit(StrEnum):
    """What else a client does with the API."""

    READ = "read"  # GET /send/:id of each message so far
    LIST = "list"  # GET /messages, every page
    KEY = "key"  # make a key, use it, revoke it, use it again
    KEY_BURST = "key-burst"  # more calls of the keys tier than the limit allows, then one when Retry-After is over
    SEND_BURST = "send-burst"  # the same with (refused) sends


@dataclass(frozen=True, slots=True)
class Call:
    """A client calls the API."""

    at: timedelta
    visit: Visit


@dataclass(frozen=True, slots=True)
class Crash:
    """A process dies at an instant, or at a step of the event loop, and starts again later.

    Args:
        who: a worker ("worker-1"), "api", or "all".
        at: when; ``step`` decides instead where it is given: so many callbacks after ``at``.
    """

    at: timedelta
    who: str
    restart_after: timedelta = timedelta(seconds=10)
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """A worker stands still for a while, and its leases may run out: an overloaded machine, a long collection."""

    at: timedelta
    who: str
    lasts: timedelta
    step: int | None = None


class LinkFault(StrEnum):
    """What the network itself may do to connections."""

    REFUSE = "refuse"
    BLACKHOLE = "blackhole"
    RESET = "reset"  # in the middle of the dialogue
    HALF_OPEN = "half-open"  # goes dead in the middle, and no end arrives
    THROTTLE = "throttle"


@dataclass(frozen=True, slots=True)
class Weather:
    """A time in which connections to a domain's hosts fare badly.

    Args:
        domain: whose hosts; None: everybody's.
        probability: of a connection to be hit.
        after_bytes: of the dialogue, for RESET and HALF_OPEN.
    """

    fault: LinkFault
    since: timedelta
    until: timedelta
    domain: str | None = None
    probability: float = 1.0
    after_bytes: int = 200


@dataclass(frozen=True, slots=True)
class DnsTrouble:
    """A time in which a domain's name servers are broken."""

    domain: str
    fault: DnsFault
    since: timedelta = ZERO
    until: timedelta = FOREVER


@dataclass(frozen=True, slots=True)
class Conditions:
    """The network on an ordinary day.

    Args:
        latency: seconds that a chunk takes, from and to.
        largest_chunk: bytes; None: every write arrives in one piece.
        udp_loss: probability that a DNS answer is lost.
        dns_packets: whether look-ups are packets over UDP and TCP, or asked in process (quicker).
    """

    latency: tuple[float, float] = (0.005, 0.04)
    largest_chunk: int | None = None
    udp_loss: float = 0.0
    dns_packets: bool = False


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must have become of the messages to a recipient at the end."""

    status: Status | None = None
    within: timedelta | None = None
    copies: tuple[int, int] | None = None  # of each message, from and to


@dataclass(frozen=True, slots=True)
class Scenario:
    """All that is to happen."""

    name: str = "scenario"
    seed: int = 0
    length: timedelta = timedelta(days=5)
    workers: int = 1
    domains: Mapping[str, Behaviour] = field(default_factory=lambda: MappingProxyType({}))
    conditions: Conditions = Conditions()
    weather: tuple[Weather, ...] = ()
    dns: tuple[DnsTrouble, ...] = ()
    traffic: tuple[Send, ...] = ()
    calls: tuple[Call, ...] = ()
    crashes: tuple[Crash, ...] = ()
    pauses: tuple[Pause, ...] = ()
    expect: Mapping[str, Expectation] = field(default_factory=lambda: MappingProxyType({}))
