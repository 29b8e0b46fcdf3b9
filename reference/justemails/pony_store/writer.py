"""Who may write, and when it is committed.

SQLite lets one transaction write at a time, and a durable commit costs an fsync. So writers take turns at a lock of
ours instead of colliding in the database, and what one thread does ``together`` shares a single transaction: a server
that handles all requests of one round in it, and lets their answers go afterwards, pays one fsync for all of them.

The rule for what is written: check first, then write. Work that refuses (DuplicateError) has then written nothing, and
the rest of its transaction is not touched. Any other exception undoes the whole transaction.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from pony.orm import db_session

from justemails.store import DuplicateError

T = TypeVar("T")


class Writer:
    """Gives turns to the threads of one process; the database does so between processes."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        # Of the one thread that is inside ``together``; nobody else reads or writes them meanwhile.
        self._inside: int | None = None
        self._has_turn = False
        self._failure: Exception | None = None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Put everything that this thread writes into one transaction, committed at the end. One thread at a time.

        Raises:
            Exception: what kept a write, or the commit, from succeeding; nothing of it all is kept then.
        """
        self._inside, self._failure = threading.get_ident(), None
        try:
            with db_session():
                yield
                if self._failure:
                    raise self._failure
        finally:
            self._inside = None
            if self._has_turn:
                self._has_turn = False
                self._turn.release()

    def write(self, work: Callable[[], T]) -> T:
        """Run ``work`` in a transaction: this thread's common one, or one of its own that is committed at once."""
        if self._inside != threading.get_ident():
            with self._turn, db_session(immediate=True):
                return work()
        if self._failure:  # nothing of it all will be kept, and Pony's session is of no use any more
            raise self._failure
        if not self._has_turn:  # reading alone needs none
            self._turn.acquire()
            self._has_turn = True
        try:
            return work()
        except DuplicateError:
            raise
        except Exception as ex:
            self._failure = ex
            raise
