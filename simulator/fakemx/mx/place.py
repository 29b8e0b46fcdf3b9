"""What a session has from its host, and a host from its network."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from fakemx.behaviours.actions import SendReport
from fakemx.behaviours.playbook import Playbook
from fakemx.clock_port import Clock
from fakemx.judge.verdict import Verdict
from fakemx.mx.observation import Observation
from fakemx.mx.received import Arrival


@dataclass(frozen=True, slots=True)
class Place:
    """The network, as a session sees it."""

    clock: Clock
    playbook: Playbook
    judge: Callable[[Arrival], Verdict]
    """Say what a careful receiver thinks of a mail."""
    confirms: Callable[[str, str], bool]
    """Say whether a client's address and the name it gives lead to each other in DNS."""
    take: Callable[[Arrival, Verdict], str]
    """Keep a mail and return its id. It is called before the answer: what is acknowledged is kept."""
    send_report: Callable[[SendReport, Arrival, str], None]
    """See to it that a report about this recipient of a mail is sent in time."""
    fault: Callable[[Exception], None]
    """Take note of a bug of ours."""
    observe: Callable[[Observation], None]
    connections: Iterator[int] = field(default_factory=lambda: count(1))
    sessions: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many sessions are open, by client address and domain."""
