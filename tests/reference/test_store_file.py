"""The store's file: what is acknowledged survives a power cut."""

import sqlite3
from contextlib import closing
from pathlib import Path

from pony.orm import db_session

from justemails.pony_store import PonyStore


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
