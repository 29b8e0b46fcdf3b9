"""Accounts."""

from collections.abc import Sequence
from typing import Any

from justemails.pony_store.tables import Tables, in_session, instant, us
from justemails.records import Account


class Accounts(Tables):
    """Implements ``justemails.store.AccountStore``."""

    def add_account(self, account: Account) -> None:
        def write() -> None:
            self.entities.account(id=account.id, name=account.name, created_us=us(account.created_at))

        self.writer.write(write)

    @in_session
    def account(self, account_id: str) -> Account | None:
        row = self.entities.account.get(id=account_id)
        return _account(row) if row else None

    @in_session
    def accounts(self) -> Sequence[Account]:
        return [_account(row) for row in self.entities.account.select().order_by(lambda a: a.id)]


def _account(row: Any) -> Account:
    return Account(row.id, row.name, instant(row.created_us))
