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
from justemails_conformance.run import Run
from justemails_conformance.transport import Exchange

CHECKS: dict[str, Look[Run]] = {}

check = binder(CHECKS)


@check("keys.create")
def keys_create(run: Run) -> None:
    succeeded(run.created)


@check("keys.create.request")
def keys_create_request(run: Run) -> None:
    created(run)


@check("keys.create.response")
def keys_create_response(run: Run) -> None:
    response_of(given(run.created, "keys.create"), MADE)


@check("keys.create.response.id")
def keys_create_response_id(run: Run) -> None:
    _differs(run, "id")


def _differs(run: Run, name: str) -> None:
    """A member of the answer is a text, and another one for each key."""
    first = member(created(run), *a_text(name))
    second = given(run.second_making.exchange, "keys.create", "keys.create.response", MADE)
    if member(second, *a_text(name)) == first:
        raise BreachError(f"{name}: another one for each key", "the same one twice", second)


@check("keys.create.response.id.prefix")
def keys_create_response_id_prefix(run: Run) -> None:
    prefix(created(run), "id", "key_")


@check("keys.create.response.name")
def keys_create_response_name(run: Run) -> None:
    for making in (run.first_making, run.second_making):
        exchange = given(making.exchange, "keys.create", "keys.create.response", MADE)
        member(exchange, *exactly("name", making.name))


@check("keys.create.response.key")
def keys_create_response_key(run: Run) -> None:
    secret = member(created(run), *a_text("key"))
    if secret == run.credentials.key:
        raise BreachError("key: a new one", "the key that was asked with", run.created)
    _differs(run, "key")


@check("keys.create.response.createdAt")
def keys_create_response_created_at(run: Run) -> None:
    near_now(created(run), "createdAt")


@check("auth.prefix")
def auth_prefix(run: Run) -> None:
    secret = member(created(run), *a_text("key"))
    if not secret.startswith("je_"):
        raise BreachError("key: a text that begins with je_", "another beginning", run.created)


@check("auth.live")
def auth_live(run: Run) -> None:
    prefix(created(run), "key", "je_live_")


@check("keys.list")
def keys_list(run: Run) -> None:
    succeeded(run.keys)


@check("keys.list.response")
def keys_list_response(run: Run) -> None:
    items_of(given(run.keys, "keys.list"))


@check("keys.list.response.id")
def keys_list_response_id(run: Run) -> None:
    for item in _items(run.keys):
        right(run.keys, item, *a_text("id"))


@check("keys.list.all")
def keys_list_all(run: Run) -> None:
    """At least the two that were made just now."""
    for made in (run.key, run.second_key):
        _item_of(made.id, run.keys)


@check("keys.list.response.name")
def keys_list_response_name(run: Run) -> None:
    for made in (run.key, run.second_key):
        right(run.keys, _given_item_of(made.id, run.keys), *exactly("name", made.name))


@check("keys.list.secret")
def keys_list_secret(run: Run) -> None:
    _ = run.keys
    for made in (run.key, run.second_key):
        if run.keys.answer and made.secret.encode() in run.keys.answer.body:
            raise BreachError("a list without secrets", "the secret of a key in it", run.keys)


@check("keys.list.account")
def keys_list_account(run: Run) -> None:
    exchange = succeeded(run.other.list_keys())
    if any(item.get("id") == run.key.id for item in items_of(exchange)):
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
def keys_create_request_name(run: Run) -> None:
    for wrong in ({}, {"name": 12}):
        refused(run.create_badly(wrong), 400, 422)


@check("keys.revoke.unknown")
def keys_revoke_unknown(run: Run) -> None:
    refused(run.client.revoke_key(run.another_id(run.created)), 404)


@check("keys.revoke.account")
def keys_revoke_account(run: Run) -> None:
    """Whatever refuses it will do (CHOICE-14)."""
    exchange = run.other.revoke_key(run.second_key.id)
    if exchange.succeeded:
        raise BreachError(
            "a refusal: the key is another account's", f"{exchange.status}, as if the key were revoked", exchange
        )


@check("keys.revoke.response")
def keys_revoke_response(run: Run) -> None:
    member(given(run.revocation, "keys.revoke"), *exactly("deleted", True))


@check("keys.revoke")
def keys_revoke(run: Run) -> None:
    succeeded(run.revocation)
    run.needs_keys_to_matter()

    def look() -> tuple[Exchange, bool]:
        exchange = run.with_key(run.key)
        return exchange, exchange.status == 401

    refused(run.until(look), 401)


@check("auth.endpoint")
def auth_endpoint(run: Run) -> None:
    """The key that was made second is good for a read, although the first one is revoked."""
    succeeded(run.used)


@check("keys.list.response.lastUsed")
def keys_list_response_last_used(run: Run) -> None:
    """Absent is a warning; a time that a use does not bring, within a minute (CHOICE-47), is none."""
    for item in _items(run.keys):
        last_used = item.get("lastUsed")
        if last_used is not None and not is_time(last_used):
            raise BreachError("lastUsed: an RFC 3339 time, null or absent", shown(last_used), run.keys)
    given(run.used, "auth.endpoint")
    _given_item_of(run.second_key.id, run.keys)
    used = run.keys_after_use
    item = _item_of(run.second_key.id, given(used, "keys.list", "keys.list.response"))
    if "lastUsed" not in item:
        raise BreachError("lastUsed: the time of the last use", "no member lastUsed", used, warns=True)
    if time_of(item["lastUsed"]) is None:
        raise BreachError("lastUsed: the time of a use a minute ago", shown(item["lastUsed"]), used)
