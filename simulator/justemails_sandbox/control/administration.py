"""``/accounts``: what the document calls the dashboard: accounts, their domains, keys with a scope."""

from collections.abc import Sequence

import falcon

from justemails import validation, wire
from justemails.addresses import AddressError
from justemails.domain_check import CheckedRecord, check, verify
from justemails.domains import make_domain
from justemails.errors import ApiError
from justemails.keyring import issue_key
from justemails.records import Account, Domain
from justemails.store import DuplicateError
from justemails_contract.errors import CONFLICT
from justemails_contract.operations import Scope
from justemails_sandbox.control import reading
from justemails_sandbox.control.surroundings import Office
from justemails_sandbox.sending import SENDING_HOST


class AccountCollection:
    """``GET`` and ``POST /accounts``."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {"data": [_account(account) for account in self._office.store.accounts()]}

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        name = validation.parse_key_name({"name": "Account", **reading.body(req, "name")})
        account = Account(self._office.new_id("acc_"), name, self._office.clock.now())
        self._office.store.add_account(account)
        resp.media = _account(account)


class AccountKeys:
    """``POST /accounts/{id}/keys``."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def on_post(self, req: falcon.Request, resp: falcon.Response, account_id: str) -> None:
        office = self._office
        _find_account(office, account_id)
        members = reading.body(req, "name", "scope")
        scope = members.get("scope", Scope.FULL.value)
        if scope not in list(Scope):
            reading.bad(f"The 'scope' field must be one of {', '.join(Scope)}.")
        name = validation.parse_key_name({key: value for key, value in members.items() if key != "scope"})
        key, secret = issue_key(
            office.store, account_id, name, Scope(str(scope)), office.clock, office.new_id, office.new_secret
        )
        resp.media = {**wire.key_created(key, secret), "scope": key.scope}


class DomainCollection:
    """``GET`` and ``POST /accounts/{id}/domains``."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def on_get(self, req: falcon.Request, resp: falcon.Response, account_id: str) -> None:
        _find_account(self._office, account_id)
        domains = self._office.store.domains(account_id)
        resp.media = {"data": [_domain(domain, _checked(self._office, domain)) for domain in domains]}

    def on_post(self, req: falcon.Request, resp: falcon.Response, account_id: str) -> None:
        office = self._office
        _find_account(office, account_id)
        name = reading.text(reading.body(req, "domain"), "domain")
        try:
            domain = make_domain(account_id, name, office.clock, office.new_id)
            office.store.add_domain(domain)
        except AddressError as ex:
            reading.bad(f"The 'domain' field {ex}.")
        except DuplicateError:
            # [errors.409] the document's own example
            raise ApiError(CONFLICT, f"The domain '{name.lower()}' already exists in this account.") from None
        resp.media = _domain(domain, _checked(office, domain))


class DomainItem:
    """``DELETE /accounts/{id}/domains/{domain}``."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def on_delete(self, req: falcon.Request, resp: falcon.Response, account_id: str, domain: str) -> None:
        if not self._office.store.remove_domain(account_id, domain.lower()):
            reading.missing("domain in this account")
        resp.media = {"deleted": True}


class DomainVerification:
    """``POST /accounts/{id}/domains/{domain}/verify``."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def on_post(self, req: falcon.Request, resp: falcon.Response, account_id: str, domain: str) -> None:
        reading.body(req)
        office = self._office
        found = office.store.domain(account_id, domain.lower())
        if found is None:
            reading.missing("domain in this account")
        checked = office.loop.run(verify(found, SENDING_HOST, office.resolver, office.store, office.clock))
        resp.media = _domain(office.store.domain(account_id, found.name) or found, checked)


def _checked(office: Office, domain: Domain) -> Sequence[CheckedRecord]:
    return office.loop.run(check(domain, SENDING_HOST, office.resolver))


def _find_account(office: Office, account_id: str) -> Account:
    account = office.store.account(account_id)
    if account is None:
        reading.missing("account")
    return account


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
