"""The reference as the judge's tests ask it: in memory, or on its own HTTP server with a clock that is moved."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from justemails_sandbox.sandbox import Sandbox
from justemails_sandbox.served import ServedSandbox
from justemails_sandbox.settings import SandboxSettings


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = Sandbox(SandboxSettings())
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def served() -> Iterator[ServedSandbox]:
    """The reference on its own HTTP server, with a clock that is moved."""
    made = ServedSandbox(SandboxSettings(virtual=True))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def waiting(served: ServedSandbox) -> Callable[[float], None]:
    """What moves the clock of ``served`` so many seconds on instead of waiting."""

    def wait(seconds: float) -> None:
        served.loop.run(served.timekeeper.advance(served.clock.now() + timedelta(seconds=seconds)))

    return wait
