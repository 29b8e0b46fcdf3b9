"""Reads pages and sends their forms, as a browser without a script does."""

import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urlencode

from justemails_command.serving import ServedSandbox

_PATIENCE_S, _LOOK_AGAIN_S = 5.0, 0.01
_NEVER = threading.Event()

_TAG = re.compile(r"<[^>]+>")
_TOKEN = re.compile(r'name="token" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Page:
    """An answer.

    Args:
        path: where it came from at last, after a redirect.
    """

    status: int
    path: str
    headers: Mapping[str, str]
    html: str

    @property
    def text(self) -> str:
        """What a reader sees: without tags, white space made one space."""
        return " ".join(unescape(_TAG.sub(" ", self.html)).split())

    @property
    def token(self) -> str:
        found = _TOKEN.search(self.html)
        assert found is not None
        return found[1]


class Client:
    """Somebody in front of the dashboard; and ``api``, a program that uses the API beside them."""

    def __init__(self, sandbox: ServedSandbox) -> None:
        self.sandbox = sandbox

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Page:
        """Open a page."""
        return self._ask(urllib.request.Request(self.sandbox.url + path, headers=dict(headers or {})))  # noqa: S310

    def send(self, path: str, headers: Mapping[str, str] | None = None, /, **fields: str) -> Page:
        """Send a form with the token that every page has, and follow where it leads; a token given wins."""
        return self.post(path, urlencode({"token": self.get("/").token, **fields}).encode(), headers)

    def post(self, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> Page:
        """Send a form as it stands, and follow where it leads."""
        return self._ask(urllib.request.Request(self.sandbox.url + path, body, dict(headers or {})))  # noqa: S310

    def api(self, method: str, path: str, body: object = None, key: str | None = None) -> Any:  # Any: JSON
        """Ask the API, and return the JSON of its answer, whatever its status."""
        headers = {"Authorization": f"Bearer {key or self.sandbox.key}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.sandbox.api + path, data, headers, method=method)  # noqa: S310
        return json.loads(self._ask(request).html)

    def control(self, method: str, path: str, body: object = None) -> Page:
        """Ask the control API."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        return self._ask(urllib.request.Request(self.sandbox.control + path, data, headers, method=method))  # noqa: S310

    def mail(self, to: str = "ann@example.com", **members: object) -> str:
        """Send a mail, let it be tried, and return the message's id."""
        body = {"from": "hello@yourdomain.com", "to": to, "subject": "Hi", "text": "It works.", **members}
        message_id: str = self.api("POST", "/send", body)["id"]
        self.advance("1s")
        return message_id

    def advance(self, span: str) -> None:
        """Let time pass, and see to it that nothing is under way but what waits for time."""
        headers = {"Content-Type": "application/json"}
        data = json.dumps({"advance": span}).encode()
        self._ask(urllib.request.Request(f"{self.sandbox.control}/clock", data, headers))  # noqa: S310
        # On a busy machine what is under way may be silent for longer than the sandbox listens.
        until = time.perf_counter() + _PATIENCE_S
        while self.sandbox.engine.under_way > self.sandbox.clock.sleepers and time.perf_counter() < until:
            _NEVER.wait(_LOOK_AGAIN_S)

    def _ask(self, request: urllib.request.Request) -> Page:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return _page(answer.status, answer)
        except urllib.error.HTTPError as ex:
            with ex:
                return _page(ex.code, ex)


def _page(status: int, answer: Any) -> Page:  # Any: an answer, or an error that is one too
    path = answer.url.split("/", 3)[3]
    return Page(status, f"/{path}", dict(answer.headers.items()), answer.read().decode())
