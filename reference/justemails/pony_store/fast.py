"""The same store, with SQL for the four statements that every request or every send waits for.

Objects of Pony's cost a multiple of what these statements do. Nothing else differs: each method does what the one that
it overrides says in Pony's words, and the same tests run on both stores.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from justemails.pony_store.messages import row_of
from justemails.pony_store.store import PonyStore
from justemails.pony_store.tables import in_session, instant, instant_or_none, us
from justemails.records import Key, NewMessage
from justemails_contract.operations import Scope


class FastPonyStore(PonyStore):
    """``PonyStore`` for who serves requests."""

    @in_session
    def key_by_hash(self, secret_hash: str) -> Key | None:
        rows = self.database.select(
            """select id, account, name, scope, hint, created_us, last_used_us
               from "key" where secret_hash = $secret_hash and revoked_us is null""",
            {"secret_hash": secret_hash},
        )
        if not rows:
            return None
        key_id, account_id, name, scope, hint, created_us, last_used_us = rows[0]
        return Key(key_id, account_id, name, Scope(scope), hint, instant(created_us), instant_or_none(last_used_us))

    def touch_key(self, key_id: str, at: datetime) -> None:
        values = {"last_used_us": us(at), "id": key_id}
        self.writer.write(
            lambda: self.database.execute('update "key" set last_used_us = $last_used_us where id = $id', values)
        )

    @in_session
    def is_verified(self, account_id: str, name: str) -> bool:
        rows = self.database.select(
            'select verified_us from "domain" where account = $account and name = $name',
            {"account": account_id, "name": name},
        )
        return bool(rows) and rows[0] is not None

    def accept(self, message: NewMessage) -> None:
        row = row_of(message)
        self.writer.write(lambda: self._insert(row))

    def _insert(self, row: dict[str, object]) -> None:
        raised = self.database.execute(
            'update "account" set message_count = message_count + 1 where id = $account returning message_count', row
        )
        (row["seq"],) = raised.fetchone()
        sql, names = self._insert_sql
        self.database.get_connection().execute(sql, [row[name] for name in names])

    @cached_property
    def _insert_sql(self) -> tuple[str, Sequence[str]]:
        """An INSERT of a message in the database's own spelling, and the attributes in its order."""
        entity: Any = self.entities.message
        provider = self.database.provider
        attributes = [attribute for attribute in entity._attrs_ if attribute.column]
        columns = ", ".join(provider.quote_name(attribute.column) for attribute in attributes)
        marks = ", ".join({"qmark": "?"}.get(provider.paramstyle, "%s") for _ in attributes)
        table = provider.quote_name(entity._table_)
        # Names come from the entity's own definition, values are bound.
        sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608
        return sql, [attribute.name for attribute in attributes]
