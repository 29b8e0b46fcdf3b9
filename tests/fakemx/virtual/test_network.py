"""The network in memory: streams, datagrams, faults, and stock libraries on top of them."""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextvars import copy_context
from typing import Any, TypeVar

import aiosmtplib
import dns.asyncresolver
import dns.resolver
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from hypothesis import given, settings
from hypothesis import strategies as st

from fakemx.behaviours.script import Certificate
from fakemx.dns.server import DnsServer
from fakemx.dns.zones import DnsFault, Zones
from fakemx.mx.certificates import authority_pem, server_context
from fakemx.virtual.clock import VirtualClock
from fakemx.virtual.dnspython import dnspython_on
from fakemx.virtual.loop import DeadlockError, VirtualLoop
from fakemx.virtual.network import LinkFault, MemoryNetwork
from fakemx.virtual.owner import OWNER
from fakemx.virtual.rules import BlackHole, Fate, HalfOpen, Line, Refuse, ResetAfter, Rule, Throttle
from fakemx.virtual.transport import HIGH_WATER

T = TypeVar("T")
HOST, PORT = "198.18.0.1", 25
SLOW = Line(latency=(0.01, 0.2), largest_chunk=5)


class Network:
    """A network, its loop, and what it told of itself."""

    def __init__(self, *rules: Rule, line: Line | None = None, seed: int = 1) -> None:
        self.faults: list[LinkFault] = []
        self.memory = MemoryNetwork(random.Random(seed), line, rules, self.faults.append)  # noqa: S311  # a test's chance
        self.loop = VirtualLoop(self.memory)

    def run(self, main: Awaitable[T]) -> T:
        async def guarded() -> T:
            try:
                return await main
            finally:
                while opened:
                    opened.pop().close()

        try:
            return self.loop.run_until_complete(guarded())
        finally:
            self.loop.close()


opened: list[asyncio.StreamWriter] = []


async def connect(host: str = HOST, port: int = PORT) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection that is closed at the end of the test."""
    reader, writer = await asyncio.open_connection(host, port)
    opened.append(writer)
    return reader, writer


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1000):
        writer.write(data)
    writer.close()


async def serve(handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]] = echo) -> None:
    await asyncio.start_server(handler, HOST, PORT)


async def exchange(writes: Sequence[bytes]) -> bytes:
    """Write, end, and return what came back."""
    await serve()
    reader, writer = await connect()
    for data in writes:
        writer.write(data)
        await writer.drain()
    writer.write_eof()
    back = await reader.read()
    writer.close()
    return back


lines = st.builds(
    Line,
    st.sampled_from([(0.0, 0.0), (0.01, 0.01), (0.0, 3.0)]),
    st.none() | st.integers(1, 20),
)


@given(st.lists(st.binary(max_size=200), max_size=10), lines, st.integers(0, 1_000))
@settings(max_examples=100, deadline=None)
def test_bytes_arrive_in_order_whatever_the_latency_and_the_chunks(writes: list[bytes], line: Line, seed: int) -> None:
    """What comes back from an echo is what was written."""
    assert Network(line=line, seed=seed).run(exchange(writes)) == b"".join(writes)


def test_a_connection_knows_both_its_ends() -> None:
    async def main() -> list[Any]:
        seen: list[Any] = []

        async def look(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen.append((writer.get_extra_info("sockname"), writer.get_extra_info("peername")))
            writer.close()

        await serve(look)
        reader, writer = await connect()
        await reader.read()
        seen.append((writer.get_extra_info("peername"), writer.get_extra_info("sockname")))
        return seen

    far, near = Network().run(main())

    assert far == near
    assert far[0] == (HOST, PORT)
    assert far[1][0] == "127.0.0.1"


def test_latency_is_taken_on_the_way_there_and_back() -> None:
    network = Network(line=Line(latency=(0.5, 0.5)))

    network.run(exchange([b"x"]))

    assert network.loop.time() == pytest.approx(2.0)  # the handshake there and back, the byte there and back


def test_a_port_is_taken_only_once_and_a_free_one_can_be_had() -> None:
    async def main() -> int:
        loop = asyncio.get_running_loop()
        await serve()
        with pytest.raises(OSError, match="in use"):
            await serve()
        server = await loop.create_server(asyncio.Protocol, HOST, 0)
        port: int = server.sockets[0].getsockname()[1]
        return port

    assert Network().run(main()) > 1024


def test_where_nobody_listens_a_connection_is_refused() -> None:
    with pytest.raises(ConnectionRefusedError):
        Network().run(connect())


def test_a_server_that_closes_takes_no_more_connections_and_keeps_those_it_has() -> None:
    async def main() -> bytes:
        server = await asyncio.start_server(echo, HOST, PORT)
        reader, writer = await connect()
        server.close()
        with pytest.raises(ConnectionRefusedError):
            await connect()
        writer.write(b"still there")
        writer.write_eof()
        return await reader.read()

    assert Network().run(main()) == b"still there"


def test_a_writer_is_held_back_while_nobody_reads() -> None:
    async def main() -> tuple[int, bool, int]:
        taken = asyncio.Event()
        total = 0

        async def lazy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal total
            await taken.wait()
            while data := await reader.read(100_000):
                total += len(data)
            writer.close()

        await serve(lazy)
        reader, writer = await connect()
        written = 0
        held = False
        while not held and written < 100 * HIGH_WATER:
            writer.write(b"x" * 10_000)
            written += 10_000
            try:
                await asyncio.wait_for(writer.drain(), 60)
            except TimeoutError:
                held = True
        taken.set()
        await writer.drain()
        writer.write_eof()
        await reader.read()
        return written, held, total

    written, held, total = Network().run(main())

    assert held
    assert written < 6 * HIGH_WATER  # asyncio's own reader keeps twice its limit as well
    assert total == written


async def lost(main: Awaitable[object]) -> str:
    try:
        await asyncio.wait_for(main, 3_600)
    except (ConnectionError, TimeoutError) as ex:
        return type(ex).__name__
    return "nothing"


@pytest.mark.parametrize(
    ("fate", "ends", "name"),
    [
        (Refuse(), "ConnectionRefusedError", "refuse"),
        (BlackHole(), "TimeoutError", "blackhole"),
        (ResetAfter(100), "ConnectionResetError", "reset"),
        (HalfOpen(100), "TimeoutError", "half-open"),
        (Throttle(10), "nothing", "throttle"),
    ],
)
def test_each_fault_ends_a_connection_in_its_own_way_and_is_told_of_once(fate: Fate, ends: str, name: str) -> None:
    network = Network(Rule(fate))

    assert network.run(lost(exchange([b"x" * 50] * 10))) == ends
    assert network.faults == [LinkFault(name, (HOST, PORT))]


def test_a_throttled_line_takes_its_time() -> None:
    network = Network(Rule(Throttle(100)))

    network.run(exchange([b"x" * 1_000]))

    assert network.loop.time() == pytest.approx(20, abs=1)  # a thousand bytes there and back


def test_the_end_of_a_half_open_connection_does_not_arrive_either() -> None:
    async def main() -> str:
        async def says_goodbye(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"x" * 200)
            writer.close()

        await serve(says_goodbye)
        reader, _ = await connect()
        return await lost(reader.read())

    assert Network(Rule(HalfOpen(100))).run(main()) == "TimeoutError"


@pytest.mark.parametrize(
    ("rules", "ends"),
    [
        ([Rule(Refuse(), frozenset({"198.18.0.9"}))], "nothing"),
        ([Rule(Refuse(), frozenset({HOST})), Rule(BlackHole())], "ConnectionRefusedError"),
        ([Rule(BlackHole(), frozenset({HOST})), Rule(Refuse())], "TimeoutError"),
        ([Rule(Refuse(), until=100)], "ConnectionRefusedError"),
        ([Rule(Refuse(), since=100)], "nothing"),
        ([Rule(Refuse(), probability=0.0)], "nothing"),
    ],
)
def test_the_first_rule_that_matches_wins(rules: list[Rule], ends: str) -> None:
    assert Network(*rules).run(lost(exchange([b"x"]))) == ends


def test_a_rule_can_come_and_go_while_it_runs() -> None:
    network = Network()

    async def main() -> list[str]:
        await serve()
        outcomes = [await lost(connect())]
        mend = network.memory.add_rule(Rule(Refuse()))
        outcomes.append(await lost(connect()))
        mend()
        outcomes.append(await lost(connect()))
        return outcomes

    assert network.run(main()) == ["nothing", "ConnectionRefusedError", "nothing"]


def test_an_address_can_be_a_black_hole_until_it_is_released() -> None:
    network = Network()

    async def main() -> list[str]:
        await serve()
        hole = await network.memory.blackhole(HOST, PORT)
        outcomes = [await lost(connect(*hole.address))]
        await hole.close()
        return [*outcomes, await lost(connect())]

    assert network.run(main()) == ["TimeoutError", "nothing"]


def test_an_abort_is_a_reset_at_the_other_end() -> None:
    async def main() -> str:
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def reads(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            ended.set_result(await lost(reader.read()))

        await serve(reads)
        _, writer = await connect()
        writer.transport.abort()
        return await ended

    assert Network().run(main()) == "ConnectionResetError"


def test_what_is_written_to_an_end_that_was_closed_is_answered_with_a_reset() -> None:
    async def main() -> str:
        async def leaves(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        await serve(leaves)
        reader, writer = await connect()
        await reader.read()

        async def keeps_writing() -> None:
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(1)  # noqa: TID251  # virtual

        return await lost(keeps_writing())

    assert Network(line=Line(latency=(0.1, 0.1))).run(main()) in {"ConnectionResetError", "BrokenPipeError"}


def test_a_connect_that_is_given_up_leaves_nothing_open() -> None:
    network = Network(line=Line(latency=(5, 5)))

    async def main() -> list[str]:
        await serve()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(connect(), 7)
        await asyncio.sleep(60)  # noqa: TID251  # virtual
        return network.memory.open_connections()

    assert network.run(main()) == []


def test_the_connections_of_a_killed_process_are_reset_and_its_callbacks_do_not_run() -> None:
    network = Network()
    heard: list[object] = []

    async def main() -> tuple[str, list[str]]:
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def reads(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            ended.set_result(await lost(reader.read()))
            writer.close()

        async def client() -> None:
            reader, _ = await connect()
            try:
                heard.append(await reader.read())
            finally:
                heard.append("finally")

        await serve(reads)
        context = copy_context()
        context.run(OWNER.set, "client")
        task = asyncio.get_running_loop().create_task(client(), context=context)
        await asyncio.sleep(1)  # noqa: TID251  # virtual
        network.loop.kill("client")
        how = await ended
        await asyncio.sleep(1)  # noqa: TID251  # virtual
        assert not task.done()
        assert heard == []
        return how, network.memory.open_connections()

    assert network.run(main()) == ("ConnectionResetError", [])


# Datagrams.


class Talker(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.heard.append(data)


async def send_datagrams(count: int) -> list[bytes]:
    loop = asyncio.get_running_loop()
    _, server = await loop.create_datagram_endpoint(Talker, local_addr=(HOST, 53))
    client, _ = await loop.create_datagram_endpoint(Talker, remote_addr=(HOST, 53))
    for number in range(count):
        client.sendto(b"%d" % number)
    await asyncio.sleep(60)  # noqa: TID251  # virtual
    client.close()
    return server.heard


def test_datagrams_arrive() -> None:
    assert sorted(Network(line=Line(latency=(0, 1))).run(send_datagrams(10))) == [b"%d" % one for one in range(10)]


def test_datagrams_are_lost_as_often_as_the_line_says() -> None:
    heard = Network(line=Line(loss=0.3)).run(send_datagrams(1_000))

    assert 600 < len(heard) < 800


def test_datagrams_fall_into_black_holes() -> None:
    assert Network(Rule(BlackHole())).run(send_datagrams(10)) == []


# The libraries, as they come.


class Keeper:
    def __init__(self) -> None:
        self.kept: list[tuple[bytes, bool]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        self.kept.append((envelope.content or b"", session.ssl is not None))  # type: ignore[arg-type]  # bytes by default
        return "250 kept"


def smtp(tls: ssl.SSLContext | None, handler: Keeper) -> SMTP:
    return SMTP(handler, hostname="mx.ok.test", loop=asyncio.get_running_loop(), tls_context=tls)


async def deliver(tls: ssl.SSLContext | None, trusted: ssl.SSLContext | None) -> list[tuple[bytes, bool]]:
    handler = Keeper()
    await asyncio.get_running_loop().create_server(lambda: smtp(tls, handler), HOST, PORT)
    client = aiosmtplib.SMTP(hostname=HOST, port=PORT, local_hostname="out.own.test", start_tls=False, timeout=900)
    await client.connect()
    if trusted is not None:
        await client.starttls(server_hostname="mx.ok.test", tls_context=trusted)
    await client.sendmail("a@own.test", ["ann@ok.test"], b"Subject: x\r\n\r\n" + b"line\r\n" * 500)
    await client.quit()
    return handler.kept


@pytest.mark.parametrize("seed", range(5))
def test_stock_aiosmtplib_delivers_to_stock_aiosmtpd(seed: int) -> None:
    ((content, encrypted),) = Network(line=SLOW, seed=seed).run(deliver(None, None))

    assert content.count(b"line\r\n") == 500
    assert not encrypted


@pytest.mark.parametrize("seed", range(5))
def test_stock_starttls_works_under_latency_and_in_small_chunks(seed: int) -> None:
    trusted = ssl.create_default_context(cadata=authority_pem())

    kept = Network(line=SLOW, seed=seed).run(deliver(server_context(Certificate.GOOD, "mx.ok.test"), trusted))

    assert [encrypted for _, encrypted in kept] == [True]


def look_up(network: Network, zones: Zones, name: str, lifetime_s: float = 10) -> list[str]:
    async def main() -> list[str]:
        faults: list[Exception] = []
        server = DnsServer(zones, VirtualClock(network.loop), faults.append)
        await server.start("127.0.0.53", 53)
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.53"]
        try:
            return [one.to_text() for one in await resolver.resolve(name, "MX", lifetime=lifetime_s)]
        finally:
            await server.stop()
            assert not faults

    with dnspython_on(network.loop, random.Random(7)):  # noqa: S311  # a test's chance
        return network.run(main())


def test_stock_dnspython_looks_up_over_udp() -> None:
    assert look_up(Network(line=SLOW), Zones(), "shop.example") == ["10 mx.catchall.test."]


def test_stock_dnspython_turns_to_tcp_when_the_answer_is_truncated() -> None:
    zones = Zones()
    zones.set_fault("shop.example", DnsFault.TRUNCATED)

    assert look_up(Network(line=SLOW), zones, "shop.example") == ["10 mx.catchall.test."]


def test_a_silent_name_server_is_given_up_when_the_virtual_time_is_over() -> None:
    zones = Zones()
    zones.set_fault("shop.example", DnsFault.TIMEOUT)
    network = Network()

    with pytest.raises(dns.resolver.LifetimeTimeout):
        look_up(network, zones, "shop.example", 10)

    assert 9 < network.loop.time() < 15


def test_half_of_all_datagrams_may_be_lost_and_the_answer_still_comes() -> None:
    assert look_up(Network(line=Line(loss=0.5)), Zones(), "shop.example", 120) == ["10 mx.catchall.test."]


@pytest.mark.parametrize("encrypted", [False, True])
def test_the_same_seed_runs_the_same_way_and_another_does_not(encrypted: bool) -> None:
    def run(seed: int) -> tuple[float, int]:
        network = Network(line=SLOW, seed=seed)
        certificate = server_context(Certificate.GOOD, "mx.ok.test") if encrypted else None
        trusted = ssl.create_default_context(cadata=authority_pem()) if encrypted else None
        network.run(deliver(certificate, trusted))
        return network.loop.time(), network.loop.steps

    assert run(1) == run(1) != run(2)


def test_a_reader_that_waits_for_a_dead_peer_is_a_deadlock_and_not_a_hang() -> None:
    async def main() -> None:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.Event().wait()

        await serve(silent)
        reader, _ = await connect()
        await reader.read()

    with pytest.raises(DeadlockError, match="read"):
        Network().run(main())


def test_a_process_that_stands_still_while_it_connects_can_still_give_up() -> None:
    """Its answer and its time-out both wait for it; whichever comes first, the other must do no harm."""
    network = Network(line=Line(latency=(1, 1)))
    seen: list[str] = []

    async def victim() -> None:
        try:
            async with VirtualClock(network.loop).timeout(0.7):
                await connect()
        except TimeoutError:
            seen.append("gave up")

    async def main() -> None:
        await serve()
        context = copy_context()
        context.run(OWNER.set, "victim")
        task = asyncio.get_running_loop().create_task(victim(), context=context)
        await VirtualClock(network.loop).sleep(0.3)
        network.loop.pause("victim")
        await VirtualClock(network.loop).sleep(10)
        network.loop.resume("victim")
        await task

    network.loop.set_exception_handler(lambda _, context: seen.append(str(context["exception"])))
    network.run(main())

    assert seen == ["gave up"]
