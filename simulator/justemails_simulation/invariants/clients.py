"""The invariants of the API, as its clients see them: limits, keys, and lists that agree with each other."""

from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta

from justemails_contract.limits import LIMITS, Tier
from justemails_simulation.history import (
    Accepted,
    Called,
    Crashed,
    Entry,
    KeyMade,
    KeyRevoked,
    Listed,
)
from justemails_simulation.ledger import Ledger


class LimitsAreExact:
    """I12: a second book of the sliding window of CHOICE-15, kept from what clients see.

    A restart of the API forgets its windows, and so does this.
    """

    def __init__(self) -> None:
        self._passed: dict[tuple[str, Tier], deque[datetime]] = {}

    def __call__(self, ledger: Ledger, entry: Entry) -> Iterator[str]:
        match entry.happening:
            case Crashed(who="api" | "all"):
                self._passed.clear()
            case Called(tier=tier) as call if tier is not None and call.status != 401:
                yield from self._check(call, tier, entry.at)

    def _check(self, call: Called, tier: Tier, now: datetime) -> Iterator[str]:
        limit = LIMITS[tier]
        passed = self._passed.setdefault((call.key, tier), deque())
        while passed and passed[0] <= now - limit.window:
            passed.popleft()
        full = len(passed) >= limit.requests
        if full != (call.status == 429):
            yield f"{call.operation} answered {call.status} with {len(passed)} of {limit.requests} used by {call.key}"
        if full and call.status == 429:
            wait = passed[0] + limit.window - now
            wanted = -(-wait // timedelta(seconds=1))
            if call.retry_after_s != wanted:
                yield f"{call.operation}: Retry-After is {call.retry_after_s}, and {wanted} s is when it passes"
        if not full:
            passed.append(now)


class KeysLiveAndDie:
    """I14: a key works from when it was made until it was revoked, and never after."""

    def __init__(self) -> None:
        self._revoked: set[str] = set()

    def __call__(self, ledger: Ledger, entry: Entry) -> Iterator[str]:
        match entry.happening:
            case KeyMade(key) if key in self._revoked:
                yield f"the key {key} was made again"
            case KeyRevoked(key):
                self._revoked.add(key)
            case Called(key=key, status=status) as call if (key in self._revoked) != (status == 401):
                yield f"{call.operation} answered {status} to the key {key}, which is " + (
                    "revoked" if key in self._revoked else "alive"
                )


class ListsAgree:
    """I13: the list is all there is, newest first, in pages that join, each row as GET /send/:id shows it."""

    def __init__(self) -> None:
        self._newest_first: list[str] = []

    def __call__(self, ledger: Ledger, entry: Entry) -> Iterator[str]:
        match entry.happening:
            case Accepted(message_id=message_id):
                self._newest_first.insert(0, message_id)
            case Listed() as listed:
                yield from self._check(ledger, listed)

    def _check(self, ledger: Ledger, listed: Listed) -> Iterator[str]:
        if listed.total != len(self._newest_first):
            yield f"the list counts {listed.total} messages, and {len(self._newest_first)} were accepted"
        start = (listed.page - 1) * listed.per_page
        wanted = self._newest_first[start : start + listed.per_page]
        if [message_id for message_id, _ in listed.rows] != wanted:
            yield f"page {listed.page} is {[message_id for message_id, _ in listed.rows]}, and should be {wanted}"
        for message_id, status in listed.rows:
            if message_id in ledger.messages and ledger.messages[message_id].status != status:
                yield f"{message_id} is {ledger.messages[message_id].status}, and the list says {status}"
