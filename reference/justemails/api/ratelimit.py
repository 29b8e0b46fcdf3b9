"""Rate limits per key and tier, as a sliding log (CHOICE-15).

A log of the accepted instants is the only kind that is exact: fixed windows let twice the limit through around
their edge, token buckets almost as much. A hundred instants a key are cheap. A refused request is not logged, so
it uses nothing up.

The log is in memory: a restart forgets it, and two processes would each have their own.
"""

import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from justemails.ports import Clock
from justemails_contract.limits import LIMITS, Limit, Tier

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request over the limit. After ``retry_after_s`` seconds it passes, one second earlier it does not."""

    limit: Limit
    retry_after_s: int


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a limit is used up at an instant.

    Args:
        count: the requests of the window that ends now.
        next_free_ns: how long until the oldest of them counts no more; None: none is counted.
        all_free_ns: how long until none of them counts any more; None: none is counted.
    """

    limit: Limit
    count: int
    next_free_ns: int | None = None
    all_free_ns: int | None = None

    @property
    def is_full(self) -> bool:
        """Whether the next request is refused."""
        return self.count >= self.limit.requests


def take(log: deque[int], limit: Limit, now_ns: int) -> Refusal | None:
    """Log a request at ``now_ns``, or refuse it.

    Args:
        log: instants of the requests that counted, oldest first; changed in place.
        limit: the most that any window may hold.
        now_ns: the instant of this request, in nanoseconds of a clock that never goes backwards.
    """
    window_ns = int(limit.window.total_seconds()) * _NS
    while log and log[0] <= now_ns - window_ns:
        log.popleft()
    if len(log) < limit.requests:
        log.append(now_ns)
        return None
    wait_ns = log[0] + window_ns - now_ns
    return Refusal(limit, -(-wait_ns // _NS))


def look(log: Sequence[int], limit: Limit, now_ns: int) -> Usage:
    """Say what ``take`` would find at ``now_ns``, and count nothing."""
    window_ns = int(limit.window.total_seconds()) * _NS
    counted = [at_ns for at_ns in log if at_ns > now_ns - window_ns]
    if not counted:
        return Usage(limit, 0)
    return Usage(limit, len(counted), counted[0] + window_ns - now_ns, counted[-1] + window_ns - now_ns)


class RateLimiter:
    """The logs of every key; safe to call from many threads.

    Memory is bounded by the keys that were used within one window: the others are swept out once a window.
    """

    def __init__(self, clock: Clock, limits: Mapping[Tier, Limit] = LIMITS) -> None:
        self._clock = clock
        self._limits = limits
        self._logs: dict[tuple[str, Tier], deque[int]] = {}
        self._lock = threading.Lock()
        self._swept_ns = clock.monotonic_ns()

    def take(self, key_id: str, tier: Tier) -> Refusal | None:
        """Count a request of this key, or refuse it."""
        with self._lock:
            now_ns = self._clock.monotonic_ns()
            self._sweep(now_ns)
            log = self._logs.setdefault((key_id, tier), deque())
            return take(log, self._limits[tier], now_ns)

    def usage(self, key_id: str, tier: Tier) -> Usage:
        """Say how much of a limit a key has used up; this is no request, and changes nothing."""
        with self._lock:
            return look(self._logs.get((key_id, tier), ()), self._limits[tier], self._clock.monotonic_ns())

    @property
    def counts_something(self) -> bool:
        """Whether any request of any key still counts, so that waiting alone changes what ``usage`` says."""
        with self._lock:
            return any(self._counted())

    @property
    def counted_keys(self) -> Sequence[str]:
        """The ids of the keys of which a request still counts, who asked last first."""
        with self._lock:
            newest = sorted(self._counted(), reverse=True)
        return list(dict.fromkeys(key_id for _, key_id in newest))

    def forget(self) -> None:
        """Start every window anew."""
        with self._lock:
            self._logs.clear()

    def __len__(self) -> int:
        return len(self._logs)

    def _counted(self) -> Iterator[tuple[int, str]]:
        """Return the newest request of each log in which one still counts: when, and of which key."""
        now_ns = self._clock.monotonic_ns()
        for (key_id, tier), log in self._logs.items():
            if log and look((log[-1],), self._limits[tier], now_ns).count:
                yield log[-1], key_id

    def _sweep(self, now_ns: int) -> None:
        window_ns = int(max(limit.window for limit in self._limits.values()).total_seconds()) * _NS
        if now_ns - self._swept_ns < window_ns:
            return
        self._swept_ns = now_ns
        self._logs = {name: log for name, log in self._logs.items() if log and log[-1] > now_ns - window_ns}
