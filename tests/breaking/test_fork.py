"""A fork starts with everything imported, leaves nothing behind, and hides no failure."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.breaking.change import change, change_in
from tests.breaking.fork import ForkError, in_fork

import justemails.delivery.settings
import justemails.delivery.worker


def jitters(make_change: Callable[..., None] | None = None) -> tuple[float, float]:
    """Return the jitter by the module that has the settings, and by one that imports them by name."""
    if make_change:
        make_change("justemails.delivery.settings", "DEFAULTS", no_jitter)
    return justemails.delivery.settings.DEFAULTS.jitter, vars(justemails.delivery.worker)["DEFAULTS"].jitter


def no_jitter(settings: "justemails.delivery.settings.DeliverySettings") -> object:
    return replace(settings, jitter=0.0)


def test_a_change_reaches_every_module_that_has_the_object_by_name_and_no_other_fork() -> None:
    before = jitters()

    assert in_fork(jitters, change) == (0.0, 0.0)
    assert in_fork(jitters) == jitters() == before


def test_a_change_in_a_module_stays_there() -> None:
    here, elsewhere = in_fork(jitters, change_in)

    assert here == 0.0
    assert elsewhere == jitters()[1] > 0


def is_imported(module: str) -> bool:
    return module in sys.modules


@pytest.mark.parametrize(
    "module", ["justemails_lessons.lab", "tests.reference.test_engine", "tests.breaking.preloaded"]
)
def test_a_fork_has_everything_imported(module: str) -> None:
    assert in_fork(is_imported, module)


def say_and(end: Callable[[], object]) -> None:
    os.write(1, b"what it said last\n")
    end()


def fail() -> None:
    raise ValueError("no use")


def leave() -> None:
    sys.exit(0)


def die() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


@pytest.mark.parametrize(("end", "reason"), [(fail, "ValueError: no use"), (leave, "SystemExit: 0"), (die, "died")])
def test_a_fork_without_a_result_is_an_error_that_shows_what_was_printed(
    end: Callable[[], object], reason: str
) -> None:
    with pytest.raises(ForkError, match="what it said last") as caught:
        in_fork(say_and, end)

    assert reason in str(caught.value)


def wait_for(port: int) -> None:
    """Connect, and wait for an answer that never comes."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.send(b"x")
        connection.recv(1)


@pytest.mark.slow
def test_a_fork_ends_with_the_process_that_asked_for_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        program = (
            "from tests.breaking.fork import in_fork; from tests.breaking.test_fork import wait_for;"
            f"in_fork(wait_for, {server.getsockname()[1]})"
        )
        owner = subprocess.Popen([sys.executable, "-c", program])
        connection, _ = server.accept()
        with connection:
            connection.settimeout(60)
            connected = connection.recv(1)

            owner.kill()
            owner.wait()

            assert connected == b"x"
            assert connection.recv(1) == b""
