"""Answers: exactly the members that the document shows, in its order."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reference.support import NOW, QUICK, make_message

from justemails.api import wire
from justemails.api.errors import ApiError, error_body
from justemails.records import Key, Message
from justemails_contract.delivery import Status
from justemails_contract.errors import DOCUMENTED, RATE_LIMITED, TRANSPORT, ErrorKind
from justemails_contract.operations import Scope

MESSAGE = Message(
    "msg_abc123",
    Status.DELIVERED,
    "hello@yourdomain.com",
    "user@example.com",
    "Welcome!",
    NOW,
    NOW + timedelta(seconds=2),
)
KEY = Key("key_xyz789", "acc_1", "Production backend", Scope.FULL, "je_live_abc1", NOW)


def as_json(members: object) -> str:
    return json.dumps(members)


def test_the_answer_to_a_send_is_the_documents() -> None:
    """[send.response]"""
    message = replace(make_message(), id="msg_abc123", created_at=NOW)

    assert as_json(wire.message_created(message)) == as_json(
        {
            "id": "msg_abc123",
            "status": "queued",
            "from": "hello@yourdomain.com",
            "to": "user@example.com",
            "createdAt": "2026-04-06T12:00:00Z",
        }
    )


def test_the_status_of_a_delivered_message_is_the_documents() -> None:
    """[status.response]"""
    assert as_json(wire.message_status(MESSAGE)) == as_json(
        {
            "id": "msg_abc123",
            "status": "delivered",
            "from": "hello@yourdomain.com",
            "to": "user@example.com",
            "subject": "Welcome!",
            "createdAt": "2026-04-06T12:00:00Z",
            "deliveredAt": "2026-04-06T12:00:02Z",
        }
    )


@pytest.mark.parametrize("status", [Status.QUEUED, Status.BOUNCED, Status.FAILED])
def test_deliveredat_is_null_until_a_message_is_delivered(status: Status) -> None:
    """CHOICE-44."""
    answer = wire.message_status(replace(MESSAGE, status=status, delivered_at=None))

    assert list(answer) == list(wire.message_status(MESSAGE))
    assert answer["deliveredAt"] is None
    assert answer["status"] == status.value


def test_a_page_of_messages_is_the_documents() -> None:
    """[messages.response], CHOICE-43"""
    assert as_json(wire.message_page([MESSAGE], 1, 50, 312)) == as_json(
        {"data": [wire.message_status(MESSAGE)], "pagination": {"page": 1, "perPage": 50, "total": 312}}
    )
    assert wire.message_page([], 7, 50, 312)["data"] == []


def test_the_answer_that_makes_a_key_is_the_documents() -> None:
    """[keys.create.response]"""
    assert as_json(wire.key_created(KEY, "je_live_abc123")) == as_json(
        {
            "id": "key_xyz789",
            "name": "Production backend",
            "key": "je_live_abc123",
            "createdAt": "2026-04-06T12:00:00Z",
        }
    )


def test_the_list_of_keys_is_the_documents_and_has_no_secret() -> None:
    """[keys.list.response] [keys.list.secret], CHOICE-47"""
    used = replace(KEY, last_used=NOW - timedelta(minutes=10))

    assert as_json(wire.key_list([used, KEY])) == as_json(
        {
            "data": [
                {"id": "key_xyz789", "name": "Production backend", "lastUsed": "2026-04-06T11:50:00Z"},
                {"id": "key_xyz789", "name": "Production backend", "lastUsed": None},
            ]
        }
    )


def test_the_answer_that_revokes_a_key_is_the_documents() -> None:
    """[keys.revoke.response]"""
    assert as_json(wire.key_revoked()) == '{"deleted": true}'


def test_the_fraction_of_a_second_is_cut_off_and_not_rounded() -> None:
    """CHOICE-04."""
    assert wire.timestamp(NOW + timedelta(microseconds=999_999)) == "2026-04-06T12:00:00Z"


@given(st.datetimes(min_value=datetime(1970, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001  # the zone is added below
@QUICK
def test_a_timestamp_is_the_instant_in_utc_to_the_second(moment: datetime, minutes: int) -> None:
    """For every instant in any zone, the text reads back as that instant without its fraction, in order and form."""
    instant = moment.replace(
        year=min(moment.year, 9998), day=min(moment.day, 28), tzinfo=timezone(timedelta(minutes=minutes))
    )

    text = wire.timestamp(instant)

    assert len(text) == len("2026-04-06T12:00:00Z")
    assert datetime.fromisoformat(text) == instant.astimezone(UTC).replace(microsecond=0)


# -- errors


def test_the_body_of_an_error_is_the_documents() -> None:
    """[errors.body] [errors.example]"""
    body = error_body("VALIDATION_ERROR", "The 'to' field is required.")

    assert body == b'{"error": "VALIDATION_ERROR", "message": "The \'to\' field is required."}'


@given(st.text())
@QUICK
def test_any_message_makes_a_body_in_ascii_of_two_members(message: str) -> None:
    """For every text, half surrogate pairs included, the body is JSON in ASCII with that text."""
    body = error_body("X", message)

    assert body.isascii()
    assert json.loads(body) == {"error": "X", "message": message}


@pytest.mark.parametrize("kind", [*DOCUMENTED, *TRANSPORT], ids=lambda kind: kind.meaning)
def test_an_error_knows_its_row_its_message_and_its_headers(kind: ErrorKind) -> None:
    error = ApiError(kind, "Too fast.", {"Retry-After": "7"})

    assert (error.kind, error.message, error.headers) == (kind, "Too fast.", {"Retry-After": "7"})
    assert str(error) == "Too fast."


def test_an_error_without_headers_has_an_empty_mapping() -> None:
    assert ApiError(RATE_LIMITED, "Too fast.").headers == {}
