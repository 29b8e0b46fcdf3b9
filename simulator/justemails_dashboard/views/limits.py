"""How much of its limits each key has used up, and when it is free again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import falcon

from justemails.api.ratelimit import Usage
from justemails.records import Account, Key
from justemails_contract.limits import LIMITS, Tier
from justemails_dashboard.pages import Pages
from justemails_dashboard.views.counting import Counting, usages
from justemails_sandbox.control import reading
from justemails_sandbox.sandbox import Sandbox

PATH = "/limits"

WORDS = {Tier.SEND: "sends", Tier.READ: "reads", Tier.KEYS: "calls about keys"}
"""What a tier counts."""

_MOST = 50  # keys
_NS = 1_000_000_000
_NEARLY = 0.8


@dataclass(frozen=True, slots=True)
class Freeing:
    """When a counted request leaves its window: in how many seconds, and when; both rounded up, as Retry-After is."""

    in_s: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Gauge:
    """How much of one limit is used up; ``first`` and ``last`` are None where nothing is."""

    usage: Usage
    first: Freeing | None
    last: Freeing | None

    @property
    def nearly(self) -> int:
        """The count from which on it is nearly full."""
        return int(self.usage.limit.requests * _NEARLY)


@dataclass(frozen=True, slots=True)
class Row:
    """A live key with its gauges."""

    key: Key
    account: Account
    gauges: Mapping[Tier, Gauge]


class Limits:
    """``GET /limits``."""

    def __init__(self, sandbox: Sandbox, pages: Pages) -> None:
        self._sandbox, self._pages = sandbox, pages
        pages.also[PATH] = Counting(sandbox).state

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        reading.query(req, "state")
        limiter, now = self._sandbox.limiter, self._sandbox.clock.now()
        accounts = {account.id: account for account in self._sandbox.store.accounts()}
        keys, total = self._sandbox.store.live_keys(limiter.counted_keys, _MOST)
        rows = [
            Row(
                key,
                accounts[key.account_id],
                {tier: _gauge(usage, now) for tier, usage in usages(limiter, key).items()},
            )
            for key in keys
        ]
        self._pages.show(
            req,
            resp,
            "limits.html",
            rows=rows,
            total=total,
            several=len(accounts) > 1,
            words=WORDS,
            limits=LIMITS,
            full=[(row, tier) for row in rows for tier, gauge in row.gauges.items() if gauge.usage.is_full],
        )


def _gauge(usage: Usage, now: datetime) -> Gauge:
    first, last = (_freeing(span_ns, now) for span_ns in (usage.next_free_ns, usage.all_free_ns))
    return Gauge(usage, first, last)


def _freeing(span_ns: int | None, now: datetime) -> Freeing | None:
    if span_ns is None:
        return None
    at = now + timedelta(microseconds=-(-span_ns // 1000))
    whole = at if at.microsecond == 0 else at.replace(microsecond=0) + timedelta(seconds=1)
    return Freeing(-(-span_ns // _NS), whole)
