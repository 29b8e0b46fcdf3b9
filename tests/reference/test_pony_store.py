"""The store on Pony: what is kept is kept exactly, seen at once, and never by another account."""

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.reference.support import FEW, NOW, mailbox, make_content, make_message

from justemails.addresses import Address, Mailbox
from justemails.pony_store import PonyStore
from justemails.records import (
    Account,
    Attempt,
    Claim,
    Content,
    DkimKey,
    Domain,
    DomainRoom,
    Key,
    MessageFilter,
    NewMessage,
    Outcome,
)
from justemails.store import DuplicateError, Store
from justemails_contract.delivery import Event, Status
from justemails_contract.operations import Scope

LEASE = timedelta(hours=1)
EVERYTHING = MessageFilter()
SECOND = timedelta(seconds=1)

# The store is shared by the examples of a test: each example uses an account of its own.
SHARED_STORE = settings(FEW, suppress_health_check=[HealthCheck.function_scoped_fixture])

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


@pytest.fixture
def store(kind: type[PonyStore], tmp_path: Path) -> Iterator[PonyStore]:
    """A store of each kind on a file of its own, with one account."""
    opened = kind(str(tmp_path / "store.sqlite"))
    opened.add_account(Account("acc_1", "One", NOW))
    yield opened
    opened.close()


@pytest.fixture
def stores(kind: type[PonyStore], tmp_path: Path) -> Iterator[list[PonyStore]]:
    """Two stores on one file, each with connections of its own, as two processes have."""
    path = str(tmp_path / "shared.sqlite")
    opened = [kind(path), kind(path)]
    opened[0].add_account(Account("acc_1", "One", NOW))
    yield opened
    for store in opened:
        store.close()


def a_key(number: int, account_id: str = "acc_1", name: str = "Backend") -> Key:
    return Key(f"key_{number:022d}", account_id, name, Scope.FULL, "je_live_abcd", NOW)


def ids_on(
    store: Store, page: int, per_page: int, wanted: MessageFilter = EVERYTHING, account_id: str = "acc_1"
) -> list[str]:
    return [message.id for message in store.page(account_id, wanted, page, per_page)[0]]


# -- accounts


def test_an_account_is_kept(store: PonyStore) -> None:
    account = Account("acc_2", "  Zoë & Söhne \t", NOW + timedelta(microseconds=123_456))
    store.add_account(account)

    assert store.account("acc_2") == account
    assert store.accounts() == [Account("acc_1", "One", NOW), account]
    assert store.account("acc_3") is None


# -- keys


def test_a_key_is_found_by_its_hash(store: PonyStore) -> None:
    key = replace(a_key(1, name="  a\tb \u2003"), scope=Scope.READ)
    store.add_key(key, "hash")

    assert store.key_by_hash("hash") == key
    assert store.key_by_hash("HASH") is None
    assert store.key_by_hash("%") is None


def test_keys_are_listed_newest_first_for_their_account_alone(store: PonyStore) -> None:
    """CHOICE-46, [keys.list.account]"""
    store.add_account(Account("acc_2", "Two", NOW))
    for number in (2, 1, 3):
        store.add_key(a_key(number), f"hash {number}")
    store.add_key(a_key(4, "acc_2"), "hash 4")

    assert [key.id[-1] for key in store.keys("acc_1")] == ["3", "2", "1"]
    assert [key.id[-1] for key in store.keys("acc_2")] == ["4"]


def test_a_revoked_key_is_gone_for_good(store: PonyStore) -> None:
    """[keys.revoke.irreversible], CHOICE-16"""
    store.add_key(a_key(1), "hash")

    assert store.revoke_key("acc_1", a_key(1).id, NOW)

    assert store.key_by_hash("hash") is None
    assert store.keys("acc_1") == []
    assert not store.revoke_key("acc_1", a_key(1).id, NOW)
    with pytest.raises(DuplicateError):
        store.add_key(a_key(2), "hash")


def test_another_accounts_key_and_an_unknown_one_cannot_be_revoked(store: PonyStore) -> None:
    """CHOICE-14."""
    store.add_account(Account("acc_2", "Two", NOW))
    store.add_key(a_key(1), "hash")

    assert not store.revoke_key("acc_2", a_key(1).id, NOW)
    assert not store.revoke_key("acc_1", "key_unknown", NOW)
    assert store.key_by_hash("hash")


def test_a_secret_is_added_once(store: PonyStore) -> None:
    store.add_key(a_key(1), "hash")

    with pytest.raises(DuplicateError):
        store.add_key(a_key(2), "hash")
    assert [key.id for key in store.keys("acc_1")] == [a_key(1).id]


def test_the_last_use_of_a_key_is_noted(stores: list[PonyStore]) -> None:
    """CHOICE-47."""
    for store in stores:
        key = a_key(1 + stores.index(store))
        store.add_key(key, f"hash {key.id}")
        assert [k.last_used for k in store.keys("acc_1") if k.id == key.id] == [None]

        for number in range(5):
            store.touch_key(key.id, NOW + number * SECOND)
        store.touch_key("key_unknown", NOW)

        assert [k.last_used for k in store.keys("acc_1") if k.id == key.id] == [NOW + 4 * SECOND]
        found = store.key_by_hash(f"hash {key.id}")
        assert found
        assert found.last_used == NOW + 4 * SECOND


# -- domains


def test_a_domain_is_kept_with_its_private_key(store: PonyStore, domain: Domain) -> None:
    store.add_domain(domain)

    assert store.domain("acc_1", "yourdomain.com") == domain
    assert store.domains("acc_1") == [domain]
    assert store.is_verified("acc_1", "yourdomain.com")


@pytest.mark.parametrize(
    "name",
    [
        "sub.yourdomain.com",
        "YOURDOMAIN.COM",
        "notyourdomain.com",
        "yourdomain.com.evil.example",
        "%",
        "yourdomain_com",
        "x" * 10_000,
    ],
)
def test_only_the_very_domain_is_verified(name: str, store: PonyStore, domain: Domain) -> None:
    """CHOICE-38."""
    store.add_domain(domain)

    assert not store.is_verified("acc_1", name)
    assert store.domain("acc_1", name) is None


def test_another_accounts_domain_is_not_verified_for_us(store: PonyStore, domain: Domain) -> None:
    """CHOICE-38."""
    store.add_account(Account("acc_2", "Two", NOW))
    store.add_domain(domain)

    assert not store.is_verified("acc_2", domain.name)
    assert store.domain("acc_2", domain.name) is None
    assert store.domains("acc_2") == []
    assert not store.remove_domain("acc_2", domain.name)
    assert store.is_verified("acc_1", domain.name)


def test_a_domain_is_added_once_by_an_account_and_again_by_another(store: PonyStore, domain: Domain) -> None:
    """CHOICE-19."""
    store.add_account(Account("acc_2", "Two", NOW))
    store.add_domain(domain)
    with pytest.raises(DuplicateError):
        store.add_domain(replace(domain, id="dom_2"))
    other = replace(domain, id="dom_3", account_id="acc_2", verified_at=None)

    store.add_domain(other)

    assert store.domains_named(domain.name) == [domain, other]
    assert store.domains_named("unknown.example") == []
    assert not store.is_verified("acc_2", domain.name)


def test_the_verification_of_a_domain_comes_and_goes(store: PonyStore, domain: Domain) -> None:
    store.add_domain(domain)

    store.keep_verdict(domain.id, None, None)
    assert not store.is_verified("acc_1", domain.name)
    store.keep_verdict(domain.id, NOW + SECOND, NOW + LEASE)
    assert store.domain("acc_1", domain.name) == replace(domain, verified_at=NOW + SECOND, check_at=NOW + LEASE)
    store.keep_verdict("dom_unknown", NOW, NOW)


def test_domains_are_looked_at_again_when_their_time_has_come(store: PonyStore, domain: Domain) -> None:
    assert store.next_check() is None
    times = {"a.example": NOW + 2 * SECOND, "b.example": NOW, "c.example": None, "d.example": NOW + SECOND}
    for name, at in times.items():
        store.add_domain(replace(domain, id=f"dom_{name}", name=name, check_at=at))

    assert store.next_check() == NOW
    assert [due.name for due in store.due_checks(NOW - SECOND)] == []
    assert [due.name for due in store.due_checks(NOW + SECOND)] == ["b.example", "d.example"]


def test_a_removed_domain_is_gone_and_may_be_added_again(store: PonyStore, domain: Domain) -> None:
    store.add_domain(domain)

    assert store.remove_domain("acc_1", domain.name)

    assert store.domain("acc_1", domain.name) is None
    assert not store.remove_domain("acc_1", domain.name)
    store.add_domain(replace(domain, id="dom_2", verified_at=None))
    assert not store.is_verified("acc_1", domain.name)


def test_domains_are_listed_by_name(store: PonyStore, domain: Domain) -> None:
    for number, name in enumerate(("c.example", "a.example", "b.example")):
        store.add_domain(replace(domain, id=f"dom_{number}", name=name))

    assert [found.name for found in store.domains("acc_1")] == ["a.example", "b.example", "c.example"]


def test_private_keys_are_kept_in_their_order_and_to_their_last_line_break(store: PonyStore, domain: Domain) -> None:
    keys = tuple(DkimKey(f"s{number}", f"pem {number}\n") for number in (3, 1, 2))
    store.add_domain(replace(domain, dkim_keys=keys))

    found = store.domain("acc_1", domain.name)
    assert found
    assert found.dkim_keys == keys


# -- messages


def test_an_accepted_message_is_queued_and_due_at_its_acceptance(store: PonyStore) -> None:
    """CHOICE-30."""
    message = make_message()
    store.accept(message)

    found = store.message("acc_1", message.id)
    assert found
    assert (found.status, found.delivered_at, found.created_at) == (Status.QUEUED, None, message.created_at)
    assert store.next_due() == message.created_at
    assert store.has_message(message.id)
    assert not store.has_message("msg_unknown")
    assert store.attempts(message.id) == []


CONTENTS = st.builds(
    Content,
    sender=st.builds(Mailbox, st.just(Address("a", "b.example")), st.none() | TEXTS),
    recipient=st.just(Address("c'd", "e.example")),
    subject=TEXTS,
    html=st.none() | TEXTS,
    text=st.none() | TEXTS,
    reply_to=st.none() | st.builds(Mailbox, st.just(Address("f", "g.example")), st.none() | TEXTS),
    headers=st.dictionaries(TEXTS, TEXTS, max_size=3),
)


@given(CONTENTS, st.tuples(TEXTS.filter(bool), TEXTS.filter(bool)))
@SHARED_STORE
def test_every_text_is_kept_character_by_character(store: PonyStore, content: Content, echoes: tuple[str, str]) -> None:
    """For all texts without NUL, what is read back is what was accepted, neither trimmed nor normalised (CHOICE-39)."""
    number = store.page("acc_1", EVERYTHING, 1, 1)[1] + 1
    message = NewMessage(f"msg_{number:06d}", "acc_1", *echoes, content, NOW)

    store.accept(message)

    found = store.message("acc_1", message.id)
    assert found
    assert (found.sender_text, found.recipient_text, found.subject) == (*echoes, content.subject)
    (claim,) = store.claim(NOW, NOW + LEASE, 10)
    assert (claim.message_id, claim.content, claim.created_at) == (message.id, content, NOW)
    assert store.finish(claim, Outcome(Status.DELIVERED, Attempt(1, NOW, Event.ACCEPTED, "DOT"), None, NOW))


@pytest.mark.parametrize(
    "text",
    ["  lead and trail \r\n\t ", "\n", "x" * 998, "中" * 998, "", "'; DROP TABLE Message; --", "e\u0301", "\u2028\x01"],
)
def test_a_subject_is_kept_exactly(text: str, store: PonyStore) -> None:
    store.accept(make_message(subject=text))

    found = store.message("acc_1", make_message().id)
    assert found
    assert found.subject == text


def test_a_long_sender_is_kept_and_its_message_still_moves(store: PonyStore) -> None:
    """CHOICE-11 allows 200 characters of name beside 254 of address, each of which may be four bytes."""
    sender_text = '"' + "😀" * 200 + '" <' + "a" * 64 + "@" + ".".join(["d" * 61] * 3) + ".example>"
    store.accept(replace(make_message(), sender_text=sender_text))

    (claim,) = store.claim(NOW + LEASE, NOW + 2 * LEASE, 1)
    assert store.finish(claim, Outcome(Status.DELIVERED, Attempt(1, NOW, Event.ACCEPTED, "DOT"), None, NOW))

    found = store.message("acc_1", make_message().id)
    assert found
    assert (found.sender_text, found.status) == (sender_text, Status.DELIVERED)


def test_a_body_of_ten_mebibytes_is_kept(store: PonyStore) -> None:
    body = "x" * 10 * 1024 * 1024
    store.accept(make_message(html=body))

    (claim,) = store.claim(NOW + LEASE, NOW + 2 * LEASE, 1)

    assert claim.content.html == body


def test_another_accounts_message_is_unknown(store: PonyStore) -> None:
    """CHOICE-14."""
    store.add_account(Account("acc_2", "Two", NOW))
    store.accept(make_message(1))
    store.accept(make_message(2, "acc_2"))

    assert store.message("acc_2", make_message(1).id) is None
    assert store.message("acc_1", make_message(2).id) is None
    assert store.message("acc_1", "msg_unknown") is None
    assert ids_on(store, 1, 50) == [make_message(1).id]
    assert ids_on(store, 1, 50, MessageFilter(sender="hello@yourdomain.com"), "acc_2") == [make_message(2).id]
    assert [store.page(account_id, EVERYTHING, 1, 50)[1] for account_id in ("acc_1", "acc_2")] == [1, 1]


ODD_IDS = [" ", "\t", "\u2003", "\n"]
PADDED = [" {}", "{} ", "{}\n", "\t{}", "{}\u2003"]


@pytest.mark.parametrize(
    "odd", ["x" * 10_000, "msg_\0", "msg_' or 1--", "%", "msg_" + "0" * 21 + "_", "MSG_" + "0" * 21 + "1"]
)
def test_any_other_id_is_unknown(odd: str, store: PonyStore) -> None:
    store.accept(make_message())
    store.add_key(a_key(1), "hash")

    assert store.message("acc_1", odd) is None
    assert not store.has_message(odd)
    assert not store.revoke_key("acc_1", odd, NOW)


@pytest.mark.parametrize("odd", ODD_IDS, ids=ascii)
def test_an_id_of_white_space_is_an_unknown_message(odd: str, store: PonyStore) -> None:
    """[status.unknown]"""
    assert store.message("acc_1", odd) is None


@pytest.mark.parametrize("odd", ODD_IDS, ids=ascii)
def test_an_id_of_white_space_is_an_unknown_key(odd: str, store: PonyStore) -> None:
    """[keys.revoke.unknown]"""
    assert not store.revoke_key("acc_1", odd, NOW)


def test_an_empty_id_is_an_unknown_one(store: PonyStore) -> None:
    assert store.message("acc_1", "") is None
    assert not store.revoke_key("acc_1", "", NOW)


@pytest.mark.parametrize("padded", PADDED, ids=ascii)
def test_an_id_with_white_space_around_it_is_another_id(padded: str, store: PonyStore) -> None:
    """[status.unknown], CHOICE-52: one spelling for each resource."""
    store.accept(make_message())

    assert store.message("acc_1", padded.format(make_message().id)) is None


@pytest.mark.parametrize("padded", PADDED, ids=ascii)
def test_a_key_is_not_revoked_by_an_id_with_white_space_around_it(padded: str, store: PonyStore) -> None:
    """[keys.revoke.unknown]"""
    store.add_key(a_key(1), "hash")

    assert not store.revoke_key("acc_1", padded.format(a_key(1).id), NOW)


def test_the_same_message_is_not_accepted_twice(store: PonyStore) -> None:
    store.accept(make_message())

    with pytest.raises(Exception, match=r"(?i)unique|primary"):
        store.accept(make_message())

    assert store.page("acc_1", EVERYTHING, 1, 50)[1] == 1
    store.accept(make_message(2))
    assert ids_on(store, 1, 50) == [make_message(2).id, make_message(1).id]


# -- pages


@given(st.integers(0, 25), st.integers(1, 30), st.booleans())
@SHARED_STORE
def test_the_pages_partition_the_messages_newest_first(
    store: PonyStore, count: int, per_page: int, filtered: bool
) -> None:
    """For every number of messages and page size, the pages joined are all of them, once each, newest first."""
    account_id = f"acc_{len(store.accounts()):04d}"
    store.add_account(Account(account_id, "Another", NOW))
    known = store.page("acc_1", EVERYTHING, 1, 1)[1]
    offset = 1000 * (len(store.accounts()) + known)
    for number in range(count):
        store.accept(make_message(offset + number, account_id))
    wanted = MessageFilter(status="queued") if filtered else EVERYTHING

    pages = -(-count // per_page)
    listed = [ids_on(store, page, per_page, wanted, account_id) for page in range(1, pages + 2)]

    assert [message_id for page in listed for message_id in page] == [
        make_message(offset + number).id for number in reversed(range(count))
    ]
    assert all(len(page) == per_page for page in listed[: pages - 1])
    assert listed[pages] == []
    assert store.page(account_id, wanted, 1, per_page)[1] == count


@pytest.mark.parametrize("wanted", [EVERYTHING, MessageFilter(status="queued")], ids=["all", "filtered"])
def test_a_page_far_past_the_end_is_empty_and_has_the_total(wanted: MessageFilter, store: PonyStore) -> None:
    """CHOICE-17."""
    store.accept(make_message())

    assert store.page("acc_1", wanted, 999_999_999, 100) == ([], 1)


def test_new_messages_move_the_older_ones_down_and_none_is_missed(store: PonyStore) -> None:
    """CHOICE-18."""
    for number in range(1, 11):
        store.accept(make_message(number))
    seen = ids_on(store, 1, 4)
    for number in range(11, 14):
        store.accept(make_message(number))

    seen += ids_on(store, 2, 4) + ids_on(store, 3, 4) + ids_on(store, 4, 4)

    assert {make_message(number).id for number in range(1, 11)} <= set(seen)


def test_the_order_is_that_of_acceptance_and_not_of_ids_or_times(store: PonyStore) -> None:
    """CHOICE-18."""
    for number in (2, 3, 1):
        store.accept(replace(make_message(number), created_at=NOW - number * SECOND))

    assert [message_id[-1] for message_id in ids_on(store, 1, 50)] == ["1", "3", "2"]


SUBJECTS = [
    "100% sure",
    "100 sure",
    "a_b",
    "axb",
    "it's",
    "its",
    "back\\slash",
    "backslash",
    "Welcome!",
    "WELCOME!",
    "a*b",
    'say "x"',
    "x!y",
    "",
]


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        ("%", ["100% sure"]),
        ("0% s", ["100% sure"]),
        ("_", ["a_b"]),
        ("'", ["it's"]),
        ("\\", ["back\\slash"]),
        ("*", ["a*b"]),
        ('"', ['say "x"']),
        ("!y", ["x!y"]),
        ("!", ["Welcome!", "WELCOME!", "x!y"]),
        ("welCOME", ["Welcome!", "WELCOME!"]),
        ("sure", ["100% sure", "100 sure"]),
        ("' OR 1=1 --", []),
        ("__import__('os')", []),
        (" ", ["100% sure", "100 sure", 'say "x"']),
    ],
)
def test_a_subject_filter_is_a_plain_substring(subject: str, found: list[str], store: PonyStore) -> None:
    """CHOICE-17: the case of ASCII letters aside, no wildcards."""
    for number, text in enumerate(SUBJECTS):
        store.accept(make_message(number, subject=text))

    messages, total = store.page("acc_1", MessageFilter(subject=subject), 1, 50)

    assert [message.subject for message in reversed(messages)] == found
    assert total == len(found)


@pytest.mark.parametrize("subject", ["Ärger", "ärger", "\u212aelvin", "İx", "ẞ", "😀x"])
def test_a_subject_filter_finds_the_spelling_that_was_sent(subject: str, store: PonyStore) -> None:
    store.accept(make_message(subject=subject))

    assert ids_on(store, 1, 50, MessageFilter(subject=subject)) == [make_message().id]
    assert ids_on(store, 1, 50, MessageFilter(subject=subject[:1] + subject[1:].upper())) == [make_message().id]


@pytest.mark.parametrize(
    ("subject", "wanted"),
    [
        ("Ärger", "ärger"),
        ("ärger", "ÄRGER"),
        ("ΣΊΓΜΑ", "σίγμα"),
        ("0 \u212aELVIN", "0 kelvin"),  # the two letters whose small form has one of ASCII in it
        ("\u0130STANBUL", "i"),
        ("Ärger WITH ascii", "with ASCII"),
    ],
)
def test_the_case_of_letters_of_any_script_is_set_aside(subject: str, wanted: str, store: PonyStore) -> None:
    """CHOICE-17."""
    store.accept(make_message(1, subject=subject))
    store.accept(make_message(2, subject="\u212a another"))

    assert ids_on(store, 1, 10, MessageFilter(subject=wanted)) == [make_message(1).id]


@pytest.mark.parametrize(
    "wanted", ["User@example.com", "user@example.co", "user%", "user@example_com", "", "ser@example.com"]
)
def test_an_address_filter_is_exact(wanted: str, store: PonyStore) -> None:
    """CHOICE-17."""
    store.accept(make_message())

    assert ids_on(store, 1, 50, MessageFilter(recipient=wanted)) == []
    assert ids_on(store, 1, 50, MessageFilter(recipient="user@example.com")) == [make_message().id]
    assert ids_on(store, 1, 50, MessageFilter(sender="hello@yourdomain.com")) == [make_message().id]


def test_a_named_sender_is_filtered_by_the_bare_address(store: PonyStore) -> None:
    """CHOICE-17."""
    named = replace(
        make_message(sender=mailbox("hello@yourdomain.com", "Ann")), sender_text="Ann <Hello@YOURDOMAIN.com>"
    )
    store.accept(named)

    assert ids_on(store, 1, 50, MessageFilter(sender="hello@yourdomain.com")) == [named.id]
    assert ids_on(store, 1, 50, MessageFilter(sender=named.sender_text)) == []


def test_createdafter_includes_its_instant_and_createdbefore_does_not(store: PonyStore) -> None:
    """CHOICE-17."""
    for number in (1, 2, 3):
        store.accept(make_message(number))
    at = make_message(2).created_at
    tick = timedelta(microseconds=1)

    def found(**bounds: datetime) -> list[str]:
        return [message_id[-1] for message_id in ids_on(store, 1, 50, MessageFilter(**bounds))]  # type: ignore[arg-type]  # two members, both times

    assert found(created_after=at) == ["3", "2"]
    assert found(created_after=at + tick) == ["3"]
    assert found(created_before=at) == ["1"]
    assert found(created_before=at + tick) == ["2", "1"]
    assert found(created_after=at, created_before=at) == []
    assert found(created_after=datetime.min.replace(tzinfo=UTC), created_before=datetime.max.replace(tzinfo=UTC)) == [
        "3",
        "2",
        "1",
    ]


def test_all_filters_have_to_hold(store: PonyStore) -> None:
    """CHOICE-17."""
    store.accept(make_message(1, subject="a"))
    store.accept(make_message(2, subject="b"))

    assert ids_on(store, 1, 50, MessageFilter(subject="a", status="queued")) == [make_message(1).id]
    assert ids_on(store, 1, 50, MessageFilter(subject="a", status="delivered")) == []
    assert ids_on(store, 1, 50, MessageFilter(subject="a", recipient="other@example.com")) == []


# -- claims, leases, fences


def claim_one(store: PonyStore, now: datetime) -> Claim:
    (claim,) = store.claim(now, now + LEASE, 1)
    return claim


def ended(claim: Claim, status: Status, event: Event, due_at: datetime | None = None) -> Outcome:
    delivered_at = NOW + 2 * LEASE if status is Status.DELIVERED else None
    return Outcome(status, Attempt(claim.attempt, NOW, event, "DOT"), due_at, delivered_at)


def test_a_claim_leases_what_is_due_the_longest_due_first(store: PonyStore) -> None:
    for number, age in ((3, 1), (1, 3), (2, 2), (4, 2)):  # the ids do not sort as the instants do
        store.accept(replace(make_message(number), created_at=NOW - age * SECOND))
    store.accept(make_message(9))
    now = NOW

    claims = store.claim(now, now + LEASE, 3)

    assert [claim.message_id[-1] for claim in claims] == ["1", "2", "4"]
    assert [(claim.account_id, claim.fence, claim.attempt) for claim in claims] == [("acc_1", 1, 1)] * 3
    assert [claim.message_id[-1] for claim in store.claim(now, now + LEASE, 5)] == ["3"]
    assert store.claim(now, now + LEASE, 5) == []
    assert store.next_due() == make_message(9).created_at


def to(domain: str, number: int) -> NewMessage:
    return make_message(number, recipient=Address("user", domain))


def test_a_claim_leaves_out_what_its_domain_has_no_room_for(store: PonyStore) -> None:
    for number in range(1, 8):
        store.accept(to("crowd.example", number))
    for number in range(8, 12):
        store.accept(to("other.example", number))
    now, until = NOW + LEASE, NOW + 2 * LEASE

    claims = store.claim(now, until, 20, DomainRoom(3, {"other.example": 2, "third.example": 9}))

    assert [claim.message_id for claim in claims] == [make_message(number).id for number in (1, 2, 3, 8)]
    full = DomainRoom(3, {"crowd.example": 3, "other.example": 3})
    assert store.claim(now, until, 20, full) == []
    assert store.next_due(full) is None
    assert store.next_due(DomainRoom(3, {"crowd.example": 3})) == make_message(9).created_at
    assert len(store.claim(now, until, 20)) == 7


def test_the_next_message_to_a_domain_is_the_one_that_is_due_longest(store: PonyStore) -> None:
    for number, domain in ((3, "a.example"), (1, "b.example"), (2, "a.example")):
        store.accept(to(domain, number))

    assert store.next_due_to("a.example") == make_message(2).created_at
    assert store.next_due_to("c.example") is None
    assert store.claim_next(NOW, NOW + LEASE, "a.example") is None
    claims = [store.claim_next(NOW + 9 * SECOND, NOW + LEASE, "a.example") for _ in range(3)]
    assert [claim and claim.message_id for claim in claims] == [make_message(2).id, make_message(3).id, None]
    assert store.next_due_to("a.example") == NOW + LEASE


def test_a_lease_that_has_run_out_is_given_to_the_next_with_another_fence(store: PonyStore) -> None:
    store.accept(make_message())
    first = claim_one(store, NOW + SECOND)
    assert store.next_due() == NOW + SECOND + LEASE
    assert store.claim(NOW + LEASE, NOW + 2 * LEASE, 1) == []

    second = claim_one(store, NOW + SECOND + LEASE)

    assert (second.fence, second.attempt) == (first.fence + 1, first.attempt + 1)
    assert not store.may_send(first, Attempt(1, NOW, None, "DOT"), NOW + 3 * LEASE)
    assert not store.finish(first, ended(first, Status.DELIVERED, Event.ACCEPTED))
    found = store.message("acc_1", make_message().id)
    assert found
    assert found.status is Status.QUEUED
    assert store.attempts(make_message().id) == []
    assert store.finish(second, ended(second, Status.BOUNCED, Event.REFUSED))


def test_what_is_about_to_be_sent_is_leased_anew_though_its_lease_has_run_out(store: PonyStore) -> None:
    """A process may stand still between the claim and the final dot, and the message is sent all the same."""
    store.accept(make_message())
    claim = claim_one(store, NOW + SECOND)
    late = NOW + SECOND + 2 * LEASE

    assert store.may_send(claim, Attempt(1, late, None, "DOT"), late + LEASE)

    assert store.claim(late + SECOND, late + 2 * LEASE, 1) == []
    assert store.next_due() == late + LEASE
    assert store.finish(claim, ended(claim, Status.DELIVERED, Event.ACCEPTED))


def test_what_is_finished_is_never_due_again_and_cannot_be_finished_twice(store: PonyStore) -> None:
    """CHOICE-03: nothing leaves a terminal status."""
    store.accept(make_message())
    claim = claim_one(store, NOW + SECOND)

    assert store.finish(claim, ended(claim, Status.DELIVERED, Event.ACCEPTED))

    assert not store.finish(claim, ended(claim, Status.BOUNCED, Event.REFUSED))
    assert not store.may_send(claim, Attempt(1, NOW, None, "DOT"), NOW + 3 * LEASE)
    assert store.next_due() is None
    assert store.claim(NOW + 1000 * LEASE, NOW + 1001 * LEASE, 10) == []
    found = store.message("acc_1", make_message().id)
    assert found
    assert (found.status, found.delivered_at) == (Status.DELIVERED, NOW + 2 * LEASE)
    assert ids_on(store, 1, 50, MessageFilter(status="delivered")) == [make_message().id]


def test_a_message_that_is_put_off_is_due_again_when_the_outcome_says(store: PonyStore) -> None:
    store.accept(make_message())
    claim = claim_one(store, NOW + SECOND)
    again = NOW + 5 * SECOND

    assert store.finish(claim, ended(claim, Status.QUEUED, Event.DEFERRED, again))

    assert store.next_due() == again
    assert not store.finish(claim, ended(claim, Status.DELIVERED, Event.ACCEPTED))
    assert claim_one(store, again).attempt == 2


def test_releasing_leases_makes_what_was_leased_due_now_and_ends_the_old_claims(store: PonyStore) -> None:
    for number in (1, 2, 3):
        store.accept(make_message(number))
    now = make_message(2).created_at
    old = store.claim(now, now + LEASE, 5)

    assert store.release_leases(now) == 2

    assert store.next_due() == now
    assert not store.finish(old[0], ended(old[0], Status.DELIVERED, Event.ACCEPTED))
    assert [claim.fence for claim in store.claim(now, now + LEASE, 5)] == [2, 2]
    assert store.release_leases(now) == 2


def test_an_attempt_in_doubt_is_kept_and_then_replaced_by_how_it_ended(store: PonyStore) -> None:
    store.accept(make_message())
    claim = claim_one(store, NOW + SECOND)
    doubt = Attempt(1, NOW, None, "DOT", "mx.example", "192.0.2.1", transcript=("S: 220 x", "C: EHLO y"))
    end = replace(
        doubt, event=Event.ACCEPTED, tls=True, code=250, enhanced="2.0.0", text="  taken\n", transcript=("S: 220 é",)
    )

    assert store.may_send(claim, doubt, NOW + 3 * LEASE)
    assert store.attempts(claim.message_id) == [doubt]
    assert store.finish(claim, Outcome(Status.DELIVERED, end, None, NOW))
    assert store.attempts(claim.message_id) == [end]


def test_attempts_are_kept_in_their_order_and_apart(store: PonyStore) -> None:
    for number in (1, 2):
        store.accept(make_message(number))
    for number in range(1, 4):
        now = NOW + number * LEASE
        for claim in store.claim(now, now + LEASE, 5):
            assert store.finish(claim, ended(claim, Status.QUEUED, Event.DEFERRED, now))

    assert [attempt.number for attempt in store.attempts(make_message(1).id)] == [1, 2, 3]
    assert len(store.attempts(make_message(2).id)) == 3
    assert store.attempts("msg_unknown") == []


def test_clearing_forgets_everything(store: PonyStore, domain: Domain) -> None:
    store.add_key(a_key(1), "hash")
    store.add_domain(domain)
    store.accept(make_message())
    claim = claim_one(store, NOW + SECOND)
    store.may_send(claim, Attempt(1, NOW, None, "DOT"), NOW + 3 * LEASE)

    store.clear()

    assert store.accounts() == []
    assert store.key_by_hash("hash") is None
    assert store.domains_named(domain.name) == []
    assert not store.has_message(make_message().id)
    assert store.attempts(make_message().id) == []
    assert store.next_due() is None
    store.add_account(Account("acc_1", "One", NOW))
    store.accept(make_message())
    assert ids_on(store, 1, 50) == [make_message().id]


# -- the file


def test_what_is_kept_survives_closing_and_opening(kind: type[PonyStore], tmp_path: Path, domain: Domain) -> None:
    path = str(tmp_path / "store.sqlite")
    first = kind(path)
    first.add_account(Account("acc_1", "One", NOW))
    first.add_domain(domain)
    first.accept(make_message(1))
    first.close()

    second = kind(path)

    assert ids_on(second, 1, 50) == [make_message(1).id]
    assert second.domain("acc_1", domain.name) == domain
    second.accept(make_message(2))
    assert ids_on(second, 1, 50) == [make_message(2).id, make_message(1).id]
    second.close()


def test_two_stores_in_one_process_know_nothing_of_each_other(kind: type[PonyStore], tmp_path: Path) -> None:
    one, other = (kind(str(tmp_path / f"{name}.sqlite")) for name in ("one", "other"))
    one.add_account(Account("acc_1", "One", NOW))
    other.add_account(Account("acc_1", "Other", NOW))
    one.accept(make_message())

    assert other.page("acc_1", EVERYTHING, 1, 50) == ([], 0)
    assert [store.accounts()[0].name for store in (one, other)] == ["One", "Other"]
    one.close()
    other.accept(make_message())
    assert ids_on(other, 1, 50) == [make_message().id]
    other.close()


def test_what_another_store_on_the_file_writes_is_seen_at_once(stores: list[PonyStore], domain: Domain) -> None:
    """CHOICE-16, CHOICE-30: no answer comes from a cache."""
    here, there = stores
    assert here.key_by_hash("hash") is None
    there.add_key(a_key(1), "hash")
    assert here.key_by_hash("hash")
    there.revoke_key("acc_1", a_key(1).id, NOW)
    assert here.key_by_hash("hash") is None
    there.add_domain(domain)
    assert here.is_verified("acc_1", domain.name)
    there.keep_verdict(domain.id, None, None)
    assert not here.is_verified("acc_1", domain.name)
    for number in range(1, 7):
        (here, there)[number % 2].accept(make_message(number))
        assert len(ids_on((there, here)[number % 2], 1, 50)) == number
    assert [message_id[-1] for message_id in ids_on(here, 1, 50)] == ["6", "5", "4", "3", "2", "1"]
    claims = there.claim(NOW + LEASE, NOW + 2 * LEASE, 3)
    assert len(here.claim(NOW + LEASE, NOW + 2 * LEASE, 10)) == 3
    assert here.finish(claims[0], ended(claims[0], Status.DELIVERED, Event.ACCEPTED))
    found = there.message("acc_1", claims[0].message_id)
    assert found
    assert found.status is Status.DELIVERED


def test_what_another_process_writes_is_seen_at_once(stores: list[PonyStore], tmp_path: Path) -> None:
    program = """
        import sys
        from datetime import UTC, datetime
        from justemails.pony_store import PonyStore
        from justemails.records import Account
        store = PonyStore(sys.argv[1])
        store.add_account(Account("acc_2", "From elsewhere", datetime(2026, 4, 6, tzinfo=UTC)))
        store.close()
    """
    assert len(stores[0].accounts()) == 1

    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "shared.sqlite")], check=True, timeout=60
    )

    assert [account.name for account in stores[0].accounts()] == ["One", "From elsewhere"]


def test_the_store_answers_to_its_port(store: PonyStore) -> None:
    as_port: Store = store  # what mypy checks

    assert as_port.has_message(make_content().subject) is False
