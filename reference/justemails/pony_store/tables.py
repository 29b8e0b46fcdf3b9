"""What every part of the store stands on: the database, the writer, sessions, and times as numbers.

No session spans an await or outlives a method. Queries are Pony's generators and lambdas, never strings: Pony runs
string queries as Python code.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from pony.orm import Database, db_session
from pony.orm.core import local

from justemails.pony_store.entities import Entities
from justemails.pony_store.writer import Writer

F = TypeVar("F", bound=Callable[..., object])

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def in_session(method: F) -> F:
    """Run a method in a session of its own; Pony's decorator, with its type."""
    wrapped: F = db_session(method)
    return wrapped


class Tables:
    """The base of each part: reads in a session of its own, writes through the one writer."""

    database: Database
    entities: Entities
    writer: Writer


def us(instant: datetime) -> int:
    """Return an instant as it is stored: whole microseconds since 1970."""
    return (instant - _EPOCH) // _MICROSECOND


def us_or_none(instant: datetime | None) -> int | None:
    return None if instant is None else us(instant)


def instant(stored: int) -> datetime:
    """Return the instant that is stored as ``stored``."""
    return _EPOCH + stored * _MICROSECOND


def instant_or_none(stored: int | None) -> datetime | None:
    return None if stored is None else instant(stored)


def session_is_open() -> bool:
    """Say whether this thread is inside a session; never true between two steps of an event loop."""
    return local.db_session is not None
