"""Moving the sandbox's clock so that whatever falls due on the way runs, in order, before the clock goes on.

Time may only move on when nothing is left to do now: all who work are waiting for it, and no socket has anything for
anybody.
An attempt that is under way then waits for a fake server that is slow on purpose, or for one that will never answer.
"""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Protocol

from fakemx.clock import MovableClock

# Passes of the loop in a row that must find nothing to do. Bytes on loopback arrive within one pass; the end of
# a connection takes two or three to reach the server's side.
_QUIET_PASSES = 25

# For whom an attempt waits is known when a fake server sleeps for its sake. Where none does, only silence tells a
# packet that is swallowed from one that the system has yet to bring.
_SILENCE_S = 0.01


class Worker(Protocol):
    """Somebody who works at due times."""

    @property
    def at_rest(self) -> bool:
        """Whether nothing but time, or what is under way, can give it something to do."""
        ...

    @property
    def under_way(self) -> int:
        """How much has been begun and is not done."""
        ...


class Timekeeper:
    """Advances a clock in steps from one timer to the next.

    Args:
        workers: those who work now; others may have taken their places by the next call.
        heard: how often a socket had something for the loop so far.
    """

    def __init__(
        self, clock: MovableClock, workers: Callable[[], Collection[Worker]], heard: Callable[[], int]
    ) -> None:
        self._clock = clock
        self._workers = workers
        self._heard = heard
        self._moving = asyncio.Lock()
        self._stopped = False

    async def advance(self, target: datetime) -> None:
        """Move to ``target``; return when all that fell due by then has run, or ``stop`` was called."""
        async with self._moving:
            await self.settle()
            while not self._stopped and (instant := self._clock.next_timer()) and instant < target:
                self._clock.move_to(max(instant, self._clock.now()))
                await self.settle()
            if not self._stopped and target > self._clock.now():
                self._clock.move_to(target)
            await self.settle()

    def stop(self) -> None:
        """Have the clock moved no further; from any thread, and for good."""
        self._stopped = True

    async def settle(self) -> None:
        """Return when nothing is left to do at this instant."""
        await self._pass_quietly()
        while sum(worker.under_way for worker in self._workers()) > self._clock.sleepers:
            before = self._heard()
            await asyncio.sleep(_SILENCE_S)  # noqa: TID251  # of the machine's time: it is the system we wait for
            if self._heard() == before:
                return
            await self._pass_quietly()

    async def _pass_quietly(self) -> None:
        quiet = 0
        while quiet < _QUIET_PASSES:
            before = self._heard()
            await asyncio.sleep(0)  # noqa: TID251  # one pass of the loop; waits for no time
            at_rest = all(worker.at_rest for worker in self._workers())
            quiet = quiet + 1 if at_rest and self._heard() == before else 0
