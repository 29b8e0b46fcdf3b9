"""What a simulated client of the API does in one visit: synchronous, between two steps of the loop.

Whatever is answered goes into the history; whether it should have been answered so is the invariants' business.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from justemails_contract.limits import LIMITS, Tier
from justemails_sandbox.seeding import SENDER
from justemails_simulation.api_client import Answer, ApiClient, ApiDownError, instant
from justemails_simulation.history import Accepted, History, KeyMade, KeyRevoked, Listed, Shown
from justemails_simulation.scenario import Send, Visit

MAIN, READER, BURST = "main", "reader", "burst"
"""The keys that are there from the start: each client has its own limits."""

AFTER_WAITING = "after Retry-After"
_READS = 20  # messages looked at in one visit
_PER_PAGE = 25


@dataclass(slots=True)
class Clients:
    """All the clients of one simulation.

    Args:
        secrets: key name to secret; keys that are made are put in.
        call_later: runs something so many seconds later.
    """

    api: ApiClient
    history: History
    secrets: dict[str, str]
    call_later: Callable[[float, Callable[[], None]], object]
    sent: list[str] = field(default_factory=list)  # ids, in order

    def patiently(self, visit: Callable[[], None]) -> None:
        """Make a visit; while the API is down, look again every second."""
        try:
            visit()
        except ApiDownError:
            self.call_later(1, lambda: self.patiently(visit))

    def send(self, send: Send, number: int) -> None:
        """POST /send; when it is over the limit, once more when Retry-After is over."""
        subject = f"Hello {number}" if send.subject is None else send.subject
        text = f"This is message {number}.\n" if send.text is None else send.text
        body = {"from": SENDER, "to": send.recipient, "subject": subject, "text": text}
        answer = self.api.call(MAIN, "POST", "/send", body)
        if answer.status == 429:
            self.call_later(answer.retry_after_s or 1, lambda: self.patiently(lambda: self.send(send, number)))
            return
        self.note_accepted(answer.body, subject, text)

    def note_accepted(self, answer: Mapping[str, Any], subject: str, text: str) -> None:
        """Write down that a message was accepted; ``answer`` is what the API said."""
        created_at = instant(answer["createdAt"])
        assert created_at is not None  # noqa: S101  # for mypy: only null becomes None
        self.sent.append(answer["id"])
        self.history.add(Accepted(answer["id"], answer["from"], answer["to"], subject, text, None, created_at))

    def note_revoked(self, key: str) -> None:
        """Write down that a key was revoked."""
        self.history.add(KeyRevoked(key))

    def visit(self, visit: Visit) -> None:
        """Do what clients do."""
        match visit:
            case Visit.READ:
                for message_id in self.sent[-_READS:]:
                    self.read(message_id)
            case Visit.LIST:
                self.list()
            case Visit.KEY:
                self._key()
            case Visit.KEY_BURST:
                self._burst(
                    LIMITS[Tier.KEYS].requests, lambda named: self.api.call(BURST, "GET", "/api-keys", None, named)
                )
            case Visit.SEND_BURST:
                self._burst(LIMITS[Tier.SEND].requests, lambda named: self.api.call(BURST, "POST", "/send", {}, named))

    def read(self, message_id: str) -> None:
        """GET /send/:id."""
        answer = self.api.call(READER, "GET", f"/send/{message_id}")
        if answer.status == 404:
            self.history.add(Shown(message_id, None, None, None))
        elif answer.status == 200:
            created_at, delivered_at = instant(answer.body["createdAt"]), instant(answer.body["deliveredAt"])
            self.history.add(Shown(message_id, answer.body["status"], created_at, delivered_at))

    def list(self) -> None:
        """GET /messages, every page."""
        page, pages = 1, 1
        while page <= pages:
            answer = self.api.call(READER, "GET", f"/messages?page={page}&perPage={_PER_PAGE}")
            if answer.status != 200:
                return
            total = answer.body["pagination"]["total"]
            rows = tuple((row["id"], row["status"]) for row in answer.body["data"])
            self.history.add(Listed(page, _PER_PAGE, total, rows))
            page, pages = page + 1, -(-total // _PER_PAGE)

    def _key(self) -> None:
        made = self.api.call(MAIN, "POST", "/api-keys", {"name": "visitor"})
        if made.status != 200:
            return
        name = made.body["id"]
        self.secrets[name] = made.body["key"]
        self.history.add(KeyMade(name))
        self.api.call(name, "GET", "/messages?perPage=1")
        revoked = self.api.call(MAIN, "DELETE", f"/api-keys/{name}")
        if revoked.status == 200:
            self.note_revoked(name)
        self.api.call(name, "GET", "/messages?perPage=1")

    def _burst(self, limit: int, call: Callable[[str | None], Answer]) -> None:
        for _ in range(limit + 2):
            answer = call(None)
        if answer.status == 429 and answer.retry_after_s:
            self.call_later(answer.retry_after_s, lambda: self.patiently(lambda: _forget(call(AFTER_WAITING))))


def _forget(_: Answer) -> None:
    """Take an answer that only the history has to know."""
