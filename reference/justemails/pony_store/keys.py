"""API keys, without their secrets."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pony.orm import desc

from justemails.pony_store.tables import Tables, in_session, instant, instant_or_none, us
from justemails.records import Key
from justemails.store import DuplicateError
from justemails_contract.operations import Scope


class Keys(Tables):
    """Implements ``justemails.store.KeyStore``."""

    def add_key(self, key: Key, secret_hash: str) -> None:
        def write() -> None:
            if self.entities.key.get(secret_hash=secret_hash):
                raise DuplicateError(key.hint)
            self.entities.key(
                id=key.id,
                account=key.account_id,
                name=key.name,
                scope=key.scope,
                hint=key.hint,
                secret_hash=secret_hash,
                created_us=us(key.created_at),
            )

        self.writer.write(write)

    @in_session
    def key_by_hash(self, secret_hash: str) -> Key | None:
        row = self.entities.key.get(lambda k: k.secret_hash == secret_hash and k.revoked_us is None)
        return as_key(row) if row else None

    @in_session
    def keys(self, account_id: str) -> Sequence[Key]:
        rows = self.entities.key.select(lambda k: k.account.id == account_id and k.revoked_us is None)
        return [as_key(row) for row in rows.order_by(lambda k: desc(k.id))]

    def revoke_key(self, account_id: str, key_id: str, at: datetime) -> bool:
        def write() -> bool:
            row = self.entities.key.get_for_update(lambda k: k.id == key_id)
            if not row or row.account.id != account_id or row.revoked_us is not None:
                return False
            row.revoked_us = us(at)
            return True

        return self.writer.write(write)

    def touch_key(self, key_id: str, at: datetime) -> None:
        def write() -> None:
            row = self.entities.key.get(id=key_id)
            if row:
                row.last_used_us = us(at)

        self.writer.write(write)


def as_key(row: Any) -> Key:
    return Key(
        row.id,
        row.account.id,
        row.name,
        Scope(row.scope),
        row.hint,
        instant(row.created_us),
        instant_or_none(row.last_used_us),
    )
