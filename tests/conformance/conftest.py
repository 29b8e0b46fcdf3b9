"""The reference as the judge's tests ask it: on its own HTTP server, with a clock that is moved, or with one that goes.

Each of the two is started once in a process. The one whose clock is moved is as new for each test, except for its time;
at the other one a test has a key of its own, by which the limits count, and mail of earlier tests may be there.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache, partial

import pytest
from tests.sandbox.harness import Client, in_process

from justemails.api.keys import issue_key
from justemails_command.serving import ServedSandbox
from justemails_conformance.judge import Judge
from justemails_contract.operations import Scope
from justemails_sandbox.settings import SandboxSettings


@pytest.fixture(scope="session")
def the_still_server() -> Iterator[ServedSandbox]:
    with in_process(SandboxSettings(virtual=True)) as made:
        yield made


@pytest.fixture(scope="session")
def the_going_server() -> Iterator[ServedSandbox]:
    with in_process(SandboxSettings()) as made:
        yield made


@pytest.fixture
def served(the_still_server: ServedSandbox) -> ServedSandbox:
    """The reference with a clock that is moved."""
    the_still_server.reset()
    return the_still_server


@pytest.fixture
def waiting(served: ServedSandbox) -> Callable[[float], None]:
    """What moves the clock of ``served`` so many seconds on instead of waiting."""
    return partial(advance, served)


def advance(served: ServedSandbox, seconds: float) -> None:
    """Move a server's clock on."""
    served.loop.run(served.timekeeper.advance(served.clock.now() + timedelta(seconds=seconds)))


@pytest.fixture
def client(served: ServedSandbox, waiting: Callable[[float], None], monkeypatch: pytest.MonkeyPatch) -> Client:
    """A user of ``served``, whose clock the command moves wherever it would wait, if it is called in this process."""
    monkeypatch.setattr("justemails_command.commands.conform.Judge", partial(Judge, wait=waiting))
    return _new_client(served)


@pytest.fixture
def going(the_going_server: ServedSandbox) -> Client:
    """A user of the reference with a clock that goes, for a judge in a process of its own."""
    return _new_client(the_going_server)


def _new_client(served: ServedSandbox) -> Client:
    account = served.store.accounts()[0]
    _, key = issue_key(served.store, account.id, "Test", Scope.FULL, served.clock, served.new_id, served.new_secret)
    return Client(served.api, served.control, key)


@pytest.fixture
def drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the cases of the fuzz profile once for each seed: it is what takes the time."""
    monkeypatch.setattr("justemails_conformance.fuzz.operations.cases", remembered())


@cache
def remembered() -> Callable[..., object]:
    """Return what draws, and remembers what it has drawn."""
    from justemails_conformance.fuzz.cases import cases  # with it comes all of schemathesis

    return cache(cases)
