"""The loop that keeps mail moving: claims what is due, runs the attempts, records the outcomes.

One task per message under way, none per message that waits: due times are in the store, so a restart only reads
them again. Runs on any event loop and any clock, without threads. Calls to the store are synchronous and short.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace

from justemails.delivery.attempt import Deliverer
from justemails.delivery.session import LeaseLostError
from justemails.delivery.settings import Phase
from justemails.ports import Clock
from justemails.records import Attempt, Claim, Outcome
from justemails.store import DeliveryQueue

Observer = Callable[[Claim, Outcome], None]

_log = logging.getLogger("justemails.delivery")

_PAUSE_S = 5


class Engine:
    """Delivers what a store holds.

    Args:
        observe: told of each outcome once it is recorded.
    """

    def __init__(
        self,
        queue: DeliveryQueue,
        deliverer: Deliverer,
        clock: Clock,
        observe: Observer = lambda claim, outcome: None,
    ) -> None:
        self._queue = queue
        self._deliverer = deliverer
        self._settings = deliverer.settings
        self._clock = clock
        self._observe = observe
        self._wake = asyncio.Event()
        self._at_rest = False
        self._tasks: dict[asyncio.Task[None], None] = {}  # in the order of their beginnings
        self._stopping = False

    @property
    def under_way(self) -> int:
        """How many messages are being delivered right now."""
        return len(self._tasks)

    @property
    def at_rest(self) -> bool:
        """Whether nothing but time, or an attempt under way, can give it something to do."""
        return self._at_rest and not self._wake.is_set()

    def wake(self) -> None:
        """Look at the store again: a message was accepted, or time has moved."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until ``stop``; then finish what is under way."""
        while not self._stopping:
            self._wake.clear()
            try:
                self._start_due()
                await self._wait_for_work()
            except Exception:  # noqa: BLE001  # logged; a loop that dies would strand all mail
                # The store cannot be read or written now (a full disk, say). What is in it waits for us.
                _log.exception("the delivery engine pauses for %s s", _PAUSE_S)
                await self._pause(_PAUSE_S)
        if self._tasks:
            await asyncio.wait(self._tasks)

    def stop(self) -> None:
        """Take nothing new; ``run`` returns once what is under way has ended."""
        self._stopping = True
        self._wake.set()

    def abort(self) -> None:
        """Stop, and cut short what is under way; its leases stay until they run out or are released."""
        self.stop()
        for task in self._tasks:
            task.cancel()

    def _start_due(self) -> None:
        free = self._settings.concurrency - len(self._tasks)
        now = self._clock.now()
        due = self._queue.next_due()
        if free > 0 and due is not None and due <= now:
            for claim in self._queue.claim(now, now + self._settings.lease, free):
                task = asyncio.create_task(self._deliver(claim))
                self._tasks[task] = None
                task.add_done_callback(self._ended)

    async def _wait_for_work(self) -> None:
        due = self._queue.next_due()
        full = len(self._tasks) >= self._settings.concurrency
        wait_s = None if due is None or full else (due - self._clock.now()).total_seconds()
        if wait_s is not None and wait_s <= 0:
            return
        self._at_rest = True
        try:
            if wait_s is None:
                await self._wake.wait()
            else:
                await self._pause(wait_s)
        finally:
            self._at_rest = False

    async def _pause(self, seconds: float) -> None:
        """Wait for some time, or until woken."""
        with contextlib.suppress(TimeoutError):
            async with self._clock.timeout(seconds):
                await self._wake.wait()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        self._wake.set()
        if not task.cancelled() and task.exception():
            # Our own fault. The lease keeps the message from being tried again at once, and loses nothing.
            _log.error("a delivery failed by a fault of ours", exc_info=task.exception())

    async def _deliver(self, claim: Claim) -> None:
        attempt = Attempt(claim.attempt, self._clock.now(), None, Phase.NONE)

        def before_dot(so_far: Attempt) -> bool:
            nonlocal attempt
            attempt = so_far
            return self._queue.note_in_doubt(claim, so_far)

        try:
            async with self._clock.timeout(self._settings.attempt_s):
                attempt = await self._deliverer.attempt(claim, before_dot)
        except LeaseLostError:
            _log.warning("%s: the lease was lost before the message was sent", claim.message_id)
            return
        except TimeoutError:
            attempt = replace(attempt, text="the attempt took too long")
        outcome = self._deliverer.outcome(claim, attempt, self._clock.now())
        if self._queue.finish(claim, outcome):
            self._observe(claim, outcome)
        else:
            _log.warning("%s: the lease was lost, the outcome %s is dropped", claim.message_id, outcome.status)
