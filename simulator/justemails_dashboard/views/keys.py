"""The keys of every account: making one, whose secret is shown this once, and revoking one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import falcon

from justemails.api.errors import ApiError
from justemails.api.ratelimit import Usage
from justemails.records import Account, Key
from justemails_contract.limits import Tier
from justemails_contract.operations import BASE_PATH, Scope
from justemails_dashboard.forms import field
from justemails_dashboard.pages import Pages
from justemails_dashboard.snippets import KEY_VARIABLE, curl
from justemails_dashboard.views.accounts import AccountPages
from justemails_dashboard.views.counting import Counting, usages
from justemails_sandbox.control.administration import Administration
from justemails_sandbox.sandbox import Sandbox
from justemails_sandbox.seeding import DOMAIN

PATH = "/keys"

SCOPES = {
    Scope.FULL: "everything",
    Scope.SEND: "send alone",
    Scope.READ: "ask for messages alone",
}

_MOST = 100  # keys on a page


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A key, and what it has asked for in the last minute."""

    key: Key
    usages: Mapping[Tier, Usage]


@dataclass(frozen=True, slots=True)
class KeyGroup:
    """The newest keys of an account, and how many there are in all."""

    account: Account
    keys: Sequence[ShownKey]
    total: int


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A key that was just made, with the secret that is nowhere else, and commands that use it."""

    key: Key
    secret: str
    commands: str
    sender: str | None


class Keys:
    """``GET /keys``; and ``POST /keys``, which makes a key and is the only answer that has its secret."""

    def __init__(self, sandbox: Sandbox, pages: Pages) -> None:
        self._sandbox, self._pages = sandbox, pages
        self._accounts = AccountPages(sandbox.store)
        self._administration = Administration(sandbox)
        pages.also[PATH] = Counting(sandbox).state

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._show(req, resp, {})

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        form: Mapping[str, str] = req.context.form
        account = self._administration.account(field(form, "account"))
        members = {name: value for name, value in form.items() if name in {"name", "scope"}}
        try:
            key, secret = self._administration.issue_key(account, members)
        except ApiError as ex:
            self._show(req, resp, form, problem=ex.message)
            resp.status = ex.kind.status
            return
        # Told here and not after a redirect: the secret would have to be kept for it.
        self._show(req, resp, {}, made=self._made(req, key, secret))

    def _show(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        typed: Mapping[str, str],
        *,
        problem: str = "",
        made: MadeKey | None = None,
    ) -> None:
        page = self._accounts.page(req)
        own = self._sandbox.own_key
        self._pages.show(
            req,
            resp,
            "keys.html",
            page=page,
            groups=[self._group(account, _MOST // len(page.accounts)) for account in page.accounts],
            tiers=list(Tier),
            scopes=SCOPES,
            own_id=own.id if own else None,
            typed=typed,
            problem=problem,
            made=made,
        )

    def _group(self, account: Account, most: int) -> KeyGroup:
        keys, total = self._sandbox.store.newest_keys(account.id, most)
        return KeyGroup(account, [ShownKey(key, usages(self._sandbox.limiter, key)) for key in keys], total)

    def _made(self, req: falcon.Request, key: Key, secret: str) -> MadeKey:
        verified = [domain.name for domain in self._sandbox.store.domains(key.account_id) if domain.verified]
        # The sandbox's own first: the records of others may have been broken since.
        verified.sort(key=lambda name: name != DOMAIN)
        url, sender = req.prefix + BASE_PATH, f"hello@{verified[0]}" if verified else None
        if key.scope is Scope.READ or (sender is None and key.scope is Scope.FULL):
            command = curl("GET", f"{url}/messages")
        else:
            mail = {"from": sender or "hello@example.org", "to": "user@example.com", "subject": "Hello", "text": "Hi!"}
            command = curl("POST", f"{url}/send", json.dumps(mail).encode())
        return MadeKey(key, secret, f"{KEY_VARIABLE}={secret}\n{command}", sender)


class KeyRevocation:
    """``POST /keys/{account}/{key}/revoke``."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._administration = Administration(sandbox)

    def on_post(self, req: falcon.Request, resp: falcon.Response, account_id: str, key_id: str) -> None:
        self._administration.revoke_key(account_id, key_id)
        raise falcon.HTTPSeeOther(PATH)
