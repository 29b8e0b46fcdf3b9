"""What a fresh sandbox has: one account, one key, and the verified domain of the document's examples.

In two steps: ``seed`` makes all that the API needs, and ``complete`` the domain's DKIM keys, for which cryptography has
to be loaded.
"""

from dataclasses import replace

from justemails.api.keys import KEY_FORM, key_hash, key_hint
from justemails.ports import Clock, NewId, NewSecret
from justemails.records import Account, Domain, Key
from justemails.store import DuplicateError, Store
from justemails_contract.operations import Scope
from justemails_sandbox.store import SandboxStore

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


def complete(store: Store, clock: Clock) -> None:
    """Give the seeded domain the keys that sign its mail, unless it has them, and have its records looked at again."""
    from justemails.domains.check import CHECKED_EVERY
    from justemails.domains.domain import make_dkim_keys

    for domain in store.domains_named(DOMAIN):
        if not domain.dkim_keys:
            store.add_dkim_keys(domain.id, make_dkim_keys(domain.id))
            store.keep_verdict(domain.id, domain.verified_at, clock.now() + CHECKED_EVERY)


def seed_anew(store: SandboxStore, clock: Clock, new_id: NewId, new_secret: NewSecret, kept_key: str) -> str:
    """Forget everything but the seeded account and its domain, and return the key that works.

    They are as they were at first, ids and DNS records included: to make other keys would take longer than the rest.
    """
    own = store.domains_named(DOMAIN)[:1]
    accounts = [account for account in store.accounts() if own and account.id == own[0].account_id]
    store.clear()
    for account, domain in zip(accounts, own, strict=True):
        store.add_account(account)
        store.add_domain(replace(domain, verified_at=clock.now()))
    key = seed(store, clock, new_id, new_secret, None, kept_key)
    complete(store, clock)
    return key


def _make_account(store: Store, clock: Clock, new_id: NewId) -> str:
    now = clock.now()
    account = Account(new_id("acc_"), "Sandbox", now)
    store.add_account(account)
    store.add_domain(Domain(new_id("dom_"), account.id, DOMAIN, new_id("je-verify="), (), now, verified_at=now))
    return account.id
