"""Moving the sandbox's clock so that whatever falls due on the way runs, in order, before the clock goes on.

Time may only move on when nothing is left to do now: the engine waits for time, and no socket has anything for anybody.
An attempt that is under way then waits for a fake server that is slow on purpose, or for one that will never answer.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from fakemx.clock import MovableClock
from justemails.delivery.engine import Engine

# Passes of the loop in a row that must find nothing to do. Bytes on loopback arrive within one pass; the end of
# a connection takes two or three to reach the server's side.
_QUIET_PASSES = 25

# For whom an attempt waits is known when a fake server sleeps for its sake. Where none does, only silence tells a
# packet that is swallowed from one that the system has yet to bring.
_SILENCE_S = 0.01


class Timekeeper:
    """Advances a clock in steps from one timer to the next.

    Args:
        heard: how often a socket had something for the loop so far.
    """

    def __init__(self, clock: MovableClock, engine: Engine, heard: Callable[[], int]) -> None:
        self._clock = clock
        self._engine = engine
        self._heard = heard
        self._moving = asyncio.Lock()

    async def advance(self, target: datetime) -> None:
        """Move to ``target``; return when all that fell due by then has run."""
        async with self._moving:
            await self.settle()
            while (instant := self._clock.next_timer()) and instant < target:
                self._clock.move_to(max(instant, self._clock.now()))
                await self.settle()
            if target > self._clock.now():
                self._clock.move_to(target)
            await self.settle()

    async def settle(self) -> None:
        """Return when nothing is left to do at this instant."""
        await self._pass_quietly()
        while self._engine.under_way > self._clock.sleepers:
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
            quiet = quiet + 1 if self._engine.at_rest and self._heard() == before else 0
