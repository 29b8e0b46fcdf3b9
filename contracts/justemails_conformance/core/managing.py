"""/api-keys: making, listing and revoking keys."""

from collections.abc import Mapping

from justemails_conformance.checks import Look, binder
from justemails_conformance.core.shared import MADE, a_text, created, exactly, near_now, prefix
from justemails_conformance.evidence import (
    BreachError,
    SkippedError,
    given,
    is_time,
    items_of,
    member,
    refused,
    response_of,
    right,
    shown,
    succeeded,
    time_of,
)
from justemails_conformance.scene import Scene
from justemails_conformance.transport import Exchange

CHECKS: dict[str, Look[Scene]] = {}

check = binder(CHECKS)


@check("keys.create")
def _(scene: Scene) -> None:
    succeeded(scene.created)


@check("keys.create.request")
def _(scene: Scene) -> None:
    created(scene)


@check("keys.create.response")
def _(scene: Scene) -> None:
    response_of(given(scene.created, "keys.create"), MADE)


@check("keys.create.response.id")
def _(scene: Scene) -> None:
    _differs(scene, "id")


def _differs(scene: Scene, name: str) -> None:
    """A member of the answer is a text, and another one for each key."""
    first = member(created(scene), *a_text(name))
    second = given(scene.second_making.exchange, "keys.create", "keys.create.response", MADE)
    if member(second, *a_text(name)) == first:
        raise BreachError(f"{name}: another one for each key", "the same one twice", second)


@check("keys.create.response.id.prefix")
def _(scene: Scene) -> None:
    prefix(created(scene), "id", "key_")


@check("keys.create.response.name")
def _(scene: Scene) -> None:
    for making in (scene.first_making, scene.second_making):
        exchange = given(making.exchange, "keys.create", "keys.create.response", MADE)
        member(exchange, *exactly("name", making.name))


@check("keys.create.response.key")
def _(scene: Scene) -> None:
    secret = member(created(scene), *a_text("key"))
    if secret == scene.means.key:
        raise BreachError("key: a new one", "the key that was asked with", scene.created)
    _differs(scene, "key")


@check("keys.create.response.createdAt")
def _(scene: Scene) -> None:
    near_now(created(scene), "createdAt")


@check("auth.prefix")
def _(scene: Scene) -> None:
    secret = member(created(scene), *a_text("key"))
    if not secret.startswith("je_"):
        raise BreachError("key: a text that begins with je_", "another beginning", scene.created)


@check("auth.live")
def _(scene: Scene) -> None:
    prefix(created(scene), "key", "je_live_")


@check("keys.list")
def _(scene: Scene) -> None:
    succeeded(scene.keys)


@check("keys.list.response")
def _(scene: Scene) -> None:
    items_of(given(scene.keys, "keys.list"))


@check("keys.list.response.id")
def _(scene: Scene) -> None:
    for item in _items(scene.keys):
        right(scene.keys, item, *a_text("id"))


@check("keys.list.all")
def _(scene: Scene) -> None:
    """At least the two that were made just now."""
    for made in (scene.key, scene.second_key):
        _item_of(made.id, scene.keys)


@check("keys.list.response.name")
def _(scene: Scene) -> None:
    for made in (scene.key, scene.second_key):
        right(scene.keys, _given_item_of(made.id, scene.keys), *exactly("name", made.name))


@check("keys.list.secret")
def _(scene: Scene) -> None:
    _ = scene.keys
    for made in (scene.key, scene.second_key):
        if scene.keys.answer and made.secret.encode() in scene.keys.answer.body:
            raise BreachError("a list without secrets", "the secret of a key in it", scene.keys)


@check("keys.list.account")
def _(scene: Scene) -> None:
    exchange = succeeded(scene.other.list_keys())
    if any(item.get("id") == scene.key.id for item in items_of(exchange)):
        raise BreachError("the other account's keys alone", "the key of the first account", exchange)


def _items(exchange: Exchange) -> list[Mapping[str, object]]:
    try:
        return items_of(succeeded(exchange))
    except BreachError:
        raise SkippedError("needs keys.list.response") from None


def _item_of(key_id: str, listed: Exchange) -> Mapping[str, object]:
    for item in _items(listed):
        if item.get("id") == key_id:
            return item
    raise BreachError(f"the new key {shown(key_id)} in the list", "it is not there", listed)


def _given_item_of(key_id: str, listed: Exchange) -> Mapping[str, object]:
    try:
        return _item_of(key_id, listed)
    except BreachError:
        raise SkippedError("needs keys.list.all") from None


@check("keys.create.request.name")
def _(scene: Scene) -> None:
    for wrong in ({}, {"name": 12}):
        refused(scene.create_badly(wrong), 400, 422)


@check("keys.revoke.unknown")
def _(scene: Scene) -> None:
    refused(scene.party.revoke_key(scene.another_id(scene.created)), 404)


@check("keys.revoke.account")
def _(scene: Scene) -> None:
    """Whatever refuses it will do (CHOICE-14)."""
    exchange = scene.other.revoke_key(scene.second_key.id)
    if exchange.succeeded:
        raise BreachError(
            "a refusal: the key is another account's", f"{exchange.status}, as if the key were revoked", exchange
        )


@check("keys.revoke.response")
def _(scene: Scene) -> None:
    member(given(scene.revocation, "keys.revoke"), *exactly("deleted", True))


@check("keys.revoke")
def _(scene: Scene) -> None:
    succeeded(scene.revocation)
    scene.needs_keys_to_matter()

    def look() -> tuple[Exchange, bool]:
        exchange = scene.with_key(scene.key)
        return exchange, exchange.status == 401

    refused(scene.until(look), 401)


@check("auth.endpoint")
def _(scene: Scene) -> None:
    """The key that was made second is good for a read, although the first one is revoked."""
    succeeded(scene.used)


@check("keys.list.response.lastUsed")
def _(scene: Scene) -> None:
    """Absent is a warning; a time that a use does not bring, within a minute (CHOICE-47), is none."""
    for item in _items(scene.keys):
        last_used = item.get("lastUsed")
        if last_used is not None and not is_time(last_used):
            raise BreachError("lastUsed: an RFC 3339 time, null or absent", shown(last_used), scene.keys)
    given(scene.used, "auth.endpoint")
    _given_item_of(scene.second_key.id, scene.keys)
    used = scene.keys_after_use
    item = _item_of(scene.second_key.id, given(used, "keys.list", "keys.list.response"))
    if "lastUsed" not in item:
        raise BreachError("lastUsed: the time of the last use", "no member lastUsed", used, warns=True)
    if time_of(item["lastUsed"]) is None:
        raise BreachError("lastUsed: the time of a use a minute ago", shown(item["lastUsed"]), used)
