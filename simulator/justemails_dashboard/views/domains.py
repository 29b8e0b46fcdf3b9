"""The domains of every account: adding one, and making an account."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import falcon

from justemails.api.errors import ApiError, error_body
from justemails.records import Account, Domain
from justemails_dashboard.forms import field
from justemails_dashboard.pages import Pages
from justemails_dashboard.views.accounts import AccountPages
from justemails_sandbox.control import CONTROL_PATH
from justemails_sandbox.control.administration import Administration
from justemails_sandbox.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class Refused:
    """An addition that was refused, and how the control API tells the same: by the same words and the same body."""

    status: str
    request: str
    body: object
    message: str


class Domains:
    """``GET /domains`` and ``POST /domains``, which adds one."""

    def __init__(self, sandbox: Sandbox, pages: Pages) -> None:
        self._store, self._pages = sandbox.store, pages
        self._accounts = AccountPages(sandbox.store)
        self._administration = Administration(sandbox)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._show(req, resp, {})

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        form = req.context.form
        account = self._administration.account(field(form, "account"))
        name = form.get("domain", "").strip()
        try:
            domain = self._administration.add_domain(account, {"domain": name})
        except ApiError as ex:
            self._show(req, resp, {"account": account.id, "domain": name}, _refused(ex, account, name))
            resp.status = ex.kind.status
            return
        raise falcon.HTTPSeeOther(f"/domains/{account.id}/{domain.name}")

    def _show(
        self, req: falcon.Request, resp: falcon.Response, typed: Mapping[str, str], refused: Refused | None = None
    ) -> None:
        page = self._accounts.page(req)
        groups: Sequence[tuple[Account, Sequence[Domain]]] = [
            (account, self._store.domains(account.id)) for account in page.accounts
        ]
        total = sum(len(domains) for _, domains in groups)
        self._pages.show(
            req,
            resp,
            "domains.html",
            groups=groups,
            page=page,
            total=total,
            verified=sum(domain.verified for _, domains in groups for domain in domains),
            typed=typed,
            refused=refused,
        )


class Accounts:
    """``POST /accounts``: makes one, and goes back to the page where it was asked for."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._administration = Administration(sandbox)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._administration.open_account({"name": field(req.context.form, "name")})
        raise falcon.HTTPSeeOther("/keys" if req.context.form.get("back") == "/keys" else "/domains")


def _refused(ex: ApiError, account: Account, name: str) -> Refused:
    return Refused(
        status=f"{ex.kind.status} {ex.kind.meaning}",
        request=f"POST {CONTROL_PATH}/accounts/{account.id}/domains\n\n{json.dumps({'domain': name})}",
        body=json.loads(error_body(ex.kind.code, ex.message)),
        message=ex.message,
    )
