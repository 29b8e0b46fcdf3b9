"""Fixtures of the reference's own tests; nothing here opens a socket."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.reference.support import NOW, VirtualClock

from justemails.mail.dkim_signature import SigningKey, make_ed25519_key, make_rsa_key
from justemails.pony_store import FastPonyStore, PonyStore
from justemails.records import Account, DkimKey, Domain


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="session")
def dkim_keys() -> tuple[DkimKey, ...]:
    """An RSA and an Ed25519 key, made once: making the first costs more than most tests."""
    return DkimKey("je1r", make_rsa_key().strip()), DkimKey("je1e", make_ed25519_key().strip())


@pytest.fixture(scope="session")
def signing_keys(dkim_keys: tuple[DkimKey, ...]) -> tuple[SigningKey, ...]:
    return tuple(SigningKey(key.selector, key.private_key) for key in dkim_keys)


@pytest.fixture(scope="session")
def domain(dkim_keys: tuple[DkimKey, ...]) -> Domain:
    """The verified domain of the document's examples [send.request.from]."""
    return Domain("dom_1", "acc_1", "yourdomain.com", "je-verify=token", dkim_keys, NOW, NOW)


@pytest.fixture(params=[PonyStore, FastPonyStore])
def kind(request: pytest.FixtureRequest) -> type[PonyStore]:
    """The store as it reads, and the one with SQL in it: what is said of the first holds for the second."""
    chosen: type[PonyStore] = request.param
    return chosen


@pytest.fixture
def store(tmp_path: Path) -> Iterator[PonyStore]:
    """A store on a file of its own, with one account."""
    opened = PonyStore(str(tmp_path / "store.sqlite"))
    opened.add_account(Account("acc_1", "One", NOW))
    yield opened
    opened.close()
