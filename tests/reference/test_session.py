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
from justemails.delivery.session import Conversation, Ending, Envelope, LeaseLostError
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


def talk(server: ScriptedServer | str, *, go: bool = True, encrypt: bool = True, patience_s: float = 7200) -> Talk:
    async def conversation() -> Talk:
        clock = VirtualClock()
        asked: list[list[str]] = []

        def before_dot(so_far: list[str]) -> bool:
            asked.append(list(so_far))
            return go

        conversation = Conversation(
            clock,
            DEFAULTS,
            Envelope("b+1@bounce.own.example", "ann@far.example"),
            lambda: DATA,
            before_dot,
            encrypt=encrypt,
        )
        task = asyncio.create_task(conversation.run(ScriptedConnector({IP: server}), "mx.far.example", IP))
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

    assert talked.ending == Ending(GO_ON, Phase.DOT, Reply(250, "2.0.0 taken"), "2.0.0 taken")
    assert server.taken == [DATA]
    assert server.heard == [
        f"EHLO {DEFAULTS.ehlo_name}",
        "MAIL FROM:<b+1@bounce.own.example>",
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
        "C: MAIL FROM:<b+1@bounce.own.example>",
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

    assert talked.ending == Ending(GO_ON, Phase.DOT, Reply(250, "2.0.0 taken"), "2.0.0 taken", tls=True)
    ehlo = f"EHLO {DEFAULTS.ehlo_name}"
    assert server.heard[:4] == [ehlo, "STARTTLS mx.far.example", ehlo, "MAIL FROM:<b+1@bounce.own.example>"]
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
