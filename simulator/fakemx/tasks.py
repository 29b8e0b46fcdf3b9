"""Tasks that run beside their owner, and end with it.

They are kept in the order in which they began. A set would cancel them in the order of their places in memory, which
is another one in each run.
"""

import asyncio
from collections.abc import Callable, Coroutine


class Tasks:
    """What an owner has started and not waited for.

    Args:
        fault: takes note of an exception that ends a task: a bug of ours.
    """

    def __init__(self, fault: Callable[[Exception], None]) -> None:
        self._fault = fault
        self._running: dict[asyncio.Task[None], None] = {}

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Begin, on the running loop."""
        task = asyncio.create_task(work)
        self._running[task] = None
        task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Cancel whatever still runs, and wait until it has ended."""
        running = tuple(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self._fault(error)
