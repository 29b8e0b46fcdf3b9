"""One writer for many threads: shared commits, results in order, and nobody suffers for another's fault."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from tests.reference.support import NOW, make_message

from justemails.pony_store import PonyStore
from justemails.pony_store.writer import GroupWriter, InlineWriter
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


@dataclass
class Log:
    """A session that keeps what was written, batch by batch, and forgets a batch that failed."""

    batches: list[list[object]] = field(default_factory=list)
    sessions: int = 0
    _open: list[object] = field(default_factory=list)

    @contextmanager
    def session(self) -> Iterator[None]:
        self.sessions += 1
        self._open = []
        yield
        self.batches.append(self._open)

    def write(self, items: Sequence[object]) -> Sequence[object]:
        for item in items:
            if item == "poison":
                raise ValueError("poison")
            self._open.append(item)
        return [f"wrote {item}" for item in items]

    @property
    def kept(self) -> list[object]:
        return [item for batch in self.batches for item in batch]


class Held:
    """Keeps a writer busy until told, so that a test can fill its queue."""

    def __init__(self, writer: GroupWriter) -> None:
        self.go = threading.Event()
        busy = threading.Event()

        def wait(items: Sequence[object]) -> Sequence[object]:
            busy.set()
            self.go.wait(30)
            return items

        writer.write_later(wait, "held")
        busy.wait(30)


def test_thirty_two_threads_get_their_own_results() -> None:
    log = Log()
    writer = GroupWriter(log.session)

    results = in_threads(THREADS, lambda number: [writer.write(log.write, f"{number}.{turn}") for turn in range(20)])

    writer.close()
    assert results == [[f"wrote {number}.{turn}" for turn in range(20)] for number in range(THREADS)]
    assert len(log.kept) == len(set(log.kept)) == THREADS * 20
    for number in range(THREADS):
        own = [item for item in log.kept if str(item).startswith(f"{number}.")]
        assert own == [f"{number}.{turn}" for turn in range(20)]


def test_what_arrives_while_one_commit_runs_shares_the_next() -> None:
    log = Log()
    writer = GroupWriter(log.session)
    held = Held(writer)
    for number in range(100):
        writer.write_later(log.write, number)
    before = log.sessions

    held.go.set()
    writer.close()

    assert log.sessions == before + 1
    assert log.batches[-1] == list(range(100))


def test_writes_are_done_in_the_order_in_which_they_came_whatever_their_kind() -> None:
    log = Log()
    writer = GroupWriter(log.session)
    held = Held(writer)

    def other(items: Sequence[object]) -> Sequence[object]:
        return log.write([("other", item) for item in items])

    for number in range(30):
        writer.write_later(other if number % 3 == 0 else log.write, number)
    held.go.set()
    writer.close()

    assert log.kept == [("other", number) if number % 3 == 0 else number for number in range(30)]


def test_one_write_that_fails_takes_no_other_with_it() -> None:
    log = Log()
    writer = GroupWriter(log.session)
    held = Held(writer)
    threads_results: list[list[object]] = []

    def all_threads() -> None:
        threads_results.append(
            list(in_threads(THREADS, lambda number: writer.write(log.write, "poison" if number == 7 else number)))
        )

    waiting = threading.Thread(target=all_threads)
    waiting.start()
    held.go.set()
    waiting.join(30)
    writer.close()

    (results,) = threads_results
    assert isinstance(results[7], ValueError)
    assert [result for number, result in enumerate(results) if number != 7] == [
        f"wrote {number}" for number in range(THREADS) if number != 7
    ]
    assert sorted(str(item) for item in log.kept) == sorted(str(number) for number in range(THREADS) if number != 7)


def test_of_a_batch_with_a_fault_in_it_each_other_item_is_written_once() -> None:
    log = Log()
    writer = GroupWriter(log.session)
    held = Held(writer)
    for item in ["a", "b", "poison", "c", "poison", "d"]:
        writer.write_later(log.write, item)

    held.go.set()
    writer.close()

    assert log.kept == ["a", "b", "c", "d"]


def test_a_commit_that_fails_is_told_to_the_one_who_waits_and_the_writer_goes_on() -> None:
    failing = True

    @contextmanager
    def session() -> Iterator[None]:
        yield
        if failing:
            raise OSError("disk full")

    log = Log()
    writer = GroupWriter(session)
    with pytest.raises(OSError, match="disk full"):
        writer.write(log.write, "x")

    failing = False

    assert writer.write(log.write, "y") == "wrote y"
    writer.close()


def test_closing_writes_what_is_queued() -> None:
    log = Log()
    writer = GroupWriter(log.session)
    held = Held(writer)
    for number in range(2000):  # more than one batch
        writer.write_later(log.write, number)

    held.go.set()
    writer.close()

    assert log.kept == list(range(2000))
    assert not [
        thread for thread in threading.enumerate() if thread.name == "store-writer" and thread is writer._thread
    ]


def test_a_write_after_closing_is_refused_and_does_not_wait_for_ever() -> None:
    log = Log()
    writer = GroupWriter(log.session)
    writer.close()
    ended = threading.Event()

    def late() -> None:
        with pytest.raises(Exception):  # noqa: B017  # which one is not laid down
            writer.write(log.write, "late")
        ended.set()

    threading.Thread(target=late, daemon=True).start()

    assert ended.wait(1)


def test_an_inline_writer_commits_each_write_by_itself() -> None:
    log = Log()
    writer = InlineWriter(log.session)

    assert [writer.write(log.write, number) for number in range(3)] == ["wrote 0", "wrote 1", "wrote 2"]
    writer.write_later(log.write, 3)
    with pytest.raises(ValueError, match="poison"):
        writer.write(log.write, "poison")
    writer.close()

    assert log.batches == [[0], [1], [2], [3]]


# -- with the store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "grouped.sqlite"


@pytest.fixture
def grouped(file: Path) -> Iterator[PonyStore]:
    store = PonyStore(str(file))
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


def test_closing_the_store_writes_what_was_noted_without_waiting(tmp_path: Path) -> None:
    path = str(tmp_path / "closing.sqlite")
    store = PonyStore(path)
    store.add_account(Account("acc_1", "x", NOW))
    store.add_key(Key("key_1", "acc_1", "x", Scope.FULL, "je_live_abcd", NOW), "hash")

    store.touch_key("key_1", NOW)
    store.close()

    again = PonyStore(path)
    assert [key.last_used for key in again.keys("acc_1")] == [NOW]
    again.close()
