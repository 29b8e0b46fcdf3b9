"""A clock that its owner can move, for real sockets: it runs like a real one, or stands still until told.

    clock = MovableClock(start=datetime(2026, 4, 6, 12, tzinfo=UTC), running=False)
    async with clock.timeout(60): ...        # ends after a minute of this clock's time
    clock.move_to(clock.next_timer())        # jump to the next thing that waits

``now`` may be asked from any thread; timers belong to one event loop, and the clock is moved on that loop.
Timers that are passed by a jump fire in the order of their instants.
"""

import asyncio
import heapq
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

_NS = 1_000_000_000
_FEW = 100

EXAMPLE_INSTANT = datetime(2026, 4, 6, 12, tzinfo=UTC)
"""The instant that the API document's examples show; a virtual clock starts here, never at today's date."""


@dataclass(order=True, slots=True)
class _Timer:
    deadline_ns: int
    order: int
    fire: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)
    done: bool = field(default=False, compare=False)


def _do_nothing() -> None:
    """Stand in the place of what a cancelled timer would have done."""


@dataclass(frozen=True, slots=True)
class _State:
    """Elapsed time is ``base_ns``, plus what the machine's clock has run since ``since_ns`` while running."""

    running: bool
    base_ns: int
    since_ns: int


class MovableClock:
    """Time that runs or stands, and can be moved forward, never back."""

    def __init__(self, start: datetime | None = None, *, running: bool = True) -> None:
        self._start = start or datetime.now(UTC)
        self._state = _State(running, 0, time.monotonic_ns())
        self._timers: list[_Timer] = []
        self._cancelled = 0  # of them
        self._order = itertools.count()
        self._alarm: asyncio.TimerHandle | None = None
        self._sleepers = 0

    def now(self) -> datetime:
        return self._start + timedelta(microseconds=self.monotonic_ns() // 1000)

    def monotonic_ns(self) -> int:
        state = self._state  # one read: another thread may replace it
        return state.base_ns + (time.monotonic_ns() - state.since_ns if state.running else 0)

    @property
    def running(self) -> bool:
        return self._state.running

    @property
    def sleepers(self) -> int:
        """How many ``sleep`` calls are waiting: fake servers that are slow on purpose."""
        return self._sleepers

    def run(self) -> None:
        """Let time pass as the machine's does, from the clock's own instant on."""
        self._state = _State(True, self.monotonic_ns(), time.monotonic_ns())
        self._set_alarm()

    def stand_still(self) -> None:
        """Let time pass only by ``move_to``."""
        # To the next whole microsecond, which is as fine as ``move_to`` is: a minute from now is then a whole minute.
        self._state = _State(False, -(-self.monotonic_ns() // 1000) * 1000, 0)
        self._set_alarm()

    def move_to(self, instant: datetime) -> None:
        """Jump forward and fire the timers that are then due.

        Raises:
            ValueError: the instant is in the past.
        """
        elapsed_ns = (instant - self._start) // timedelta(microseconds=1) * 1000
        if elapsed_ns < self.monotonic_ns() // 1000 * 1000:
            raise ValueError("time cannot go backwards")
        self._state = _State(self.running, max(elapsed_ns, self.monotonic_ns()), time.monotonic_ns())
        self._fire_due()

    def next_timer(self) -> datetime | None:
        """Return the instant of the next timer, or None when nothing waits."""
        while self._timers and self._timers[0].cancelled:
            heapq.heappop(self._timers)
            self._cancelled -= 1
        if not self._timers:
            return None
        # Rounded up, so that a jump to this instant does reach the timer.
        return self._start + timedelta(microseconds=-(-self._timers[0].deadline_ns // 1000))

    async def sleep(self, seconds: float) -> None:
        """Wait for ``seconds`` of this clock's time."""
        done = asyncio.Event()
        timer = self._call_in(seconds, done.set)
        self._sleepers += 1
        try:
            await done.wait()
        finally:
            self._sleepers -= 1
            self._cancel(timer)

    @asynccontextmanager
    async def timeout(self, seconds: float) -> AsyncIterator[None]:
        """Cancel the body after ``seconds`` of this clock's time, and raise TimeoutError."""
        async with asyncio.timeout(None) as scope:
            loop = asyncio.get_running_loop()
            timer = self._call_in(seconds, lambda: scope.reschedule(loop.time()))
            try:
                yield
            finally:
                self._cancel(timer)

    def _call_in(self, seconds: float, fire: Callable[[], None]) -> _Timer:
        timer = _Timer(self.monotonic_ns() + int(seconds * _NS), next(self._order), fire)
        heapq.heappush(self._timers, timer)
        self._set_alarm()
        return timer

    def _cancel(self, timer: _Timer) -> None:
        if timer.done or timer.cancelled:
            return
        timer.cancelled = True
        timer.fire = _do_nothing  # lets go of whatever it held
        self._cancelled += 1
        # Most timers are time-outs that never come. Once half of all are cancelled ones, they are swept out.
        if self._cancelled > max(_FEW, len(self._timers) // 2):
            self._timers = [one for one in self._timers if not one.cancelled]
            heapq.heapify(self._timers)
            self._cancelled = 0

    def _set_alarm(self) -> None:
        """Have the loop call back at the next timer, if time runs by itself."""
        if self._alarm:
            self._alarm.cancel()
            self._alarm = None
        if self.running and self.next_timer():
            wait_ns = self._timers[0].deadline_ns - self.monotonic_ns()
            self._alarm = asyncio.get_running_loop().call_later(max(0, wait_ns) / _NS, self._fire_due)

    def _fire_due(self) -> None:
        now_ns = self.monotonic_ns()
        while self._timers and (self._timers[0].cancelled or self._timers[0].deadline_ns <= now_ns):
            timer = heapq.heappop(self._timers)
            if timer.cancelled:
                self._cancelled -= 1
            else:
                timer.done = True
                timer.fire()
        self._set_alarm()
