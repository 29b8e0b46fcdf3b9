"""Fixtures of the reference's own tests; nothing here opens a socket."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.reference.support import NOW, VirtualClock

from justemails.dkim_signature import SigningKey, make_private_key
from justemails.pony_store import PonyStore
from justemails.records import Account, Domain


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(scope="session")
def private_key() -> str:
    """An RSA key, made once: making one costs more than most tests."""
    return make_private_key().strip()


@pytest.fixture(scope="session")
def signing_key(private_key: str) -> SigningKey:
    return SigningKey(private_key)


@pytest.fixture(scope="session")
def domain(private_key: str) -> Domain:
    """The verified domain of the document's examples [send.request.from]."""
    return Domain("dom_1", "acc_1", "yourdomain.com", "je-verify=token", "je1", private_key, NOW, NOW)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[PonyStore]:
    """A store on a file of its own, with one account."""
    opened = PonyStore(str(tmp_path / "store.sqlite"))
    opened.add_account(Account("acc_1", "One", NOW))
    yield opened
    opened.close()
