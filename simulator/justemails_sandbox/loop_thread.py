"""One asyncio loop in a thread of its own, for callers in other threads."""

import asyncio
import selectors
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Listening(selectors.DefaultSelector):
    """A selector that counts what it hears of sockets."""

    heard = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(timeout)
        self.heard += len(ready)
        return ready


class LoopThread:
    """Runs coroutines on its loop and hands their results back."""

    def __init__(self, name: str) -> None:
        self._selector = _Listening()
        self._loop = asyncio.SelectorEventLoop(self._selector)
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    @property
    def heard(self) -> int:
        """How often a socket had something for the loop so far."""
        return self._selector.heard

    def run(self, coroutine: Coroutine[Any, Any, T], timeout_s: float | None = None) -> T:  # Any: unused slots
        """Run a coroutine on the loop, wait for it, and return its result or raise its exception.

        Raises:
            TimeoutError: it took longer than ``timeout_s``; it is cancelled then.
        """
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result(timeout_s)
        except TimeoutError:
            future.cancel()
            raise

    def call_soon(self, callback: Callable[[], object]) -> None:
        """Have the loop call back, without waiting for it."""
        self._loop.call_soon_threadsafe(callback)

    def close(self) -> None:
        """Stop the loop and wait for its thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
