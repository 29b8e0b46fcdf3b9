"""Servers that break one promise each, as WSGI middleware around the reference: the suite must name the clause.

And servers that are right in another way than the reference, which the suite must let pass. There is no branch for
faults in the product.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from justemails.http_server import WsgiApp

Json = Any  # what JSON can say
Change = Callable[["Exchanged"], None]


@dataclass
class Exchanged:
    """A request and its answer, to be changed before it goes out."""

    method: str
    path: str
    request: Json
    authorization: str
    status: int
    headers: dict[str, str]
    body: Json


class Changing:
    """The reference behind somebody who changes its answers."""

    def __init__(self, app: WsgiApp, change: Change) -> None:
        self._app = app
        self._change = change

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        told: list[tuple[str, list[tuple[str, str]]]] = []
        body = b"".join(self._app(environ, lambda status, headers, exc=None: told.append((status, headers))))
        ((status, headers),) = told
        exchanged = Exchanged(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"].removeprefix("/api/v1"),
            None,
            environ.get("HTTP_AUTHORIZATION", ""),
            int(status.split()[0]),
            dict(headers),
            json.loads(body) if body else None,
        )
        self._change(exchanged)
        data = exchanged.body if isinstance(exchanged.body, bytes) else json.dumps(exchanged.body).encode()
        given = {name: value for name, value in exchanged.headers.items() if name.lower() != "content-length"}
        start_response(f"{exchanged.status} x", [*given.items(), ("Content-Length", str(len(data)))])
        return [data]


def _in(method: str, path: str, act: Callable[[Json], object], *, success: bool = True) -> Change:
    """Return a change of the body of one operation's answers."""

    def change(one: Exchanged) -> None:
        here = one.path == path or (path.endswith("/") and one.path.startswith(path))
        if one.method == method and here and (one.status < 300) is success:
            act(one.body)

    return change


def _status(method: str, path: str, old: int, new: int) -> Change:
    def change(one: Exchanged) -> None:
        here = one.path == path or (path.endswith("/") and one.path.startswith(path))
        if one.method == method and here and one.status == old:
            one.status = new

    return change


def _error(act: Callable[[Exchanged], None]) -> Change:
    return lambda one: act(one) if one.status >= 400 else None


def _put(name: str, value: Json) -> Callable[[Json], None]:
    return lambda body: body.__setitem__(name, value)


def _drop(name: str) -> Callable[[Json], None]:
    return lambda body: body.pop(name)


def _each(act: Callable[[Json], object]) -> Callable[[Json], None]:
    def change(body: Json) -> None:
        for item in body["data"]:
            act(item)

    return change


def _html(one: Exchanged) -> None:
    one.body = b"<html>sorry</html>"
    one.headers["content-type"] = "text/html"


def _no_auth_needed(one: Exchanged) -> None:
    if one.status == 401 and not one.authorization and one.path == "/messages":
        one.status, one.body = 200, {"data": [], "pagination": {"page": 1, "perPage": 50, "total": 0}}


def _any_key(one: Exchanged) -> None:
    if one.status == 401 and one.authorization.startswith("Bearer je_live_0000") and one.path == "/messages":
        one.status, one.body = 200, {"data": [], "pagination": {"page": 1, "perPage": 50, "total": 0}}


def _a_revoked_key_works(one: Exchanged) -> None:
    if one.status == 401 and one.authorization.startswith("Bearer je_live_") and "0000000" not in one.authorization:
        one.status, one.body = 200, {"data": [], "pagination": {"page": 1, "perPage": 50, "total": 0}}


SEND, ONE, LIST, KEYS, KEY = "/send", "/send/", "/messages", "/api-keys", "/api-keys/"

MUTANTS: Mapping[str, tuple[Change, str]] = {
    "send has no id": (_in("POST", SEND, _drop("id")), "send.response.id"),
    "send's id is a number": (_in("POST", SEND, _put("id", 12)), "send.response.id"),
    "every message has one id": (_in("POST", SEND, _put("id", "msg_1")), "send.response.id"),
    "send has no status": (_in("POST", SEND, _drop("status")), "send.response.status"),
    "send names another sender": (_in("POST", SEND, _put("from", "x@y.example")), "send.response.from"),
    "send has no to": (_in("POST", SEND, _drop("to")), "send.response.to"),
    "send has no createdAt": (_in("POST", SEND, _drop("createdAt")), "send.response.createdAt"),
    "createdAt is a number": (_in("POST", SEND, _put("createdAt", 1775476800)), "send.response.createdAt"),
    "createdAt is long ago": (_in("POST", SEND, _put("createdAt", "2020-01-01T00:00:00Z")), "send.response.createdAt"),
    "send is refused": (_status("POST", SEND, 200, 403), "send.request"),
    "to is not needed": (_status("POST", SEND, 400, 200), "send.request.to.required"),
    "an unverified domain may send": (_status("POST", SEND, 422, 200), "send.request.from.domain"),
    "an unverified domain is 400": (_status("POST", SEND, 422, 400), "send.request.from.domain"),
    "status has another id": (_in("GET", ONE, _put("id", "msg_other")), "status.response.id"),
    "status has no status": (_in("GET", ONE, _drop("status")), "status.response.status"),
    "status has another sender": (_in("GET", ONE, _put("from", "x@y.example")), "status.response.from"),
    "status has another recipient": (_in("GET", ONE, _put("to", "x@y.example")), "status.response.to"),
    "status has no subject": (_in("GET", ONE, _drop("subject")), "status.response.subject"),
    "status loses letters": (_in("GET", ONE, _put("subject", "Welcome ? Gr??e")), "status.response.subject"),
    "status has another createdAt": (
        _in("GET", ONE, _put("createdAt", "2020-01-01T00:00:00Z")),
        "status.response.createdAt",
    ),
    "deliveredAt is no time": (_in("GET", ONE, _put("deliveredAt", "soon")), "status.response.deliveredAt"),
    "delivered before it was made": (
        _in("GET", ONE, _put("deliveredAt", "2020-01-01T00:00:00Z")),
        "status.response.deliveredAt",
    ),
    "an unknown id is there": (_status("GET", ONE, 404, 200), "status.unknown"),
    "an unknown id is 400": (_status("GET", ONE, 404, 400), "status.unknown"),
    "the list is empty": (_in("GET", LIST, _put("data", [])), "messages.purpose"),
    "the list has no data": (_in("GET", LIST, _drop("data")), "messages.data"),
    "items have no id": (_in("GET", LIST, _each(_drop("id"))), "messages.data.id"),
    "items have no status": (_in("GET", LIST, _each(_drop("status"))), "messages.data.status"),
    "the list has no pagination": (_in("GET", LIST, _drop("pagination")), "messages.pagination"),
    "page is a text": (_in("GET", LIST, lambda body: body["pagination"].update(page="1")), "messages.pagination.page"),
    "perPage is missing": (
        _in("GET", LIST, lambda body: body["pagination"].pop("perPage")),
        "messages.pagination.perPage",
    ),
    "total is too small": (
        _in("GET", LIST, lambda body: body["pagination"].update(total=0)),
        "messages.pagination.total",
    ),
    "keys cannot be made": (_status("POST", KEYS, 200, 403), "keys.create"),
    "a new key has no id": (_in("POST", KEYS, _drop("id")), "keys.create.response.id"),
    "a new key has another name": (_in("POST", KEYS, _put("name", "x")), "keys.create.response.name"),
    "a new key has no secret": (_in("POST", KEYS, _drop("key")), "keys.create.response.key"),
    "a new key has no createdAt": (_in("POST", KEYS, _drop("createdAt")), "keys.create.response.createdAt"),
    "the list of keys is empty": (_in("GET", KEYS, _put("data", [])), "keys.list.all"),
    "the list of keys is an object": (_in("GET", KEYS, _put("data", {})), "keys.list.response"),
    "listed keys have no id": (_in("GET", KEYS, _each(_drop("id"))), "keys.list.response.id"),
    "listed keys have another name": (_in("GET", KEYS, _each(_put("name", "x"))), "keys.list.response.name"),
    "revoking says false": (_in("DELETE", KEY, _put("deleted", False)), "keys.revoke.response"),
    "an unknown key can be revoked": (_status("DELETE", KEY, 404, 200), "keys.revoke.unknown"),
    "a revoked key still works": (_a_revoked_key_works, "keys.revoke"),
    "a read needs no key": (_no_auth_needed, "auth.required"),
    "any key will do": (_any_key, "errors.401"),
    "errors are HTML": (_error(_html), "errors.always"),
    "errors have no code word": (_error(lambda one: one.body.pop("error")), "errors.body"),
    "errors have an empty message": (_error(lambda one: one.body.update(message="")), "errors.body.message"),
    "errors have a number for a code": (_error(lambda one: one.body.update(error=400)), "errors.body.error"),
    "bad input is a fault of the server": (_status("POST", SEND, 400, 500), "errors.500"),
}


def _two_oh_two(one: Exchanged) -> None:
    if one.method == "POST" and one.status == 200:
        one.status = 202 if one.path == SEND else 201


VARIANTS: Mapping[str, Change] = {
    "202 for a send, 201 for a key": _two_oh_two,
    "422 for every bad body": _status("POST", SEND, 400, 422),
    "further members": lambda one: one.body.update(extra=1),
    "another word for queued": _in("POST", SEND, _put("status", "sending")),
    "items with id and status alone": _in(
        "GET",
        LIST,
        _each(lambda item: [item.pop(name) for name in ("from", "to", "subject", "createdAt", "deliveredAt")]),
    ),
    "no deliveredAt before delivery": _in(
        "GET", ONE, lambda body: body.pop("deliveredAt") if body["deliveredAt"] is None else None
    ),
    "offsets and fractions": _in(
        "GET", ONE, lambda body: body.update(createdAt=body["createdAt"].replace("Z", ".000+00:00"))
    ),
    "keys without lastUsed": _in("GET", KEYS, _each(lambda item: item.pop("lastUsed"))),
    "a charset in the content type": lambda one: one.headers.update(
        {"content-type": "application/json; charset=utf-8"}
    ),
    "other error words": _error(lambda one: one.body.update(error="bad_request")),
    "fifty to a page is ten": _in(
        "GET", LIST, lambda body: body["pagination"].update(perPage=max(10, len(body["data"])))
    ),
}
