"""The store's file: what is acknowledged survives a power cut."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pony.orm import Database, db_session

from justemails.pony_store import PonyStore
from justemails.pony_store.writer import GroupWriter, InlineWriter, Session, Writer


def database_of(store: PonyStore) -> Any:  # Any: Pony has no types
    (database,) = [value for value in vars(store).values() if isinstance(value, Database)]
    return database


def pragma(store: PonyStore, name: str) -> object:
    connection = database_of(store).get_connection()
    if name == "journal_mode":
        return connection.execute("PRAGMA journal_mode").fetchone()[0]
    return connection.execute("PRAGMA synchronous").fetchone()[0]


@pytest.mark.parametrize("make_writer", [GroupWriter, InlineWriter])
def test_every_connection_has_a_wal_and_every_commit_reaches_the_disk(make_writer: Any, tmp_path: Path) -> None:
    """NORMAL (1) loses acknowledged rows in a power cut; FULL (2) does not. The setting is each connection's own."""
    store = PonyStore(str(tmp_path / "store.sqlite"), make_writer)
    seen: list[tuple[object, object]] = []

    def look(items: Any) -> Any:  # in the thread that writes
        seen.append((pragma(store, "journal_mode"), pragma(store, "synchronous")))
        return items

    with db_session:
        look(None)
    writer_of(store).write(look, ["x"])
    store.close()

    assert seen == [("wal", 2), ("wal", 2)]


def writer_of(store: PonyStore) -> Writer:
    (writer,) = [value for value in vars(store).values() if isinstance(value, GroupWriter | InlineWriter)]
    return writer


def test_the_file_of_a_closed_store_is_whole_and_in_wal_mode(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    sessions: list[Session] = []

    def make_writer(session: Session) -> Writer:
        sessions.append(session)
        return GroupWriter(session)

    PonyStore(str(path), make_writer).close()

    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert len(sessions) == 1
