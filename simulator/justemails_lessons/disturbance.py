"""A store that is out of order for a while, as when a disk is full: what the API then says, lessons want to see."""

import logging
from datetime import datetime, timedelta
from typing import Any

from justemails.ports import Clock
from justemails.store import Store

# The fault is made on purpose, so the report of it, which a real server's people need, has nobody to read it.
logging.getLogger("justemails").addHandler(logging.NullHandler())


class OutOfOrderError(Exception):
    """What the store raises meanwhile."""


class UnsteadyStore:
    """A store that can be disturbed; all else is the store's own."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._well_at = datetime.min.replace(tzinfo=clock.now().tzinfo)

    def disturb(self, span: timedelta) -> None:
        """Be out of order from now on for so long."""
        self._well_at = self._clock.now() + span

    def __getattr__(self, name: str) -> Any:  # Any: whatever the store has by this name
        if self._clock.now() < self._well_at:
            raise OutOfOrderError("no space left on device")
        return getattr(self._store, name)
