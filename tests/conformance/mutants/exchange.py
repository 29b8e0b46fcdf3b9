"""A server in one function from what it is asked to what it says, and what can be put around one.

Everything that is wrong with a mutant, or different with a variant, is put around a sound server here in the tests:
there is no branch for faults in the product.

    broken = answers("send", lambda body: body.pop("id"))      # a Change: from one server to another
    api = broken(sound, ground)                                 # sound: an Api
    api(Asked("POST", "/send", headers, body)).json             # has no id
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Json = Any  # what JSON can say


@dataclass(frozen=True, slots=True)
class Asked:
    """A request.

    Args:
        path: below the base URL, with its query and its percent signs.
        headers: their names in lower case.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def operation(self) -> str:
        """Which of the six operations it is of; empty for none."""
        head, _, argument = self.path.partition("?")[0].removeprefix("/").partition("/")
        return _OPERATIONS.get((self.method, head, bool(argument)), "")

    @property
    def id(self) -> str:
        return self.path.partition("?")[0].removeprefix("/").partition("/")[2]

    @property
    def json(self) -> Json:
        """What the body says; None when it is no JSON, or deeper than anybody reads."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def authorization(self) -> str | None:
        return self.headers.get("authorization")

    @property
    def key(self) -> str:
        """The bearer token, or nothing."""
        scheme, _, token = (self.authorization or "").partition(" ")
        return token if scheme == "Bearer" else ""

    def with_key(self, key: str) -> "Asked":
        return replace(self, headers={**self.headers, "authorization": f"Bearer {key}"})

    def saying(self, body: Json) -> "Asked":
        return replace(self, body=json.dumps(body).encode())

    def with_id(self, id_: str) -> "Asked":
        return replace(self, path=f"{self.path[: self.path.index('/', 1)]}/{id_}")


_OPERATIONS = {
    ("POST", "send", False): "send",
    ("GET", "send", True): "status",
    ("GET", "messages", False): "messages",
    ("POST", "api-keys", False): "keys.create",
    ("GET", "api-keys", False): "keys.list",
    ("DELETE", "api-keys", True): "keys.revoke",
}


@dataclass(frozen=True, slots=True)
class Said:
    """An answer.

    Args:
        chunked: whether it leaves in pieces.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    chunked: bool = False

    @property
    def json(self) -> Json:
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300

    def saying(self, body: Json) -> "Said":
        return replace(self, body=json.dumps(body).encode())

    def with_status(self, status: int) -> "Said":
        return replace(self, status=status)

    def with_header(self, name: str, value: str | None) -> "Said":
        """Give a header another value, or take it away."""
        kept = {given: said for given, said in self.headers.items() if given.lower() != name.lower()}
        return replace(self, headers=kept if value is None else {**kept, name: value})


Api = Callable[[Asked], Said]


class Ground:
    """What stands around a server while it is judged: who has which key, and the time, which waiting moves on.

    Args:
        now_s: a clock.
    """

    def __init__(
        self, key: str, other_key: str = "", restricted_key: str = "", *, now_s: Callable[[], float] = lambda: 0.0
    ) -> None:
        self.key = key
        self.other_key = other_key
        self.restricted_key = restricted_key
        self.now_s = now_s


Change = Callable[[Api, Ground], Api]
"""Puts something around a server. What it remembers is made anew for each run."""


def refusal(status: int, error: str = "VALIDATION_ERROR", message: str = "The request is not valid.") -> Said:
    return Said(status).saying({"error": error, "message": message})


def said(change: Callable[[Asked, Said], Said | None]) -> Change:
    """Change what is said; None leaves it."""

    def put(api: Api, _: Ground) -> Api:
        def around(asked: Asked) -> Said:
            answer = api(asked)
            return change(asked, answer) or answer

        return around

    return put


def asked(change: Callable[[Asked, Ground], Asked | Said | None]) -> Change:
    """Change what is asked before the server sees it, or answer in its place; None leaves it."""

    def put(api: Api, ground: Ground) -> Api:
        def around(request: Asked) -> Said:
            changed = change(request, ground) or request
            return changed if isinstance(changed, Said) else api(changed)

        return around

    return put


def answers(operations: str, act: Callable[[Json], object]) -> Change:
    """Change the body of the good answers of one operation, or of several, parted by spaces."""
    names = operations.split()

    def change(request: Asked, answer: Said) -> Said | None:
        if not answer.good or request.operation not in names:
            return None
        body = answer.json
        act(body)
        return answer.saying(body)

    return said(change)


def replies(operation: str, make: Callable[[Json], Json]) -> Change:
    """Give the good answers of one operation another body."""
    return said(lambda req, ans: ans.saying(make(ans.json)) if ans.good and req.operation == operation else None)


def items(operation: str, act: Callable[[Json], object]) -> Change:
    """Change each item of a list."""
    return answers(operation, lambda body: [act(item) for item in body["data"]])


def refusals(change: Callable[[Said], Said], *statuses: int) -> Change:
    """Change the answers of these statuses; of every error when none is given."""
    wanted = statuses or range(400, 600)
    return said(lambda _, ans: change(ans) if ans.status in wanted else None)


def both(*changes: Change) -> Change:
    """Put one change around another, the last outermost."""

    def put(api: Api, ground: Ground) -> Api:
        for change in changes:
            api = change(api, ground)
        return api

    return put


def set_to(**members: Json) -> Callable[[Json], object]:
    return lambda body: body.update(members)


def without(name: str) -> Callable[[Json], object]:
    return lambda body: body.pop(name, None)


def renamed(old: str, new: str) -> Callable[[Json], object]:
    return lambda body: body.update({new: body.pop(old)}) if old in body else None


def deep(change: Callable[[dict[str, Any]], object]) -> Change:
    """Change every object in every answer, however deep."""

    def walk(value: Json) -> None:
        for part in [*value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []:
            walk(part)
        if isinstance(value, dict):
            change(value)

    def act(_: Asked, answer: Said) -> Said:
        body = answer.json
        walk(body)
        return answer.saying(body)

    return said(act)


def ids(new: Callable[[str], str], form: str, malformed: int) -> Change:
    """Give other ids; one of another form than these is refused, one of this form that was never given is 404."""

    def put(api: Api, ground: Ground) -> Api:
        given: dict[str, str] = {}
        known: dict[str, str] = {}

        def shown(inner: str) -> str:
            if inner not in given:
                given[inner] = new(inner)
                known[given[inner]] = inner
            return given[inner]

        def rename(value: dict[str, Any]) -> None:
            if isinstance(value.get("id"), str):
                value["id"] = shown(value["id"])

        renamed = deep(rename)(api, ground)

        def around(request: Asked) -> Said:
            if request.operation not in {"status", "keys.revoke"}:
                return renamed(request)
            if not re.fullmatch(form, request.id):
                answer = api(request.with_id("msg_0"))
                return refusal(malformed) if answer.status == 404 else answer
            return renamed(request.with_id(known.get(request.id, "msg_0")))

        return around

    return put
