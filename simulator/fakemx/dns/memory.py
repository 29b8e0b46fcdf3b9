"""The fake DNS asked in process: the same data and faults as over UDP and TCP, without a packet.

It takes the time that a stub resolver would take over the network, on the clock that it is given.

    >>> dns = MemoryDns(zones, clock, rng=random.Random(1), latency=(0.005, 0.04), loss=0.05)
    >>> (await dns.look_up("ok.test", "MX")).texts        # ("10 mx.ok.test.",)

What a fault comes to here, and over packets at dnspython's resolver:

    nxdomain, nullmx           the answer says so
    servfail, refused, lame    no name server can be used: SERVFAIL
    timeout                    no answer in PATIENCE_S: TIMEOUT
    slow                       the answer comes SLOW_S late
    truncated, garbage,        UDP is of no use and TCP is asked: the right answer
      wrongid
"""

import random
from collections.abc import Callable

from fakemx.clock_port import Clock
from fakemx.dns.observation import DnsAnswer
from fakemx.dns.zones import SLOW_S, DnsFault, Found, Outcome, Zones

PATIENCE_S = 15.0
"""How long an answer is waited for; the reference's resolver waits as long."""

RETRY_S = 2.0
"""When a datagram seems lost and the question is put again; dnspython's own figure."""

_UNUSABLE = frozenset({DnsFault.SERVFAIL, DnsFault.REFUSED, DnsFault.LAME})


class MemoryDns:
    """A stub resolver and the name server that it asks, in one.

    Args:
        latency: seconds that a datagram is under way, from and to.
        loss: the share of datagrams that are lost.
        observe: told of each question.
    """

    def __init__(
        self,
        zones: Zones,
        clock: Clock,
        *,
        rng: random.Random,
        latency: tuple[float, float] = (0.0, 0.0),
        loss: float = 0.0,
        observe: Callable[[DnsAnswer], None] = lambda answer: None,
    ) -> None:
        self._zones = zones
        self._clock = clock
        self._rng = rng
        self._latency = latency
        self._loss = loss
        self._observe = observe

    async def look_up(self, name: str, rdtype: str) -> Found:
        """Answer one question, after the time that it takes."""
        fault = self._zones.fault_of(name)
        found = self._zones.lookup(name, rdtype)
        if fault in _UNUSABLE:
            found = Found(Outcome.SERVFAIL)
        waits = self._waits(found, fault)
        if waits >= PATIENCE_S:
            found, waits = Found(Outcome.TIMEOUT), PATIENCE_S
        await self._clock.sleep(waits)
        self._observe(DnsAnswer(name, rdtype, found.outcome, found.texts, "memory"))
        return found

    def _waits(self, found: Found, fault: DnsFault | None) -> float:
        if found.outcome is Outcome.TIMEOUT:
            return PATIENCE_S
        waits = SLOW_S if fault is DnsFault.SLOW else 0.0
        while self._rng.random() < self._loss and waits < PATIENCE_S:
            waits += RETRY_S
        return waits + self._rng.uniform(*self._latency) + self._rng.uniform(*self._latency)
