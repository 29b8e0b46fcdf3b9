"""API keys: their form, what is kept of them, and how one is issued.

A key is ``je_live_``, 32 characters of base62 (190 bits) and a checksum of 6 (CHOICE-02). Only its SHA-256 is
stored: a random secret of this size needs no slow hash, and a slow one on every request would be our own denial
of service. The checksum lets tools tell a key from a look-alike; the server does not need it, since an unknown
hash is an unknown key.
"""

import hashlib
import re
import zlib

from justemails.ports import Clock, NewId, NewSecret
from justemails.records import Key
from justemails.store import KeyStore
from justemails_contract.operations import Scope

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

PREFIX = "je_live_"  # [auth.prefix]
KEY_FORM = re.compile(r"je_live_[0-9A-Za-z]{32}[0-9A-Za-z]{6}")
RANDOM_BYTES = 24


def base62(number: int, width: int) -> str:
    """Return ``number`` in ``width`` base62 digits that sort as the number does; higher digits are cut off."""
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))


def make_key(randomness: bytes) -> str:
    """Return a key made of ``randomness`` (at least RANDOM_BYTES bytes)."""
    secret = base62(int.from_bytes(randomness, "big"), 32)
    return f"{PREFIX}{secret}{_checksum(secret)}"


def is_well_formed(key: str) -> bool:
    """Say whether a text has the form of a key, checksum included."""
    return bool(KEY_FORM.fullmatch(key)) and _checksum(key[8:40]) == key[40:]


def key_hash(key: str) -> str:
    """Return what is stored of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def key_hint(key: str) -> str:
    """Return the beginning of a key, to recognise it by."""
    return key[: len(PREFIX) + 4]


def issue_key(
    store: KeyStore, account_id: str, name: str, scope: Scope, clock: Clock, new_id: NewId, new_secret: NewSecret
) -> tuple[Key, str]:
    """Make and store a key; return it and its secret, which nobody can ask for again."""
    secret = new_secret()
    key = Key(new_id("key_"), account_id, name, scope, key_hint(secret), clock.now())
    store.add_key(key, key_hash(secret))
    return key, secret


def _checksum(secret: str) -> str:
    return base62(zlib.crc32(secret.encode()), 6)
