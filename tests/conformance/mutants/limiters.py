"""Limiters that can be put around a server without one: each is the sliding log below, changed in one thing."""

import math
from collections import defaultdict, deque
from collections.abc import Callable

from tests.conformance.mutants.exchange import Api, Asked, Change, Ground, Said, refusal

LIMIT = {"send": 100, "read": 300, "keys": 10}  # [limits.tiers]
WINDOW_S = 60.0
_TIER = {"send": "send", "keys.create": "keys", "keys.list": "keys", "keys.revoke": "keys"}


class Limiter:
    """A sliding log for each key and tier."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self.now_s = now_s
        self.log: dict[object, deque[float]] = defaultdict(deque)

    def tier(self, asked: Asked) -> str | None:
        """Return what the request counts in; None for nothing."""
        return _TIER.get(asked.operation, "read")

    def limit(self, tier: str) -> float:
        return LIMIT[tier]

    def owner(self, key: str, tier: str) -> object:
        return key, tier

    def wait_s(self, key: str, tier: str) -> float | None:
        """Return how long to wait, or None when the request passes."""
        log, now_s = self.log[self.owner(key, tier)], self.now_s()
        while log and log[0] <= now_s - WINDOW_S:
            log.popleft()
        if len(log) >= self.limit(tier):
            return max(1.0, log[0] + WINDOW_S - now_s)
        log.append(now_s)
        return None

    def refusal(self, wait_s: float) -> Said:
        return refusal(429, "RATE_LIMITED", "Later.").with_header("Retry-After", str(math.ceil(wait_s)))


class FixedWindow(Limiter):
    """Counts anew at every full minute of the wall clock."""

    def wait_s(self, key: str, tier: str) -> float | None:
        window = self.now_s() // WINDOW_S
        log = self.log[(self.owner(key, tier), window)]
        if len(log) >= self.limit(tier):
            return (window + 1) * WINDOW_S - self.now_s()
        log.append(0)
        return None


class Bucket(Limiter):
    """Lets a token drip in every so often, and as many as the limit lie in the bucket."""

    def wait_s(self, key: str, tier: str) -> float | None:
        kept = self.log[self.owner(key, tier)]
        level, at = kept or (self.limit(tier), self.now_s())
        level = min(self.limit(tier), level + (self.now_s() - at) * self.limit(tier) / WINDOW_S)
        kept.clear()
        kept.extend((level - 1 if level >= 1 else level, self.now_s()))
        return None if level >= 1 else (1 - level) * WINDOW_S / self.limit(tier)


def limited(make: Callable[[Callable[[], float]], Limiter]) -> Change:
    """Put a limiter around a server; a request whose key is refused counts nowhere."""

    def put(api: Api, ground: Ground) -> Api:
        limiter = make(ground.now_s)

        def around(asked: Asked) -> Said:
            tier = limiter.tier(asked)
            wait_s = limiter.wait_s(asked.key, tier) if tier else None
            return api(asked) if wait_s is None else limiter.refusal(wait_s)

        return around

    return put
