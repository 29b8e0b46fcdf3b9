"""Somebody who speaks with the server: the holder of one key, or of none. Every exchange is written down.

Keeps to the limits of the document by itself: it knows how much each tier allows in a minute and waits rather than ask
once too often. A 429 that comes all the same is counted, its Retry-After waited for, and the request repeated.
"""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock
from urllib.parse import quote

from justemails_conformance.evidence import InconclusiveError, retry_after_s
from justemails_conformance.pace import Pace
from justemails_conformance.transport import Exchange, Request, Target

_WINDOW_S = 60.0
_LONGEST_WAIT_S = 61.0
_LATE_ENOUGH = 5  # answers in a row that did not come in time, after which nobody waits for one more


class Tier(StrEnum):
    """What a request counts as [limits.tiers]."""

    SEND = "send"
    READ = "read"
    KEYS = "keys"


# Below what is allowed, so that whoever else uses the key does not bring us over it at once.
BUDGET: Mapping[Tier, int] = {Tier.SEND: 90, Tier.READ: 270, Tier.KEYS: 9}


@dataclass(slots=True)
class Journal:
    """Every exchange of a run, and what it cost.

    Attributes:
        late_in_a_row: how many of the last ones had no answer in time.
    """

    exchanges: list[Exchange] = field(default_factory=list)
    requests: dict[Tier, int] = field(default_factory=lambda: dict.fromkeys(Tier, 0))
    unexpected_429: int = 0
    late_in_a_row: int = 0
    _lock: Lock = field(default_factory=Lock)

    def note(self, tier: Tier, exchange: Exchange) -> None:
        """Write an exchange down, in any thread."""
        with self._lock:
            self.requests[tier] += 1
            self.exchanges.append(exchange)
            self.late_in_a_row = self.late_in_a_row + 1 if exchange.late else 0


class Client:
    """The holder of a key.

    Args:
        key: None asks without an Authorization header.
        pace: the time that the run goes by.
    """

    def __init__(self, target: Target, key: str | None, journal: Journal, pace: Pace | None = None) -> None:
        self.key = key
        self.target = target
        self._journal = journal
        self._pace = pace or Pace()
        self._asked: dict[Tier, deque[float]] = {tier: deque() for tier in Tier}

    @property
    def exchanges(self) -> Sequence[Exchange]:
        """Everything that was said in the run so far."""
        return self._journal.exchanges

    def with_key(self, key: str | None) -> "Client":
        """Return somebody else, at the same server and in the same journal."""
        return Client(self.target, key, self._journal, self._pace)

    def send(self, body: object) -> Exchange:
        """POST /send [send.request.path]."""
        return self.ask(Tier.SEND, "POST", "/send", body)

    def status(self, message_id: str) -> Exchange:
        """GET /send/:id [status.path]."""
        return self.ask(Tier.READ, "GET", f"/send/{quoted(message_id)}")

    def messages(self, query: str = "") -> Exchange:
        """GET /messages [messages.path]."""
        return self.ask(Tier.READ, "GET", f"/messages{query}")

    def create_key(self, body: object) -> Exchange:
        """POST /api-keys [keys.create.path]."""
        return self.ask(Tier.KEYS, "POST", "/api-keys", body)

    def list_keys(self) -> Exchange:
        """GET /api-keys [keys.list.path]."""
        return self.ask(Tier.KEYS, "GET", "/api-keys")

    def revoke_key(self, key_id: str) -> Exchange:
        """DELETE /api-keys/:id [keys.revoke.path]."""
        return self.ask(Tier.KEYS, "DELETE", f"/api-keys/{quoted(key_id)}")

    def ask(
        self, tier: Tier, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Exchange:
        """Ask for something; ``body`` goes out as JSON, octets as they are.

        Args:
            headers: instead of the Authorization header [auth.header]; also of the Content-Type of a body.
        """
        if headers is None:
            headers = self._authorization
        return self.ask_for(tier, _request(method, path, body, headers))

    def ask_for(self, tier: Tier, request: Request) -> Exchange:
        """Ask for what is no more to be changed, not even the Authorization header."""
        exchange = self._once(tier, request)
        if exchange.answer is None and not exchange.late:
            exchange = self._once(tier, request)  # a single lost connection is nobody's fault
        elif exchange.status == 429:
            self._journal.unexpected_429 += 1
            told_s = retry_after_s(exchange)
            self._pace.wait(_WINDOW_S if told_s is None else min(told_s, _LONGEST_WAIT_S))
            exchange = self._once(tier, request)
        return exchange

    def try_once(self, tier: Tier, method: str, path: str, body: object = None) -> Exchange:
        """Ask without a look at the budget, and take whatever comes, a 429 too."""
        return self._exchange(tier, _request(method, path, body, self._authorization))

    def ask_once(self, tier: Tier, method: str, path: str, body: object = None) -> Exchange:
        """Ask when the budget allows it, and take whatever comes, a 429 too."""
        return self._once(tier, _request(method, path, body, self._authorization))

    @property
    def _authorization(self) -> Mapping[str, str]:
        return {} if self.key is None else {"Authorization": f"Bearer {self.key}"}  # [auth.header]

    def _once(self, tier: Tier, request: Request) -> Exchange:
        if self._journal.late_in_a_row >= _LATE_ENOUGH:
            raise InconclusiveError(f"the server hangs: {_LATE_ENOUGH} requests in a row had no answer in time")
        if self.key is not None:
            self._keep_to_budget(tier)
        return self._exchange(tier, request)

    def _exchange(self, tier: Tier, request: Request) -> Exchange:
        exchange = self.target.ask(request)
        self._journal.note(tier, exchange)
        return exchange

    def _keep_to_budget(self, tier: Tier) -> None:
        asked, now = self._asked[tier], self._pace.elapsed_s()
        while asked and asked[0] <= now - _WINDOW_S:
            asked.popleft()
        if len(asked) >= BUDGET[tier]:
            self._pace.wait(asked[0] + _WINDOW_S - now)
            asked.popleft()
        asked.append(self._pace.elapsed_s())


def _request(method: str, path: str, body: object, headers: Mapping[str, str]) -> Request:
    if body is None:
        return Request(method, path, headers)
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = headers.get("Content-Type", "application/json")  # [base.json.request]
    return Request(method, path, {**headers, "Content-Type": kind}, data)


def quoted(id_: str) -> str:
    """Return an id as a step of a path, whatever characters a server has put into it."""
    return quote(id_, safe="", errors="surrogatepass")
