"""The core profile: a check for each clause that can be judged with a few requests, in an order that spends few.

Each check is bound to one clause, and passes, breaks it, or says what it lacks. What the document does not promise is
not checked.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, timedelta

from justemails_conformance.checks import Check, Look, binder, bound
from justemails_conformance.evidence import (
    BreachError,
    SkippedError,
    given,
    is_integer,
    is_text,
    is_time,
    json_of,
    member,
    object_of,
    refused,
    right,
    server_now,
    shown,
    succeeded,
    time_of,
)
from justemails_conformance.party import Tier
from justemails_conformance.scene import HTML, TEXT, UNKNOWN_ID, UNKNOWN_KEY, UNKNOWN_KEY_ID, Scene
from justemails_conformance.transport import Exchange

CORE: dict[str, Look[Scene]] = {}
"""The checks by their clauses, in the order in which they are made."""

check = binder(CORE)


def checks(scene: Scene) -> Mapping[str, Check]:
    """Return the checks of a run."""
    return bound(CORE, scene)


_NEAR = timedelta(minutes=5)


def _a_text(name: str) -> tuple[str, Callable[[object], bool], str]:
    return name, is_text, "a text that is not empty"


def _exactly(name: str, value: object) -> tuple[str, Callable[[object], bool], str]:
    return name, lambda given: given == value, shown(value)


def _near_now(exchange: Exchange, name: str) -> None:
    """A time of now, give or take five minutes, by the server's own Date where it has one."""
    told = time_of(member(exchange, name, is_time, "an RFC 3339 time"))
    now = server_now(exchange)
    if told is None or abs(told - now.astimezone(UTC)) > _NEAR:
        raise BreachError(
            f"{name}: within five minutes of {now.isoformat()}", shown(told and told.isoformat()), exchange
        )


def _prefix(exchange: Exchange, name: str, prefix: str) -> None:
    value = member(exchange, *_a_text(name))
    if not value.startswith(prefix):
        raise BreachError(f"{name}: a text that begins with {prefix}", shown(value), exchange, warns=True)


def _sent(scene: Scene) -> Exchange:
    return given(scene.full, "send.request", "send.response")


def _status(scene: Scene) -> Exchange:
    return given(scene.status, "status.purpose", "status.response")


def _created(scene: Scene) -> Exchange:
    return given(scene.created, "keys.create", "keys.create.response")


# POST /send


@check("send.request")
def _(scene: Scene) -> None:
    succeeded(scene.full)


@check("send.request.minimal")
def _(scene: Scene) -> None:
    succeeded(scene.minimal)


@check("send.request.text")
def _(scene: Scene) -> None:
    given(scene.minimal, "send.request.minimal")
    succeeded(scene.party.send(scene.body(html=None, text=TEXT)))


@check("send.request.both")
def _(scene: Scene) -> None:
    given(scene.minimal, "send.request.minimal")
    succeeded(scene.party.send(scene.body(html=HTML, text=TEXT)))


@check("send.response")
def _(scene: Scene) -> None:
    object_of(given(scene.full, "send.request"))


@check("send.response.id")
def _(scene: Scene) -> None:
    first = member(_sent(scene), *_a_text("id"))
    second = member(given(scene.minimal, "send.request.minimal", "send.response"), *_a_text("id"))
    if first == second:
        raise BreachError("id: another one for each message", f"{shown(first)} twice", scene.minimal)


@check("send.response.id.prefix")
def _(scene: Scene) -> None:
    _prefix(_sent(scene), "id", "msg_")


@check("send.response.status")
def _(scene: Scene) -> None:
    status = member(_sent(scene), *_a_text("status"))
    if status != "queued":
        raise BreachError('status: "queued"', shown(status), scene.full, warns=True)


@check("send.response.from")
def _(scene: Scene) -> None:
    member(_sent(scene), *_exactly("from", scene.means.sender))


@check("send.response.to")
def _(scene: Scene) -> None:
    member(_sent(scene), *_exactly("to", scene.means.to))


@check("send.response.createdAt")
def _(scene: Scene) -> None:
    _near_now(_sent(scene), "createdAt")


def _refuses(**changed: object) -> Look[Scene]:
    """Return a check that a body with such members is refused as unreadable or as not valid (CHOICE-07)."""

    def look(scene: Scene) -> None:
        refused(scene.party.send(scene.body(**changed)), 400, 422)

    return look


@check("send.request.from")
def _(scene: Scene) -> None:
    _refuses(**{"from": None})(scene)
    _refuses(**{"from": 12})(scene)


@check("send.request.to.required")
def _(scene: Scene) -> None:
    _refuses(to=None)(scene)


@check("send.request.to")
def _(scene: Scene) -> None:
    _refuses(to=12)(scene)
    _refuses(to="not an address")(scene)


check("send.request.subject")(_refuses(subject=12))
check("send.request.html")(_refuses(html=12))
check("send.request.replyTo")(_refuses(replyTo=12))
check("send.request.headers")(_refuses(headers=["X-My-Tag: onboarding"]))


@check("send.request.from.domain")
def _(scene: Scene) -> None:
    if scene.means.unverified is None:
        raise SkippedError("needs an address of a domain that is not verified (--unverified-from)")
    refused(scene.party.send(scene.body(**{"from": scene.means.unverified})), 422)


@check("errors.example")
def _(scene: Scene) -> None:
    exchange = refused(scene.party.send(scene.body(to=None)), 400, 422)
    body = object_of(exchange)
    if body.get("error") != "VALIDATION_ERROR" or "to" not in str(body.get("message")):
        expected = 'error: "VALIDATION_ERROR", and a message that names to'
        raise BreachError(expected, shown(body), exchange, warns=True)


@check("errors.400")
def _(scene: Scene) -> None:
    exchange = refused(scene.party.ask(Tier.SEND, "POST", "/send", b'{"from": '), 400, 415, 422)
    if exchange.status != 400:
        raise BreachError("400", str(exchange.status), exchange, warns=True)


# GET /send/:id


@check("send.response.id.read")
def _(scene: Scene) -> None:
    _status(scene)


@check("status.purpose")
def _(scene: Scene) -> None:
    succeeded(scene.status)


@check("status.response")
def _(scene: Scene) -> None:
    object_of(given(scene.status, "status.purpose"))


@check("status.response.id")
def _(scene: Scene) -> None:
    member(
        _status(scene),
        *_exactly("id", scene.id_of(scene.full, "send.response.id")),
    )


@check("status.response.status")
def _(scene: Scene) -> None:
    member(_status(scene), *_a_text("status"))


@check("status.response.from")
def _(scene: Scene) -> None:
    member(_status(scene), *_exactly("from", scene.means.sender))


@check("status.response.to")
def _(scene: Scene) -> None:
    member(_status(scene), *_exactly("to", scene.means.to))


@check("status.response.subject")
def _(scene: Scene) -> None:
    member(_status(scene), *_exactly("subject", scene.full_body["subject"]))


@check("status.response.createdAt")
def _(scene: Scene) -> None:
    told = object_of(_sent(scene)).get("createdAt")
    if not is_time(told):
        raise SkippedError("needs send.response.createdAt")
    again = member(_status(scene), "createdAt", is_time, "an RFC 3339 time")
    if time_of(again) != time_of(told):
        raise BreachError(f"createdAt: {shown(told)}, as the answer to the send has it", shown(again), scene.status)


@check("status.response.deliveredAt")
def _(scene: Scene) -> None:
    message_id = scene.id_of(scene.full, "send.response.id")

    def look() -> tuple[Exchange, bool]:
        exchange = succeeded(scene.party.status(message_id))
        return exchange, object_of(exchange).get("status") == "delivered"

    exchange = scene.until(look)
    body = object_of(exchange)
    if body.get("status") != "delivered":
        if body.get("deliveredAt") is not None:
            raise BreachError("deliveredAt: null or absent before delivery", shown(body["deliveredAt"]), exchange)
        raise SkippedError("needs a message that is delivered within five seconds")
    delivered_at = right(exchange, body, "deliveredAt", is_time, "an RFC 3339 time on a delivered message")
    created_at, at = time_of(body.get("createdAt")), time_of(delivered_at)
    if created_at is not None and at is not None and at < created_at:
        raise BreachError(f"deliveredAt: not before {shown(body['createdAt'])}", shown(delivered_at), exchange)
    again = object_of(succeeded(scene.party.status(message_id)))
    if (again.get("status"), again.get("deliveredAt")) != ("delivered", delivered_at):
        raise BreachError("the same at the next look", shown(again), exchange)


@check("status.unknown")
def _(scene: Scene) -> None:
    refused(scene.party.status(UNKNOWN_ID), 404)


# GET /messages


@check("messages.purpose")
def _(scene: Scene) -> None:
    message_id = scene.id_of(scene.full, "send.response.id")
    if scene.find(message_id) is None:
        raise BreachError(
            f"the message {shown(message_id)} in the list within five seconds", "it is not there", scene.listed
        )


@check("messages.response")
def _(scene: Scene) -> None:
    object_of(given(scene.listed, "base.relative"))


@check("messages.data")
def _(scene: Scene) -> None:
    _items(given(scene.listed, "base.relative", "messages.response"))


@check("messages.data.id")
def _(scene: Scene) -> None:
    for item in _given_items(scene.listed, "messages.data"):
        right(scene.listed, item, *_a_text("id"))


@check("messages.data.status")
def _(scene: Scene) -> None:
    for item in _given_items(scene.listed, "messages.data"):
        right(scene.listed, item, *_a_text("status"))


@check("messages.data.more")
def _(scene: Scene) -> None:
    for item in _given_items(scene.listed, "messages.data"):
        missing = [name for name in ("from", "to", "subject", "createdAt") if name not in item]
        if missing:
            raise BreachError(
                "items with from, to, subject and createdAt", f"no {missing[0]}", scene.listed, warns=True
            )


@check("messages.pagination")
def _(scene: Scene) -> None:
    _pagination(scene)


@check("messages.pagination.page")
def _(scene: Scene) -> None:
    page = right(scene.listed, _given_pagination(scene), "page", is_integer, "an integer")
    if page != 1:
        raise BreachError("page: 1 where none is asked for", shown(page), scene.listed, warns=True)


@check("messages.pagination.perPage")
def _(scene: Scene) -> None:
    per_page = right(scene.listed, _given_pagination(scene), "perPage", is_integer, "an integer")
    count = len(_given_items(scene.listed, "messages.data"))
    if count > per_page:
        raise BreachError(f"{per_page} items at most, as perPage says", f"{count} items", scene.listed)


@check("messages.pagination.total")
def _(scene: Scene) -> None:
    total = right(scene.listed, _given_pagination(scene), "total", is_integer, "an integer")
    count = len(_given_items(scene.listed, "messages.data"))
    if total < count:
        raise BreachError(f"total: {count} at least, which are shown", shown(total), scene.listed)


def _items(exchange: Exchange) -> list[Mapping[str, object]]:
    data = member(exchange, "data", lambda value: isinstance(value, list), "an array")
    for item in data:
        if not isinstance(item, dict):
            raise BreachError("data: an array of objects", shown(item), exchange)
    items: list[Mapping[str, object]] = data
    return items


def _given_items(exchange: Exchange, clause: str) -> list[Mapping[str, object]]:
    """Return the items of a list, or skip: that there are none is another clause's."""
    try:
        return _items(succeeded(exchange))
    except BreachError:
        raise SkippedError(f"needs {clause}") from None


def _given_pagination(scene: Scene) -> Mapping[str, object]:
    try:
        return _pagination(scene)
    except BreachError:
        raise SkippedError("needs messages.pagination") from None


def _pagination(scene: Scene) -> Mapping[str, object]:
    pagination: Mapping[str, object] = member(
        given(scene.listed, "base.relative", "messages.response"),
        "pagination",
        lambda value: isinstance(value, dict),
        "an object",
    )
    return pagination


# Keys


@check("keys.create")
def _(scene: Scene) -> None:
    succeeded(scene.created)


@check("keys.create.request")
def _(scene: Scene) -> None:
    _created(scene)


@check("keys.create.response")
def _(scene: Scene) -> None:
    object_of(given(scene.created, "keys.create"))


@check("keys.create.response.id")
def _(scene: Scene) -> None:
    member(_created(scene), *_a_text("id"))


@check("keys.create.response.id.prefix")
def _(scene: Scene) -> None:
    _prefix(_created(scene), "id", "key_")


@check("keys.create.response.name")
def _(scene: Scene) -> None:
    member(_created(scene), *_exactly("name", f"Conformance {scene.run_id}"))


@check("keys.create.response.key")
def _(scene: Scene) -> None:
    secret = member(_created(scene), *_a_text("key"))
    if secret == scene.means.key:
        raise BreachError("key: a new one", "the key that was asked with", scene.created)


@check("keys.create.response.createdAt")
def _(scene: Scene) -> None:
    _near_now(_created(scene), "createdAt")


@check("auth.prefix")
def _(scene: Scene) -> None:
    secret = member(_created(scene), *_a_text("key"))
    if not secret.startswith("je_"):
        raise BreachError("key: a text that begins with je_", "another beginning", scene.created)


@check("auth.live")
def _(scene: Scene) -> None:
    _prefix(_created(scene), "key", "je_live_")


@check("auth.endpoint")
def _(scene: Scene) -> None:
    succeeded(scene.used)


@check("keys.list")
def _(scene: Scene) -> None:
    succeeded(scene.keys)


@check("keys.list.response")
def _(scene: Scene) -> None:
    _items(given(scene.keys, "keys.list"))


@check("keys.list.response.id")
def _(scene: Scene) -> None:
    for item in _given_items(scene.keys, "keys.list.response"):
        right(scene.keys, item, *_a_text("id"))


@check("keys.list.all")
def _(scene: Scene) -> None:
    _own_item(scene)


@check("keys.list.response.name")
def _(scene: Scene) -> None:
    right(scene.keys, _own_item(scene), *_exactly("name", scene.key.name))


@check("keys.list.response.lastUsed")
def _(scene: Scene) -> None:
    for item in _given_items(scene.keys, "keys.list.response"):
        last_used = item.get("lastUsed")
        if last_used is not None and not is_time(last_used):
            raise BreachError("lastUsed: an RFC 3339 time, null or absent", shown(last_used), scene.keys, warns=True)


@check("keys.list.secret")
def _(scene: Scene) -> None:
    if scene.keys.answer and scene.key.secret.encode() in scene.keys.answer.body:
        raise BreachError("a list without secrets", "the secret of a key in it", scene.keys)


@check("keys.list.account")
def _(scene: Scene) -> None:
    exchange = succeeded(scene.other.list_keys())
    if any(item.get("id") == scene.key.id for item in _items(exchange)):
        raise BreachError("the other account's keys alone", "the key of the first account", exchange)


def _own_item(scene: Scene) -> Mapping[str, object]:
    for item in _given_items(scene.keys, "keys.list.response"):
        if item.get("id") == scene.key.id:
            return item
    raise BreachError(f"the new key {shown(scene.key.id)} in the list", "it is not there", scene.keys)


@check("keys.create.request.name")
def _(scene: Scene) -> None:
    refused(scene.party.create_key({}), 400, 422)


@check("keys.revoke.unknown")
def _(scene: Scene) -> None:
    refused(scene.party.revoke_key(UNKNOWN_KEY_ID), 404)


@check("keys.revoke.response")
def _(scene: Scene) -> None:
    member(given(scene.revocation, "keys.revoke"), *_exactly("deleted", True))


@check("keys.revoke")
def _(scene: Scene) -> None:
    succeeded(scene.revocation)

    def look() -> tuple[Exchange, bool]:
        exchange = scene.party.with_key(scene.key.secret).messages()
        return exchange, exchange.status == 401

    refused(scene.until(look), 401)


# Who may ask


@check("auth.required")
def _(scene: Scene) -> None:
    nobody = scene.nobody
    for exchange in (
        nobody.send(scene.body()),
        nobody.status(UNKNOWN_ID),
        nobody.messages(),
        nobody.create_key({"name": f"Conformance {scene.run_id}"}),
        nobody.list_keys(),
        nobody.revoke_key(UNKNOWN_KEY_ID),
    ):
        refused(exchange, 401)


@check("auth.header")
def _(scene: Scene) -> None:
    for value in (f"Basic {scene.means.key}", scene.means.key, "Bearer", "Bearer "):
        refused(scene.nobody.ask(Tier.READ, "GET", "/messages", headers={"Authorization": value}), 401)


@check("errors.401")
def _(scene: Scene) -> None:
    refused(scene.party.with_key(UNKNOWN_KEY).messages(), 401)
    refused(scene.party.with_key("not-a-key").messages(), 401)


@check("errors.403")
def _(scene: Scene) -> None:
    if scene.means.restricted_key is None:
        raise SkippedError("needs a key that may send and nothing else (--send-only-key)")
    refused(scene.party.with_key(scene.means.restricted_key).messages(), 403)


@check("keys.revoke.irreversible")
def _(scene: Scene) -> None:
    if not scene.revoked:
        raise SkippedError("needs keys.revoke")
    refused(scene.party.with_key(scene.key.secret).messages(), 401)


@check("base.relative")
def _(scene: Scene) -> None:
    succeeded(scene.listed)
    json_of(scene.listed)
