"""The tables, as Pony entities of one Database object each: there is no module-level database.

Times are whole microseconds since 1970, so that they sort and compare alike in every database. Texts are kept
as they are (``autostrip=False``): Pony would otherwise cut their white space.
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from pony.orm import Database, LongStr, Optional, PrimaryKey, Required, Set, composite_index, composite_key

from justemails.store import UnusableStoreError

_IN_MEMORY = ":memory:"
_VERSION = 3  # of the tables; to be raised whenever they change
_BUSY_S = 20  # how long a write waits for another process, such as the command line


@dataclass(frozen=True, slots=True)
class Entities:
    """The entity classes bound to one database. Pony ships no types, hence Any."""

    account: Any
    key: Any
    domain: Any
    dkim_key: Any
    message: Any
    attempt: Any


def open_database(path: str) -> tuple[Database, Entities]:
    """Open the SQLite file at ``path``, and make its tables where they are missing.

    Raises:
        UnusableStoreError: it cannot be opened, or has tables of another version.
    """
    if path != _IN_MEMORY:
        _claim_version(path)
    database = Database()
    entities = _define(database)

    @database.on_connect(provider="sqlite")
    def _set_up(_: Database, connection: Any) -> None:
        # NORMAL loses acknowledged rows in a power cut; FULL does not.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    database.bind(provider="sqlite", filename=path, create_db=True, timeout=_BUSY_S)
    database.generate_mapping(create_tables=True)
    return database, entities


def _claim_version(path: str) -> None:
    """See to it that the tables of a file are ours, or are going to be: the version is there before they are."""
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY_S)) as file:
            (version,) = file.execute("PRAGMA user_version").fetchone()
            (tables,) = file.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if not tables and version != _VERSION:
                file.execute(f"PRAGMA user_version = {_VERSION}")
    except sqlite3.Error as ex:
        raise UnusableStoreError(f"{path} cannot be opened as a database: {ex}") from ex
    if tables and version != _VERSION:
        raise UnusableStoreError(
            f"{path} was made by another version of justemails, and cannot be read by this one; choose another place, "
            "or delete it to begin anew"
        )


def _define(database: Database) -> Entities:
    class Account(database.Entity):
        _table_ = "account"
        id = PrimaryKey(str, autostrip=False)
        name = Required(str, autostrip=False)
        created_us = Required(int, size=64)
        # Kept, not counted: the total of a list, and the last sequence number given out.
        message_count = Required(int, size=64, default=0)
        keys = Set("Key")
        domains = Set("Domain")
        messages = Set("Message")

    class Key(database.Entity):
        _table_ = "key"
        id = PrimaryKey(str, autostrip=False)
        account = Required(Account)
        name = Required(str, autostrip=False)
        scope = Required(str)
        hint = Required(str)
        secret_hash = Required(str, unique=True)
        created_us = Required(int, size=64)
        # Written behind the back of other sessions, and nobody decides anything by it.
        last_used_us = Optional(int, size=64, volatile=True)
        revoked_us = Optional(int, size=64)

    class Domain(database.Entity):
        _table_ = "domain"
        id = PrimaryKey(str, autostrip=False)
        account = Required(Account)
        name = Required(str, index=True)
        token = Required(str)
        created_us = Required(int, size=64)
        verified_us = Optional(int, size=64)
        check_us = Optional(int, size=64, index=True)
        dkim_keys = Set("DkimKey")
        composite_key(account, name)

    class DkimKey(database.Entity):
        _table_ = "dkim_key"
        domain = Required(Domain)
        position = Required(int)  # of its signature
        selector = Required(str)
        private_key = Required(LongStr, autostrip=False, lazy=False)
        PrimaryKey(domain, position)

    class Message(database.Entity):
        _table_ = "message"
        id = PrimaryKey(str, autostrip=False)
        account = Required(Account)
        # Dense within an account, so that any page of its list is a range and no page is an offset.
        seq = Required(int, size=64)
        status = Required(str)
        sender_text = Required(str, autostrip=False)
        recipient_text = Required(str, autostrip=False)
        sender_address = Required(str)
        recipient_address = Required(str)
        recipient_domain = Required(str)
        subject = Optional(str, autostrip=False)
        # What lists are searched by: SQLite's own lower() knows A to Z alone, and Python's is slow on every row.
        subject_lower = Optional(str, autostrip=False)
        created_us = Required(int, size=64)
        delivered_us = Optional(int, size=64)
        # When to act next: the next attempt, or, while leased, the end of the lease. None: never again.
        due_us = Optional(int, size=64, index=True)
        leased = Required(bool, default=False)
        fence = Required(int, default=0)
        attempts = Required(int, default=0)
        content = Required(LongStr, autostrip=False)  # JSON; loaded only for a delivery
        composite_key(account, seq)
        composite_index(recipient_domain, due_us)

    class Attempt(database.Entity):
        _table_ = "attempt"
        message_id = Required(str)
        number = Required(int)
        at_us = Required(int, size=64)
        event = Optional(str)
        phase = Required(str)
        host = Optional(str, nullable=True)
        ip = Optional(str, nullable=True)
        tls = Required(bool)
        code = Optional(int)
        enhanced = Optional(str, nullable=True)
        text = Optional(LongStr, autostrip=False, lazy=False)
        transcript = Optional(LongStr, autostrip=False, lazy=False)  # JSON
        PrimaryKey(message_id, number)

    return Entities(Account, Key, Domain, DkimKey, Message, Attempt)
