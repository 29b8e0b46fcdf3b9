"""Each entry of the catalogue on the wire: by its ready domain, and by its tag."""

import asyncio

import dns.asyncquery
import dns.message
import dns.rcode
import pytest
from tests.fakemx.support import HandClock, Raw, attempt, run, where

from fakemx.behaviours.catalogue import CATALOGUE, DOMAINS, TAGS, tag_of
from fakemx.dns.zones import Outcome
from fakemx.network import FakeNetwork


def outcomes(recipient: str, clock: HandClock, *minutes: float) -> tuple[list[str], int]:
    """Attempt a delivery at each of these minutes; return what was said, and how many copies arrived."""

    async def whole() -> tuple[list[str], int]:
        async with FakeNetwork(clock) as network:
            said = []
            begin = 0.0
            for minute in minutes:
                clock.advance((minute - begin) * 60)
                begin = minute
                said.append(await attempt(network, recipient))
            assert network.faults == []
            return said, len(network.received)

    return run(whole())


@pytest.mark.parametrize(
    "recipient", ["ann@ok.test", "ann+ok@example.com", "ann@example.com", "ann+newsletter@ok.test"]
)
def test_ok_and_whatever_has_no_behaviour_accepts(recipient: str) -> None:
    assert outcomes(recipient, HandClock(), 0, 1) == (["DATA 250", "DATA 250"], 2)


@pytest.mark.parametrize("recipient", ["ann@bounce.test", "ann+bounce@example.com", "ann+Bounce@full.test"])
def test_bounce_refuses_the_recipient_for_good(recipient: str) -> None:
    assert outcomes(recipient, HandClock(), 0, 6000) == (["RCPT 550", "RCPT 550"], 0)


@pytest.mark.parametrize("recipient", ["ann@greylist.test", "ann+greylist@example.com"])
def test_greylist_defers_for_five_minutes_and_then_accepts(recipient: str) -> None:
    said, copies = outcomes(recipient, HandClock(), 0, 1, 4.99, 5, 6)

    assert said == ["RCPT 450", "RCPT 450", "RCPT 450", "DATA 250", "DATA 250"]
    assert copies == 2


def test_greylist_goes_by_the_triple() -> None:
    async def whole() -> None:
        clock = HandClock()
        async with FakeNetwork(clock) as network:
            assert await attempt(network, "ann@greylist.test") == "RCPT 450"
            clock.advance(300)
            assert await attempt(network, "bob@greylist.test") == "RCPT 450"
            assert await attempt(network, "ann@greylist.test", sender="b@own.test") == "RCPT 450"
            assert await attempt(network, "ann@greylist.test") == "DATA 250"

    run(whole())


def test_down_refuses_the_connection_and_its_tag_says_421() -> None:
    assert outcomes("ann@down.test", HandClock(), 0, 1) == (["CONNECT refused"] * 2, 0)
    assert outcomes("ann+down@example.com", HandClock(), 0) == (["RCPT 421"], 0)


@pytest.mark.parametrize("recipient", ["ann@full.test", "ann+full@example.com"])
def test_full_defers_for_ever(recipient: str) -> None:
    assert outcomes(recipient, HandClock(), 0, 6000) == (["RCPT 452", "RCPT 452"], 0)


def test_slow_waits_three_times_and_accepts() -> None:
    clock, tagged = HandClock(jumps=True), HandClock(jumps=True)

    assert outcomes("ann@slow.test", clock, 0) == (["DATA 250"], 1)
    assert outcomes("ann+slow@example.com", tagged, 0) == (["DATA 250"], 1)
    assert (clock.slept, tagged.slept) == ([3, 3, 3], [3, 3, 3])


@pytest.mark.parametrize("recipient", ["ann@blocked.test", "ann+blocked@example.com"])
def test_blocked_refuses_the_content_and_keeps_nothing(recipient: str) -> None:
    assert outcomes(recipient, HandClock(), 0, 6000) == (["DATA 554", "DATA 554"], 0)


def test_busy_says_421_instead_of_a_banner_and_its_tag_at_rcpt() -> None:
    assert outcomes("ann@busy.test", HandClock(), 0, 6000)[0] == ["CONNECT 421", "CONNECT 421"]
    assert outcomes("ann+busy@example.com", HandClock(), 0) == (["RCPT 421"], 0)


def test_busy_closes_after_its_421() -> None:
    async def whole() -> None:
        async with FakeNetwork(HandClock()) as network:
            raw = await Raw.to(network, "busy.test")

            assert (await raw.answer()).startswith("421 4.3.2")
            assert await raw.rest() == b""
            await raw.close()

    run(whole())


@pytest.mark.parametrize("recipient", ["ann@drop.test", "ann+drop@example.com"])
def test_drop_loses_one_reply_so_two_copies_arrive(recipient: str) -> None:
    assert outcomes(recipient, HandClock(), 0, 1) == (["DATA dropped", "DATA 250"], 2)


@pytest.mark.parametrize(("domain", "said_before"), [("silent.test", 0), ("example.com", 3)])
def test_silent_says_nothing_until_the_day_is_over(domain: str, said_before: int) -> None:
    async def whole() -> None:
        clock = HandClock()
        async with FakeNetwork(clock) as network:
            raw = await Raw.to(network, domain)
            lines = ("EHLO out.own.test", "MAIL FROM:<a@own.test>", "RCPT TO:<ann+silent@example.com>")
            for line in lines[:said_before]:
                assert await raw.answer()
                await raw.say(line.encode() + b"\r\n")

            await clock.someone_sleeps()
            clock.advance(86_399)
            nothing = asyncio.ensure_future(raw.rest())
            assert not nothing.done()
            clock.advance(1)

            assert await nothing == b""
            await raw.close()

    run(whole())


def test_nullmx_and_nxdomain_say_so_in_dns_and_their_tags_at_rcpt() -> None:
    async def whole() -> None:
        async with FakeNetwork(HandClock()) as network:
            assert network.zones.lookup("nullmx.test", "MX").texts == ("0 .",)
            assert network.zones.lookup("nxdomain.test", "MX").outcome is Outcome.NXDOMAIN
            assert where(network, "nxdomain.test") is None

    run(whole())
    assert outcomes("ann+nullmx@example.com", HandClock(), 0) == (["RCPT 550"], 0)
    assert outcomes("ann+nxdomain@example.com", HandClock(), 0) == (["RCPT 550"], 0)


def test_servfail_says_so_in_dns_and_its_tag_defers() -> None:
    async def whole() -> None:
        async with FakeNetwork(HandClock()) as network:
            query = dns.message.make_query("servfail.test", "MX")
            response = await dns.asyncquery.udp(query, "127.0.0.1", port=network.dns_port, timeout=10)
            assert response.rcode() == dns.rcode.SERVFAIL

    run(whole())
    assert outcomes("ann+servfail@example.com", HandClock(), 0) == (["RCPT 451"], 0)


def test_every_entry_has_a_domain_a_tag_and_a_summary() -> None:
    assert set(TAGS) == set(CATALOGUE)
    assert set(DOMAINS) == {f"{name}.test" for name in CATALOGUE}
    assert all(entry.summary and entry.name == name for name, entry in CATALOGUE.items())


@pytest.mark.parametrize(
    ("address", "tag"),
    [("ann+ok@a.test", "ok"), ("ann@a.test", None), ("a+b+Ok@a.test", "ok"), ("ann@a+b.test", None), ("a+@b.c", "")],
)
def test_the_tag_is_what_stands_after_the_last_plus_of_the_local_part(address: str, tag: str | None) -> None:
    assert tag_of(address) == tag
