"""The judge's own time: the one module of the suite that reads the machine's clock."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

Wait = Callable[[float], None]
"""Waits for so many seconds; on a server's clock that can be moved, it moves it."""


def now() -> datetime:
    """Return the time of day, in UTC."""
    return datetime.now(UTC)


def elapsed_s() -> float:
    """Return seconds that never go backwards; only differences mean anything."""
    return time.monotonic()


def wait(seconds: float) -> None:
    """Wait on the machine's clock."""
    threading.Event().wait(max(0.0, seconds))
