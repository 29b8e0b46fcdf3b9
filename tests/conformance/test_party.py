"""Whoever speaks with the server asks once more after a lost connection, and not after a silence."""

import socket
import threading

import pytest
from tests.conformance.hostile import Deed, goes_on, hangs, server

from justemails_conformance.party import Journal, Party
from justemails_conformance.transport import Target


def asked(deed: Deed) -> int:
    """Return how often a server is asked for one list."""
    journal = Journal()
    with server(deed) as base_url:
        Party(Target(base_url, deadline_s=0.3), "je_live_x", journal).messages()
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
