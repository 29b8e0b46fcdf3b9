"""The store's file: what is acknowledged survives a power cut."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pony.orm import db_session

from justemails.pony_store import PonyStore
from justemails.store import UnusableStoreError


def pragmas(store: PonyStore) -> tuple[object, object]:
    connection = store.database.get_connection()
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
    return mode, synchronous


def test_every_connection_has_a_wal_and_every_commit_reaches_the_disk(tmp_path: Path) -> None:
    """NORMAL (1) loses acknowledged rows in a power cut; FULL (2) does not. The setting is each connection's own."""
    store = PonyStore(str(tmp_path / "store.sqlite"))

    with db_session:
        reading = pragmas(store)
    with store.together():
        together = store.writer.write(lambda: pragmas(store))
    alone = store.writer.write(lambda: pragmas(store))
    store.close()

    assert reading == together == alone == ("wal", 2)


def test_the_file_of_a_closed_store_is_whole_and_in_wal_mode(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"

    PonyStore(str(path)).close()

    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_file_of_another_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    PonyStore(str(path)).close()
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA user_version = 1")
        before = file.execute("SELECT sql FROM sqlite_master").fetchall()

    with pytest.raises(UnusableStoreError, match="was made by another version"):
        PonyStore(str(path))

    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT sql FROM sqlite_master").fetchall() == before
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA user_version = 3")
    PonyStore(str(path)).close()


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    path.write_text("this is no database, and longer than a header of one hundred bytes would be" * 3)

    with pytest.raises(UnusableStoreError, match="cannot be opened as a database"):
        PonyStore(str(path))
    with pytest.raises(UnusableStoreError, match="cannot be opened as a database"):
        PonyStore(str(tmp_path / "nowhere" / "store.sqlite"))
