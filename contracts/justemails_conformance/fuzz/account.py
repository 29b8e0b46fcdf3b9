"""The model of an account: what has to be seen after all that was done to it, and what was done.

Each promise is the document's own; what it leaves open passes, so that a refused subject, say, is no breach.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import eq

from justemails_conformance.client import Client, Tier, quoted
from justemails_conformance.control import Made
from justemails_conformance.evidence import (
    BreachError,
    InconclusiveError,
    JsonObject,
    is_integer,
    is_text,
    is_time,
    member,
    object_of,
    right,
    shown,
    succeeded,
    time_of,
)
from justemails_conformance.fuzz.asking import Asking, Sent
from justemails_conformance.fuzz.escaped import in_ascii, plain
from justemails_conformance.run import UNKNOWN_ID, Run
from justemails_conformance.transport import Exchange

MOST_SENDS = 15  # in all stories together, as are the next two
_MOST_KEY_CALLS = 3
_MOST_PAUSES = 3
_PAUSE_S = 2.0
_LOOKS, _LOOK_AGAIN_S = 10, 0.5  # together the five seconds that a list or a revocation may lag


@dataclass(slots=True)
class Message:
    """What is known of a message."""

    sent: Sent
    created_at: datetime | None
    delivered_at: datetime | None = None


@dataclass(slots=True)
class Key:
    """A key on its way: made, used, listed, revoked."""

    made: Made
    client: Client
    used: bool = False
    listed: bool = False
    revoked: bool = False
    refused: bool = False


class Account:
    """The model: what an account has to look like after all that was done to it.

    Attributes:
        over: why the stories have ended.
    """

    def __init__(self, run: Run, asking: Asking, sent: Sequence[Sent]) -> None:
        self.over: Exception | None = None
        self._run = run
        self._asking = asking
        self._before = {message.id for message in sent}
        self._messages: list[Message] = []
        self._key: Key | None = None
        self._key_calls = 0
        self._pauses = 0
        self._steps: list[tuple[str, str]] = []  # what each had to do with, and what it was

    def follow(self, deed: Callable[[], None]) -> None:
        """Do what a rule says, unless the stories have ended."""
        if self.over is not None:
            return
        try:
            deed()
        except BreachError as ex:
            self.over = self._told(ex)
        except InconclusiveError as ex:
            self.over = ex

    def end(self) -> None:
        """Look at everything once more and again, with a try of the key each time: what was so once has to stay so."""
        for number in (*range(len(self._messages)), *range(len(self._messages))):
            self.follow(partial(self.look, number))
            self.follow(self.use_the_key)
        self.follow(self.list_messages)
        self.follow(partial(self.look_for_nothing, self._run.run_id))

    def pause(self) -> None:
        if self._pauses < _MOST_PAUSES:
            self._pauses += 1
            self._step("", f"wait {_PAUSE_S:g} s")
            self._run.pace.wait(_PAUSE_S)

    def send(self, subject: str) -> None:
        """Send a mail like no other, because what comes of sending one twice is open (CHOICE-42)."""
        if len(self._messages) >= MOST_SENDS:
            return
        subject = f"{subject} {self._run.run_id} {len(self._messages)}"
        self._step(f"message {len(self._messages)}", f"send {shown(subject)}")
        exchange = self._ask(self._run.client, Tier.SEND, "POST", "/send", self._run.body(subject=subject))
        if exchange is None or not exchange.succeeded:  # no subject is promised to be taken
            return
        id_ = member(exchange, "id", is_text, "a text that is not empty")
        if any(id_ == message.sent.id for message in self._messages):
            raise BreachError("id: another one for each message", f"{shown(id_)} again", exchange)
        sent = Sent(id_, self._run.credentials.sender, self._run.credentials.to, subject)
        _echo(exchange, object_of(exchange), {"from": sent.sender, "to": sent.to})
        created_at = time_of(member(exchange, "createdAt", is_time, "an RFC 3339 time"))
        self._messages.append(Message(sent, created_at))

    def look(self, number: int) -> None:
        if not self._messages:
            return
        number %= len(self._messages)
        message = self._messages[number]
        self._step(f"message {number}", f"look at message {number}")
        exchange = self._ask(self._run.client, Tier.READ, "GET", f"/send/{quoted(message.sent.id)}")
        if exchange is None:
            return
        body, sent = object_of(succeeded(exchange)), message.sent
        _echo(exchange, body, {"id": sent.id, "from": sent.sender, "to": sent.to, "subject": sent.subject})
        created_at = time_of(right(exchange, body, "createdAt", is_time, "an RFC 3339 time"))
        if created_at != message.created_at:
            raise BreachError("createdAt: the same time as ever", shown(body["createdAt"]), exchange)
        self._follow_delivery(message, exchange, str(right(exchange, body, "status", is_text, "a text")))

    def _follow_delivery(self, message: Message, exchange: Exchange, status: str) -> None:
        """What was delivered has one time of delivery and is not queued again; a bounce may come (CHOICE-25)."""
        if message.delivered_at is not None and status == "queued":
            raise BreachError('status: "delivered", as it was before', shown(status), exchange)
        if status != "delivered":
            return
        delivered_at = time_of(member(exchange, "deliveredAt", is_time, "an RFC 3339 time"))
        if message.delivered_at not in {None, delivered_at}:
            raise BreachError("deliveredAt: the same time as before", shown(str(delivered_at)), exchange)
        if delivered_at is not None and message.created_at is not None and delivered_at < message.created_at:
            raise BreachError("deliveredAt: not before createdAt", shown(str(delivered_at)), exchange)
        message.delivered_at = delivered_at

    def look_for_nothing(self, end: str) -> None:
        self._step("", f"look for {UNKNOWN_ID}{end}")
        exchange = self._ask(self._run.client, Tier.READ, "GET", f"/send/{UNKNOWN_ID}{end}")
        if exchange is not None and exchange.status != 404:
            raise BreachError("404 for an id that names nothing", str(exchange.status), exchange)

    def list_messages(self) -> None:
        self._step("list", "list the messages")
        self._soon(self._list_messages)

    def _list_messages(self) -> None:
        """The total counts what was sent [messages.pagination.total]; what was delivered is not queued again."""
        exchange = self._ask(self._run.client, Tier.READ, "GET", "/messages")
        if exchange is None:
            return
        body = object_of(succeeded(exchange))
        pagination = right(exchange, body, "pagination", lambda given: isinstance(given, dict), "an object")
        total = right(exchange, pagination, "total", is_integer, "an integer")
        known = len(self._before | {message.sent.id for message in self._messages})
        if total < known:
            raise BreachError(f"total: {known} at least, which were sent", shown(total), exchange)
        delivered = {message.sent.id for message in self._messages if message.delivered_at}
        for item in right(exchange, body, "data", lambda given: isinstance(given, list), "an array"):
            id_, status = (item.get("id"), item.get("status")) if isinstance(item, dict) else (None, None)
            if is_text(id_) and id_ in delivered and status == "queued":
                raise BreachError(f'status: "delivered" for {shown(id_)}, as it was before', shown(status), exchange)

    def move_the_key_on(self) -> None:
        """Make a key; then list it; then revoke it, once it was used."""
        key = self._key
        if self._key_calls >= _MOST_KEY_CALLS:
            return
        if key is None:
            self._make_a_key()
        elif not key.listed:
            self._list_keys(key)
        elif not key.used:
            self.use_the_key()
        elif not key.revoked:
            self._revoke(key)

    def _make_a_key(self) -> None:
        self._key_calls += 1
        self._step("key", "make a key")
        name = f"Conformance {self._run.run_id} story"
        exchange = self._ask(self._run.client, Tier.KEYS, "POST", "/api-keys", {"name": name})
        made = self._run.keep_key(exchange, name) if exchange is not None else None
        if exchange is not None and made is not None:
            self._key = Key(made, self._run.client.with_key(made.secret))
            _echo(exchange, object_of(exchange), {"name": name})

    def _list_keys(self, key: Key) -> None:
        self._key_calls += 1
        key.listed = True
        self._step("key", "list the keys")
        exchange = self._ask(self._run.client, Tier.KEYS, "GET", "/api-keys")
        if exchange is None:
            return
        data = member(exchange, "data", lambda given: isinstance(given, list), "an array")
        if not any(isinstance(item, dict) and item.get("id") == key.made.id for item in data):
            raise BreachError(f"the new key {shown(key.made.id)} in the list", "it is not there", exchange)

    def _revoke(self, key: Key) -> None:
        self._key_calls += 1
        self._step("key", "revoke the key")
        exchange = self._ask(self._run.client, Tier.KEYS, "DELETE", f"/api-keys/{quoted(key.made.id)}")
        if exchange is None:
            return
        member(succeeded(exchange), "deleted", lambda given: given is True, "true")
        key.revoked = True
        self._run.revoked.append(key.made)

    def use_the_key(self) -> None:
        key = self._key
        if key is None:
            return
        self._step("key", "use the key")
        if key.revoked and not key.refused:
            self._soon(lambda: self._use(key))
        else:
            self._use(key)

    def _use(self, key: Key) -> None:
        """A key works until it is revoked, and never again [keys.revoke.irreversible]."""
        exchange = self._ask(key.client, Tier.READ, "GET", "/messages")
        if exchange is None:
            return
        if not key.revoked:
            succeeded(exchange)
            key.used = True
        elif exchange.status != 401:
            again = ", which was refused before" if key.refused else ""
            raise BreachError(f"401 for a key that is revoked{again}", str(exchange.status), exchange)
        else:
            key.refused = True

    def _soon(self, look: Callable[[], None]) -> None:
        """Look again for five seconds, until what has to be seen is seen."""
        for _ in range(_LOOKS - 1):
            try:
                return look()
            except BreachError:
                self._run.pace.wait(_LOOK_AGAIN_S)
        return look()

    def _ask(self, client: Client, tier: Tier, method: str, path: str, body: object = None) -> Exchange | None:
        exchange = self._asking.ask(tier, method, path, _octets(body), client=client)
        if exchange is not None and exchange.status >= 500:
            raise BreachError("any answer but 5xx", str(exchange.status), exchange)
        return exchange

    def _step(self, about: str, words: str) -> None:
        self._steps.append((about, words))

    def _told(self, breach: BreachError) -> BreachError:
        """Return a breach with the steps that led there, without those that had to do with something else."""
        last = self._steps[-1][0]
        steps = [words for about, words in self._steps[:-1] if about == last and about] + [self._steps[-1][1]]
        got = f"{plain(breach.got)}; the story: {' > '.join(steps)}"
        return BreachError(breach.expected, got, breach.exchange and in_ascii(breach.exchange))


def _echo(exchange: Exchange, body: JsonObject, members: Mapping[str, str]) -> None:
    for name, value in members.items():
        right(exchange, body, name, partial(eq, value), f"{shown(value)}, as it was asked for")


def _octets(body: object) -> bytes | None:
    return None if body is None else json.dumps(body).encode()
