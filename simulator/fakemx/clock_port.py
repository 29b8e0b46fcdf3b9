"""The one thing the network asks of time: what it is now, and waiting.

No clock lives here. The same network runs on real time, on a clock that a test moves by hand, and on a loop
whose time is virtual, because nothing in this package asks the machine.
"""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Where the network reads the time and where it waits."""

    def now(self) -> datetime:
        """Return the present moment, aware and in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return once ``seconds`` have passed on this clock."""
        ...
