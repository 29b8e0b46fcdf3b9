"""What a fresh sandbox has: one account, one key, and the verified domain of the document's examples."""

from dataclasses import replace

from justemails.api_keys import KEY_FORM, key_hash, key_hint
from justemails.domain_check import CHECKED_EVERY
from justemails.domains import make_domain
from justemails.ports import Clock, NewId, NewSecret
from justemails.records import Account, Key
from justemails.store import DuplicateError, Store
from justemails_contract.operations import Scope

DOMAIN = "yourdomain.com"  # [send.request.from]
SENDER = f"hello@{DOMAIN}"


class UnusableKeyError(ValueError):
    """A key that cannot be used; the message says what would pass."""


def seed(
    store: Store,
    clock: Clock,
    new_id: NewId,
    new_secret: NewSecret,
    wanted_key: str | None,
    kept_key: str | None = None,
) -> str:
    """Fill an empty store, see to it that there is a working key, and return that key.

    Args:
        wanted_key: the key to accept; None accepts the kept one, or else a new one.
        kept_key: the key of the last time; None, or a key that was revoked since, is as none.

    Raises:
        UnusableKeyError: the wanted key has not the form of a key, or was revoked.
    """
    accounts = store.accounts()
    # Its domain tells the sandbox's own account from those that users have made, unless they took it away.
    owners = [domain.account_id for domain in store.domains_named(DOMAIN)] + [account.id for account in accounts]
    account_id = owners[0] if owners else _make_account(store, clock, new_id)
    secret = wanted_key or kept_key or new_secret()
    if not KEY_FORM.fullmatch(secret):
        raise UnusableKeyError("a key must be je_live_ and 38 letters and digits")
    if store.key_by_hash(key_hash(secret)) is not None:
        return secret
    key = Key(new_id("key_"), account_id, "Sandbox", Scope.FULL, key_hint(secret), clock.now())
    try:
        store.add_key(key, key_hash(secret))
    except DuplicateError:
        if wanted_key:
            raise UnusableKeyError("this key was revoked, and revoking is for good; choose another one") from None
        return seed(store, clock, new_id, new_secret, None)
    return secret


def _make_account(store: Store, clock: Clock, new_id: NewId) -> str:
    account = Account(new_id("acc_"), "Sandbox", clock.now())
    store.add_account(account)
    domain = make_domain(account.id, DOMAIN, clock, new_id)
    now = clock.now()
    store.add_domain(replace(domain, verified_at=now, check_at=now + CHECKED_EVERY))
    return account.id
