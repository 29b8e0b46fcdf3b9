"""The loop whose clock jumps: time, order, steps, deadlocks, and killing."""

import asyncio
import contextlib
import inspect
import time
from asyncio import base_events, events
from collections.abc import Callable, Coroutine, Iterator
from contextvars import copy_context
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakemx.virtual.clock import VirtualClock
from fakemx.virtual.loop import DeadlockError, StepLimitError, VirtualLoop
from fakemx.virtual.owner import OWNER

T = TypeVar("T")
DAY = 86_400.0


@contextlib.contextmanager
def new_loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop()
    try:
        yield loop
    finally:
        loop.close()


def run(main: Coroutine[Any, Any, T]) -> tuple[T, VirtualLoop]:
    with new_loop() as loop:
        return loop.run_until_complete(main), loop


async def pause(seconds: float) -> None:
    await asyncio.sleep(seconds)  # noqa: TID251  # on the virtual loop


async def pauses(*seconds: float) -> None:
    await asyncio.gather(*map(pause, seconds))


def test_four_days_pass_at_once() -> None:
    began = time.perf_counter()

    _, loop = run(pause(4 * DAY))

    assert loop.time() == 4 * DAY
    assert loop.steps < 10
    assert time.perf_counter() - began < 5  # generous: it is a millisecond


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.0, 2.0]), max_size=30))
def test_timers_run_by_deadline_and_equal_ones_in_the_order_they_were_set(delays: list[float]) -> None:
    """The order is that of a stable sort by deadline."""
    with new_loop() as loop:
        ran: list[int] = []
        for number, delay in enumerate(delays):
            loop.call_later(delay, ran.append, number)

        loop.run_until_complete(pause(3))

    assert ran == [number for _, number in sorted(zip(delays, range(len(delays)), strict=True), key=lambda one: one[0])]


def test_a_timer_that_is_due_now_is_not_starved_by_callbacks_that_never_cease() -> None:
    async def main() -> int:
        loop, passes, done = asyncio.get_running_loop(), 0, asyncio.Event()
        loop.call_later(0, done.set)
        while not done.is_set():
            passes += 1
            await pause(0)
        return passes

    assert run(main())[0] < 5


def test_a_deadlock_is_an_error_that_names_who_waits() -> None:
    async def waits_for_nothing() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(DeadlockError, match=r"waits_for_nothing at test_loop\.py:\d+"):
        run(waits_for_nothing())


def test_a_loop_that_spins_meets_its_limit() -> None:
    async def spins() -> None:
        while True:
            await pause(0)

    with new_loop() as loop, pytest.raises(StepLimitError, match="spins"):
        loop.step_limit = 1_000
        loop.run_until_complete(spins())


def test_every_callback_is_one_step() -> None:
    with new_loop() as loop:
        steps: list[int] = []
        loop.after_step = lambda: steps.append(loop.steps)

        loop.run_until_complete(pauses(1, 1, 2))

        assert steps == list(range(1, loop.steps + 1))
        assert loop.steps > 6


def test_what_is_raised_after_a_step_ends_the_run() -> None:
    def stop() -> None:
        if loop.steps == 3:
            raise RuntimeError("enough")

    with new_loop() as loop:
        loop.after_step = stop
        with pytest.raises(RuntimeError, match="enough"):
            loop.run_until_complete(pauses(*range(9)))

        assert loop.steps == 3
        loop.after_step = None
        loop.run_until_complete(pause(10))  # lets what is left come to its end


def test_time_outs_queues_events_and_async_generators_work() -> None:
    async def numbers() -> Any:
        for number in range(3):
            await pause(1)
            yield number

    async def main() -> tuple[list[int], str, int]:
        queue: asyncio.Queue[int] = asyncio.Queue()
        producer = asyncio.create_task(queue.put(7))
        try:
            async with asyncio.timeout(5):  # noqa: TID251  # on the virtual loop
                await asyncio.Event().wait()
        except TimeoutError:
            ended = "timed out"
        await producer
        return [number async for number in numbers()], ended, await asyncio.wait_for(queue.get(), 1)

    (counted, ended, put), loop = run(main())

    assert (counted, ended, put) == ([0, 1, 2], "timed out", 7)
    assert loop.time() == 8


def test_a_cancelled_timer_does_not_move_the_clock() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        for _ in range(1_000):
            loop.call_later(DAY, print).cancel()
        await pause(1)

    _, loop = run(main())

    assert loop.time() == 1


def test_the_handles_of_cancelled_timers_are_swept_out() -> None:
    with new_loop() as loop:

        async def main() -> int:
            for _ in range(10_000):
                loop.call_later(DAY, print).cancel()
                await pause(0)
            return len(loop._scheduled)

        assert loop.run_until_complete(main()) < 500


def test_an_exception_in_a_callback_reaches_the_exception_handler() -> None:
    seen: list[str] = []
    with new_loop() as loop:
        loop.set_exception_handler(lambda _, context: seen.append(str(context.get("exception"))))
        loop.call_soon(lambda: 1 / 0)
        loop.run_until_complete(pause(1))

    assert seen == ["division by zero"]


def test_an_executor_runs_at_once_and_in_this_thread() -> None:
    async def main() -> tuple[int, str]:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(None, lambda: 1 // 0)
        except ZeroDivisionError as ex:
            return await loop.run_in_executor(None, abs, -3), str(ex)
        raise AssertionError

    assert run(main())[0] == (3, "integer division or modulo by zero")


def test_there_is_no_system_resolver() -> None:
    async def look_up(host: str) -> Any:
        return await asyncio.get_running_loop().getaddrinfo(host, 25)

    assert run(look_up("192.0.2.1"))[0][0][4] == ("192.0.2.1", 25)
    with pytest.raises(OSError, match=r"'mx\.example' is no address"):
        run(look_up("mx.example"))


class Victim:
    """A process that would like to have the last word."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.ticks = 0
        self.last_words = 0
        context = copy_context()
        context.run(OWNER.set, "victim")
        self.task = loop.create_task(self._live(), context=context)

    async def _live(self) -> None:
        await asyncio.gather(self._tick(), self._tick())

    async def _tick(self) -> None:
        try:
            while True:
                await pause(1)
                self.ticks += 1
        finally:
            self.last_words += 1


def test_a_killed_process_does_nothing_more_not_even_its_finally() -> None:
    with new_loop() as loop:
        victim, bystander = Victim(loop), asyncio.ensure_future(pause(20), loop=loop)
        loop.call_later(3.5, loop.kill, "victim")

        loop.run_until_complete(bystander)

        assert (victim.ticks, victim.last_words) == (6, 0)
        assert not victim.task.done()


def test_a_paused_process_goes_on_with_all_that_it_has_missed() -> None:
    with new_loop() as loop:
        victim = Victim(loop)
        loop.call_later(3.5, loop.pause, "victim")
        loop.call_later(9.5, loop.resume, "victim")

        loop.run_until_complete(pause(9.25))
        held = victim.ticks
        loop.run_until_complete(pause(3))

        assert held == 6
        assert victim.ticks == 12  # one tick late each, then every second again
        loop.kill("victim")


def test_killing_one_process_leaves_the_others() -> None:
    with new_loop() as loop:
        victim = Victim(loop)
        loop.kill("somebody else")

        loop.run_until_complete(pause(3.5))

        assert victim.ticks == 6
        loop.kill("victim")


def test_the_clock_is_the_loops() -> None:
    async def main() -> list[object]:
        clock = VirtualClock(loop)
        start, start_ns = clock.now(), clock.monotonic_ns()
        await clock.sleep(90.25)
        with contextlib.suppress(TimeoutError):
            async with clock.timeout(9.75):
                await asyncio.Event().wait()
        return [(clock.now() - start).total_seconds(), clock.monotonic_ns() - start_ns]

    with new_loop() as loop:
        assert loop.run_until_complete(main()) == [100.0, 100_000_000_000]


PRIVATE: list[tuple[str, Callable[[], bool]]] = [
    ("BaseEventLoop._ready", lambda: "_ready" in vars(_plain_loop())),
    ("BaseEventLoop._scheduled", lambda: "_scheduled" in vars(_plain_loop())),
    ("BaseEventLoop._stopping", lambda: "_stopping" in vars(_plain_loop())),
    ("BaseEventLoop._timer_cancelled_count", lambda: "_timer_cancelled_count" in vars(_plain_loop())),
    ("BaseEventLoop._run_once", lambda: hasattr(base_events.BaseEventLoop, "_run_once")),
    ("BaseEventLoop._check_closed", lambda: hasattr(base_events.BaseEventLoop, "_check_closed")),
    ("run_forever calls _run_once", lambda: "_run_once()" in inspect.getsource(base_events.BaseEventLoop.run_forever)),
    ("Handle._run", lambda: hasattr(events.Handle, "_run")),
    ("Handle._cancelled", lambda: "_cancelled" in events.Handle.__slots__),
    ("Handle._context", lambda: "_context" in events.Handle.__slots__),
    ("TimerHandle._scheduled", lambda: "_scheduled" in events.TimerHandle.__slots__),
    ("Task._log_destroy_pending", lambda: hasattr(asyncio.Task, "_log_destroy_pending")),
    ("start_tls asks _start_tls_compatible", lambda: "_start_tls_compatible" in inspect.getsource(base_events)),
]


def _plain_loop() -> base_events.BaseEventLoop:
    loop = base_events.BaseEventLoop()
    loop.close()
    return loop


@pytest.mark.parametrize(("name", "is_there"), PRIVATE, ids=[name for name, _ in PRIVATE])
def test_this_python_has_the_private_name_that_the_loop_stands_on(name: str, is_there: Callable[[], bool]) -> None:
    assert is_there(), f"asyncio no longer has {name}; fakemx.virtual.loop has to be looked at"
