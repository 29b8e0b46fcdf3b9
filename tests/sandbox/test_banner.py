"""The lines that a sandbox prints for people."""

from datetime import UTC, datetime

from justemails_command.banner import event_line
from justemails_sandbox.events import LoggedEvent

AT = datetime(2026, 4, 6, 12, tzinfo=UTC)
DEFERRED = {
    "messageId": "msg_1",
    "to": "ann@example.com",
    "attempt": 1,
    "outcome": "deferred",
    "phase": "RCPT",
    "code": 450,
    "text": "4.7.1 \u2026\x1b[2J later",
    "next": "2026-04-06T12:01:00.289394+00:00",
}


def test_an_attempt_tells_when_the_next_one_is_in_the_apis_form() -> None:
    line = event_line(LoggedEvent(1, AT, "attempt", DEFERRED))

    assert line is not None
    assert line.startswith("12:00:00  msg_1  attempt 1 to ann@example.com: deferred at RCPT (")
    assert line.endswith("), next 2026-04-06T12:01:00Z")


def test_what_a_far_server_says_cannot_move_the_cursor() -> None:
    line = event_line(LoggedEvent(1, AT, "attempt", DEFERRED | {"next": None}))

    assert line is not None
    assert line.isascii()
    assert line.isprintable()
    assert line.endswith("later')")
