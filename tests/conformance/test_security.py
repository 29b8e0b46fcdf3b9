"""The security profile: the reference passes, careless servers are noticed by the right row, and others pass."""

import socket
import threading
from collections.abc import Callable

import pytest
from tests.conformance import micro
from tests.conformance.careless import (
    CARELESS,
    MISFRAMING,
    Framing,
    HangsUp,
    Misreading,
    WaitsForAnEndlessBody,
    fronting,
)
from tests.conformance.hostile import Deed, hangs, server
from tests.conformance.mutants.serving import Waiting

from justemails_command.serving import ServedSandbox
from justemails_conformance.bad_inputs import bad_inputs
from justemails_conformance.clauses import Profile
from justemails_conformance.client import Client, Journal, Tier
from justemails_conformance.everything import OF_ALL
from justemails_conformance.judge import Judge
from justemails_conformance.pace import Pace
from justemails_conformance.reports.again import curl
from justemails_conformance.reports.json_report import as_json
from justemails_conformance.reports.text import told
from justemails_conformance.run import Credentials, Run
from justemails_conformance.security import ask, near_misses
from justemails_conformance.transport import Exchange, Request, Target
from justemails_conformance.verdict import Finding, Outcome, Verdict

KEY = "je_live_abcdefghijklmnopqrstuvwxyz"
SENDER = "hello@yourdomain.com"


def judged(base_url: str, key: str, *rows: str, deadline_s: float = 5.0) -> Verdict:
    """Judge a server by some rows."""
    wanted = [f"security.{row}" for row in rows]
    return Judge(
        Target(base_url, deadline_s=deadline_s),
        Credentials(key, SENDER),
        profiles=[Profile.SECURITY],
        only=lambda clause: not rows or clause in wanted,
        wait=lambda seconds: None,
    ).judge()


def finding(verdict: Verdict) -> Finding:
    """Return the one finding of a verdict."""
    (one,) = verdict.findings
    return one


def test_the_reference_passes_every_row_without_a_warning_and_what_every_answer_obeys(
    served: ServedSandbox, waiting: Callable[[float], None]
) -> None:
    judge = Judge(
        Target(served.api),
        Credentials(served.key, SENDER),
        profiles=[Profile.CORE, Profile.SECURITY],
        only=lambda clause: clause.startswith("security.") or clause in OF_ALL,
        wait=waiting,
    )

    verdict = judge.judge()

    assert {one.clause.id: one.got for one in verdict.findings if one.outcome is not Outcome.PASS} == {}
    assert {one.clause.id for one in verdict.findings} == {*bad_inputs(), *OF_ALL}
    assert verdict.created == verdict.removed != []
    assert verdict.journal.unexpected_429 == 0


def test_the_reference_answers_every_row_as_the_table_says(
    served: ServedSandbox, waiting: Callable[[float], None]
) -> None:
    pace = Pace(waiting)
    client = Client(Target(served.api), served.key, Journal(), pace)
    run = Run(client, Credentials(served.key, SENDER), 1, pace)

    answers = {row.id: ask(row, run).status or None for row in bad_inputs().values()}

    assert answers == {row.id: row.reference for row in bad_inputs().values()}
    assert run.made == []


def test_few_keys_are_made_and_asked_for(served: ServedSandbox, waiting: Callable[[float], None]) -> None:
    """[limits.keys]: ten calls a minute, of which cleaning up takes some."""
    judge = Judge(
        Target(served.api),
        Credentials(served.key, SENDER),
        profiles=[Profile.SECURITY],
        only=lambda clause: clause.startswith("security.keys."),
        wait=waiting,
    )

    verdict = judge.judge()

    assert verdict.journal.requests[Tier.KEYS] <= 9
    assert verdict.created == verdict.removed != []


def test_a_server_that_nobody_made_for_this_suite_is_warned_and_does_not_fail() -> None:
    time = Waiting()
    with micro.serving(time.now_s) as (base_url, key):
        target = Target(base_url, deadline_s=1.0)
        verdict = Judge(target, Credentials(key, SENDER), profiles=[Profile.SECURITY], wait=time.wait).judge()

    assert [(f.clause.id, f.got) for f in verdict.findings if f.outcome in {Outcome.FAIL, Outcome.ERROR}] == []
    warned = {f.clause.id for f in verdict.findings if f.outcome is Outcome.WARN}
    assert {"security.json.duplicate-key", "security.send.crlf-in-subject", "security.framing.length-plus"} <= warned
    assert verdict.count(Outcome.PASS) > 4 * verdict.count(Outcome.WARN)
    assert verdict.created == verdict.removed


@pytest.mark.parametrize("misread", CARELESS, ids=lambda misread: misread.__name__)
def test_a_careless_server_is_noticed_by_the_right_row(misread: Misreading, served: ServedSandbox) -> None:
    row = CARELESS[misread]

    with fronting(served, misread) as base_url:
        verdict = judged(base_url, served.key, row)

    must = bad_inputs()[f"security.{row}"].level == "M"
    assert finding(verdict).outcome is (Outcome.FAIL if must else Outcome.WARN)
    assert finding(verdict).expected
    assert finding(verdict).got


@pytest.mark.parametrize("kind", MISFRAMING)
def test_a_server_that_misreads_http_is_noticed_by_the_right_row_and_a_careful_one_passes_it(
    kind: type[Framing],
) -> None:
    row = MISFRAMING[kind]

    with server(Framing()) as careful, server(kind()) as careless:
        good = judged(careful, KEY, row, deadline_s=2.0)
        bad = judged(careless, KEY, row, deadline_s=0.3 if kind is WaitsForAnEndlessBody else 2.0)

    assert finding(good).outcome is Outcome.PASS, finding(good).got
    assert finding(bad).outcome is Outcome.WARN


def test_hanging_up_on_bad_framing_passes() -> None:
    with server(HangsUp()) as base_url:
        verdict = judged(base_url, KEY, "framing.two-lengths", "framing.space-before-colon")

    assert [one.outcome for one in verdict.findings] == [Outcome.PASS, Outcome.PASS]


def test_what_was_expected_and_what_came_can_be_read_without_our_code(served: ServedSandbox) -> None:
    misread = next(one for one, row in CARELESS.items() if row == "json.duplicate-key")

    with fronting(served, misread) as base_url:
        verdict = judged(base_url, served.key, "json.duplicate-key")

    one = finding(verdict)
    assert one.expected == "4xx"
    assert one.got.startswith('200 {"id": "msg_')
    text = "\n".join(told(verdict.base_url, one))
    assert "promise   Of two members of one name some readers take the first" in text
    assert f"curl -i -X POST {base_url}/send" in text


def test_octets_can_be_sent_again_by_hand() -> None:
    with server(misframing("framing.length-plus")()) as base_url:
        verdict = judged(base_url, KEY, "framing.length-plus")

    text = "\n".join(told(verdict.base_url, finding(verdict)))
    assert r"again     printf '%b' 'POST /api/v1/send HTTP/1.1\0015\0012Host: 127.0.0.1:" in text
    assert "Content-Length: +1" in text
    assert "| nc 127.0.0.1 " in text


def misframing(row: str) -> type[Framing]:
    return next(kind for kind, noticed in MISFRAMING.items() if noticed == row)


def test_no_row_passes_a_server_that_fails_at_everything() -> None:
    """Each row can fail: what passes never has a 500 in it."""
    good = iter([b'{"data": []}', b'{"id": "msg_1"}'])

    def fails(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65_536)
        body = next(good, None)
        status, body = (500, b'{"error": "X", "message": "x"}') if body is None else (200, body)
        head = b"HTTP/1.1 %d x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
        connection.sendall(head + body)

    with server(fails) as base_url:
        verdict = judged(base_url, KEY)

    assert [one.clause.id for one in verdict.findings if one.outcome is Outcome.PASS] == []
    skipped = [one.clause.id for one in verdict.findings if one.outcome is Outcome.SKIP]
    assert all(clause.startswith("security.keys.") for clause in skipped)  # it makes no key


def test_neither_a_key_nor_what_is_nearly_one_is_in_the_report() -> None:
    """Nearly every row is told: this server is good for two requests, and then says back what it is asked."""
    good = iter([b'{"data": []}', b'{"id": "msg_1"}'])

    def echoes(connection: socket.socket, over: threading.Event) -> None:
        asked = connection.recv(65_536)
        body = next(good, None)
        status, body = (500, asked) if body is None else (200, body)
        head = b"HTTP/1.1 %d x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
        connection.sendall(head + body)

    with server(echoes) as base_url:
        verdict = judged(base_url, KEY)

    report = str(as_json(verdict)) + "".join("\n".join(told(base_url, one)) for one in verdict.findings)
    assert verdict.count(Outcome.WARN) + verdict.count(Outcome.FAIL) > 100
    assert "<key>" in report
    assert [text for text in (KEY, *near_misses(KEY).values()) if text in report] == []


def test_a_server_that_refuses_every_mail_is_not_praised_for_refusing_bad_ones() -> None:
    def refuses(connection: socket.socket, over: threading.Event) -> None:
        asked = connection.recv(65_536)
        body = b'{"error": "NO", "message": "No."}'
        status = b"200" if asked.startswith(b"GET") else b"422"
        connection.sendall(b"HTTP/1.1 %s x\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))

    with server(refuses) as base_url:
        verdict = judged(base_url, KEY, "send.crlf-in-subject", "json.duplicate-key", "keys.chosen-secret")

    assert [one.outcome for one in verdict.findings] == [Outcome.SKIP] * 3


def says_429(connection: socket.socket, over: threading.Event) -> None:
    asked = connection.recv(65_536)
    status = b"429" if b"%25" in asked else b"200"
    connection.sendall(b"HTTP/1.1 %s x\r\nRetry-After: 1\r\nContent-Length: 2\r\n\r\n{}" % status)


def test_a_limit_that_is_in_the_way_is_inconclusive() -> None:
    with server(says_429) as base_url:
        assert finding(judged(base_url, KEY, "read.wildcard-as-id")).outcome is Outcome.INCONCLUSIVE


# Octets on a socket


SECOND = b"HTTP/1.1 200 x\r\nContent-Length: 1\r\n\r\n2"
TWO = b"HTTP/1.1 400 x\r\nContent-Length: 1\r\n\r\n1" + SECOND
CHUNKED = b"HTTP/1.1 400 x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n" + SECOND


def at_once(data: bytes) -> Deed:
    def deed(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65_536)
        connection.sendall(data)

    return deed


def asked(deed: Deed, *, pipelined: bool = False, deadline_s: float = 3.0) -> Exchange:
    with server(deed) as base_url:
        request = Request("GET", "/", raw=b"GET / HTTP/1.1\r\n\r\n", pipelined=pipelined)
        return Target(base_url, deadline_s=deadline_s).ask(request)


def test_the_octets_go_out_as_they_are() -> None:
    seen = []

    def deed(connection: socket.socket, over: threading.Event) -> None:
        seen.append(connection.recv(65_536))
        connection.sendall(TWO)

    asked(deed)

    assert seen == [b"GET / HTTP/1.1\r\n\r\n"]


@pytest.mark.parametrize("data", [TWO, CHUNKED])
def test_a_second_answer_is_seen_where_it_is_looked_for(data: bytes) -> None:
    exchange = asked(at_once(data), pipelined=True)

    assert exchange.status == 400
    assert [answer.status for answer in exchange.further] == [200]
    assert asked(at_once(data)).further == []


def test_a_server_that_keeps_the_connection_is_not_waited_for_long() -> None:
    def keeps(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65_536)
        connection.sendall(TWO[:40])
        over.wait()

    exchange = asked(keeps, pipelined=True)

    assert (exchange.status, exchange.further, exchange.late) == (400, [], False)
    assert exchange.seconds < 2.5


def test_answers_without_end_are_cut() -> None:
    def deed(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65_536)
        while not over.is_set():
            connection.sendall(TWO)

    assert len(asked(deed, pipelined=True).further) == 3


@pytest.mark.parametrize(
    ("data", "trouble"),
    [
        (b"", "the connection was closed without an answer"),
        (b"<h1>no</h1>", "what came is no HTTP: '<h1>no</h1>'"),
        (b"HTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\n1", "the answer ended early"),
    ],
)
def test_what_is_no_answer_to_octets_is_told_in_plain_words(data: bytes, trouble: str) -> None:
    exchange = asked(at_once(data))

    assert (exchange.answer, exchange.trouble) == (None, trouble)
    assert exchange.closed == (data == b"")


def test_silence_after_octets_is_no_closed_connection() -> None:
    exchange = asked(hangs, deadline_s=0.3)

    assert exchange.late
    assert not exchange.closed


def test_a_key_that_a_server_says_is_new_and_was_handed_in_is_not_revoked() -> None:
    revoked = []

    def deed(connection: socket.socket, over: threading.Event) -> None:
        asked = connection.recv(65_536)
        revoked.extend([asked] if asked.startswith(b"DELETE") else [])
        body = b'{"id": "key_1", "key": "%s"}' % KEY.encode()
        connection.sendall(b"HTTP/1.1 200 x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    with server(deed) as base_url:
        verdict = judged(base_url, KEY, "keys.empty-name")

    assert (verdict.created, revoked) == ([], [])


def test_a_long_request_does_not_flood_the_report() -> None:
    with server(at_once(b"HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\n{}")) as base_url:
        target = Target(base_url)
        path = "/messages?a=" + "a" * 300_000
        exchange = target.ask(Request("GET", path, raw=f"GET {path} HTTP/1.1\r\n\r\n".encode()))

    assert len(curl(base_url, exchange)) < 300
