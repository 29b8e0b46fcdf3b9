"""The network as a whole: endpoints, behaviours at run time, starting and stopping."""

import asyncio

import dns.asyncquery
import dns.message
import pytest
from tests.fakemx.support import HandClock, Raw, attempt, run, where

from fakemx.behaviours.catalogue import CATALOGUE, DOMAINS
from fakemx.behaviours.form import parse_behaviour
from fakemx.behaviours.script import Port
from fakemx.dns.zones import Zones
from fakemx.mx.observation import Observation
from fakemx.mx.received import Received
from fakemx.network import FakeNetwork


def test_only_its_own_addresses_have_an_endpoint_and_only_at_port_25() -> None:
    async def whole() -> None:
        async with FakeNetwork(HandClock()) as network:
            (address,) = network.zones.lookup("mx.ok.test", "A").texts

            assert address.startswith("198.18.")
            assert network.endpoint(address, 25) is not None
            assert network.endpoint(address, 587) is None
            for other in ("127.0.0.1", "192.0.2.1", "::1", "198.19.255.255", "", "mx.ok.test"):
                assert network.endpoint(other, 25) is None

    run(whole())


def test_every_host_has_its_own_address_and_port() -> None:
    async def whole() -> None:
        async with FakeNetwork(HandClock()) as network:
            open_hosts = [
                f"{host.label}.{domain}".removeprefix(".")
                for domain, behaviour in DOMAINS.items()
                for host in behaviour.hosts
                if host.port is Port.OPEN and host.address.reachable
            ]
            addresses = [ip for host in (*open_hosts, "mx.catchall.test") for ip in network.addresses_of(host)]
            endpoints = [network.endpoint(ip, 25) for ip in addresses]

            assert len(set(addresses)) == len(addresses) > len(DOMAINS) // 2
            assert None not in endpoints
            assert len(set(endpoints)) == len(endpoints)

    run(whole())


def test_a_refused_and_a_swallowed_connection_differ() -> None:
    async def whole() -> None:
        async with FakeNetwork(HandClock()) as network:
            refused, swallowed = where(network, "down.test"), where(network, "blackhole.test")
            assert refused is not None
            assert swallowed is not None

            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(*refused)
            connecting = asyncio.ensure_future(asyncio.open_connection(*swallowed))
            done, _ = await asyncio.wait({connecting}, timeout=0.3)
            assert not done
            connecting.cancel()

    run(whole())


def test_the_whole_way_goes_over_the_wire() -> None:
    async def whole() -> None:
        async with FakeNetwork(HandClock()) as network:

            async def ask(name: str, rdtype: str) -> str:
                query = dns.message.make_query(name, rdtype)
                response = await dns.asyncquery.udp(query, "127.0.0.1", port=network.dns_port, timeout=10)
                return str(response.answer[0][0])

            assert await ask("bounce.test", "MX") == "10 mx.bounce.test."
            assert network.endpoint(await ask("mx.bounce.test", "A"), 25) == where(network, "bounce.test")
            assert await ask("anything.example", "MX") == "10 mx.catchall.test."
            assert network.endpoint(await ask("mx.catchall.test", "A"), 25) == where(network, "anything.example")

    run(whole())


def test_a_behaviour_set_at_run_time_holds_until_it_is_cleared() -> None:
    async def whole() -> None:
        async with FakeNetwork(HandClock()) as network:
            before = where(network, "example.com")

            await network.set_behaviour("Example.com.", CATALOGUE["full"])
            assert network.behaviours()["example.com"] is CATALOGUE["full"]
            assert where(network, "example.com") != before
            assert await attempt(network, "ann@EXAMPLE.com") == "RCPT 452"

            await network.clear_behaviour("example.com")
            assert "example.com" not in network.behaviours()
            assert where(network, "example.com") == before
            assert await attempt(network, "ann@example.com") == "DATA 250"

    run(whole())


def test_a_domain_can_go_down_break_in_dns_and_come_back() -> None:
    async def whole() -> None:
        async with FakeNetwork(HandClock()) as network:
            said = []
            for name in ("ok", "down", "nxdomain", "ok"):
                await network.set_behaviour("example.com", CATALOGUE[name])
                said.append(await attempt(network, "ann@example.com"))

            assert said == ["DATA 250", "CONNECT refused", "no MX", "DATA 250"]

    run(whole())


def test_setting_a_behaviour_again_starts_its_counters_again() -> None:
    async def whole() -> None:
        once = parse_behaviour({"script": [{"at": "RCPT", "reply": "450 4.2.0 later", "times": 1}]})
        async with FakeNetwork(HandClock()) as network:
            said = []
            for _ in range(2):
                await network.set_behaviour("example.com", once)
                said += [await attempt(network, "ann@example.com") for _ in range(2)]

            assert said == ["RCPT 450", "DATA 250"] * 2

    run(whole())


def test_a_ready_domain_that_is_cleared_is_ready_again() -> None:
    async def whole() -> None:
        async with FakeNetwork(HandClock()) as network:
            await network.set_behaviour("nxdomain.test", CATALOGUE["ok"])
            assert await attempt(network, "ann@nxdomain.test") == "DATA 250"

            await network.clear_behaviour("nxdomain.test")
            assert await attempt(network, "ann@nxdomain.test") == "no MX"

    run(whole())


def test_a_name_that_can_have_no_mail_gets_no_behaviour() -> None:
    async def whole() -> None:
        async with FakeNetwork(HandClock()) as network:
            for name in ("localhost", "127.0.0.1", "a b.test", "x.invalid"):
                with pytest.raises(ValueError, match="is not a domain that can have mail"):
                    await network.set_behaviour(name, CATALOGUE["ok"])

    run(whole())


def test_reset_goes_back_to_the_start_and_leaves_records_alone() -> None:
    async def whole() -> None:
        async with FakeNetwork(HandClock()) as network:
            network.zones.set("own.test", "TXT", ["v=spf1 -all"])
            await attempt(network, "ann@drop.test")
            await attempt(network, "ann+drop@example.com")
            await network.set_behaviour("example.com", CATALOGUE["servfail"])
            await network.set_behaviour("ok.test", CATALOGUE["bounce"])

            network.faults.append(ValueError("a bug"))

            await network.reset()

            assert network.behaviours() == DOMAINS
            assert (network.received.list(), network.faults) == ((), [])
            assert await attempt(network, "ann@ok.test") == "DATA 250"
            assert await attempt(network, "ann@drop.test") == "DATA dropped"
            assert await attempt(network, "ann+drop@example.com") == "DATA dropped"
            assert network.zones.lookup("own.test", "TXT").texts == ("v=spf1 -all",)

    run(whole())


def test_a_providers_records_and_a_behaviour_live_at_one_name() -> None:
    async def whole() -> None:
        zones = Zones()
        async with FakeNetwork(HandClock(), zones=zones) as network:
            zones.add_provider(lambda name, rdtype: {"TXT": ["key"]}.get(rdtype, []) if name == "own.test" else None)
            assert where(network, "own.test") is None

            await network.set_behaviour("own.test", CATALOGUE["ok"])

            assert where(network, "own.test") is not None
            assert zones.lookup("own.test", "TXT").texts == ("key",)

    run(whole())


def test_mail_is_handed_on_before_it_is_acknowledged() -> None:
    handed: list[Received] = []

    async def whole() -> None:
        ids = iter(["first", "second"])
        async with FakeNetwork(HandClock(), on_mail=handed.append, new_id=lambda: next(ids)) as network:
            raw = await Raw.to(network, "drop.test")
            await raw.until_data("ann@drop.test")
            assert await raw.ask("Subject: x\r\n\r\nx\r\n.") == ""
            await raw.close()

            assert [mail.id for mail in handed] == ["first"]
            assert [mail.recipients for mail in handed] == [("ann@drop.test",)]
            assert network.received.list() == ()

    run(whole())


def test_stopping_leaves_no_socket_and_no_task() -> None:
    async def whole() -> None:
        clock = HandClock()
        tasks = asyncio.all_tasks()
        network = FakeNetwork(clock)
        await network.start()
        silent, waiting = await Raw.to(network, "silent.test"), await Raw.to(network, "ok.test")
        await waiting.answer()
        await clock.someone_sleeps()
        endpoint = where(network, "ok.test")
        assert endpoint is not None

        await network.stop()

        assert asyncio.all_tasks() == tasks
        assert network.endpoint("198.18.0.1", 25) is None
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*endpoint)
        for raw in (silent, waiting):
            await asyncio.gather(raw.rest(), return_exceptions=True)
            await raw.close()

    run(whole())


def test_stopping_ends_the_connections_in_the_order_in_which_they_began() -> None:
    ended: list[int] = []

    def note(did: Observation) -> None:
        if did.what == "closed":
            ended.append(did.connection)

    async def whole() -> None:
        async with FakeNetwork(HandClock(), observe=note) as network:
            for _ in range(20):
                await (await Raw.to(network, "ok.test")).answer()

    run(whole())

    assert ended == sorted(ended)
    assert len(ended) == 20


def test_a_stopped_network_can_be_started_again() -> None:
    async def whole() -> None:
        network = FakeNetwork(HandClock())
        for _ in range(2):
            async with network:
                assert await attempt(network, "ann@ok.test") == "DATA 250"

    run(whole())
