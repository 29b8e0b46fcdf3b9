"""A sandbox's store as a fixture; the rest is the reference's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.reference.conftest import dkim_keys, domain
from tests.reference.support import NOW

from justemails.records import Account
from justemails_sandbox.store import SandboxStore

__all__ = ["dkim_keys", "domain"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SandboxStore]:
    """A store on a file of its own, with one account."""
    opened = SandboxStore(str(tmp_path / "store.sqlite"))
    opened.add_account(Account("acc_1", "One", NOW))
    yield opened
    opened.close()
