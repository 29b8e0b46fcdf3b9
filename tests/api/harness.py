"""The API on a real HTTP server, a real store on a temporary file, and a clock that the test moves."""

import http.client
import json
import socket
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from fakemx.clock import EXAMPLE_INSTANT, MovableClock
from justemails.app import Dependencies, create_app, is_quick
from justemails.domains import make_domain
from justemails.http_server import HttpServer
from justemails.ids import make_new_id, make_new_secret
from justemails.keyring import issue_key
from justemails.pony_store import PonyStore
from justemails.ratelimit import RateLimiter
from justemails.records import Account
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
            domain = make_domain(account.id, name, self.clock, self.new_id)
            self.store.add_domain(replace(domain, verified_at=self.clock.now()))
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
        """Send bytes, and return all that comes back until the server closes or half a second passes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(data)
            connection.settimeout(0.5)
            received = b""
            try:
                while chunk := connection.recv(65536):
                    received += chunk
            except (TimeoutError, ConnectionResetError):
                pass
            return received
