"""What a fake MX does, written as steps, and the decision which of them come now.

The rules, all of them:

- A step stands at one stage of the SMTP dialogue and does one thing there.
- It is active the first ``times`` times that its turn comes, and until ``for_seconds`` after its stage was
  first reached; with both, while both hold; with neither, always. Counted per key: the client's address
  before the first RCPT; client, sender and recipient from there on (the triple that greylisting goes by,
  RFC 6647 section 2).
- The first active step of a stage decides. ``Delay`` alone does not: it waits, and the next active step is
  asked.
- When no step decides, the answer is the one of an honest server.

So steps of one stage run one after another: three times 450, then twice 451, then accepted.

    >>> steps = (Step(Stage.RCPT, Reply(450, "4.2.0 later"), times=1),)
    >>> sight = first_sight(steps, now)
    >>> actions, sight = decide(steps, Stage.RCPT, sight, now)   # (Reply(450, "4.2.0 later"),)
    >>> actions, sight = decide(steps, Stage.RCPT, sight, now)   # (): accepted

Nothing here waits, counts in a dictionary or talks to anyone: ``playbook`` keeps the sights, ``mx.session`` acts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fakemx.dns.zones import DnsFault


class Stage(StrEnum):
    """A moment of the SMTP dialogue at which a server may misbehave."""

    CONNECT = "CONNECT"  # before the banner
    EHLO = "EHLO"  # EHLO or HELO
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"  # the command, before 354
    DOT = "DOT"  # the end of the data
    QUIT = "QUIT"


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer this. A 2xx accepts in these words; a 421, and any refusal at CONNECT, ends the connection."""

    code: int
    text: str = ""

    def __str__(self) -> str:
        """Write the reply as it goes over the wire, without the line end."""
        return f"{self.code} {self.text}".rstrip()


@dataclass(frozen=True, slots=True)
class Drop:
    """End the connection without a word. At DOT the mail is kept first: the lost reply of RFC 1047."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Say nothing for a day, then end the connection. At DOT the mail is kept first, as with ``Drop``."""


@dataclass(frozen=True, slots=True)
class Delay:
    """Wait, then go on."""

    seconds: float


Action = Reply | Drop | Silence | Delay


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a server does at one stage, for as long as it does it."""

    at: Stage
    action: Action
    times: int | None = None
    for_seconds: float | None = None


class Expected(StrEnum):
    """What becomes of a message that meets a behaviour, at a sender who retries for days."""

    DELIVERED = "delivered"
    DEFERRED_THEN_DELIVERED = "deferred then delivered"
    BOUNCED = "bounced"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a domain treats mail: in DNS, at its port and in the dialogue."""

    name: str
    summary: str
    expected: Expected
    steps: tuple[Step, ...] = ()
    listens: bool = True
    dns_fault: DnsFault | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """What a key has met so far at one stage: when it first came, and how often each step acted."""

    first: datetime
    acted: tuple[int, ...]


def first_sight(steps: Sequence[Step], now: datetime) -> Sight:
    """Return the sight of a key that nobody has seen before."""
    return Sight(now, (0,) * len(steps))


def decide(steps: Sequence[Step], stage: Stage, sight: Sight, now: datetime) -> tuple[tuple[Action, ...], Sight]:
    """Return what to do at this stage, in order, and the sight to remember."""
    acted = list(sight.acted)
    actions: list[Action] = []
    for index, step in enumerate(steps):
        if step.at is not stage or not _active(step, acted[index], now - sight.first):
            continue
        acted[index] += 1
        actions.append(step.action)
        if not isinstance(step.action, Delay):
            break
    return tuple(actions), Sight(sight.first, tuple(acted))


def _active(step: Step, acted: int, age: timedelta) -> bool:
    if step.times is not None and acted >= step.times:
        return False
    return step.for_seconds is None or age < timedelta(seconds=step.for_seconds)
