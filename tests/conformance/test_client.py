"""Whoever speaks with the server asks once more after a lost connection, and not after a silence."""

import socket
import threading

import pytest
from tests.conformance.hostile import Deed, goes_on, hangs, says, server

from justemails_conformance.client import Client, Journal
from justemails_conformance.judge import Judge
from justemails_conformance.run import Credentials
from justemails_conformance.transport import Target
from justemails_conformance.verdict import Outcome


def asked(deed: Deed) -> int:
    """Return how often a server is asked for one list."""
    journal = Journal()
    with server(deed) as base_url:
        Client(Target(base_url, deadline_s=0.3), "je_live_x", journal).messages()
    return len(journal.exchanges)


def leaves(connection: socket.socket, over: threading.Event) -> None:
    """Hang up after the request."""
    connection.recv(65_536)


def test_a_lost_connection_is_tried_once_more() -> None:
    assert asked(leaves) == 2


@pytest.mark.parametrize("deed", [hangs, goes_on(b"HTTP/1.1 200 OK\r\n\r\n", b"x", 0.05)])
def test_a_silence_is_not_waited_for_twice(deed: Deed) -> None:
    """So that a server that hangs is told within the time of one exchange."""
    assert asked(deed) == 1


def test_a_server_that_hangs_from_some_time_on_is_not_waited_for_again_and_again() -> None:
    """It is judged to the end all the same, and what could not be seen is inconclusive."""
    body = b'{"data": [], "pagination": {"page": 1, "perPage": 50, "total": 0}}'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    deeds = iter([says(head + body)])

    def deed(connection: socket.socket, over: threading.Event) -> None:
        next(deeds, hangs)(connection, over)

    with server(deed) as base_url:
        verdict = Judge(
            Target(base_url, deadline_s=0.1), Credentials("je_live_x", "a@b.example"), wait=lambda seconds: None
        ).judge()

    outcomes = {finding.clause.id: finding.outcome for finding in verdict.findings}
    assert len(verdict.journal.exchanges) == 1 + 5
    assert outcomes["send.request"] is Outcome.FAIL
    assert outcomes["keys.create"] is Outcome.INCONCLUSIVE
    assert verdict.exit_code() == 1
