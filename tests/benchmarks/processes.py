"""Starting and ending the processes that are measured, and looking at them from outside."""

import json
import os
import selectors
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

_COMMAND = "from justemails_command.cli import main; main()"
_READY_S = 30
_LOOK_AGAIN_S = 0.05
STORE = "justemails.sqlite3"
INBOX = "inbox.sqlite3"


@dataclass(frozen=True, slots=True)
class Running:
    """A process that has said that it is ready."""

    pid: int
    port: int


@contextmanager
def server(kind: str, database: Path) -> Iterator[Running]:
    """Run one of ``tests.benchmarks.server``."""
    with _process([sys.executable, "-m", "tests.benchmarks.server", kind, str(database)]) as (process, said):
        yield Running(process.pid, said["port"])


@contextmanager
def sandbox(data: Path) -> Iterator[Running]:
    """Run ``justemails sandbox`` as its users do."""
    command = [sys.executable, "-c", _COMMAND, "sandbox", "--json", "--port", "0", "--data", str(data)]
    with _process(command) as (process, said):
        port = urlsplit(said["api"]).port
        assert port is not None
        yield Running(process.pid, port)


@contextmanager
def _process(command: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:  # Any: JSON
    output, into = os.pipe()
    with subprocess.Popen(command, stdout=into, stdin=subprocess.DEVNULL) as process:
        os.close(into)
        drained = _Drain(output)
        try:
            yield process, json.loads(drained.first_line(_READY_S))
        finally:
            # Killed, not asked: what was acknowledged must be on disk all the same.
            process.kill()
            drained.close()


class _Drain:
    """Reads a pipe's first line, and hands the rest to a process that throws it away."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._sink: subprocess.Popen[bytes] | None = None

    def first_line(self, seconds: float) -> bytes:
        line = b""
        deadline = time.perf_counter() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._pipe, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(max(0, deadline - time.perf_counter())):
                    raise TimeoutError("a server did not start")
                byte = os.read(self._pipe, 1)
                if not byte:
                    raise ConnectionError("a server ended before it was ready")
                line += byte
        # A reader in Python would compete with the load for its core.
        self._sink = subprocess.Popen(["cat"], stdin=self._pipe, stdout=subprocess.DEVNULL)
        return line

    def close(self) -> None:
        os.close(self._pipe)
        if self._sink is not None:
            self._sink.wait(_READY_S)


def query(database: Path, sql: str) -> list[tuple[Any, ...]]:  # Any: columns
    """Read a database from outside, also while others write to it."""
    with closing(sqlite3.connect(database, timeout=20)) as connection:
        return connection.execute(sql).fetchall()


def messages(data: Path) -> int:
    """Return how many messages are stored below a data folder."""
    return int(query(data / STORE, 'SELECT count(*) FROM "Message"')[0][0])


def delivered(data: Path) -> int:
    """Return how many of them are delivered."""
    return int(query(data / STORE, "SELECT count(*) FROM \"Message\" WHERE status = 'delivered'")[0][0])


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Look again and again until something holds; say whether it came to hold in time."""
    deadline = time.perf_counter() + seconds
    never = Event()
    while not condition():
        if time.perf_counter() > deadline:
            return False
        never.wait(_LOOK_AGAIN_S)
    return True
