"""Rate limits: a sliding log, exact at every instant (CHOICE-15, CHOICE-32)."""

import threading
from collections import deque
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.reference.support import QUICK, VirtualClock

from justemails.api.ratelimit import RateLimiter, Refusal, Usage, look, take
from justemails_contract.limits import LIMITS, Limit, Tier

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
THREE = Limit(3, timedelta(minutes=1))

# Steps that crowd around the edges of a window, where limiters go wrong.
STEPS = st.lists(
    st.sampled_from([0, 0, 1, SECOND - 1, SECOND, 10 * SECOND, 20 * SECOND, MINUTE - 1, MINUTE, MINUTE + 1])
    | st.integers(0, 2 * MINUTE),
    min_size=1,
    max_size=60,
)


def seconds(number: float) -> int:
    return int(number * SECOND)


@given(STEPS, st.integers(1, 5))
@QUICK
def test_no_window_of_sixty_seconds_holds_more_than_the_limit(steps: list[int], most: int) -> None:
    """For every schedule, any half-open window of 60 s holds at most the limit, and no request below it is refused."""
    limit = Limit(most, timedelta(minutes=1))
    log: deque[int] = deque()
    passed: list[int] = []
    now = 0
    for step in steps:
        now += step
        in_window = sum(now - MINUTE < at <= now for at in passed)
        refused = take(log, limit, now)
        assert (refused is None) == (in_window < most)
        if refused is None:
            passed.append(now)

    for at in passed:
        assert sum(at <= other < at + MINUTE for other in passed) <= most
    assert len(log) <= most


@given(STEPS)
@QUICK
def test_waiting_as_long_as_told_passes_and_one_second_less_does_not(steps: list[int]) -> None:
    """For every schedule that ends in a refusal, Retry-After is the least whole number of seconds that passes."""
    log: deque[int] = deque()
    now = 0
    for step in steps:
        now += step
        refusal = take(log, THREE, now)
        if refusal is None:
            continue
        assert 1 <= refusal.retry_after_s <= 60
        assert take(deque(log), THREE, now + seconds(refusal.retry_after_s)) is None
        assert take(deque(log), THREE, now + seconds(refusal.retry_after_s - 1)) is not None


@given(STEPS, st.lists(st.integers(0, MINUTE), max_size=20))
@QUICK
def test_a_refused_request_uses_nothing_up(steps: list[int], more: list[int]) -> None:
    """For every schedule, leaving the refused requests out changes nothing for the others."""
    log: deque[int] = deque()
    passed = []
    now = 0
    for step in [*steps, *more]:
        now += step
        if take(log, THREE, now) is None:
            passed.append(now)

    again: deque[int] = deque()
    assert all(take(again, THREE, at) is None for at in passed)
    assert again == log or not passed


def test_a_hundred_sends_pass_in_a_minute_and_the_next_waits_for_the_first_to_age(clock: VirtualClock) -> None:
    """[limits.send] [limits.retry.true]"""
    limiter = RateLimiter(clock)
    for _ in range(100):
        assert limiter.take("key_1", Tier.SEND) is None

    refused = limiter.take("key_1", Tier.SEND)

    assert refused == Refusal(LIMITS[Tier.SEND], 60)
    clock.jump_ns(MINUTE - 1)
    assert limiter.take("key_1", Tier.SEND) == Refusal(LIMITS[Tier.SEND], 1)
    clock.jump_ns(1)
    assert limiter.take("key_1", Tier.SEND) is None


def test_a_burst_at_each_side_of_a_full_minute_does_not_double_the_limit(clock: VirtualClock) -> None:
    """CHOICE-15: 100 at 59.9 s and 100 at 60.1 s are 100 too many."""
    limiter = RateLimiter(clock)
    clock.jump_ns(seconds(59.9))
    assert [limiter.take("key_1", Tier.SEND) for _ in range(100)] == [None] * 100

    clock.jump_ns(seconds(0.2))

    assert all(limiter.take("key_1", Tier.SEND) for _ in range(100))


def test_tiers_and_keys_do_not_touch_each_other(clock: VirtualClock) -> None:
    """[limits.scope] [limits.tiers]"""
    limiter = RateLimiter(clock)
    for _ in range(10):
        assert limiter.take("key_1", Tier.KEYS) is None
    assert limiter.take("key_1", Tier.KEYS) is not None

    assert limiter.take("key_1", Tier.READ) is None
    assert limiter.take("key_1", Tier.SEND) is None
    assert limiter.take("key_2", Tier.KEYS) is None


def test_the_limits_are_those_of_the_document(clock: VirtualClock) -> None:
    """[limits.send] [limits.read] [limits.keys]"""
    limiter = RateLimiter(clock)
    allowed = {
        tier.value: next(count for count in range(1000) if limiter.take("key_1", tier) is not None) for tier in Tier
    }

    assert allowed == {"send": 100, "read": 300, "keys": 10}


def test_thirty_two_threads_together_get_the_limit_and_not_one_more(clock: VirtualClock) -> None:
    limiter = RateLimiter(clock)
    passed: list[int] = []
    start = threading.Barrier(32)

    def ask() -> None:
        start.wait()
        passed.append(sum(limiter.take("key_1", Tier.SEND) is None for _ in range(50)))

    threads = [threading.Thread(target=ask) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(passed) == 100


def test_keys_that_are_quiet_for_a_window_are_forgotten(clock: VirtualClock) -> None:
    limiter = RateLimiter(clock)
    for number in range(1000):
        limiter.take(f"key_{number}", Tier.READ)
    assert len(limiter) == 1000

    clock.jump_ns(MINUTE)
    limiter.take("key_new", Tier.READ)

    assert len(limiter) == 1


def test_memory_is_bounded_by_the_keys_of_two_windows(clock: VirtualClock) -> None:
    limiter = RateLimiter(clock)
    most = 0
    for number in range(10_000):  # a new key every 100 ms, for more than 16 minutes
        limiter.take(f"key_{number}", Tier.READ)
        clock.jump_ns(SECOND // 10)
        most = max(most, len(limiter))

    assert most <= 2 * 600 + 1


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, MINUTE)), max_size=60))
@QUICK
def test_sweeping_never_changes_an_answer(requests: list[tuple[str, int]]) -> None:
    """For every schedule of several keys, the limiter answers as a log of its own for each key would."""
    clock = VirtualClock()
    limiter = RateLimiter(clock, {Tier.SEND: THREE})
    logs: dict[str, deque[int]] = {"a": deque(), "b": deque(), "c": deque()}
    for key, step in requests:
        clock.jump_ns(step)
        assert limiter.take(key, Tier.SEND) == take(logs[key], THREE, clock.monotonic_ns())


def test_a_limiter_that_forgets_starts_every_window_anew(clock: VirtualClock) -> None:
    limiter = RateLimiter(clock, {Tier.SEND: THREE})
    for _ in range(4):
        limiter.take("key_1", Tier.SEND)

    limiter.forget()

    assert len(limiter) == 0
    assert limiter.take("key_1", Tier.SEND) is None


@given(STEPS, st.integers(1, 5), st.integers(0, 2 * MINUTE))
@QUICK
def test_a_look_tells_what_the_next_request_meets_and_changes_nothing(steps: list[int], most: int, later: int) -> None:
    """For every schedule and instant: full means refused, and the count is what passed within the last 60 s."""
    limit = Limit(most, timedelta(minutes=1))
    log: deque[int] = deque()
    passed = []
    now = 0
    for step in steps:
        now += step
        if take(log, limit, now) is None:
            passed.append(now)
    now += later
    before = deque(log)

    usage = look(log, limit, now)

    assert log == before
    assert usage.count == sum(now - MINUTE < at <= now for at in passed)
    assert usage.is_full == (take(deque(log), limit, now) is not None)


@given(STEPS, st.integers(1, 5))
@QUICK
def test_one_more_is_free_at_the_told_nanosecond_and_not_one_before(steps: list[int], most: int) -> None:
    """For every schedule, one counted request fewer stands in the window when the first frees, and none after all."""
    limit = Limit(most, timedelta(minutes=1))
    log: deque[int] = deque()
    now = 0
    for step in steps:
        now += step
        take(log, limit, now)

    usage = look(log, limit, now)

    assert usage.next_free_ns is not None
    assert usage.all_free_ns is not None
    assert 0 < usage.next_free_ns <= usage.all_free_ns <= MINUTE
    assert look(log, limit, now + usage.next_free_ns - 1).count == usage.count
    assert look(log, limit, now + usage.next_free_ns).count < usage.count
    assert look(log, limit, now + usage.all_free_ns - 1).count > 0
    assert look(log, limit, now + usage.all_free_ns) == Usage(limit, 0)
    if usage.is_full:
        assert take(deque(log), limit, now + usage.next_free_ns) is None
        assert take(deque(log), limit, now + usage.next_free_ns - 1) is not None


def test_who_looks_uses_nothing_up_and_is_not_remembered(clock: VirtualClock) -> None:
    limiter = RateLimiter(clock, {Tier.SEND: THREE})
    assert [limiter.usage("key_1", Tier.SEND) for _ in range(9)] == [Usage(THREE, 0)] * 9
    assert len(limiter) == 0

    limiter.take("key_1", Tier.SEND)
    clock.jump_ns(10 * SECOND)
    limiter.take("key_1", Tier.SEND)
    for _ in range(9):
        usage = limiter.usage("key_1", Tier.SEND)

    assert usage == Usage(THREE, 2, next_free_ns=50 * SECOND, all_free_ns=MINUTE)
    assert limiter.usage("key_2", Tier.SEND) == Usage(THREE, 0)
    assert limiter.take("key_1", Tier.SEND) is None
    assert limiter.take("key_1", Tier.SEND) == Refusal(THREE, 50)


def test_the_keys_that_are_counted_are_told_until_their_last_request_has_left_its_window(clock: VirtualClock) -> None:
    limiter = RateLimiter(clock, {Tier.SEND: THREE, Tier.READ: THREE})
    assert limiter.counted_keys == []
    assert not limiter.counts_something
    for key_id, tier in (("key_1", Tier.SEND), ("key_2", Tier.SEND), ("key_1", Tier.READ), ("key_3", Tier.READ)):
        limiter.take(key_id, tier)
        clock.jump_ns(SECOND)

    assert limiter.counted_keys == ["key_3", "key_1", "key_2"]
    clock.jump_ns(MINUTE - 2 * SECOND - 1)
    assert limiter.counted_keys == ["key_3", "key_1"]
    clock.jump_ns(1)
    assert limiter.counted_keys == ["key_3"]
    assert limiter.counts_something
    clock.jump_ns(SECOND)
    assert limiter.counted_keys == []
    assert not limiter.counts_something
