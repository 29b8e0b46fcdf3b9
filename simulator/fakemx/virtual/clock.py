"""A clock on a virtual loop: what the fake network and the reference ask of time."""

import asyncio
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta

from fakemx.clock import EXAMPLE_INSTANT
from fakemx.virtual.loop import VirtualLoop


class VirtualClock:
    """The time of day that it was when the loop was made, plus the loop's own time."""

    def __init__(self, loop: VirtualLoop, start: datetime = EXAMPLE_INSTANT) -> None:
        self._loop = loop
        self._start = start

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._loop.time())

    def monotonic_ns(self) -> int:
        return round(self._loop.time() * 1_000_000) * 1_000  # whole microseconds, as ``now`` has them

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        return asyncio.timeout(seconds)  # noqa: TID251  # the loop's own time is the virtual one

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)  # noqa: TID251  # likewise
