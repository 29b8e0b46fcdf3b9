"""Moving the sandbox's clock so that whatever falls due on the way runs, in order, before the clock goes on.

Time may only move on when nothing is left to do now. That is so when the engine waits for time, and every
attempt that is under way waits for a fake server that is slow on purpose.
"""

import asyncio
from datetime import datetime

from fakemx.clock import MovableClock
from justemails.delivery.engine import Engine

# Passes of the loop in a row that must find nothing to do. Bytes on loopback arrive within one pass; the end of
# a connection takes two or three to reach the server's side.
_QUIET_PASSES = 25


class Timekeeper:
    """Advances a clock in steps from one timer to the next."""

    def __init__(self, clock: MovableClock, engine: Engine) -> None:
        self._clock = clock
        self._engine = engine
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
        quiet = 0
        while quiet < _QUIET_PASSES:
            quiet = quiet + 1 if self._at_rest() else 0
            await asyncio.sleep(0)  # noqa: TID251  # one pass of the loop; waits for no time

    def _at_rest(self) -> bool:
        return self._engine.at_rest and self._engine.under_way <= self._clock.sleepers
