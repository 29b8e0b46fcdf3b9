"""The engine's own resolver, in memory and on a clock that jumps, before name servers that take their time."""

import random

from tests.fakemx.virtual.test_network import Network

from fakemx.dns.server import DnsServer
from fakemx.dns.zones import SLOW_S, DnsFault, Zones
from fakemx.virtual.clock import VirtualClock
from fakemx.virtual.dnspython import dnspython_on
from justemails.delivery.dns import DnsResolver
from justemails.ports import MxRecord


def test_an_answer_that_takes_three_seconds_is_waited_for() -> None:
    network = Network()
    clock = VirtualClock(network.loop)
    zones = Zones()
    zones.set_fault("shop.example", DnsFault.SLOW)

    async def look_up() -> list[MxRecord]:
        faults: list[Exception] = []
        server = DnsServer(zones, clock, faults.append)
        await server.start("127.0.0.53", 53)
        try:
            return list(await DnsResolver(clock, ("127.0.0.53", 53)).mx("shop.example"))
        finally:
            await server.stop()
            assert not faults

    with dnspython_on(network.loop, random.Random(7)):  # noqa: S311  # a test's chance
        found = network.run(look_up())

    assert found == [MxRecord(10, "mx.catchall.test")]
    assert SLOW_S <= network.loop.time() < SLOW_S + 1
