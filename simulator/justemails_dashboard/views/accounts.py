"""Which accounts a page shows: some at a time, however many there are."""

from collections.abc import Sequence
from dataclasses import dataclass

import falcon

from justemails.api.errors import ApiError
from justemails.records import Account
from justemails.store import AccountStore
from justemails_contract.errors import NOT_FOUND
from justemails_sandbox.control import reading

_ON_A_PAGE = 20


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Some of the accounts, in the order in which they were made."""

    accounts: Sequence[Account]
    number: int
    total: int
    only: str | None = None  # the id of the one that is shown

    @property
    def is_alone(self) -> bool:
        """Whether there is but one account, so that nobody has to be told which."""
        return self.total == 1

    @property
    def earlier(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def later(self) -> int | None:
        return self.number + 1 if self.number * _ON_A_PAGE < self.total and not self.only else None


class AccountPages:
    """Cuts the accounts of a store into pages."""

    def __init__(self, store: AccountStore) -> None:
        self._store = store

    def page(self, req: falcon.Request) -> AccountPage:
        """Return the page that a request asks for by ``page``, or the one account that it asks for by ``only``.

        Raises:
            ApiError: 400; or 404, there is no such account.
        """
        given = reading.query(req, "page", "only", "state")
        wanted, _ = reading.page(given)
        accounts = self._store.accounts()
        if only := given.get("only"):
            found = [account for account in accounts if account.id == only]
            if not found:
                raise ApiError(NOT_FOUND, "There is no such account.")
            return AccountPage(found, 1, len(accounts), only)
        number = min(wanted, -(-len(accounts) // _ON_A_PAGE))  # there may have been more when the page was opened
        start = (number - 1) * _ON_A_PAGE
        return AccountPage(accounts[start : start + _ON_A_PAGE], number, len(accounts))
