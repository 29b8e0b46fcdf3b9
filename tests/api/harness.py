"""The API on a real HTTP server, a real store on a temporary file, and a clock that the test moves."""

import http.client
import json
import re
import socket
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from fakemx.clock import EXAMPLE_INSTANT, MovableClock
from justemails.api.app import Dependencies, create_app, is_quick
from justemails.api.ids import make_new_id, make_new_secret
from justemails.api.keys import issue_key
from justemails.api.ratelimit import RateLimiter
from justemails.http_server import HttpServer
from justemails.pony_store import PonyStore
from justemails.records import Account, Domain
from justemails_contract.operations import BASE_PATH, Scope

MAIL = {"from": "hello@yourdomain.com", "to": "user@example.com", "subject": "Welcome!", "html": "<h1>Hello</h1>"}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:  # Any: JSON
        return json.loads(self.body)


class Api:
    """A served API with one account, the verified domain yourdomain.com, and one full key."""

    def __init__(self, folder: Path) -> None:
        self.clock = MovableClock(EXAMPLE_INSTANT, running=False)
        self.store = PonyStore(str(folder / "store.sqlite3"))
        self.new_id = make_new_id(self.clock)
        self.account_id = self.add_account("yourdomain.com")
        self.key = self.add_key()
        app = create_app(Dependencies(self.store, self.clock, RateLimiter(self.clock), self.new_id, make_new_secret()))
        self._server = HttpServer(app, "127.0.0.1", 0, is_quick, self.together)
        self.port = self._server.port
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()

    def together(self) -> AbstractContextManager[None]:
        return self.store.together()

    def close(self) -> None:
        self._server.stop()
        self._thread.join()
        self.store.close()

    def add_account(self, *verified: str) -> str:
        account = Account(self.new_id("acc_"), "Test", self.clock.now())
        self.store.add_account(account)
        for name in verified:
            now, token = self.clock.now(), self.new_id("je-verify=")
            # Without DKIM keys: to make them takes longer than most of these tests, and nothing here is signed.
            self.store.add_domain(Domain(self.new_id("dom_"), account.id, name, token, (), now, verified_at=now))
        return account.id

    def add_key(self, account_id: str | None = None, scope: Scope = Scope.FULL) -> str:
        owner = account_id or self.account_id
        _, secret = issue_key(self.store, owner, "Test", scope, self.clock, self.new_id, make_new_secret())
        return secret

    def pass_time(self, seconds: float) -> None:
        self.clock.move_to(self.clock.now() + timedelta(seconds=seconds))

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make a request below the base path; the account's own key is sent unless ``key`` says otherwise."""
        sent = {"Authorization": f"Bearer {key or self.key}"} if key is not None else {}
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        if data is not None:
            sent["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, BASE_PATH + path, data, {**sent, **(headers or {})})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def send(self, **members: object) -> Answer:
        return self.call("POST", "/send", {**MAIL, **members})

    def raw(self, data: bytes) -> bytes:
        """Send bytes, and return all that comes back: until the server closes, or until it answers the next request.

        That one is sent once a whole answer has come, so a second answer to the bytes comes before it and is returned.
        """
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(data)
            answer = b""
            with suppress(ConnectionResetError):
                while not _stays_open_after(answer):
                    if not (chunk := connection.recv(65536)):
                        return answer
                    answer += chunk
                connection.sendall(b"GET /next HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                further = b"".join(iter(lambda: connection.recv(65536), b""))
                answer += further.rpartition(b"HTTP/1.1 ")[0]
            return answer


def _stays_open_after(data: bytes) -> bool:
    """Say whether these bytes are one whole answer or more, and the first does not announce that the server closes."""
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: (\d+)", head, re.IGNORECASE)
    closes = re.search(rb"\r\nconnection: close", head, re.IGNORECASE)
    return length is not None and not closes and len(body) >= int(length[1])
