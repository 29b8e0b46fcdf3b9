"""The list of messages, by the API's own filters or by words for them."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

import falcon

from justemails.api.errors import ApiError
from justemails.api.listing import parse_list
from justemails.records import Account, Message
from justemails_contract.delivery import Status
from justemails_contract.errors import BAD_REQUEST
from justemails_contract.operations import BASE_PATH
from justemails_dashboard.message_search import FILTERS, joined, read_out, read_words
from justemails_dashboard.pages import Pages
from justemails_sandbox.control import reading
from justemails_sandbox.sandbox import Sandbox

PATH = "/messages"


class MessageList:
    """``GET /messages``."""

    def __init__(self, sandbox: Sandbox, pages: Pages) -> None:
        self._sandbox, self._pages = sandbox, pages
        pages.also[PATH] = self._minute

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        given = reading.query(req, "q", "account", "page", "state", *FILTERS)
        # A form sends its empty fields too.
        given = {name: value.strip() for name, value in given.items() if value.strip()}
        accounts = self._sandbox.store.accounts()
        own = own_account(self._sandbox)
        account = _chosen(given.get("account", own), accounts)
        typed = {name: given.get(name, "") for name in ("q", *FILTERS)}
        shown = {"accounts": accounts, "account": account, "own": own, "typed": typed, "statuses": list(Status)}
        try:
            found = self._found(account, given)
        except ApiError as ex:
            if "state" in given:  # no list of ours asks so for news
                raise
            resp.status = ex.kind.status
            found = {"problem": ex.message, "filtered": True}
        self._pages.show(req, resp, "messages.html", **shown | found)

    def _found(self, account: str, given: dict[str, str]) -> dict[str, Any]:  # what the template needs
        fields = {name: given[name] for name in FILTERS if name in given}
        filters = joined(fields, read_words(given.get("q", "")))
        query = urlencode(
            {**filters, **({"page": given["page"]} if "page" in given else {})}, quote_via=quote, safe="@:"
        )
        wanted = parse_list(query)
        messages, total = self._sandbox.store.page(account, wanted.filter, wanted.page, wanted.per_page)
        return {
            "problem": None,
            "filtered": bool(filters),
            "read_as": read_out(filters),
            "api_line": f"GET {BASE_PATH}/messages" + (f"?{query}" if query else ""),
            "rows": self._with_attempts(messages),
            "total": total,
            "first": (wanted.page - 1) * wanted.per_page + 1,
            "newer": _address(given, wanted.page - 1) if wanted.page > 1 else None,
            "older": _address(given, wanted.page + 1) if wanted.page * wanted.per_page < total else None,
        }

    def _with_attempts(self, messages: Sequence[Message]) -> list[tuple[Message, object]]:
        newest = self._sandbox.store.newest_attempts([message.id for message in messages])
        return [(message, newest.get(message.id)) for message in messages]

    def _minute(self) -> str:
        """Return the minute that it is: ages are told in minutes, and change though nothing happens."""
        return str(int(self._sandbox.clock.now().timestamp()) // 60)


def own_account(sandbox: Sandbox) -> str:
    """Return the account that the sandbox's own key belongs to; the first one, once that key is revoked."""
    key = sandbox.own_key
    return key.account_id if key else sandbox.store.accounts()[0].id


def _chosen(account_id: str, accounts: Sequence[Account]) -> str:
    if account_id not in [account.id for account in accounts]:
        known = ", ".join(account.id for account in accounts[:10])
        raise ApiError(BAD_REQUEST, f"The 'account' parameter must be the id of an account, such as {known}.")
    return account_id


def _address(given: dict[str, str], page: int) -> str:
    return f"{PATH}?" + urlencode({**{name: value for name, value in given.items() if name != "state"}, "page": page})
