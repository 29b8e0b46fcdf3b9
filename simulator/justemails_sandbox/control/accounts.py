"""``/accounts``: what the document calls the dashboard: accounts, their domains, keys with a scope."""

from collections.abc import Sequence

import falcon

from justemails.api import wire
from justemails.domains.check import CheckedRecord
from justemails.records import Account, Domain
from justemails_sandbox.control import reading
from justemails_sandbox.control.administration import Administration
from justemails_sandbox.control.deps import AdminDeps


class AccountCollection:
    """``GET`` and ``POST /accounts``."""

    def __init__(self, deps: AdminDeps) -> None:
        self._store, self._administration = deps.store, Administration(deps)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {"data": [_account(account) for account in self._store.accounts()]}

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = _account(self._administration.open_account(reading.body(req, "name")))


class AccountKeys:
    """``POST /accounts/{id}/keys``."""

    def __init__(self, deps: AdminDeps) -> None:
        self._administration = Administration(deps)

    def on_post(self, req: falcon.Request, resp: falcon.Response, account_id: str) -> None:
        account = self._administration.account(account_id)
        key, secret = self._administration.issue_key(account, reading.body(req, "name", "scope"))
        resp.media = {**wire.key_created(key, secret), "scope": key.scope}


class DomainCollection:
    """``GET`` and ``POST /accounts/{id}/domains``."""

    def __init__(self, deps: AdminDeps) -> None:
        self._store, self._administration = deps.store, Administration(deps)

    def on_get(self, req: falcon.Request, resp: falcon.Response, account_id: str) -> None:
        domains = self._store.domains(self._administration.account(account_id).id)
        resp.media = {"data": [_domain(domain, self._administration.check(domain)) for domain in domains]}

    def on_post(self, req: falcon.Request, resp: falcon.Response, account_id: str) -> None:
        account = self._administration.account(account_id)
        domain = self._administration.add_domain(account, reading.body(req, "domain"))
        resp.media = _domain(domain, self._administration.check(domain))


class DomainItem:
    """``DELETE /accounts/{id}/domains/{domain}``."""

    def __init__(self, deps: AdminDeps) -> None:
        self._administration = Administration(deps)

    def on_delete(self, req: falcon.Request, resp: falcon.Response, account_id: str, domain: str) -> None:
        self._administration.remove_domain(account_id, domain)
        resp.media = {"deleted": True}


class DomainVerification:
    """``POST /accounts/{id}/domains/{domain}/verify``."""

    def __init__(self, deps: AdminDeps) -> None:
        self._administration = Administration(deps)

    def on_post(self, req: falcon.Request, resp: falcon.Response, account_id: str, domain: str) -> None:
        reading.body(req)
        resp.media = _domain(*self._administration.verify(self._administration.domain(account_id, domain)))


def _account(account: Account) -> dict[str, object]:
    return {"id": account.id, "name": account.name, "createdAt": wire.timestamp(account.created_at)}


def _domain(domain: Domain, checked: Sequence[CheckedRecord]) -> dict[str, object]:
    return {
        "id": domain.id,
        "domain": domain.name,
        "status": "verified" if domain.verified else "pending",
        "verified": domain.verified,
        "createdAt": wire.timestamp(domain.created_at),
        "verifiedAt": wire.timestamp(domain.verified_at) if domain.verified_at else None,
        "records": [
            {
                "purpose": one.record.purpose,
                "type": one.record.type,
                "name": one.record.name,
                "value": one.record.value,
                "required": one.record.required,
                "state": one.state,
                "reason": one.reason,
            }
            for one in checked
        ],
    }
