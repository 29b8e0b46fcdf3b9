"""What the API was asked and what it answered, in memory, for people who look for what their program did.

A key stands in it by its hint alone: enough to recognise it, and nothing to use.
"""

import io
import re
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from justemails.api.keys import KEY_FORM, key_hint
from justemails.http_server import WsgiApp
from justemails.ports import Clock
from justemails_sandbox.events import EventLog

KEPT = 1000
BODY_KEPT = 64 * 1024
"""Octets of a body that are kept; the rest is only counted."""

_SECRET = re.compile(KEY_FORM.pattern.encode())
_BEARER = re.compile(r"Bearer +(\S+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request to the API and its answer.

    Args:
        number: that of its event.
        query: as it came, without the question mark.
        key: the hint of the key; None: there was none that has the form of one.
        body: as much of it as is kept.
        message_id: of the message that it made, or None.
    """

    number: int
    at: datetime
    method: str
    path: str
    query: str
    status: int
    milliseconds: float
    key: str | None
    body: bytes
    answer: bytes
    retry_after: str | None
    message_id: str | None


class RequestLog:
    """The newest requests, from any thread."""

    def __init__(self) -> None:
        self._requests: deque[LoggedRequest] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    def add(self, request: LoggedRequest) -> None:
        with self._lock:
            self._requests.append(request)

    def newest(self) -> Sequence[LoggedRequest]:
        """Return all that are kept, the newest first."""
        with self._lock:
            return [*reversed(self._requests)]

    def get(self, number: int) -> LoggedRequest | None:
        return next((one for one in self.newest() if one.number == number), None)

    def that_made(self, message_id: str) -> LoggedRequest | None:
        """Return the request that a message was accepted by, as long as it is kept."""
        return next((one for one in self.newest() if one.message_id == message_id), None)

    def clear(self) -> None:
        with self._lock:
            self._requests.clear()


def logged(app: WsgiApp, events: EventLog, log: RequestLog, clock: Clock) -> WsgiApp:
    """Return an application that notes each request of ``app``, as an event and, with its bodies, in a log."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # Any: as WSGI has it
        began = time.perf_counter()
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        status, headers = "", dict[str, str]()

        def start(line: str, given: list[tuple[str, str]], *exc_info: Any) -> Any:
            nonlocal status, headers
            status, headers = line, {name.lower(): value for name, value in given}
            return start_response(line, given, *exc_info)

        answer = b"".join(app(environ, start))
        told = {
            "method": environ["REQUEST_METHOD"],
            "path": environ["PATH_INFO"],
            "status": int(status[:3]),
            "milliseconds": round((time.perf_counter() - began) * 1000, 1),
        }
        log.add(
            LoggedRequest(
                number=events.add("request", **told),
                at=clock.now(),
                query=environ.get("QUERY_STRING", ""),
                key=_hint(environ.get("HTTP_AUTHORIZATION", "")),
                body=body[:BODY_KEPT],
                answer=_SECRET.sub(_as_hint, answer)[:BODY_KEPT],
                retry_after=headers.get("retry-after"),
                message_id=_made(told, answer),
                **told,
            )
        )
        return [answer]

    return serve


def _as_hint(secret: re.Match[bytes]) -> bytes:
    return f"{key_hint(secret[0].decode())}\u2026".encode()


def _hint(authorization: str) -> str | None:
    found = _BEARER.fullmatch(authorization.strip())
    return key_hint(found[1]) if found and KEY_FORM.fullmatch(found[1]) else None


def _made(told: dict[str, Any], answer: bytes) -> str | None:
    if told["method"] != "POST" or told["status"] != 200 or not told["path"].endswith("/send"):
        return None
    found = re.search(rb'"id": ?"(msg_\w+)"', answer)
    return found[1].decode() if found else None
