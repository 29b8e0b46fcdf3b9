"""The desk: a message of any account is seen, hurried and ended by hand, and one that is under way is left alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.reference.support import NOW, make_message

from justemails.records import Account, Attempt, Claim, Outcome
from justemails_contract.delivery import Event, Status, next_status
from justemails_sandbox.store import SandboxStore
from justemails_sandbox.store.message_admin import Details

LEASE = timedelta(hours=1)
LATER = NOW + timedelta(minutes=30)
ID = make_message().id


def claim_one(store: SandboxStore) -> Claim:
    (claim,) = store.claim(NOW, NOW + LEASE, 1)
    return claim


def finish(store: SandboxStore, claim: Claim, event: Event) -> bool:
    """Record the end of an attempt; one that is put off is due again much later."""
    status = next_status(Status.QUEUED, event)
    again = LATER if status is Status.QUEUED else None
    attempt = Attempt(claim.attempt, NOW, event, "RCPT", code=451, text="a reply", transcript=("S: 220 x",))
    return store.finish(claim, Outcome(status, attempt, again, NOW if status is Status.DELIVERED else None))


def details(store: SandboxStore) -> Details:
    found = store.details(ID)
    assert found
    return found


@pytest.fixture
def waiting(store: SandboxStore) -> SandboxStore:
    """A store with one message, tried once and due again at LATER."""
    store.accept(replace(make_message(), created_at=NOW))
    assert finish(store, claim_one(store), Event.DEFERRED)
    return store


def test_a_message_is_seen_whatever_its_account(store: SandboxStore) -> None:
    store.add_account(Account("acc_2", "Two", NOW))
    message = make_message(2, "acc_2", text="  It works.\n")
    store.accept(message)

    as_listed = store.message("acc_2", message.id)
    assert as_listed
    assert store.details(message.id) == Details(as_listed, "acc_2", message.content, message.created_at, False)
    assert store.details("msg_unknown") is None


def test_what_is_under_way_and_what_is_over_is_told(waiting: SandboxStore) -> None:
    assert (details(waiting).due_at, details(waiting).under_way) == (LATER, False)
    (claim,) = waiting.claim(LATER, LATER + LEASE, 1)
    assert (details(waiting).due_at, details(waiting).under_way) == (LATER + LEASE, True)
    assert finish(waiting, claim, Event.ACCEPTED)
    assert (details(waiting).due_at, details(waiting).under_way) == (None, False)


def test_a_waiting_message_is_made_due_and_claimed_as_any_other(waiting: SandboxStore) -> None:
    assert waiting.claim(NOW, NOW + LEASE, 1) == []

    assert waiting.make_due(ID, NOW)

    assert waiting.next_due() == NOW
    assert (claim_one(waiting).attempt, waiting.next_due()) == (2, NOW + LEASE)


def test_a_message_that_is_due_already_keeps_its_place(waiting: SandboxStore) -> None:
    assert waiting.make_due(ID, LATER + LEASE)

    assert waiting.next_due() == LATER


@pytest.mark.parametrize("in_doubt", [False, True])
def test_an_attempt_under_way_is_not_disturbed(in_doubt: bool, waiting: SandboxStore) -> None:
    (claim,) = waiting.claim(LATER, LATER + LEASE, 1)
    if in_doubt:
        assert waiting.may_send(claim, Attempt(2, LATER, None, "DOT"), LATER + LEASE)

    assert not waiting.make_due(ID, LATER)
    assert waiting.claim_waiting(ID, LATER, LATER + LEASE) is None

    assert waiting.next_due() == LATER + LEASE
    assert finish(waiting, claim, Event.ACCEPTED)
    assert details(waiting).message.status is Status.DELIVERED


@pytest.mark.parametrize("event", [Event.ACCEPTED, Event.REFUSED, Event.EXPIRED])
def test_what_is_over_is_neither_made_due_nor_claimed(event: Event, store: SandboxStore) -> None:
    """CHOICE-03: nothing leaves a terminal status."""
    store.accept(replace(make_message(), created_at=NOW))
    assert finish(store, claim_one(store), event)

    for message_id in (ID, "msg_unknown"):
        assert not store.make_due(message_id, LATER)
        assert store.claim_waiting(message_id, LATER, LATER + LEASE) is None
    assert store.next_due() is None


def test_this_very_message_is_claimed_before_it_is_due_and_nobody_else_can_have_it(waiting: SandboxStore) -> None:
    other = replace(make_message(2), created_at=NOW)
    waiting.accept(other)

    claim = waiting.claim_waiting(ID, NOW, NOW + LEASE)

    assert claim
    assert (claim.message_id, claim.attempt, claim.fence) == (ID, 2, 2)
    assert waiting.claim_waiting(ID, NOW, NOW + LEASE) is None
    assert [one.message_id for one in waiting.claim(LATER, LATER + LEASE, 5)] == [other.id]
    assert finish(waiting, claim, Event.REFUSED)
    assert (details(waiting).message.status, details(waiting).due_at) == (Status.BOUNCED, None)


def test_after_its_lease_a_message_is_anybodys_and_the_late_holder_changes_nothing(waiting: SandboxStore) -> None:
    (late,) = waiting.claim(LATER, LATER + LEASE, 1)

    claim = waiting.claim_waiting(ID, LATER + LEASE, LATER + 2 * LEASE)

    assert claim
    assert not waiting.may_send(late, Attempt(2, LATER, None, "DOT"), LATER + LEASE)
    assert not finish(waiting, late, Event.ACCEPTED)
    assert finish(waiting, claim, Event.REFUSED)
    assert details(waiting).message.status is Status.BOUNCED


def test_the_newest_attempt_of_each_message_is_found_at_once(waiting: SandboxStore) -> None:
    waiting.accept(replace(make_message(2), created_at=NOW))
    waiting.accept(replace(make_message(3), created_at=NOW))
    assert waiting.make_due(ID, NOW)
    for claim in waiting.claim(NOW, NOW + LEASE, 2):
        assert finish(waiting, claim, Event.DEFERRED)

    found = waiting.newest_attempts([make_message(number).id for number in (1, 2, 3)])

    newest = {ID: waiting.attempts(ID)[-1], make_message(2).id: waiting.attempts(make_message(2).id)[-1]}
    assert newest[ID].number == 2
    assert found == {message_id: replace(attempt, transcript=()) for message_id, attempt in newest.items()}
    assert waiting.newest_attempts([]) == {}
