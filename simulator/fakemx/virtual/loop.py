"""An asyncio event loop whose clock jumps: when nothing is ready, it is already the time of the next timer.

No selector, no sockets, no threads, and no look at the machine's clock: a run depends on nothing but the program and
the seeds it was given. Connections go over a ``MemoryNetwork``.

    loop = VirtualLoop(MemoryNetwork(random.Random(1)))
    loop.run_until_complete(asyncio.sleep(4 * 86_400))      # returns at once; loop.time() is four days

What asyncio does not do, and this does:

- Timers with equal deadlines run in the order in which they were set. asyncio's heap looks at the deadline only, which
  is enough to swap two chunks of a stream.
- One callback is one step. ``after_step`` is called after each, and what it raises ends the run.
- A loop in which nothing can ever happen again raises DeadlockError, and names who waits.
- ``kill`` ends a simulated process as ``kill -9`` does: none of its callbacks runs again, not even a ``finally``.
- ``pause`` and ``resume`` hold one up, as ``kill -STOP`` and ``kill -CONT`` do.

It stands on private names of asyncio (``_ready``, ``_scheduled``, ``_run_once``, Handle's ``_run``, ``_cancelled`` and
``_context``, TimerHandle's ``_when`` and ``_scheduled``); a canary test says which one a new Python has moved.
"""

import asyncio
import contextlib
import heapq
import itertools
import socket
from asyncio import base_events, events
from collections import defaultdict, deque
from collections.abc import Callable
from contextvars import Context, copy_context
from ipaddress import ip_address
from typing import Any, TypeVar, TypeVarTuple, Unpack

from fakemx.virtual.network import MemoryNetwork
from fakemx.virtual.owner import OWNER

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_FEW = 100


class DeadlockError(Exception):
    """Nothing is ready, no timer is set, and somebody waits."""


class StepLimitError(Exception):
    """More callbacks have run than was allowed: something spins."""


class _Timer(events.TimerHandle):
    """A timer that comes after those with its deadline that were set before it."""

    __slots__ = ("order",)

    order: int

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, _Timer):
            return NotImplemented
        return (self.when(), self.order) < (other.when(), other.order)


class VirtualLoop(base_events.BaseEventLoop):
    """A loop on virtual time; see the module.

    Attributes:
        steps: how many callbacks have run.
        after_step: called after each of them.
        step_limit: how many may run.
    """

    # BaseEventLoop's own, which typeshed does not show. Any: handles with private members.
    _ready: deque[Any]
    _scheduled: list[Any]
    _stopping: bool
    _timer_cancelled_count: int

    def __init__(self, network: MemoryNetwork | None = None) -> None:
        super().__init__()
        self.network = network
        self.steps = 0
        self.after_step: Callable[[], None] | None = None
        self.step_limit: int | None = None
        self._now = 0.0
        self._order = itertools.count()
        self._dead: set[str] = set()
        self._held: dict[str, list[Any]] = {}  # handles of processes that are paused
        self._tasks_of: defaultdict[str, list[asyncio.Task[Any]]] = defaultdict(list)
        if network is not None:
            network.attach(self)

    def time(self) -> float:
        """Return the virtual seconds since the loop was made."""
        return self._now

    def kill(self, owner: str) -> None:
        """End the process ``owner``: its callbacks are dropped from here on, its connections reset.

        Its tasks are kept until the loop is closed, so that no ``finally`` of theirs runs meanwhile.
        """
        self._dead.add(owner)
        self._held.pop(owner, None)
        for task in self._tasks_of[owner]:
            task._log_destroy_pending = False  # type: ignore[attr-defined]  # it is meant to stay pending
        if self.network is not None:
            self.network.abort_connections(owner)

    def pause(self, owner: str) -> None:
        """Hold the process ``owner`` up: whatever becomes its turn waits for ``resume``."""
        self._held.setdefault(owner, [])

    def resume(self, owner: str) -> None:
        """Let a paused process go on, with all that it has missed, in order."""
        self._ready.extend(self._held.pop(owner, ()))

    def living_tasks(self) -> list[asyncio.Task[Any]]:
        """Return the tasks that are not done, without those of killed processes."""
        dead = {task for owner in self._dead for task in self._tasks_of[owner]}
        return [task for task in asyncio.all_tasks(self) if task not in dead]

    def close(self) -> None:
        """Close the loop, every connection of its network, and whatever still waits for something."""
        if not self.is_closed():
            if self.network is not None:
                self.network.close()
            self.after_step = self.step_limit = None
            self._ready.clear()
            self.run_until_complete(self._close_coroutines())
        super().close()

    async def _close_coroutines(self) -> None:
        """Unwind what waits, now and in a running loop, rather than whenever the garbage collector comes by."""
        for task in asyncio.all_tasks(self):
            if task is not asyncio.current_task():
                task._log_destroy_pending = False  # type: ignore[attr-defined]  # it is meant to stay pending
                with contextlib.suppress(RuntimeError):  # it wants to wait once more
                    task.get_coro().close()

    # What asyncio asks of a loop.

    def create_task(
        self, coro: Any, *, name: object = None, context: Context | None = None
    ) -> asyncio.Task[Any]:  # Any: asyncio's own signature is generic in ways that mypy cannot follow here
        task: asyncio.Task[Any] = super().create_task(coro, name=name, context=context)
        owner = (context or copy_context()).get(OWNER, "")
        if owner:
            alive = [one for one in self._tasks_of[owner] if not one.done()]
            self._tasks_of[owner] = [*alive, task]
        return task

    def call_at(
        self, when: float, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        self._check_closed()  # type: ignore[attr-defined]  # BaseEventLoop's own
        timer = _Timer(when, callback, args, self, context)
        timer.order = next(self._order)
        heapq.heappush(self._scheduled, timer)
        timer._scheduled = True  # type: ignore[attr-defined]  # so that its cancelling is counted
        return timer

    def call_soon_threadsafe(
        self, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        return self.call_soon(callback, *args, context=context)  # there are no threads here

    def run_in_executor(self, executor: object, func: Callable[[Unpack[Ts]], T], *args: *Ts) -> "asyncio.Future[T]":
        """Run a function at once: threads would make a run depend on chance."""
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as ex:  # noqa: BLE001  # it belongs to whoever awaits the future
            future.set_exception(ex)
        return future

    async def getaddrinfo(self, host: Any, port: Any, **_: Any) -> Any:  # Any: as in asyncio
        """Return an address that is one already.

        Raises:
            OSError: it is a name; there is no system resolver here.
        """
        return [_address_info(str(host), int(port))]

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        if options.get("ssl") or options.get("sock"):
            raise NotImplementedError("only plain connections by address; use start_tls")
        local = (options.get("local_addr") or (None,))[0]
        return await self._net.connect(protocol_factory, str(host), int(port), local)

    async def create_server(self, protocol_factory: Any, host: Any = None, port: Any = None, **_: Any) -> Any:
        return self._net.listen(protocol_factory, str(host), int(port or 0))

    async def create_datagram_endpoint(
        self, protocol_factory: Any, local_addr: Any = None, remote_addr: Any = None, **_: Any
    ) -> Any:
        protocol = protocol_factory()
        return self._net.datagrams.open(protocol, local_addr, remote_addr), protocol

    @property
    def _net(self) -> MemoryNetwork:
        if self.network is None:
            raise OSError("this loop has no network")
        return self.network

    def _run_once(self) -> None:
        """Run one callback; when none is ready, jump to the next timer first."""
        self._take_due_timers()
        if not self._ready:
            if self._stopping:
                return
            if not self._scheduled:
                raise DeadlockError(f"nothing can happen any more; {self._who_waits()}")
            self._now = max(self._now, self._scheduled[0].when())
            self._take_due_timers()
        handle = self._ready.popleft()
        if handle._cancelled or self._is_kept_from_running(handle):
            return
        self.steps += 1
        handle._run()
        if self.step_limit is not None and self.steps > self.step_limit:
            raise StepLimitError(f"{self.steps} callbacks have run, and it is {self._now} s; {self._who_waits()}")
        if self.after_step is not None:
            self.after_step()

    def _is_kept_from_running(self, handle: Any) -> bool:  # Any: a handle with its private members
        if not self._dead and not self._held:
            return False
        owner = handle._context.get(OWNER, "")
        if owner in self._held:
            self._held[owner].append(handle)
            return True
        return owner in self._dead

    def _take_due_timers(self) -> None:
        timers = self._scheduled
        # Most timers are time-outs that never come: swept out once they are half of all.
        if self._timer_cancelled_count > max(_FEW, len(timers) // 2):
            timers[:] = [timer for timer in timers if not timer._cancelled]
            heapq.heapify(timers)
            self._timer_cancelled_count = 0
        while timers and (timers[0]._cancelled or timers[0].when() <= self._now):
            timer = heapq.heappop(timers)
            timer._scheduled = False
            if timer._cancelled:
                self._timer_cancelled_count -= 1
            else:
                self._ready.append(timer)

    def _who_waits(self) -> str:
        return "waiting: " + (", ".join(sorted(map(_place, self.living_tasks()))) or "nobody")

    def _write_to_self(self) -> None:
        """Wake nobody: there is one thread."""

    def _process_events(self, event_list: object) -> None:
        """Look at nothing: there is no selector."""


def _place(task: asyncio.Task[Any]) -> str:
    frames = task.get_stack(limit=1)
    where = f" at {frames[0].f_code.co_filename.rpartition('/')[2]}:{frames[0].f_lineno}" if frames else ""
    coroutine = task.get_coro()
    return f"{getattr(coroutine, '__qualname__', coroutine)}{where}"


def _address_info(host: str, port: int) -> tuple[Any, ...]:
    try:
        family = socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET
    except ValueError:
        raise OSError(f"{host!r} is no address, and there is no system resolver on a virtual loop") from None
    return (family, socket.SOCK_STREAM, 6, "", (host, port))
