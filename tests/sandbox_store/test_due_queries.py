"""What falls due next is told soonest first, and read by an index."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tests.reference.support import NOW, make_message

from justemails.records import Domain
from justemails_sandbox.store import SandboxStore
from justemails_sandbox.store.due_queries import DueCheck, DueMessage

MINUTE = timedelta(minutes=1)


def test_messages_are_told_soonest_first_and_no_more_than_asked_for(store: SandboxStore) -> None:
    for number in (3, 1, 2):
        store.accept(make_message(number))
    store.claim(NOW + MINUTE, NOW + MINUTE, 1)  # of message 1, which has been due longest

    later = make_message(3)
    assert [one.message_id for one in store.due_messages(2)] == [make_message(2).id, later.id]
    *_, second, last = store.due_messages(10)
    assert second == DueMessage(later.created_at, later.id, later.recipient_text, 0, False)
    assert (last.at, last.attempts, last.under_way) == (NOW + MINUTE, 1, True)


def test_domains_are_told_unless_they_are_checked_on_request_alone(store: SandboxStore, domain: Domain) -> None:
    for number, check_at in enumerate((NOW + MINUTE, None, NOW)):
        store.add_domain(replace(domain, id=f"dom_{number}", name=f"d{number}.example", check_at=check_at))

    assert store.due_domains(10) == [DueCheck(NOW, "d2.example"), DueCheck(NOW + MINUTE, "d0.example")]
    assert store.due_domains(1) == [DueCheck(NOW, "d2.example")]


def test_an_index_has_them_in_order(store: SandboxStore, tmp_path: Path) -> None:
    """However many there are, only those that are told are looked at."""
    for ask in (store.due_messages, store.due_domains):
        ask(5)
        with closing(sqlite3.connect(tmp_path / "store.sqlite")) as file:
            plan = " ".join(str(row[-1]) for row in file.execute("explain query plan " + store.database.last_sql))
        assert "USING INDEX" in plan
        assert "TEMP B-TREE" not in plan
