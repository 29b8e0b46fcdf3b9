"""A served sandbox on a clock that stands still, and a client that reads its pages without a script."""

from collections.abc import Iterator

import pytest
from tests.dashboard.client import Client
from tests.sandbox.harness import in_process

from justemails_command.serving import ServedSandbox
from justemails_sandbox.settings import SandboxSettings


@pytest.fixture(scope="session")
def started() -> Iterator[ServedSandbox]:
    with in_process(SandboxSettings(virtual=True, seed=1)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(started: ServedSandbox) -> ServedSandbox:
    """A sandbox in its seeded state; one serves all tests, for making its keys takes a while."""
    started.reset()
    return started


@pytest.fixture
def client(sandbox: ServedSandbox) -> Client:
    return Client(sandbox)
