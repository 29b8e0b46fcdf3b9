"""A loop that does what a store says is due, and waits for the next due time in between.

Due times are in the store and not in sleeping tasks, so a restart only reads them again. Runs on any event loop and
any clock.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from justemails.ports import Clock

_log = logging.getLogger("justemails")

_PAUSE_S = 5


class DueLoop:
    """Does what is due, again and again.

    Args:
        name: what the log calls it.
        next_due: when there is something to do; None: not before ``wake``.
        act: does, or begins, everything that is due by now.
        look_again_s: the longest wait; needed where others write to the store without calling ``wake``.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        next_due: Callable[[], datetime | None],
        act: Callable[[], Awaitable[None]],
        look_again_s: float | None = None,
    ) -> None:
        self._name = name
        self._clock = clock
        self._next_due = next_due
        self._act = act
        self._look_again_s = look_again_s
        self._wake = asyncio.Event()
        self._waiting = False
        self.stopping = False

    @property
    def at_rest(self) -> bool:
        """Whether nothing but time, or what it has begun, can give it something to do."""
        return self._waiting and not self._wake.is_set()

    def wake(self) -> None:
        """Look at the store again."""
        self._wake.set()

    async def run(self) -> None:
        """Go on until ``stop``."""
        while not self.stopping:
            self._wake.clear()
            try:
                due = self._next_due()
                if due is not None and due <= self._clock.now():
                    await self._act()
                else:
                    await self._wait(due)
            except Exception:  # noqa: BLE001  # logged; a loop that dies would strand all that is due
                # The store cannot be read or written now (a full disk, say). What is in it waits for us.
                _log.exception("%s pauses for %s s", self._name, _PAUSE_S)
                await self._pause(_PAUSE_S)

    def stop(self) -> None:
        """Begin nothing new."""
        self.stopping = True
        self._wake.set()

    async def _wait(self, due: datetime | None) -> None:
        waits = [] if due is None else [(due - self._clock.now()).total_seconds()]
        if self._look_again_s is not None:
            waits.append(self._look_again_s)
        self._waiting = True
        try:
            if waits:
                await self._pause(min(waits))
            else:
                await self._wake.wait()
        finally:
            self._waiting = False

    async def _pause(self, seconds: float) -> None:
        """Wait for some time, or until woken."""
        with contextlib.suppress(TimeoutError):
            async with self._clock.timeout(seconds):
                await self._wake.wait()
