"""Sandboxes as fixtures."""

from collections.abc import Iterator

import pytest
from tests.sandbox.harness import Client, client_of, in_process

from justemails_command.serving import ServedSandbox
from justemails_sandbox.settings import SandboxSettings


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=12, help="how often the hunt kills the sandbox")


@pytest.fixture(scope="session")
def _real() -> Iterator[ServedSandbox]:
    with in_process(SandboxSettings()) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def _virtual() -> Iterator[ServedSandbox]:
    with in_process(SandboxSettings(virtual=True, seed=7)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_real: ServedSandbox) -> ServedSandbox:
    """A fresh sandbox whose clock runs."""
    _real.reset()
    return _real


@pytest.fixture
def client(sandbox: ServedSandbox) -> Client:
    return client_of(sandbox)


@pytest.fixture
def still_sandbox(_virtual: ServedSandbox) -> ServedSandbox:
    """A fresh sandbox whose clock stands still."""
    _virtual.reset()
    return _virtual


@pytest.fixture
def still(still_sandbox: ServedSandbox) -> Client:
    return client_of(still_sandbox)
