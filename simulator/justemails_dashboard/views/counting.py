"""What is counted of each key's requests, and when a page about it is out of date.

Such a page changes though nothing happens: each second, as long as some request is counted.
"""

from collections.abc import Mapping

from justemails.api.ratelimit import RateLimiter, Usage
from justemails.records import Key
from justemails_contract.limits import Tier
from justemails_sandbox.sandbox import Sandbox


class Counting:
    """Tells what such a page's state is made of beside what happens."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def state(self) -> str:
        """Return the second that it is; nothing where no request is counted, so that the page is left alone then."""
        if not self._sandbox.limiter.counts_something:
            return ""
        return str(int(self._sandbox.clock.now().timestamp()))


def usages(limiter: RateLimiter, key: Key) -> Mapping[Tier, Usage]:
    """Return how much of each limit a key has used up."""
    return {tier: limiter.usage(key.id, tier) for tier in Tier}
