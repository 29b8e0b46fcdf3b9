"""Which accounts a page shows: some at a time, however many there are."""

from collections.abc import Sequence
from dataclasses import dataclass

import falcon

from justemails.records import Account
from justemails.store import AccountStore
from justemails_sandbox.control import reading

_ON_A_PAGE = 20


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Some of the accounts, in the order in which they were made."""

    accounts: Sequence[Account]
    number: int
    total: int

    @property
    def is_alone(self) -> bool:
        """Whether there is but one account, so that nobody has to be told which."""
        return self.total == 1

    @property
    def earlier(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def later(self) -> int | None:
        return self.number + 1 if self.number * _ON_A_PAGE < self.total else None


class AccountPages:
    """Cuts the accounts of a store into pages."""

    def __init__(self, store: AccountStore) -> None:
        self._store = store

    def page(self, req: falcon.Request) -> AccountPage:
        """Return the page that a request asks for by ``page``.

        Raises:
            ApiError: 400.
        """
        given = {"page": number} if (number := req.get_param("page")) else {}
        wanted, _ = reading.page(given)
        accounts = self._store.accounts()
        start = (wanted - 1) * _ON_A_PAGE
        return AccountPage(accounts[start : start + _ON_A_PAGE], wanted, len(accounts))
