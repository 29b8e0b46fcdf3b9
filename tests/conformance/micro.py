"""A second server of the API, on the standard library and from the document alone: no line of the product is in it.

It chooses otherwise than the reference wherever the document is silent, so that a suite that takes the reference's ways
for the API's is found out: 202 and 201, ids that are plain numbers as texts, fractions of seconds, fixed windows.
"""

import json
import re
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, Any]  # a status and what JSON says

VERIFIED = "yourdomain.com"
BASE = "/any/base"
_LIMITS = {"send": 100, "read": 300, "keys": 10}  # [limits.tiers]
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class RefusedError(Exception):
    """A request is refused."""

    def __init__(self, status: int, error: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.answer = status, {"error": error, "message": message}
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def _invalid(message: str) -> RefusedError:
    return RefusedError(422, "VALIDATION_ERROR", message)


class Service:
    """What the server knows: keys, messages, and how often who has asked.

    Args:
        now_s: a clock.
        key: the first key; by default one is made.
    """

    def __init__(self, now_s: Callable[[], float], key: str | None = None) -> None:
        self._now_s = now_s
        self._lock = threading.Lock()
        self.key = key or self._secret()
        self._keys: dict[str, dict[str, Any]] = {"1": {"id": "1", "name": "first", "key": self.key, "lastUsed": None}}
        self._messages: dict[str, dict[str, Any]] = {}
        self._asked: Counter[tuple[str, str, int]] = Counter()

    def answer(self, method: str, path: str, authorization: str, body: bytes) -> Answer:
        """Answer one request.

        Raises:
            RefusedError: it is refused.
        """
        with self._lock:
            key = self._authenticated(authorization)
            operation, tier, argument = self._operation(method, path.partition("?")[0])
            self._count(key, tier)
            key["lastUsed"] = self._time()
            return operation(argument, body)

    def _operation(self, method: str, path: str) -> tuple[Callable[[str, bytes], Answer], str, str]:
        head, _, argument = path.removeprefix("/").partition("/")
        operations: Mapping[tuple[str, str, bool], tuple[Callable[[str, bytes], Answer], str]] = {
            ("POST", "send", False): (self._send, "send"),
            ("GET", "send", True): (self._status, "read"),
            ("GET", "messages", False): (self._list, "read"),
            ("POST", "api-keys", False): (self._create, "keys"),
            ("GET", "api-keys", False): (self._list_keys, "keys"),
            ("DELETE", "api-keys", True): (self._revoke, "keys"),
        }
        found = operations.get((method, head, bool(argument)))
        if found is None:
            raise RefusedError(404, "no_such_thing", "There is nothing here.")
        return *found, argument

    def _authenticated(self, authorization: str) -> dict[str, Any]:
        match = re.fullmatch("Bearer (je_.+)", authorization)
        for key in self._keys.values():
            if match and secrets.compare_digest(key["key"].encode(), match[1].encode()):
                return key
        raise RefusedError(401, "who_are_you", "That is no API key.")

    def _count(self, key: Mapping[str, Any], tier: str) -> None:
        window = int(self._now_s() // 60)
        if self._asked[key["id"], tier, window] >= _LIMITS[tier]:
            wait_s = int((window + 1) * 60 - self._now_s()) + 1
            raise RefusedError(429, "slow_down", "Too many requests.", Retry_After=str(wait_s))
        self._asked[key["id"], tier, window] += 1

    def _send(self, _: str, body: bytes) -> Answer:
        members = _object(body)
        for name in ("from", "to", "subject"):
            if not isinstance(members.get(name), str):
                raise _invalid(f"The '{name}' field is required.")
        for name in ("html", "text", "replyTo"):
            if not isinstance(members.get(name, ""), str):
                raise _invalid(f"The '{name}' field must be a text.")
        if not isinstance(members.get("headers", {}), dict):
            raise _invalid("The 'headers' field must be an object.")
        for name in ("from", "to"):
            if not _ADDRESS.fullmatch(members[name]):
                raise _invalid(f"The '{name}' field must be an address.")
        if not members["from"].endswith(f"@{VERIFIED}"):
            raise RefusedError(422, "unverified", "The domain of 'from' is not verified.")
        message_id = str(len(self._messages) + 1)
        now = self._time()
        message = {"id": message_id, "status": "queued", "from": members["from"], "to": members["to"]}
        self._messages[message_id] = {**message, "subject": members["subject"], "createdAt": now}
        return 202, {**message, "createdAt": now}

    def _status(self, message_id: str, _: bytes) -> Answer:
        if message_id not in self._messages:
            raise RefusedError(404, "no_such_thing", "There is no such message.")
        return 200, self._as_it_is_now(message_id)

    def _as_it_is_now(self, message_id: str) -> Mapping[str, Any]:
        """A message is delivered when somebody looks for the second time."""
        message = self._messages[message_id]
        if message.get("looked") and message["status"] == "queued":
            message |= {"status": "delivered", "deliveredAt": self._time()}
        message["looked"] = True
        return {name: value for name, value in message.items() if name != "looked"}

    def _list(self, _: str, __: bytes) -> Answer:
        items = [{"id": one["id"], "status": one["status"]} for one in self._messages.values()]
        return 200, {"data": items, "pagination": {"page": 1, "perPage": max(50, len(items)), "total": len(items)}}

    def _create(self, _: str, body: bytes) -> Answer:
        name = _object(body).get("name")
        if not isinstance(name, str) or not name:
            raise _invalid("The 'name' field is required.")
        key_id, secret = secrets.token_hex(4), self._secret()
        self._keys[key_id] = {"id": key_id, "name": name, "key": secret, "lastUsed": None}
        return 201, {"id": key_id, "name": name, "key": secret, "createdAt": self._time()}

    def _list_keys(self, _: str, __: bytes) -> Answer:
        shown = ("id", "name", "lastUsed")
        return 200, {"data": [{name: key[name] for name in shown} for key in self._keys.values()]}

    def _revoke(self, key_id: str, _: bytes) -> Answer:
        if self._keys.pop(key_id, None) is None:
            raise RefusedError(404, "no_such_thing", "There is no such key.")
        return 200, {"deleted": True}

    def _time(self) -> str:
        return datetime.now(UTC).isoformat(timespec="milliseconds")  # noqa: TID251  # this server's own time

    @staticmethod
    def _secret() -> str:
        return f"je_live_{secrets.token_hex(16)}"


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        members = json.loads(body)
    except ValueError:
        raise RefusedError(400, "not_json", "The body is no JSON.") from None
    if not isinstance(members, dict):
        raise RefusedError(400, "no_object", "The body is no JSON object.")
    return members


def server_of(service: Service, port: int = 0) -> ThreadingHTTPServer:
    """Return a server that has its port, and answers as soon as it is told to serve."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            path = self.path.removeprefix(BASE)
            headers: Mapping[str, str] = {}
            try:
                status, said = service.answer(self.command, path, self.headers["Authorization"] or "", body)
            except RefusedError as ex:
                (status, said), headers = ex.answer, ex.headers
            data = json.dumps(said).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Type": "application/json", "Content-Length": len(data)}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_DELETE = do_GET  # noqa: N815  # the library's names

        def log_message(self, *_: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


@contextmanager
def serving(now_s: Callable[[], float]) -> Iterator[tuple[str, str]]:
    """Serve, and give the base URL and a key."""
    service = Service(now_s)
    with server_of(service) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}{BASE}", service.key
        server.shutdown()
        thread.join()
