"""What is done with accounts, their domains and their keys, for whoever asks: the control API, or a page by a form."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from justemails.addresses import AddressError
from justemails.api import validation
from justemails.api.errors import ApiError
from justemails.api.keys import issue_key
from justemails.domains.check import CheckedRecord, RecordState, check, verify
from justemails.domains.domain import make_domain, records_of
from justemails.records import Account, Domain, Key
from justemails.store import DuplicateError
from justemails_contract.errors import CONFLICT
from justemails_contract.operations import Scope
from justemails_sandbox.control import reading
from justemails_sandbox.control.deps import AdminDeps
from justemails_sandbox.sending import SENDING_HOST

T = TypeVar("T")


class Administration:
    """Makes, reads and removes accounts, domains and keys, from the members of a JSON object or the fields of a form.

    Every method raises ApiError, naming the field, or saying what there is not.

    Args:
        patience_s: how long to wait for name servers, in real seconds; None: as long as the resolver does.
    """

    def __init__(self, deps: AdminDeps, patience_s: float | None = None) -> None:
        self._deps = deps
        self._patience_s = patience_s

    def account(self, account_id: str) -> Account:
        """Return an account."""
        return self._deps.store.account(account_id) or reading.missing("account")

    def open_account(self, members: Mapping[str, object]) -> Account:
        """Make an account of a ``name``."""
        name = validation.parse_key_name({"name": "Account", **members})
        account = Account(self._deps.new_id("acc_"), name, self._deps.clock.now())
        self._deps.store.add_account(account)
        return account

    def issue_key(self, account: Account, members: Mapping[str, object]) -> tuple[Key, str]:
        """Make a key of a ``name`` and a ``scope``; return it and its secret, this once."""
        scope = members.get("scope", Scope.FULL.value)
        if scope not in list(Scope):
            reading.bad(f"The 'scope' field must be one of {', '.join(Scope)}.")
        name = validation.parse_key_name({key: value for key, value in members.items() if key != "scope"})
        deps = self._deps
        return issue_key(deps.store, account.id, name, Scope(str(scope)), deps.clock, deps.new_id, deps.new_secret)

    def revoke_key(self, account_id: str, key_id: str) -> None:
        """End a key for good."""
        if not self._deps.store.revoke_key(account_id, key_id, self._deps.clock.now()):
            reading.missing("API key in this account")

    def domain(self, account_id: str, name: str) -> Domain:
        """Return a domain of an account."""
        return self._deps.store.domain(account_id, name.lower()) or reading.missing("domain in this account")

    def add_domain(self, account: Account, members: Mapping[str, object]) -> Domain:
        """Make a ``domain``, not verified yet."""
        name = reading.text(members, "domain")
        try:
            domain = make_domain(account.id, name, self._deps.clock, self._deps.new_id)
            self._deps.store.add_domain(domain)
        except AddressError as ex:
            reading.bad(f"The 'domain' field {ex}.")
        except DuplicateError:
            # [errors.409] the document's own example
            raise ApiError(CONFLICT, f"The domain '{name.lower()}' already exists in this account.") from None
        return domain

    def remove_domain(self, account_id: str, name: str) -> None:
        """Take a domain away; no more mail leaves from it."""
        if not self._deps.store.remove_domain(account_id, name.lower()):
            reading.missing("domain in this account")

    def check(self, domain: Domain) -> Sequence[CheckedRecord]:
        """Say what DNS answers about each record of a domain now."""
        return self._patiently(check(domain, SENDING_HOST, self._deps.resolver), domain)

    def verify(self, domain: Domain) -> tuple[Domain, Sequence[CheckedRecord]]:
        """Check the records of a domain and keep the verdict; return the domain as it is then."""
        deps = self._deps
        checked = self._patiently(verify(domain, SENDING_HOST, deps.resolver, deps.store, deps.clock), domain)
        return deps.store.domain(domain.account_id, domain.name) or domain, checked

    def _patiently(
        self,
        asking: Coroutine[Any, Any, Sequence[CheckedRecord]],  # Any: unused slots
        domain: Domain,
    ) -> Sequence[CheckedRecord]:
        """Wait for name servers; where they are silent, and time stands still too, only patience ends it."""
        try:
            return self._deps.loop.run(asyncio.wait_for(asking, self._patience_s))
        except TimeoutError:
            reason = "the name servers have not answered yet"
            return [CheckedRecord(one, RecordState.UNKNOWN, reason) for one in records_of(domain, SENDING_HOST)]
