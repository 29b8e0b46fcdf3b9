"""The clock that its owner can move."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from fakemx.clock import EXAMPLE_INSTANT, MovableClock


def still() -> MovableClock:
    return MovableClock(EXAMPLE_INSTANT, running=False)


def after(seconds: float) -> datetime:
    return EXAMPLE_INSTANT + timedelta(seconds=seconds)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)  # noqa: TID251  # one pass of the loop each


def test_it_stands_still_until_it_is_moved_and_never_goes_back() -> None:
    clock = still()

    before = (clock.now(), clock.monotonic_ns())
    asyncio.run(move(clock, 60))

    assert before == (EXAMPLE_INSTANT, 0)
    assert (clock.now(), clock.monotonic_ns()) == (after(60), 60 * 10**9)
    with pytest.raises(ValueError, match="backwards"):
        clock.move_to(after(59))


async def move(clock: MovableClock, seconds: float) -> None:
    clock.move_to(after(seconds))


def test_timers_that_a_jump_passes_fire_in_the_order_of_their_instants() -> None:
    fired: list[float] = []

    async def sleeper(clock: MovableClock, seconds: float) -> None:
        await clock.sleep(seconds)
        fired.append(seconds)

    async def whole() -> None:
        clock = still()
        tasks = [asyncio.create_task(sleeper(clock, seconds)) for seconds in (30, 10, 20, 10.5)]
        await settle()
        assert (clock.sleepers, clock.next_timer()) == (4, after(10))
        clock.move_to(after(25))
        await settle()
        assert (fired, clock.sleepers, clock.next_timer()) == ([10, 10.5, 20], 1, after(30))
        clock.move_to(after(30))
        await asyncio.gather(*tasks)

    asyncio.run(whole())

    assert fired == [10, 10.5, 20, 30]


def test_a_time_out_cancels_its_body_at_its_instant_and_not_before() -> None:
    async def whole() -> None:
        clock = still()

        async def wait() -> None:
            async with clock.timeout(60):
                await asyncio.Event().wait()

        task = asyncio.create_task(wait())
        await settle()
        clock.move_to(after(59.999999))
        await settle()
        assert not task.done()
        clock.move_to(after(60))
        with pytest.raises(TimeoutError):
            await task

    asyncio.run(whole())


def test_a_body_that_ends_in_time_leaves_no_timer() -> None:
    async def whole() -> None:
        clock = still()
        async with clock.timeout(60):
            await settle()
        assert clock.next_timer() is None

    asyncio.run(whole())


def test_time_outs_that_never_come_do_not_pile_up() -> None:
    async def whole() -> int:
        clock = still()
        for _ in range(10_000):
            async with clock.timeout(2700):
                pass
        return len(clock._timers)

    assert asyncio.run(whole()) < 1000


def test_a_running_clock_runs_and_can_be_stopped_and_jumped() -> None:
    async def whole() -> None:
        clock = MovableClock(EXAMPLE_INSTANT)
        async with asyncio.timeout(10):  # noqa: TID251  # of real time: the running clock must end this by itself
            await clock.sleep(0.01)
        assert clock.now() >= after(0.01)
        waiting = asyncio.create_task(clock.sleep(3600))
        await settle()
        clock.move_to(after(7200))
        async with asyncio.timeout(10):  # noqa: TID251  # likewise
            await waiting
        clock.stand_still()
        stands = clock.now()
        assert stands >= after(7200)
        assert clock.now() == stands
        clock.run()
        await clock.sleep(0.001)
        assert clock.now() > stands

    asyncio.run(whole())


def test_a_minute_from_where_it_was_stopped_is_a_whole_minute() -> None:
    async def stop() -> MovableClock:
        clock = MovableClock()
        clock.stand_still()
        return clock

    for _ in range(20):  # a nanosecond in a thousand is a whole microsecond by chance
        clock = asyncio.run(stop())
        before_ns = clock.monotonic_ns()
        clock.move_to(clock.now() + timedelta(minutes=1))
        assert clock.monotonic_ns() - before_ns == 60 * 10**9


def test_it_starts_at_the_machines_time_unless_told_otherwise() -> None:
    assert abs(MovableClock().now() - datetime.now(UTC)) < timedelta(minutes=1)  # noqa: TID251  # what is compared
