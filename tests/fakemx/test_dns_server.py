"""The fake DNS on real sockets."""

import asyncio
import struct
from collections.abc import Awaitable, Callable

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.fakemx.support import HandClock, run

from fakemx.dns.answer import respond
from fakemx.dns.server import DnsServer
from fakemx.dns.zones import SLOW_S, DnsFault, ProviderError, Zones

Ask = Callable[..., Awaitable[dns.message.Message]]


def asking(
    zones: Zones, test: Callable[[DnsServer, Ask], Awaitable[None]], clock: HandClock | None = None
) -> list[Exception]:
    """Run ``test`` with a server and a way to ask it; return the bugs that were noted."""
    faults: list[Exception] = []

    async def whole() -> None:
        server = DnsServer(zones, clock or HandClock(), faults.append)
        await server.start()

        async def ask(name: str, rdtype: str, **options: int | str | None) -> dns.message.Message:
            query = dns.message.make_query(name, rdtype, **options)  # type: ignore[arg-type]  # passed on as they are
            return await dns.asyncquery.udp(query, "127.0.0.1", port=server.port, timeout=10)

        try:
            await test(server, ask)
        finally:
            await server.stop()

    run(whole())
    return faults


def texts(response: dns.message.Message) -> list[str]:
    return [rdata.to_text() for rrset in response.answer for rdata in rrset]


def test_an_answer_is_never_kept() -> None:
    async def test(_: DnsServer, ask: Ask) -> None:
        response = await ask("Example.COM", "MX")

        assert texts(response) == ["10 mx.catchall.test."]
        assert response.answer[0].ttl == 0
        assert response.answer[0].name.to_text() == "Example.COM."
        assert response.flags & dns.flags.RA

    assert asking(Zones(), test) == []


def test_nxdomain_and_nodata_are_told_apart() -> None:
    async def test(_: DnsServer, ask: Ask) -> None:
        missing, empty = await ask("_dmarc.example.com", "TXT"), await ask("example.com", "TXT")

        assert (missing.rcode(), missing.answer) == (dns.rcode.NXDOMAIN, [])
        assert (empty.rcode(), empty.answer) == (dns.rcode.NOERROR, [])

    asking(Zones(), test)


@pytest.mark.parametrize(
    ("fault", "rcode"), [(DnsFault.SERVFAIL, dns.rcode.SERVFAIL), (DnsFault.REFUSED, dns.rcode.REFUSED)]
)
def test_a_broken_server_says_so(fault: DnsFault, rcode: dns.rcode.Rcode) -> None:
    zones = Zones()
    zones.set_fault("own.test", fault)

    async def test(_: DnsServer, ask: Ask) -> None:
        assert (await ask("own.test", "MX")).rcode() == rcode

    asking(zones, test)


def test_a_lame_server_refers_to_others_and_answers_nothing() -> None:
    """A delegation to a server that does not know of it: no answer, no authority, no error."""
    zones = Zones()
    zones.set_fault("own.test", DnsFault.LAME)

    async def test(_: DnsServer, ask: Ask) -> None:
        response = await ask("own.test", "MX")

        assert (response.rcode(), response.answer) == (dns.rcode.NOERROR, [])
        assert not response.flags & dns.flags.AA

    asking(zones, test)


@pytest.mark.parametrize("over", [dns.asyncquery.udp, dns.asyncquery.tcp])
def test_a_slow_server_answers_in_its_own_time(over: Callable[..., Awaitable[dns.message.Message]]) -> None:
    zones = Zones()
    zones.set_fault("own.test", DnsFault.SLOW)
    clock = HandClock()

    async def test(server: DnsServer, _: Ask) -> None:
        query = dns.message.make_query("own.test", "MX")
        asking = asyncio.ensure_future(over(query, "127.0.0.1", port=server.port, timeout=10))
        await clock.someone_sleeps()
        assert not asking.done()
        clock.advance(SLOW_S)

        assert texts(await asking) == ["10 mx.catchall.test."]

    asking(zones, test, clock)
    assert clock.slept == [SLOW_S]


def test_garbage_is_no_dns_message_and_a_wrong_id_is_no_answer() -> None:
    zones = Zones()
    zones.set_fault("garbage.test", DnsFault.GARBAGE)
    zones.set_fault("wrong.test", DnsFault.WRONG_ID)
    faults: list[Exception] = []
    server = DnsServer(zones, HandClock(), faults.append)

    def answer(name: str) -> tuple[dns.message.Message, bytes]:
        query = dns.message.make_query(name, "MX")
        packet = server.answer(query.to_wire(), udp=True)
        assert packet is not None
        return query, packet

    with pytest.raises(dns.exception.FormError):
        dns.message.from_wire(answer("garbage.test")[1])
    query, packet = answer("wrong.test")
    assert dns.message.from_wire(packet).id != query.id
    assert not faults


def test_a_name_that_times_out_is_not_answered_and_the_next_one_is() -> None:
    zones = Zones()
    zones.set_fault("own.test", DnsFault.TIMEOUT)

    async def test(server: DnsServer, ask: Ask) -> None:
        loop = asyncio.get_running_loop()
        heard: asyncio.Queue[bytes] = asyncio.Queue()

        class Client(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
                heard.put_nowait(data)

        transport, _ = await loop.create_datagram_endpoint(Client, remote_addr=("127.0.0.1", server.port))
        silent, answered = dns.message.make_query("own.test", "MX"), dns.message.make_query("ok.test", "MX")
        transport.sendto(silent.to_wire())
        transport.sendto(answered.to_wire())

        assert dns.message.from_wire(await heard.get()).id == answered.id
        transport.close()

    asking(zones, test)


@pytest.mark.parametrize(
    ("size", "edns", "truncated"),
    [(300, None, False), (600, None, True), (600, 1232, False), (2_000, 1232, True), (2_000, 65_535, True)],
)
def test_what_is_too_long_for_udp_says_so_and_comes_over_tcp(size: int, edns: int | None, truncated: bool) -> None:
    zones = Zones()
    zones.set("own.test", "TXT", ["x" * size])

    async def test(server: DnsServer, _: Ask) -> None:
        query = dns.message.make_query("own.test", "TXT")
        if edns is not None:
            query.use_edns(0, payload=edns)

        over_udp = await dns.asyncquery.udp(query, "127.0.0.1", port=server.port, timeout=10)
        over_tcp = await dns.asyncquery.tcp(query, "127.0.0.1", port=server.port, timeout=10)

        assert bool(over_udp.flags & dns.flags.TC) is truncated
        assert bool(over_udp.answer) is not truncated
        (record,) = over_tcp.answer[0]
        assert isinstance(record, dns.rdtypes.ANY.TXT.TXT)
        assert all(len(string) <= 255 for string in record.strings)
        assert b"".join(record.strings) == b"x" * size

    asking(zones, test)


def test_a_truncating_domain_needs_tcp_for_everything() -> None:
    zones = Zones()
    zones.set_fault("own.test", DnsFault.TRUNCATED)

    async def test(server: DnsServer, ask: Ask) -> None:
        query = dns.message.make_query("own.test", "MX")

        over_udp = await ask("own.test", "MX")
        over_tcp = await dns.asyncquery.tcp(query, "127.0.0.1", port=server.port, timeout=10)

        assert over_udp.flags & dns.flags.TC
        assert texts(over_tcp) == ["10 mx.catchall.test."]

    asking(zones, test)


def test_a_record_too_long_even_for_tcp_is_a_failure() -> None:
    zones = Zones()
    zones.set("own.test", "TXT", ["x" * 65_000, "y" * 65_000])

    packet = respond(zones, dns.message.make_query("own.test", "TXT").to_wire(), udp=False)

    assert packet is not None
    assert dns.message.from_wire(packet).rcode() == dns.rcode.SERVFAIL


@pytest.mark.parametrize("rdtype", ["ANY", "AXFR"])
def test_transfers_and_any_are_refused_with_a_short_answer(rdtype: str) -> None:
    query = dns.message.make_query("ok.test", rdtype).to_wire()

    packet = respond(Zones(), query, udp=True)

    assert packet is not None
    assert dns.message.from_wire(packet).rcode() == dns.rcode.REFUSED
    assert len(packet) <= 2 * len(query)


def test_other_classes_are_refused_and_other_operations_not_implemented() -> None:
    chaos = dns.message.make_query("version.bind", "TXT", rdclass=dns.rdataclass.CH)
    notify = dns.message.make_query("ok.test", "SOA")
    notify.set_opcode(dns.opcode.NOTIFY)

    answers = [respond(Zones(), query.to_wire(), udp=True) for query in (chaos, notify)]

    rcodes = [dns.message.from_wire(answer).rcode() for answer in answers if answer is not None]
    assert rcodes == [dns.rcode.REFUSED, dns.rcode.NOTIMP]


def test_an_answer_is_never_answered() -> None:
    reply = dns.message.make_response(dns.message.make_query("ok.test", "MX"))

    assert respond(Zones(), reply.to_wire(), udp=True) is None


def test_the_aliases_are_in_the_answer() -> None:
    zones = Zones()
    zones.set("a.test", "CNAME", ["b.test"])
    zones.set("b.test", "TXT", ["end"])

    async def test(_: DnsServer, ask: Ask) -> None:
        assert texts(await ask("A.test", "TXT")) == ["b.test.", '"end"']

    asking(zones, test)


def test_several_questions_over_one_tcp_connection_are_answered_in_order() -> None:
    async def test(server: DnsServer, _: Ask) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        queries = [dns.message.make_query(name, "MX") for name in ("a.test", "b.test")]
        for query in queries:
            writer.write(struct.pack("!H", len(query.to_wire())) + query.to_wire())

        for query in queries:
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            assert query.is_response(dns.message.from_wire(await reader.readexactly(length)))
        writer.close()

    asking(Zones(), test)


def test_stopping_ends_open_connections() -> None:
    async def test(server: DnsServer, _: Ask) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"\x00")
        await writer.drain()

        await server.stop()

        ended = await asyncio.gather(reader.read(), return_exceptions=True)
        assert ended[0] == b"" or isinstance(ended[0], ConnectionError)
        writer.close()

    asking(Zones(), test)


def test_a_bug_in_a_provider_is_servfail_and_is_noted() -> None:
    zones = Zones()

    def broken(name: str, rdtype: str) -> None:
        raise KeyError(name)

    zones.add_provider(broken)

    async def test(_: DnsServer, ask: Ask) -> None:
        assert (await ask("ok.test", "MX")).rcode() == dns.rcode.SERVFAIL

    assert [type(fault) for fault in asking(zones, test)] == [ProviderError]


query_bytes = dns.message.make_query("ok.test", "MX", use_edns=0).to_wire()


@given(st.binary(max_size=600), st.booleans())
@example(b"", True)
@example(query_bytes[:-3], True)
def test_any_bytes_are_answered_or_ignored(packet: bytes, udp: bool) -> None:
    """No packet makes the answering raise, over UDP or TCP."""
    respond(Zones(), packet, udp=udp)


@given(st.integers(0, len(query_bytes) - 1), st.integers(0, 255), st.binary(max_size=8))
def test_a_damaged_query_is_answered_or_ignored(position: int, value: int, more: bytes) -> None:
    """No single changed byte and no trailing bytes make the answering raise."""
    packet = bytearray(query_bytes)
    packet[position] = value
    respond(Zones(), bytes(packet) + more, udp=True)


def test_the_server_lives_through_garbage() -> None:
    async def test(server: DnsServer, ask: Ask) -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=("127.0.0.1", server.port)
        )
        for garbage in (b"", b"\x00", b"\xff" * 512, query_bytes[:11], query_bytes + b"\x00" * 30):
            transport.sendto(garbage)
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"\x00\x05hello\xff\xff" + b"x" * 100)
        writer.close()

        assert texts(await ask("ok.test", "MX")) == ["10 mx.catchall.test."]
        transport.close()

    assert asking(Zones(), test) == []
