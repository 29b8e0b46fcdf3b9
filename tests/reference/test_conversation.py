"""One conversation with one mail server, against a server in memory that misbehaves in each phase."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reference.support import (
    DROP,
    QUICK,
    SILENCE,
    ScriptedConnector,
    ScriptedServer,
    VirtualClock,
    run,
    settle,
)

from justemails.delivery.classify import Verdict
from justemails.delivery.conversation import Conversation, Ending, Envelope, LeaseLostError, Sending
from justemails.delivery.routing import Target
from justemails.delivery.settings import DEFAULTS, Phase
from justemails.ports import Reply

IP = "192.0.2.1"
DATA = b"From: a@b.example\r\n\r\nHello\r\n"
GO_ON, NEXT_HOST, REFUSED = Verdict.GO_ON, Verdict.NEXT_HOST, Verdict.REFUSED
PHASES = ("GREETING", "EHLO", "MAIL", "RCPT", "DATA", "DOT")


@dataclass
class Talk:
    """A conversation that has ended: how, with what transcript, and when by the clock."""

    ending: Ending
    transcript: list[str]
    elapsed_s: float
    asked: list[list[str]] = field(default_factory=list)


def talk(
    server: ScriptedServer | str,
    *,
    go: bool = True,
    encrypt: bool = True,
    patience_s: float = 7200,
    data: bytes = DATA,
    recipient: str = "ann@far.example",
) -> Talk:
    async def conversation() -> Talk:
        clock = VirtualClock()
        asked: list[list[str]] = []
        target = Target("mx.far.example", IP)
        conversation = Conversation(clock, DEFAULTS, ScriptedConnector({IP: server}), target, encrypt=encrypt)

        def may_send() -> bool:
            asked.append(list(conversation.transcript))
            return go

        async def whole() -> Ending:
            sending = Sending(Envelope("b+1@bounce.own.example", recipient), lambda: data, may_send)
            try:
                return await conversation.open() or await conversation.send(sending)
            finally:
                conversation.end()

        task = asyncio.create_task(whole())
        await settle()
        elapsed_s = 0
        while not task.done() and elapsed_s < patience_s:
            await clock.pass_time(1)
            elapsed_s += 1
        assert task.done(), "the conversation never ends"
        return Talk(task.result(), conversation.transcript, elapsed_s, asked)

    return run(conversation())


def verdict(server: ScriptedServer | str) -> tuple[Verdict, str]:
    ending = talk(server).ending
    return ending.verdict, ending.phase


def test_a_good_server_takes_the_message() -> None:
    server = ScriptedServer()

    talked = talk(server)

    assert talked.ending == Ending(GO_ON, Phase.DOT, Reply(250, "2.0.0 taken"), "2.0.0 taken", enhanced="2.0.0")
    assert server.taken == [DATA]
    assert server.heard == [
        f"EHLO {DEFAULTS.ehlo_name}",
        f"MAIL FROM:<b+1@bounce.own.example> SIZE={len(DATA)}",
        "RCPT TO:<ann@far.example>",
        "DATA",
        "QUIT",
    ]
    assert server.closed == 1


def test_the_transcript_tells_the_whole_conversation_but_not_the_message() -> None:
    assert talk(ScriptedServer()).transcript == [
        "S: 220 mx.example ESMTP",
        f"C: EHLO {DEFAULTS.ehlo_name}",
        "S: 250 mx.example",
        "S:     SIZE 10000000",
        f"C: MAIL FROM:<b+1@bounce.own.example> SIZE={len(DATA)}",
        "S: 250 2.1.0 fine",
        "C: RCPT TO:<ann@far.example>",
        "S: 250 2.1.5 fine",
        "C: DATA",
        "S: 354 go ahead",
        f"C: <{len(DATA)} bytes>",
        "S: 250 2.0.0 taken",
        "C: QUIT",
    ]


# What Postfix and Exim agree on when another mail host is left; where they differ (a 5xx greeting, a 5xx to both
# EHLO and HELO) it is CHOICE-22: "a 5xx before that only rules out the host".
DIFFERENTIAL: list[tuple[str, Sequence[Reply | str], Verdict]] = [
    ("GREETING", [Reply(500, "5.3.0 no"), Reply(554, "no")], NEXT_HOST),
    ("GREETING", [Reply(450, "4.3.0 later"), Reply(421, "busy"), DROP], NEXT_HOST),
    ("EHLO", [Reply(421, "busy"), DROP], NEXT_HOST),
    ("MAIL", [Reply(500, "5.3.0 no"), Reply(550, "no")], REFUSED),
    ("MAIL", [Reply(450, "4.3.0 later"), Reply(421, "busy"), DROP], NEXT_HOST),
    ("RCPT", [Reply(500, "5.3.0 no"), Reply(550, "5.1.1 no such user"), Reply(552, "full")], REFUSED),
    ("RCPT", [Reply(450, "4.3.0 later"), Reply(421, "busy"), Reply(451, "4.7.1 greylisted"), DROP], NEXT_HOST),
    ("DATA", [Reply(500, "5.3.0 no"), Reply(554, "no valid recipients")], REFUSED),
    ("DATA", [Reply(450, "4.3.0 later"), Reply(421, "busy"), Reply(250, "what?"), DROP], NEXT_HOST),
    ("DOT", [Reply(500, "5.3.0 no"), Reply(554, "5.7.1 spam")], REFUSED),
    ("DOT", [Reply(450, "4.3.0 later"), Reply(421, "busy"), Reply(354, "go on"), DROP], NEXT_HOST),
]


@pytest.mark.parametrize(
    ("phase", "reaction", "expected"),
    [(phase, reaction, expected) for phase, reactions, expected in DIFFERENTIAL for reaction in reactions],
)
def test_a_fault_in_a_phase_ends_as_the_table_says(phase: str, reaction: Reply | str, expected: Verdict) -> None:
    server = ScriptedServer({phase: reaction})

    talked = talk(server)

    assert (talked.ending.verdict, talked.ending.phase) == (expected, phase)
    assert talked.ending.reply == (reaction if isinstance(reaction, Reply) else None)
    assert server.taken == []
    assert server.closed == 1
    later = PHASES[PHASES.index(phase) + 1 :]
    assert not [line for line in server.heard if line.split()[0] in later]


@pytest.mark.parametrize(
    "reaction", [Reply(500, "what?"), Reply(502, "what?"), Reply(550, "no"), Reply(450, "later"), Reply(451, "x")]
)
def test_a_server_that_refuses_ehlo_is_greeted_with_helo(reaction: Reply) -> None:
    """RFC 5321 4.1.1.1."""
    server = ScriptedServer({"EHLO": reaction})

    assert verdict(server) == (GO_ON, "DOT")
    assert server.heard[:2] == [f"EHLO {DEFAULTS.ehlo_name}", f"HELO {DEFAULTS.ehlo_name}"]
    assert server.taken == [DATA]


@pytest.mark.parametrize("reaction", [Reply(500, "5.3.0 no"), Reply(450, "later"), Reply(421, "busy"), DROP])
def test_a_server_that_refuses_helo_too_is_not_the_one(reaction: Reply | str) -> None:
    server = ScriptedServer({"EHLO": Reply(500, "what?"), "HELO": reaction})

    assert verdict(server) == (NEXT_HOST, "EHLO")
    assert not [line for line in server.heard if line.startswith("MAIL")]


def test_the_answer_to_quit_is_not_waited_for() -> None:
    """Nothing depends on it: the message is delivered by then."""
    server = ScriptedServer()

    talked = talk(server)

    assert server.heard[-1] == "QUIT"
    assert talked.transcript[-1] == "C: QUIT"
    assert talked.elapsed_s == 0


@pytest.mark.parametrize("phase", ["GREETING", "MAIL", "RCPT", "DATA", "DOT"])
@pytest.mark.parametrize("code", [450, 550])
def test_a_server_that_refuses_is_left_with_a_quit(phase: str, code: int) -> None:
    """RFC 5321 4.1.1.10."""
    server = ScriptedServer({phase: Reply(code, "x")})

    talk(server)

    assert server.heard[-1] == "QUIT"
    assert server.closed == 1


@pytest.mark.parametrize("phase", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "DOT"])
@pytest.mark.parametrize("reaction", [DROP, SILENCE])
def test_a_connection_that_is_of_no_use_is_closed_without_a_word(phase: str, reaction: str) -> None:
    server = ScriptedServer({phase: reaction})

    talk(server)

    assert "QUIT" not in server.heard
    assert server.closed == 1


@pytest.mark.parametrize(
    ("phase", "limit_s"),
    [("GREETING", 300), ("EHLO", 300), ("MAIL", 300), ("RCPT", 300), ("DATA", 120), ("DOT", 780)],
)
def test_a_server_that_falls_silent_is_left_when_the_phases_time_is_up(phase: str, limit_s: int) -> None:
    """RFC 5321 4.5.3.2."""
    server = ScriptedServer({phase: SILENCE})

    talked = talk(server)

    assert (talked.ending.verdict, talked.ending.phase, talked.ending.reply) == (NEXT_HOST, phase, None)
    assert talked.ending.text == "no answer in time"
    assert talked.elapsed_s == limit_s
    assert talked.transcript[-1] == "-- no answer in time"
    assert server.closed == 1


def test_helo_has_a_time_of_its_own() -> None:
    talked = talk(ScriptedServer({"EHLO": Reply(500, "what?"), "HELO": SILENCE}))

    assert (talked.ending.verdict, talked.elapsed_s) == (NEXT_HOST, 300)


def test_a_host_that_cannot_be_reached_is_not_the_one() -> None:
    talked = talk(DROP)

    assert talked.ending == Ending(NEXT_HOST, Phase.CONNECT, None, "the connection was refused")
    assert talked.transcript == ["-- the connection was refused"]


def test_a_host_that_does_not_answer_a_connection_is_left_after_thirty_seconds() -> None:
    talked = talk(SILENCE)

    assert (talked.ending.verdict, talked.ending.phase, talked.elapsed_s) == (NEXT_HOST, Phase.CONNECT, 30)


def test_it_is_told_that_the_message_comes_next_before_a_byte_of_it_is_sent() -> None:
    """RFC 1047: from the final dot on the outcome is in doubt."""
    talked = talk(ScriptedServer({"DOT": DROP}))

    assert len(talked.asked) == 1
    assert talked.asked[0][-1] == "S: 354 go ahead"


@pytest.mark.parametrize("phase", ["GREETING", "MAIL", "RCPT", "DATA"])
def test_it_is_not_asked_about_the_message_when_it_does_not_come_so_far(phase: str) -> None:
    assert talk(ScriptedServer({phase: DROP})).asked == []


def test_when_the_lease_is_lost_nothing_is_said_after_the_354() -> None:
    """RFC 5321 4.1.1.4: whatever comes after the 354 is mail data, also the word QUIT."""
    server = ScriptedServer()

    with pytest.raises(LeaseLostError):
        talk(server, go=False)

    assert server.heard[-1] == "DATA"
    assert server.taken == []
    assert server.closed == 1


OFFERS_TLS = Reply(250, "mx.example\nSIZE 10000000\nstarttls")


def test_where_tls_is_offered_it_is_used_and_what_was_learned_before_is_forgotten() -> None:
    """RFC 3207 4.2: EHLO again after the handshake."""
    server = ScriptedServer({"EHLO": OFFERS_TLS})

    talked = talk(server)

    assert talked.ending == Ending(
        GO_ON, Phase.DOT, Reply(250, "2.0.0 taken"), "2.0.0 taken", tls=True, enhanced="2.0.0"
    )
    ehlo = f"EHLO {DEFAULTS.ehlo_name}"
    assert server.heard[:3] == [ehlo, "STARTTLS mx.far.example", ehlo]
    assert server.heard[3].startswith("MAIL FROM:<b+1@bounce.own.example>")
    assert [line for line in talked.transcript if "TLS" in line.upper()] == [
        "S:     starttls",
        "C: STARTTLS",
        "-- TLS",
        "S:     starttls",
    ]


def test_where_tls_is_not_wanted_or_not_offered_it_is_not_asked_for() -> None:
    unwanted, unoffered = ScriptedServer({"EHLO": OFFERS_TLS}), ScriptedServer()

    endings = [talk(unwanted, encrypt=False).ending, talk(unoffered).ending]

    assert [(ending.verdict, ending.tls) for ending in endings] == [(GO_ON, False), (GO_ON, False)]
    assert not [line for line in unwanted.heard + unoffered.heard if "TLS" in line]


@pytest.mark.parametrize("code", [454, 501, 502, 554, 250])
def test_a_server_that_cannot_do_tls_now_gets_the_message_in_the_clear(code: int) -> None:
    """RFC 7435: opportunistic security does not keep mail from going."""
    server = ScriptedServer({"EHLO": OFFERS_TLS, "STARTTLS": Reply(code, "TLS not available")})

    talked = talk(server)

    assert (talked.ending.verdict, talked.ending.tls) == (GO_ON, False)
    assert server.heard.count(f"EHLO {DEFAULTS.ehlo_name}") == 1


@pytest.mark.parametrize("where", ["STARTTLS", "HANDSHAKE"])
@pytest.mark.parametrize("reaction", [DROP, SILENCE])
def test_a_connection_that_is_lost_over_tls_may_work_without(where: str, reaction: str) -> None:
    server = ScriptedServer({"EHLO": OFFERS_TLS, where: reaction})

    talked = talk(server)

    assert (talked.ending.verdict, talked.ending.phase) == (NEXT_HOST, Phase.STARTTLS)
    assert talked.ending.without_tls_it_may_work
    assert talked.elapsed_s == (DEFAULTS.tls_s if reaction == SILENCE else 0)


@pytest.mark.parametrize(
    ("phase", "reaction"), [("STARTTLS", Reply(421, "busy")), ("MAIL", DROP), ("DOT", DROP), ("GREETING", DROP)]
)
def test_what_goes_wrong_otherwise_is_not_blamed_on_tls(phase: str, reaction: Reply | str) -> None:
    server = ScriptedServer({"EHLO": OFFERS_TLS, phase: reaction})

    ending = talk(server).ending

    assert ending.verdict is NEXT_HOST
    assert not ending.without_tls_it_may_work


REACTIONS = st.sampled_from([DROP, SILENCE]) | st.builds(
    Reply,
    st.sampled_from([200, 220, 250, 251, 299, 354, 399, 400, 421, 450, 499, 500, 550, 599, 100, 999]),
    st.text(max_size=5),
)


@given(st.dictionaries(st.sampled_from([*PHASES, "HELO", "STARTTLS", "HANDSHAKE"]), REACTIONS, max_size=4))
@QUICK
def test_delivered_means_a_two_to_the_final_dot_and_bounced_a_five_after_mail(script: dict[str, Reply | str]) -> None:
    """For every script, the verdict is GO_ON only after 2xx to the dot, REFUSED only after 5xx from MAIL on."""
    server = ScriptedServer(script)

    talked = talk(server)

    assert (talked.ending.verdict is GO_ON) == (server.taken == [DATA])
    if talked.ending.verdict is REFUSED:
        assert talked.ending.reply
        assert talked.ending.reply.code // 100 == 5
        assert talked.ending.phase in (Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.DOT)
    assert server.closed == server.connections == 1
    assert sum(line.startswith("MAIL") for line in server.heard) <= 1


# -- what a server says of itself


def offers(*lines: str) -> ScriptedServer:
    return ScriptedServer({"EHLO": Reply(250, "\n".join(["mx.example", *lines]))})


@pytest.mark.parametrize("line", ["SIZE", "SIZE 0", "size 1000", "SIZE 1000 x", "SIZE x", f"SIZE {len(DATA)}"])
def test_a_size_is_told_where_it_is_wanted_and_no_limit_is_no_limit(line: str) -> None:
    """RFC 1870 3 and 4: no number and 0 are no limit."""
    server = offers(line)

    assert talk(server).ending.verdict is GO_ON
    assert server.heard[1] == f"MAIL FROM:<b+1@bounce.own.example> SIZE={len(DATA)}"


def test_a_size_is_not_told_where_nobody_asked() -> None:
    server = offers("8BITMIME")

    assert talk(server).ending.verdict is GO_ON
    assert server.heard[1] == "MAIL FROM:<b+1@bounce.own.example>"


def test_a_message_over_the_size_limit_is_refused_before_a_word_of_it_is_said() -> None:
    """RFC 1870 6.1; RFC 3463 5.3.4."""
    server = offers(f"SIZE {len(DATA) - 1}")

    ending = talk(server).ending

    assert (ending.verdict, ending.phase, ending.reply, ending.enhanced) == (REFUSED, Phase.MAIL, None, "5.3.4")
    assert ending.text == f"the message has {len(DATA)} octets, and mx.far.example takes {len(DATA) - 1}"
    assert server.heard == [f"EHLO {DEFAULTS.ehlo_name}", "QUIT"]


UTF8 = "To: j\u00f8rn@far.example\r\n\r\nHello\r\n".encode()


def test_a_message_with_an_address_beyond_ascii_says_so_and_goes_as_it_is() -> None:
    """RFC 6531 3.4, 3.6."""
    server = offers("SMTPUTF8", "8BITMIME", "SIZE 1000")

    assert talk(server, data=UTF8, recipient="j\u00f8rn@far.example").ending.verdict is GO_ON
    assert server.heard[1:3] == [
        f"MAIL FROM:<b+1@bounce.own.example> SIZE={len(UTF8)} BODY=8BITMIME SMTPUTF8",
        "RCPT TO:<j\u00f8rn@far.example>",
    ]
    assert server.taken == [UTF8]


@pytest.mark.parametrize("lines", [(), ("8BITMIME",), ("SMTPUTF8",), ("X-SMTPUTF8", "8BITMIME")])
def test_a_server_without_smtputf8_is_not_asked_to_take_such_a_message(lines: tuple[str, ...]) -> None:
    """RFC 6531 3.2, and 5.6.7 of 4.2: it is returned, and never rewritten."""
    server = offers(*lines)

    ending = talk(server, data=UTF8).ending

    assert (ending.verdict, ending.phase, ending.reply, ending.enhanced) == (REFUSED, Phase.MAIL, None, "5.6.7")
    assert server.heard == [f"EHLO {DEFAULTS.ehlo_name}", "QUIT"]


def test_a_server_that_only_knows_helo_offers_nothing() -> None:
    server = ScriptedServer({"EHLO": Reply(500, "what?\nSIZE 1\nSMTPUTF8\n8BITMIME")})

    assert talk(server, data=UTF8).ending.enhanced == "5.6.7"
    assert talk(server).ending.verdict is GO_ON


# -- one message after another


def test_a_second_message_goes_over_the_same_connection_after_a_reset() -> None:
    """RFC 5321 4.1.1.5."""
    server = ScriptedServer({"RSET": Reply(250, "2.0.0 fine")})

    async def both() -> tuple[Ending, bool, Ending, list[str]]:
        conversation = Conversation(
            VirtualClock(), DEFAULTS, ScriptedConnector({IP: server}), Target("mx.far.example", IP)
        )
        assert await conversation.open() is None
        first = await conversation.send(
            Sending(Envelope("b+1@own.example", "a@far.example"), lambda: DATA, lambda: True)
        )
        second_transcript: list[str] = []
        ready = await conversation.again(second_transcript)
        second = await conversation.send(
            Sending(Envelope("b+2@own.example", "b@far.example"), lambda: DATA, lambda: True)
        )
        conversation.end()
        return first, ready, second, second_transcript

    first, ready, second, transcript = run(both())

    assert (first.verdict, ready, second.verdict) == (GO_ON, True, GO_ON)
    assert [line.split(":")[0].split(" ")[0] for line in server.heard] == [
        *("EHLO", "MAIL", "RCPT", "DATA", "RSET", "MAIL", "RCPT", "DATA", "QUIT")
    ]
    assert transcript[0] == "C: RSET"
    assert transcript[-1] == "C: QUIT"
    assert server.connections == server.closed == 1


@pytest.mark.parametrize("reaction", [Reply(500, "what?"), Reply(421, "enough"), DROP, SILENCE])
def test_a_server_that_wants_no_reset_is_left(reaction: Reply | str) -> None:
    server = ScriptedServer({"RSET": reaction})

    async def once() -> tuple[bool, float]:
        clock = VirtualClock()
        conversation = Conversation(clock, DEFAULTS, ScriptedConnector({IP: server}), Target("mx.far.example", IP))
        await conversation.open()
        waiting = asyncio.create_task(conversation.again([]))
        await clock.pass_time(DEFAULTS.reset_s)
        assert waiting.done(), "it still waits for the answer to RSET"
        conversation.end()
        return waiting.result(), server.closed

    assert run(once()) == (False, 1)


def test_a_connection_is_not_kept_for_longer_than_five_minutes() -> None:
    server = ScriptedServer({"RSET": Reply(250, "fine")})

    async def once(age_s: float) -> bool:
        clock = VirtualClock()
        conversation = Conversation(clock, DEFAULTS, ScriptedConnector({IP: server}), Target("mx.far.example", IP))
        await conversation.open()
        await clock.pass_time(age_s)
        return await conversation.again([])

    assert [run(once(age_s)) for age_s in (300, 301)] == [True, False]
