"""The delivery state table, against the two words that the document shows and the picks of CHOICE-03."""

from itertools import product

import pytest

from justemails_contract.delivery import (
    INITIAL,
    TRANSITIONS,
    Event,
    IllegalMoveError,
    Status,
    is_terminal,
    next_status,
)

LEGAL_MOVES = {
    ("queued", "accepted"): "delivered",
    ("queued", "deferred"): "queued",
    ("queued", "refused"): "bounced",
    ("queued", "expired"): "failed",
    ("queued", "withdrawn"): "failed",
}


def test_the_statuses_are_the_documents_two_words_and_our_two() -> None:
    assert [str(status) for status in Status] == ["queued", "delivered", "bounced", "failed"]


def test_a_message_starts_queued_as_the_answer_to_a_send_shows() -> None:
    assert INITIAL == "queued"  # [send.response.status]


def test_every_status_and_no_other_has_a_row() -> None:
    assert list(TRANSITIONS) == list(Status)


def test_every_event_is_in_the_table() -> None:
    assert {event for row in TRANSITIONS.values() for event in row} == set(Event)


@pytest.mark.parametrize(("status", "event"), list(product(Status, Event)))
def test_a_move_is_as_written_here_or_an_error(status: Status, event: Event) -> None:
    expected = LEGAL_MOVES.get((status.value, event.value))

    if expected is None:
        with pytest.raises(IllegalMoveError, match=f"no move from {status} by {event}"):
            next_status(status, event)
    else:
        assert next_status(status, event) == expected


def test_every_status_can_be_reached_from_the_first_one() -> None:
    reached: set[Status] = set()
    ahead = {INITIAL}
    while ahead:
        reached |= ahead
        ahead = {target for status in ahead for target in TRANSITIONS[status].values()} - reached

    assert reached == set(Status)


def test_delivered_bounced_and_failed_are_terminal_with_empty_rows_and_queued_is_not() -> None:
    assert {status.value for status in Status if TRANSITIONS[status] == {}} == {"delivered", "bounced", "failed"}
    assert {status.value for status in Status if is_terminal(status)} == {"delivered", "bounced", "failed"}


def test_a_terminal_status_can_be_reached_from_every_other_one() -> None:
    stuck = [
        status for status, row in TRANSITIONS.items() if row and not any(is_terminal(target) for target in row.values())
    ]

    assert stuck == []
