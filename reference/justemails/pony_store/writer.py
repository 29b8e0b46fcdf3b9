"""One writer for many callers, so that one commit, and one fsync, serves all who wait for it.

SQLite lets one transaction write at a time, and a durable commit costs an fsync. With a commit per request,
sixteen threads queue for the disk; with one writer, whatever arrives during an fsync shares the next one. The
rate rises a little, the slowest answers become some ten times faster.

The rule for what is written: check first, then write. Work that refuses (DuplicateError) has then written
nothing, and the others of its batch are not touched.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")

Handler = Callable[[Sequence[T]], Sequence[R]]
"""Writes a batch of like items, and returns one result for each, in order."""

Session = Callable[[], AbstractContextManager[object]]
"""Opens a transaction that commits when it is left, and rolls back when it is left by an exception."""

_MOST_IN_A_BATCH = 512


class Writer(Protocol):
    """Runs writes in transactions of its choice."""

    def write(self, handler: Handler[T, R], item: T) -> R:
        """Hand over an item; return its result after the commit."""
        ...

    def write_later(self, handler: Handler[T, R], item: T) -> None:
        """Hand over an item that nobody waits for."""
        ...

    def close(self) -> None:
        """Write what was handed over, and stop."""
        ...


class InlineWriter:
    """A transaction per item, in the caller's thread: for one thread, and as the baseline of the benchmark."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def write(self, handler: Handler[T, R], item: T) -> R:
        with self._session():
            return handler([item])[0]

    def write_later(self, handler: Handler[T, R], item: T) -> None:
        self.write(handler, item)

    def close(self) -> None:
        """Nothing is ever left to write."""


@dataclass(slots=True)
class _Job:
    # Any: a queue holds jobs of every type; ``GroupWriter.write`` ties each one's types together.
    handler: Handler[Any, Any]
    item: Any
    result: Any = None
    error: BaseException | None = None
    # A plain lock is the cheapest way for one thread to wait for another.
    done: threading.Lock = field(default_factory=threading.Lock)


class GroupWriter:
    """One thread that commits for all others."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._closing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def write(self, handler: Handler[T, R], item: T) -> R:
        job = _Job(handler, item)
        job.done.acquire()
        self._put(job)
        job.done.acquire()
        if job.error is not None:
            raise job.error
        result: R = job.result
        return result

    def write_later(self, handler: Handler[T, R], item: T) -> None:
        self._put(_Job(handler, item))

    def close(self) -> None:
        with self._closing:
            self._closed = True
            self._jobs.put(None)
        self._thread.join()

    def _put(self, job: _Job) -> None:
        with self._closing:  # nothing may be queued behind the end, where nobody would write it
            if self._closed:
                raise RuntimeError("the store is closed")
            self._jobs.put(job)

    def _run(self) -> None:
        going_on = True
        while going_on:
            batch = [self._jobs.get()]
            try:
                while len(batch) < _MOST_IN_A_BATCH:
                    batch.append(self._jobs.get_nowait())
            except queue.Empty:
                pass
            jobs = [job for job in batch if job is not None]
            going_on = len(jobs) == len(batch)
            self._commit(jobs)
            for job in jobs:
                if job.done.locked():
                    job.done.release()

    def _commit(self, jobs: Sequence[_Job]) -> None:
        try:
            with self._session():
                for handler, run in groupby(jobs, key=lambda job: job.handler):
                    group = list(run)
                    for job, result in zip(group, handler([job.item for job in group]), strict=True):
                        job.result = result
        except Exception as ex:  # noqa: BLE001  # handed to the caller whose write it was, below
            if len(jobs) == 1:
                jobs[0].error = ex
                return
            # Rolled back as a whole. One by one, so that a write that cannot succeed takes no other with it.
            for job in jobs:
                self._commit([job])
