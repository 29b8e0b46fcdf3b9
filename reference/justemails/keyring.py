"""Issuing API keys: the one place where a secret exists, on its way to the caller."""

from justemails.api_keys import key_hash, key_hint
from justemails.ports import Clock, NewId, NewSecret
from justemails.records import Key
from justemails.store import KeyStore
from justemails_contract.operations import Scope


def issue_key(
    store: KeyStore, account_id: str, name: str, scope: Scope, clock: Clock, new_id: NewId, new_secret: NewSecret
) -> tuple[Key, str]:
    """Make and store a key; return it and its secret, which nobody can ask for again."""
    secret = new_secret()
    key = Key(new_id("key_"), account_id, name, scope, key_hint(secret), clock.now())
    store.add_key(key, key_hash(secret))
    return key, secret
