"""Rate limits per key and tier, as a sliding log (CHOICE-15).

A log of the accepted instants is the only kind that is exact: fixed windows let twice the limit through around
their edge, token buckets almost as much. A hundred instants a key are cheap. A refused request is not logged, so
it uses nothing up.

The log is in memory: a restart forgets it, and two processes would each have their own.
"""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from justemails.ports import Clock
from justemails_contract.limits import LIMITS, Limit, Tier

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request over the limit. After ``retry_after_s`` seconds it passes, one second earlier it does not."""

    limit: Limit
    retry_after_s: int


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

    def forget(self) -> None:
        """Start every window anew."""
        with self._lock:
            self._logs.clear()

    def __len__(self) -> int:
        return len(self._logs)

    def _sweep(self, now_ns: int) -> None:
        window_ns = int(max(limit.window for limit in self._limits.values()).total_seconds()) * _NS
        if now_ns - self._swept_ns < window_ns:
            return
        self._swept_ns = now_ns
        self._logs = {name: log for name, log in self._logs.items() if log and log[-1] > now_ns - window_ns}
