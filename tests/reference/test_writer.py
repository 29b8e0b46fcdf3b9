"""Writing from many threads: turns, shared commits, and nobody suffers for another's refusal."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest
from tests.reference.support import NOW, make_message

from justemails.pony_store import PonyStore
from justemails.records import Account, Key, MessageFilter
from justemails.store import DuplicateError
from justemails_contract.operations import Scope

T = TypeVar("T")

THREADS = 32


def in_threads(count: int, work: Callable[[int], T]) -> list[T | Exception]:
    """Run a piece of work in each of many threads that start together; return results or exceptions, by number."""
    results: list[T | Exception] = [RuntimeError("never ended")] * count
    start = threading.Barrier(count)

    def one(number: int) -> None:
        start.wait()
        try:
            results[number] = work(number)
        except Exception as ex:  # noqa: BLE001  # it is what the test looks at
            results[number] = ex

    threads = [threading.Thread(target=one, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "grouped.sqlite"


@pytest.fixture
def grouped(kind: type[PonyStore], file: Path) -> Iterator[PonyStore]:
    store = kind(str(file))
    for number in (1, 2):
        store.add_account(Account(f"acc_{number}", "x", NOW))
    yield store
    store.close()


def sequence_numbers(path: Path, account_id: str) -> list[int]:
    """Look below the store, into its file."""
    with closing(sqlite3.connect(path)) as file:
        return [seq for (seq,) in file.execute("SELECT seq FROM Message WHERE account = ?", (account_id,))]


def test_sequence_numbers_are_dense_in_each_account_whoever_writes(grouped: PonyStore, file: Path) -> None:
    """Pages are ranges of them: a gap would be a short page, a double a message seen twice."""

    def accept_ten(thread: int) -> None:
        for turn in range(10):
            grouped.accept(make_message(thread * 100 + turn, f"acc_{1 + thread % 2}"))

    assert in_threads(THREADS, accept_ten) == [None] * THREADS

    for account_id in ("acc_1", "acc_2"):
        assert sorted(sequence_numbers(file, account_id)) == list(range(1, 161))
        messages, total = grouped.page(account_id, MessageFilter(), 1, 1000)
        assert total == len(messages) == len({message.id for message in messages}) == 160


def test_a_message_that_cannot_be_accepted_leaves_no_gap_and_harms_no_other(grouped: PonyStore, file: Path) -> None:
    grouped.accept(make_message(7))

    results = in_threads(THREADS, lambda number: grouped.accept(make_message(number)))

    assert [number for number, result in enumerate(results) if isinstance(result, Exception)] == [7]
    assert sorted(sequence_numbers(file, "acc_1")) == list(range(1, THREADS + 1))
    assert grouped.page("acc_1", MessageFilter(), 1, 100)[1] == THREADS


def test_a_message_for_an_unknown_account_is_refused_and_harms_no_other(grouped: PonyStore, file: Path) -> None:
    results = in_threads(8, lambda number: grouped.accept(make_message(number, "acc_9" if number == 3 else "acc_1")))

    assert [number for number, result in enumerate(results) if isinstance(result, Exception)] == [3]
    assert sorted(sequence_numbers(file, "acc_1")) == list(range(1, 8))


def test_of_many_that_add_one_key_at_once_one_succeeds(grouped: PonyStore) -> None:
    def add(number: int) -> None:
        grouped.add_key(Key(f"key_{number}", "acc_1", "x", Scope.FULL, "je_live_abcd", NOW), "hash")

    results = in_threads(THREADS, add)

    assert results.count(None) == 1
    assert sum(isinstance(result, DuplicateError) for result in results) == THREADS - 1
    assert len(grouped.keys("acc_1")) == 1


def test_of_many_that_revoke_one_key_at_once_one_succeeds(grouped: PonyStore) -> None:
    """CHOICE-16."""
    grouped.add_key(Key("key_1", "acc_1", "x", Scope.FULL, "je_live_abcd", NOW), "hash")

    results = in_threads(THREADS, lambda number: grouped.revoke_key("acc_1", "key_1", NOW))

    assert sorted(map(str, results)) == ["False"] * (THREADS - 1) + ["True"]


def test_of_many_workers_each_message_is_claimed_by_one(grouped: PonyStore) -> None:
    for number in range(60):
        grouped.accept(make_message(number))
    later = make_message(100).created_at

    claims = in_threads(THREADS, lambda number: grouped.claim(later, make_message(9999).created_at, 3))

    ids = [claim.message_id for result in claims if not isinstance(result, Exception) for claim in result]
    assert len(ids) == len(set(ids)) == 60


# -- together


def elsewhere(work: Callable[[], T]) -> T | Exception:
    """Run a piece of work in a thread of its own, with a database connection of its own."""
    return in_threads(1, lambda _: work())[0]


def test_what_is_written_together_is_seen_by_others_only_after_the_end(grouped: PonyStore) -> None:
    with grouped.together():
        for number in range(20):
            grouped.accept(make_message(number))
        own, outside = (
            grouped.page("acc_1", MessageFilter(), 1, 100)[1],
            elsewhere(lambda: grouped.page("acc_1", MessageFilter(), 1, 100)[1]),
        )

    assert (own, outside) == (20, 0)
    assert elsewhere(lambda: grouped.page("acc_1", MessageFilter(), 1, 100)[1]) == 20


def test_a_failure_undoes_all_that_was_written_together(grouped: PonyStore, file: Path) -> None:
    grouped.accept(make_message(7))

    with pytest.raises(Exception, match="UNIQUE"), grouped.together():
        grouped.accept(make_message(1))
        with pytest.raises(Exception, match="UNIQUE"):
            grouped.accept(make_message(7))
        grouped.accept(make_message(2))

    assert sequence_numbers(file, "acc_1") == [1]
    grouped.accept(make_message(3))
    assert sequence_numbers(file, "acc_1") == [1, 2]


def test_a_refusal_undoes_nothing_that_was_written_together(grouped: PonyStore) -> None:
    key = Key("key_1", "acc_1", "x", Scope.FULL, "je_live_abcd", NOW)
    grouped.add_key(key, "hash")

    with grouped.together():
        grouped.accept(make_message(1))
        with pytest.raises(DuplicateError):
            grouped.add_key(key, "hash")
        grouped.accept(make_message(2))

    assert grouped.page("acc_1", MessageFilter(), 1, 100)[1] == 2


def test_an_exception_of_the_callers_own_undoes_all_and_gives_the_turn_back(grouped: PonyStore) -> None:
    with pytest.raises(ZeroDivisionError), grouped.together():
        grouped.accept(make_message(1))
        raise ZeroDivisionError

    assert elsewhere(lambda: grouped.accept(make_message(2))) is None
    assert grouped.page("acc_1", MessageFilter(), 1, 100)[1] == 1


def test_others_wait_their_turn_while_some_write_together(grouped: PonyStore) -> None:
    waiting = threading.Thread(target=lambda: grouped.accept(make_message(100)))

    with grouped.together():
        grouped.accept(make_message(1))
        waiting.start()
        waiting.join(0.05)
        waited = waiting.is_alive()
        grouped.accept(make_message(2))
    waiting.join(30)

    assert waited
    assert grouped.page("acc_1", MessageFilter(), 1, 100)[1] == 3


def test_reading_together_keeps_nobody_from_writing(grouped: PonyStore) -> None:
    with grouped.together():
        grouped.page("acc_1", MessageFilter(), 1, 100)
        written = elsewhere(lambda: grouped.accept(make_message(1)))

    assert written is None
