"""The fake MX itself: what it keeps, what it says, and what it survives."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakemx.support import MAIL, SENDER, HandClock, Raw, attempt, run

from fakemx.behaviours.form import parse_behaviour
from fakemx.mx.observation import Observation
from fakemx.mx.received import Received
from fakemx.network import FakeNetwork


def on_network(test: Callable[[FakeNetwork], Awaitable[None]], clock: HandClock | None = None) -> None:
    async def whole() -> None:
        async with FakeNetwork(clock or HandClock()) as network:
            await test(network)
            assert network.faults == []

    run(whole())


def test_a_mail_is_kept_with_all_that_was_said() -> None:
    async def test(network: FakeNetwork) -> None:
        await attempt(network, "ann@ok.test")

        (mail,) = network.received
        assert (mail.host, mail.peer_ip, mail.helo) == ("mx.ok.test", "127.0.0.1", "out.own.test")
        assert (mail.sender, mail.recipients, mail.tls) == (SENDER, ("ann@ok.test",), False)
        assert (mail.id, mail.received_at) == ("1", HandClock().now())
        assert mail.data == MAIL
        assert mail.transcript == (
            "S: 220 mx.ok.test ESMTP",
            "C: EHLO out.own.test",
            "S: 250-mx.ok.test",
            "S: 250-PIPELINING",
            "S: 250-SIZE 33554432",
            "S: 250-8BITMIME",
            "S: 250-SMTPUTF8",
            "S: 250-ENHANCEDSTATUSCODES",
            "S: 250 HELP",
            "C: MAIL FROM:<a@own.test>",
            "S: 250 2.0.0 OK",
            "C: RCPT TO:<ann@ok.test>",
            "S: 250 2.0.0 OK",
            "C: DATA",
            "S: 354 End data with <CR><LF>.<CR><LF>",
            f"C: ({len(MAIL) + 3} bytes of data)",
        )

    on_network(test)


def test_leading_dots_are_taken_off_and_nothing_else_is_touched() -> None:
    body = b"Subject: x\r\n\r\n.\r\n..\r\n.a\r\n \t\r\n\xff\xfe\x00\r\n\r\n"

    async def test(network: FakeNetwork) -> None:
        raw = await Raw.to(network, "ok.test")
        await raw.until_data()
        stuffed = b"".join(b"." + line if line.startswith(b".") else line for line in body.splitlines(keepends=True))
        await raw.say(stuffed + b".\r\n")
        assert (await raw.answer()).startswith("250")
        await raw.close()

        assert network.received[0].data == body

    on_network(test)


@pytest.mark.parametrize(
    "terminator",
    [
        b"\n.\n",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r.\r",
        b"\r.\r\n",
        b"\r\n.\r",
        b"\r\r\n.",
        b"\r\n\x00.\r\n",
        b"\r\n.\x00\r\n",
    ],
)
def test_a_false_end_of_data_does_not_split_a_message(terminator: bytes) -> None:
    smuggled = b"MAIL FROM:<evil@own.test>\r\nRCPT TO:<bob@ok.test>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n"

    async def test(network: FakeNetwork) -> None:
        raw = await Raw.to(network, "ok.test")
        await raw.until_data()
        await raw.say(b"Subject: outer\r\n\r\ntext" + terminator + smuggled + b".\r\nQUIT\r\n")
        assert (await raw.rest()).count(b"250 ") == 1
        await raw.close()

        (mail,) = network.received
        assert (mail.sender, mail.recipients) == (SENDER, ("ann@ok.test",))
        assert b"smuggled" in mail.data

    on_network(test)


def test_the_null_sender_is_the_empty_text() -> None:
    async def test(network: FakeNetwork) -> None:
        assert await attempt(network, "ann@ok.test", sender="") == "DATA 250"

        assert network.received[0].sender == ""

    on_network(test)


def test_nobody_is_no_recipient() -> None:
    async def test(network: FakeNetwork) -> None:
        raw = await Raw.to(network, "ok.test")
        await raw.answer()
        for line in ("EHLO out.own.test", "MAIL FROM:<>"):
            assert (await raw.ask(line)).startswith("250")
        assert (await raw.ask("RCPT TO:<>")).startswith("553")

    on_network(test)


def test_an_address_outside_ascii_is_taken() -> None:
    async def test(network: FakeNetwork) -> None:
        raw = await Raw.to(network, "ok.test")
        await raw.answer()
        await raw.ask("EHLO out.own.test")
        await raw.ask("MAIL FROM:<å@own.test> SMTPUTF8")
        assert await raw.ask("RCPT TO:<ünn+bounce@ok.test>") == "550 5.1.1 no such user here"
        assert await raw.ask("RCPT TO:<ünn@ok.test>") == "250 2.0.0 OK"
        await raw.close()

    on_network(test)


@pytest.mark.parametrize(
    "address", [b"<", b"<\xff@own.test>", b"<a\x00@own.test>", b"<a@own.test", b"<@>", b'"<>', b"<a b>"]
)
def test_an_address_that_cannot_be_read_is_refused_and_is_no_bug_of_ours(address: bytes) -> None:
    async def test(network: FakeNetwork) -> None:
        raw = await Raw.to(network, "ok.test")
        await raw.answer()
        await raw.ask("EHLO out.own.test")
        await raw.say(b"MAIL FROM:" + address + b"\r\n")
        assert (await raw.answer())[0] == "5"
        await raw.close()

    on_network(test)


def test_a_handshake_that_is_answered_with_garbage_is_not_read_as_commands() -> None:
    seen: list[Observation] = []

    async def whole() -> None:
        async with FakeNetwork(HandClock(), observe=seen.append) as network:
            raw = await Raw.to(network, "starttls-garbage.test")
            await raw.answer()
            await raw.ask("EHLO out.own.test")
            await raw.ask("STARTTLS")
            await raw.say(b"\x16\x03\x01\x02\x00NOOP\r\nrandom\r\nQUIT\r\n")
            await asyncio.gather(raw.rest(), return_exceptions=True)

    run(whole())

    assert [did.code for did in seen if did.what == "replied"] == [220, 250, 220]


def test_pipelined_garbage_is_answered_and_the_next_client_is_served() -> None:
    async def test(network: FakeNetwork) -> None:
        raw = await Raw.to(network, "ok.test")
        await raw.say(
            b"\xff\xfe\r\n\r\nVRFY \xff\r\nEHLO \xff\xff\r\nRCPT\r\nDATA\r\nMAIL FROM:\r\n" + b"x" * 5_000 + b"\r\n"
        )
        await raw.say(b"BDAT 5\r\nAUTH PLAIN AAAA\r\nSTARTTLS\r\nHELP \xff\r\nQUIT\r\n")
        assert b"221 2.0.0 bye" in await raw.rest()
        await raw.close()

        assert await attempt(network, "ann@ok.test") == "DATA 250"

    on_network(test)


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.binary(max_size=40) | st.sampled_from([b"EHLO x", b"MAIL FROM:<a@b.c>", b"RCPT TO:<a@b.c>", b"DATA", b"."])
    )
)
def test_no_dialogue_is_a_bug_of_ours(lines: list[bytes]) -> None:
    """Whatever a client says, the MX answers or hangs up, and notes no bug."""

    async def test(network: FakeNetwork) -> None:
        raw = await Raw.to(network, "ok.test")
        await asyncio.gather(raw.say(b"\r\n".join(lines) + b"\r\n.\r\nQUIT\r\n"), return_exceptions=True)
        await asyncio.gather(raw.rest(), return_exceptions=True)
        await raw.close()

    on_network(test)


def test_a_line_over_the_limit_is_refused_and_nothing_is_kept() -> None:
    async def test(network: FakeNetwork) -> None:
        assert await attempt(network, "ann@ok.test", b"Subject: x\r\n\r\n" + b"y" * 1_200 + b"\r\n") == "DATA 500"
        assert len(network.received) == 0

    on_network(test)


def test_a_mail_announced_over_the_size_limit_is_refused() -> None:
    async def test(network: FakeNetwork) -> None:
        raw = await Raw.to(network, "ok.test")
        await raw.answer()
        await raw.ask("EHLO out.own.test")
        assert (await raw.ask("MAIL FROM:<a@own.test> SIZE=33554433")).startswith("552")
        await raw.close()

    on_network(test)


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        ({"at": "CONNECT", "reply": "554 5.3.2 no mail here"}, "CONNECT 554"),
        ({"at": "CONNECT", "reply": "220 in other words"}, "DATA 250"),
        ({"at": "CONNECT", "drop": True}, "CONNECT refused"),
        ({"at": "EHLO", "reply": "421 4.3.2 not now"}, "EHLO 421"),
        ({"at": "EHLO", "reply": "250 in other words"}, "DATA 250"),
        ({"at": "EHLO", "drop": True}, "EHLO dropped"),
        ({"at": "MAIL", "reply": "451 4.3.0 later"}, "MAIL 451"),
        ({"at": "MAIL", "reply": "250 in other words"}, "DATA 250"),
        ({"at": "RCPT", "reply": "450 4.2.0 later"}, "RCPT 450"),
        ({"at": "RCPT", "reply": "250 in other words"}, "DATA 250"),
        ({"at": "RCPT", "drop": True}, "RCPT dropped"),
        ({"at": "DATA", "reply": "451 4.3.0 later"}, "DATA 451"),
        ({"at": "DATA", "drop": True}, "DATA dropped"),
        ({"at": "DOT", "reply": "451 4.3.0 later"}, "DATA 451"),
        ({"at": "DOT", "reply": "250 in other words"}, "DATA 250"),
        ({"at": "DOT", "reply": "421 4.3.2 going down"}, "DATA 421"),
        ({"at": "DOT", "drop": True}, "DATA dropped"),
    ],
)
def test_a_step_acts_at_its_stage_and_as_often_as_it_says(step: dict[str, object], outcome: str) -> None:
    async def test(network: FakeNetwork) -> None:
        await network.set_behaviour("example.com", parse_behaviour({"script": [{**step, "times": 1}]}))

        assert await attempt(network, "ann@example.com") == outcome
        assert await attempt(network, "ann@example.com") == "DATA 250"
        kept_at_first = outcome in {"DATA 250", "DATA dropped"} and step["at"] != "DATA"
        assert len(network.received) == 1 + kept_at_first

    on_network(test)


def test_helo_is_served_too() -> None:
    async def test(network: FakeNetwork) -> None:
        script = [{"at": "EHLO", "reply": "500 5.5.1 what", "times": 1}]
        await network.set_behaviour("example.com", parse_behaviour({"script": script}))
        raw = await Raw.to(network, "example.com")
        await raw.answer()

        assert await raw.ask("EHLO out.own.test") == "500 5.5.1 what"
        assert (await raw.ask("MAIL FROM:<a@own.test>")).startswith("503")
        assert await raw.ask("HELO out.own.test") == "250 mx.example.com"
        assert await raw.ask("MAIL FROM:<a@own.test>") == "250 2.0.0 OK"
        await raw.close()

    on_network(test)


def test_quit_goes_by_the_recipients_of_the_last_message() -> None:
    async def test(network: FakeNetwork) -> None:
        await network.set_behaviour("example.com", parse_behaviour({"script": [{"at": "QUIT", "drop": True}]}))
        raw = await Raw.to(network, "ok.test")
        await raw.until_data("ann@example.com")
        assert (await raw.ask("Subject: x\r\n\r\nx\r\n.")).startswith("250")

        assert await raw.ask("QUIT") == ""
        await raw.close()

    on_network(test)


@pytest.mark.parametrize(
    ("path", "recipient"),
    [
        ("<ann@ok.test>", "ann@ok.test"),
        ('<"a > b\\" c"@ok.test>', '"a > b\\" c"@ok.test'),
        ("<Postmaster>", "Postmaster"),
        ("<ann@[192.0.2.1]>", "ann@[192.0.2.1]"),
    ],
)
def test_a_path_is_kept_as_it_was_said(path: str, recipient: str) -> None:
    async def test(network: FakeNetwork) -> None:
        raw = await Raw.to(network, "ok.test")
        await raw.answer()
        for line in ("EHLO out.own.test", "MAIL FROM: <a@own.test>", f"RCPT TO:{path}", "DATA", "x\r\n."):
            assert (await raw.ask(line))[0] in "23"
        await raw.close()

        assert network.received[0].recipients == (recipient,)

    on_network(test)


def test_the_first_recipient_with_something_to_say_decides_at_the_dot() -> None:
    async def test(network: FakeNetwork) -> None:
        raw = await Raw.to(network, "ok.test")
        await raw.until_data()
        await raw.say(b".\r\n")
        await raw.answer()
        for line in ("MAIL FROM:<a@own.test>", "RCPT TO:<ann@ok.test>", "RCPT TO:<ann+blocked@ok.test>", "DATA"):
            await raw.ask(line)
        assert await raw.ask("x\r\n.") == "554 5.7.1 message content rejected"
        await raw.close()

    on_network(test)


def test_a_recipient_that_only_waits_leaves_the_decision_to_the_next() -> None:
    clock = HandClock(jumps=True)

    async def test(network: FakeNetwork) -> None:
        raw = await Raw.to(network, "ok.test")
        await raw.until_data("ann+slow@ok.test")
        await raw.say(b".\r\n")
        await raw.answer()
        recipients = ("RCPT TO:<ann+slow@ok.test>", "RCPT TO:<ann+blocked@ok.test>")
        for line in ("MAIL FROM:<a@own.test>", *recipients, "DATA"):
            await raw.ask(line)
        assert await raw.ask("x\r\n.") == "554 5.7.1 message content rejected"

    on_network(test, clock)


def test_after_421_nothing_more_is_read() -> None:
    async def test(network: FakeNetwork) -> None:
        raw = await Raw.to(network, "ok.test")
        await raw.say(b"EHLO x\r\nMAIL FROM:<a@own.test>\r\nRCPT TO:<ann@ok.test>\r\n")
        await raw.say(b"RCPT TO:<ann+down@ok.test>\r\nDATA\r\nx\r\n.\r\n")
        await asyncio.gather(raw.rest(), return_exceptions=True)

        assert len(network.received) == 0

    on_network(test)


def test_sessions_at_the_same_time_do_not_disturb_each_other() -> None:
    """aiosmtpd's command limits belong to its class: a second session would shorten them for the first."""
    long = "a" * 250 + "@own.test"

    async def test(network: FakeNetwork) -> None:
        first = await Raw.to(network, "ok.test")
        await first.answer()
        await first.ask("EHLO out.own.test")
        second = await Raw.to(network, "ok.test")
        await second.answer()

        assert await first.ask(f"MAIL FROM:<{long}>" + " " * 252) == "250 2.0.0 OK"
        await first.close()
        await second.close()

    on_network(test)


def test_a_client_that_goes_away_before_the_end_leaves_nothing_behind() -> None:
    async def test(network: FakeNetwork) -> None:
        raw = await Raw.to(network, "ok.test")
        await raw.until_data()
        await raw.say(b"Subject: half\r\n")
        await raw.close()
        await attempt(network, "bob@ok.test")

        assert [mail.recipients for mail in network.received] == [("bob@ok.test",)]

    on_network(test)


def test_a_bug_of_ours_is_noted_and_answered_451_and_the_mail_is_not_acknowledged() -> None:
    async def whole() -> None:
        def broken(_: Received) -> None:
            raise OSError("disk full")

        async with FakeNetwork(HandClock(), on_mail=broken) as network:
            assert await attempt(network, "ann@ok.test") == "DATA 451"

            assert [str(fault) for fault in network.faults] == ["disk full"]
            assert len(network.received) == 0

    run(whole())


def test_a_bug_before_the_banner_is_noted_too() -> None:
    class BrokenClock(HandClock):
        async def sleep(self, seconds: float) -> None:
            raise RuntimeError("no time")

    async def whole() -> None:
        async with FakeNetwork(BrokenClock()) as network:
            assert await attempt(network, "ann@slow.test") == "CONNECT refused"

            assert [str(fault) for fault in network.faults] == ["no time"]

    run(whole())
