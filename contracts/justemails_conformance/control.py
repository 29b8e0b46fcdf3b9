"""The control API of a sandbox or a lab: its clock, its inbox and its network, where a judge is given it.

    control = Control("http://127.0.0.1:8025/sandbox/v1")
    control.advance(60)
    control.mails(to="user@example.com", timeout_s=30)

It is no part of the API that is judged: it stands for what is around a server, and for its time.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

from justemails_conformance.evidence import object_or_empty, words
from justemails_conformance.transport import Exchange, Request, Target

Json = Any  # what JSON can say
Mail = Mapping[str, Any]  # as the inbox tells it

REFUSES: Mapping[str, Json] = {"script": [{"at": "RCPT", "reply": "550 5.1.1 no such user"}]}
"""The behaviour of hosts that take no mail."""

_DEADLINE_S = 60.0  # an advance returns when all that fell due has run


@dataclass(frozen=True, slots=True)
class Made:
    """A key that was made for the run."""

    id: str
    secret: str
    name: str


class ControlError(Exception):
    """The control API is not there, or cannot do what it is asked; the message says what it answered."""


class Control:
    """A control API.

    Args:
        url: its base URL.

    Raises:
        BadBaseUrlError: the URL is none.
    """

    def __init__(self, url: str) -> None:
        self._target = Target(url, deadline_s=_DEADLINE_S)

    def check(self) -> None:
        """Ask whether it is there, and is one.

        Raises:
            ControlError: it is not.
        """
        exchange = self._exchange("GET", "/ready")
        if not exchange.succeeded or object_or_empty(exchange).get("ready") is not True:
            raise _error(exchange)

    @cached_property
    def moves_the_clock(self) -> bool:
        """Whether the time is there to be moved."""
        try:
            self._ask("POST", "/clock", {"advance": "0s"})
        except ControlError:
            return False
        return True

    @property
    def clock_stands_still(self) -> bool:
        """Whether time goes on only where it is moved."""
        return bool(self._ask("GET", "/clock")["mode"] == "virtual")

    def advance(self, seconds: float) -> None:
        """Move the clock on, by whole seconds; return when all that fell due has run."""
        if seconds > 0:
            self._ask("POST", "/clock", {"advance": f"{math.ceil(seconds)}s"})

    def mails(self, *, timeout_s: int = 0, count: int = 1, **wanted: str) -> Sequence[Mail]:
        """Return the mails that match, newest first, once there are so many of them or after a time.

        Args:
            wanted: ``to``, ``from_``, ``subject`` or ``messageId``.
        """
        query = {name.rstrip("_"): value for name, value in wanted.items()}
        if timeout_s:
            exchange = self._exchange(
                "GET", f"/inbox/wait?{urlencode({**query, 'count': count, 'timeout': timeout_s})}"
            )
            if exchange.status not in {200, 408}:
                raise _error(exchange)
        mails: Sequence[Mail] = self._ask("GET", f"/inbox?{urlencode(query)}")["data"]
        return mails

    def why_nothing_came(self, to: str) -> str:
        """Return what the control API says of a mail that did not arrive."""
        exchange = self._exchange("GET", f"/inbox/wait?{urlencode({'to': to, 'timeout': 0})}")
        return str(object_or_empty(exchange).get("message", ""))

    @contextmanager
    def behaving(self, address: str, behaviour: Mapping[str, Json]) -> Iterator[str]:
        """Let the mail hosts of an address behave so for a while."""
        path = f"/network/{quote(address.rpartition('@')[2])}"
        self._ask("PUT", path, behaviour)
        try:
            yield address
        finally:
            self._ask("DELETE", path)

    def account(self, name: str) -> str:
        """Return the id of the account of that name, which is made if it is not there."""
        for account in self._ask("GET", "/accounts")["data"]:
            if account["name"] == name:
                return str(account["id"])
        return str(self._ask("POST", "/accounts", {"name": name})["id"])

    def account_beside(self, name: str) -> str:
        """Return the id of an account of another name."""
        others = [account["id"] for account in self._ask("GET", "/accounts")["data"] if account["name"] != name]
        if not others:
            raise ControlError(f"there is no account but {name}")
        return str(others[0])

    def make_key(self, account_id: str, scope: str) -> Made:
        """Make a key that may do so much."""
        made = self._ask("POST", f"/accounts/{quote(account_id)}/keys", {"name": "Conformance", "scope": scope})
        return Made(made["id"], made["key"], "Conformance")

    def _ask(self, method: str, path: str, body: Json = None) -> Json:
        exchange = self._exchange(method, path, body)
        if not exchange.succeeded or exchange.answer is None:
            raise _error(exchange)
        try:
            return json.loads(exchange.answer.body)
        except ValueError:
            raise _error(exchange) from None

    def _exchange(self, method: str, path: str, body: Json = None) -> Exchange:
        data = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        return self._target.ask(Request(method, path, headers, data))


def _error(exchange: Exchange) -> ControlError:
    asked = f"{exchange.request.method} {exchange.request.path.partition('?')[0]}"
    if exchange.answer is None:
        return ControlError(f"{asked}: {exchange.trouble}")
    return ControlError(f"{asked} is answered with {exchange.status} {words(exchange)}")
