"""/api-keys: making, listing and revoking keys."""

from collections.abc import Mapping

from justemails_conformance.checks import Look, binder
from justemails_conformance.core.shared import a_text, created, exactly, near_now, prefix
from justemails_conformance.evidence import (
    BreachError,
    SkippedError,
    given,
    is_time,
    items_of,
    member,
    object_of,
    refused,
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
    object_of(given(scene.created, "keys.create"))


@check("keys.create.response.id")
def _(scene: Scene) -> None:
    member(created(scene), *a_text("id"))


@check("keys.create.response.id.prefix")
def _(scene: Scene) -> None:
    prefix(created(scene), "id", "key_")


@check("keys.create.response.name")
def _(scene: Scene) -> None:
    member(created(scene), *exactly("name", scene.key_name))


@check("keys.create.response.key")
def _(scene: Scene) -> None:
    secret = member(created(scene), *a_text("key"))
    if secret == scene.means.key:
        raise BreachError("key: a new one", "the key that was asked with", scene.created)


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


@check("auth.endpoint")
def _(scene: Scene) -> None:
    succeeded(scene.used)


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
    _own_item(scene, scene.keys)


@check("keys.list.response.name")
def _(scene: Scene) -> None:
    right(scene.keys, _given_own_item(scene), *exactly("name", scene.key.name))


@check("keys.list.response.lastUsed")
def _(scene: Scene) -> None:
    """Absent is a warning; a time that a use does not bring, within a minute (CHOICE-47), is none."""
    for item in _items(scene.keys):
        last_used = item.get("lastUsed")
        if last_used is not None and not is_time(last_used):
            raise BreachError("lastUsed: an RFC 3339 time, null or absent", shown(last_used), scene.keys)
    given(scene.used, "auth.endpoint")
    _given_own_item(scene)
    used = scene.keys_after_use
    item = _own_item(scene, given(used, "keys.list", "keys.list.response"))
    if "lastUsed" not in item:
        raise BreachError("lastUsed: the time of the last use", "no member lastUsed", used, warns=True)
    if time_of(item["lastUsed"]) is None:
        raise BreachError("lastUsed: the time of a use a minute ago", shown(item["lastUsed"]), used)


@check("keys.list.secret")
def _(scene: Scene) -> None:
    if scene.keys.answer and scene.key.secret.encode() in scene.keys.answer.body:
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


def _own_item(scene: Scene, listed: Exchange) -> Mapping[str, object]:
    for item in _items(listed):
        if item.get("id") == scene.key.id:
            return item
    raise BreachError(f"the new key {shown(scene.key.id)} in the list", "it is not there", listed)


def _given_own_item(scene: Scene) -> Mapping[str, object]:
    try:
        return _own_item(scene, scene.keys)
    except BreachError:
        raise SkippedError("needs keys.list.all") from None


@check("keys.create.request.name")
def _(scene: Scene) -> None:
    refused(scene.create_badly({}), 400, 422)


@check("keys.revoke.unknown")
def _(scene: Scene) -> None:
    refused(scene.party.revoke_key(scene.another_id(scene.created)), 404)


@check("keys.revoke.account")
def _(scene: Scene) -> None:
    """Whatever refuses it will do (CHOICE-14), and the key works on."""
    exchange = scene.other.revoke_key(scene.key.id)
    if exchange.succeeded:
        raise BreachError("no end of another account's key", f"{exchange.status}, as if it were revoked", exchange)
    succeeded(scene.with_the_new_key())


@check("keys.revoke.response")
def _(scene: Scene) -> None:
    member(given(scene.revocation, "keys.revoke"), *exactly("deleted", True))


@check("keys.revoke")
def _(scene: Scene) -> None:
    succeeded(scene.revocation)

    def look() -> tuple[Exchange, bool]:
        exchange = scene.with_the_new_key()
        return exchange, exchange.status == 401

    refused(scene.until(look), 401)


@check("keys.revoke.irreversible")
def _(scene: Scene) -> None:
    if not scene.revoked:
        raise SkippedError("needs keys.revoke")
    refused(scene.with_the_new_key(), 401)
    refused(scene.party.with_key(scene.key.secret).send(scene.bad_body()), 401)
