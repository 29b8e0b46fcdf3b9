"""Servers whose keys are not what was asked for, are seen by others, or outlive their revocation."""

from collections.abc import Callable
from typing import Any

from tests.conformance.mutants.exchange import (
    Api,
    Asked,
    Change,
    Ground,
    Json,
    Said,
    answers,
    asked,
    ids,
    items,
    refusal,
    renamed,
    replies,
    said,
    set_to,
    without,
)
from tests.conformance.mutants.mutant import Need, careless, must, should
from tests.conformance.mutants.times import later

from justemails_conformance.clauses import Level

_GONE = refusal(401, "UNAUTHORIZED", "This API key is not known.")


def _revoked(lets_through: Callable[[Asked, float, int], bool], *, after_the_first_look: bool = False) -> Change:
    """Say that a key is revoked, and keep it.

    Args:
        lets_through: whether a request with such a key passes, by the seconds since and the number of such requests.
    """

    def put(api: Api, ground: Ground) -> Api:
        ids: dict[str, str] = {}
        since: dict[str, float] = {}
        asked_since: dict[str, int] = {}

        def around(request: Asked) -> Said:
            secret = request.key
            if secret in since:
                asked_since[secret] += 1
                passes = lets_through(request, ground.now_s() - since[secret], asked_since[secret])
                return api(request) if passes else _GONE
            if request.operation == "keys.revoke" and request.id in ids and secret in {ground.key, *ids.values()}:
                since[ids[request.id]] = ground.now_s()
                asked_since[ids[request.id]] = 0
                return Said(200).saying({"deleted": True})
            answer = api(request)
            if request.operation == "keys.create" and answer.good:
                ids[answer.json["id"]] = answer.json["key"]
            elif request.operation == "keys.list" and answer.good:
                body = answer.json
                body["data"] = [item for item in body["data"] if ids.get(item["id"]) not in since]
                return answer.saying(body)
            return answer

        return around

    return put


def _revoked_once_more_is_back(api: Api, ground: Ground) -> Api:
    """Take a second revocation for the wish to have the key back."""
    again: set[str] = set()

    def around(request: Asked) -> Said:
        if request.operation == "keys.revoke" and request.authorization == f"Bearer {ground.key}":
            times[request.id] = times.get(request.id, 0) + 1
            if times[request.id] == 2 and request.id in secrets:
                again.add(secrets[request.id])
                return Said(200).saying({"deleted": True})
        if request.key in again:
            return api(request.with_key(ground.key))
        answer = api(request)
        if request.operation == "keys.create" and answer.good:
            secrets[answer.json["id"]] = answer.json["key"]
        return answer

    times: dict[str, int] = {}
    secrets: dict[str, str] = {}
    return around


def _revokes_the_newest_too(api: Api, ground: Ground) -> Api:
    made: list[str] = []

    def around(request: Asked) -> Said:
        answer = api(request)
        if request.operation == "keys.create" and answer.good:
            made.append(answer.json["id"])
        if request.operation == "keys.revoke" and answer.good and made and made[-1] != request.id:
            api(request.with_id(made[-1]))
        return answer

    return around


def _revokes_nothing(api: Api, _: Ground) -> Api:
    return lambda request: (
        Said(200).saying({"deleted": True})
        if request.operation == "keys.revoke" and request.authorization
        else api(request)
    )


def _unknown(make: Callable[[], Said]) -> Change:
    return said(lambda req, ans: make() if req.operation == "keys.revoke" and ans.status == 404 else None)


def _others_see(request: Asked, ground: Ground) -> Asked | None:
    is_other = request.key == ground.other_key and ground.other_key != ""
    return request.with_key(ground.key) if is_other and request.operation == "keys.list" else None


def _lists_others_too(api: Api, ground: Ground) -> Api:
    def around(request: Asked) -> Said:
        answer = api(request)
        if request.operation != "keys.list" or not answer.good or not ground.other_key:
            return answer
        theirs = api(request.with_key(ground.other_key if request.key != ground.other_key else ground.key))
        return answer.saying({"data": [*answer.json["data"], *theirs.json["data"]]}) if theirs.good else answer

    return around


def _others_revoke(request: Asked, ground: Ground) -> Asked | None:
    is_other = request.key == ground.other_key and ground.other_key != ""
    return request.with_key(ground.key) if is_other and request.operation == "keys.revoke" else None


def _made_for_another_account(api: Api, ground: Ground) -> Api:
    """Make keys that belong to somebody else."""
    theirs: set[str] = set()

    def around(request: Asked) -> Said:
        if request.operation == "keys.create" and request.key == ground.key:
            answer = api(request.with_key(ground.other_key))
            if answer.good:
                theirs.add(answer.json["id"])
            return answer
        if request.operation == "keys.revoke" and request.id in theirs and request.key == ground.key:
            return api(request.with_key(ground.other_key))
        return api(request)

    return around


def _list(act: Callable[[list[Json]], object]) -> Change:
    return answers("keys.list", lambda body: act(body["data"]))


def _without_the_newest(api: Api, _: Ground) -> Api:
    """List a key only when a later one was made."""
    newest: list[str] = []

    def around(request: Asked) -> Said:
        answer = api(request)
        if request.operation == "keys.create" and answer.good:
            newest[:] = [answer.json["id"]]
        if request.operation == "keys.list" and answer.good:
            return answer.saying({"data": [item for item in answer.json["data"] if item["id"] not in newest]})
        return answer

    return around


def _same_again(member: str) -> Change:
    """Give every new key the first one's id or secret."""

    def put(api: Api, _: Ground) -> Api:
        first: list[str] = []

        def around(request: Asked) -> Said:
            answer = api(request)
            if request.operation == "keys.create" and answer.good:
                first.append(answer.json[member])
                return answer.saying({**answer.json, member: first[0]})
            return answer

        return around

    return put


def _secrets_listed(name: str) -> Change:
    """Tell the secrets of those keys that were made meanwhile."""

    def put(api: Api, _: Ground) -> Api:
        secrets: dict[str, str] = {}

        def around(request: Asked) -> Said:
            answer = api(request)
            if request.operation == "keys.create" and answer.good:
                secrets[answer.json["id"]] = answer.json["key"]
            if request.operation == "keys.list" and answer.good:
                body = answer.json
                for item in body["data"]:
                    if item["id"] in secrets:
                        item[name] = secrets[item["id"]]
                return answer.saying(body)
            return answer

        return around

    return put


def _name(body: Json) -> str:
    return body["name"] if isinstance(body, dict) and isinstance(body.get("name"), str) else ""


def _creating(change: Callable[[dict[str, Any]], object]) -> Change:
    def act(request: Asked, _: Ground) -> Asked | None:
        body = request.json
        if request.operation != "keys.create" or not isinstance(body, dict):
            return None
        change(body)
        return request.saying(body)

    return asked(act)


def _is_elsewhere(operation: str) -> Callable[[Asked, Ground], Said | None]:
    gone = refusal(405, "METHOD_NOT_ALLOWED", "The method is not allowed here.")
    return lambda request, _: gone if request.operation == operation else None


def _anything_makes_a_key(request: Asked, _: Ground) -> Asked | None:
    is_wrong = request.operation == "keys.create" and not isinstance(request.json, dict)
    return request.saying({"name": "Unnamed"}) if is_wrong else None


def _name_refused(request: Asked, _: Ground) -> Said | None:
    is_named = request.operation == "keys.create" and _name(request.json) != ""
    return refusal(400, message="The 'label' field is required.") if is_named else None


KEYS = [
    # Making one.
    must(
        "a key needs no name",
        "keys.create.request.name errors.400",
        _creating(lambda body: body.setdefault("name", "Unnamed")),
    ),
    must("a key's name is refused", "keys.create keys.create.request", asked(_name_refused)),
    must(
        "a new key is answered with a list",
        "keys.create.response base.json.response",
        replies("keys.create", lambda body: [body]),
    ),
    must("a new key stands in data", "keys.create.response", replies("keys.create", lambda body: {"data": body})),
    must("a new key has no id", "keys.create.response.id", answers("keys.create", without("id"))),
    must("a new key's id is null", "keys.create.response.id", answers("keys.create", set_to(id=None))),
    must("all new keys have one id", "keys.create.response.id", _same_again("id")),
    must("a new key has no name", "keys.create.response.name", answers("keys.create", without("name"))),
    must("a new key has another name", "keys.create.response.name", answers("keys.create", set_to(name="API key"))),
    must(
        "a new key's name is in lower case",
        "keys.create.response.name",
        answers("keys.create", lambda body: body.update(name=body["name"].lower())),
    ),
    must("a new key has no secret", "keys.create.response.key", answers("keys.create", without("key"))),
    must("a secret is called token", "keys.create.response.key", answers("keys.create", renamed("key", "token"))),
    must("all new keys have one secret", "keys.create.response.key", _same_again("key")),
    must("a new key has no createdAt", "keys.create.response.createdAt", answers("keys.create", without("createdAt"))),
    must(
        "a new key's createdAt is seconds",
        "keys.create.response.createdAt",
        answers("keys.create", set_to(createdAt=1775476800)),
    ),
    must(
        "a new key's createdAt is a date alone",
        "keys.create.response.createdAt",
        answers("keys.create", lambda body: body.update(createdAt=body["createdAt"][:10])),
    ),
    must(
        "a key is made for another account",
        "auth.endpoint keys.create keys.list keys.list.all keys.list.account",
        _made_for_another_account,
        Need.OTHER_KEY,
    ),
    should("ids of keys have no key_", "keys.create.response.id.prefix", ids(lambda id_: f"k-{id_[4:]}", ".*", 404)),
    careless("a key is made whatever is sent", "security.keys.array", asked(_anything_makes_a_key), Level.SHOULD),
    must("keys cannot be made", "keys.create", asked(_is_elsewhere("keys.create"))),
    must("keys cannot be listed", "keys.list", asked(_is_elsewhere("keys.list"))),
    must("keys cannot be revoked", "keys.revoke", asked(_is_elsewhere("keys.revoke"))),
    must(
        "a name that is not ASCII is mangled",
        "keys.create.response.name",
        answers("keys.create", lambda body: body.update(name=body["name"].encode().decode("latin-1"))),
    ),
    must(
        "a new key is of tomorrow",
        "keys.create.response.createdAt",
        answers("keys.create", lambda body: body.update(createdAt=later(body["createdAt"], 86400))),
    ),
    # Listing them.
    must(
        "the list of keys is a bare array",
        "keys.list.response base.json.response",
        replies("keys.list", lambda body: body["data"]),
    ),
    must("the list of keys is an object", "keys.list.response", answers("keys.list", set_to(data={}))),
    must("the list of keys is called keys", "keys.list.response", answers("keys.list", renamed("data", "keys"))),
    must("the list of keys is empty", "keys.list keys.list.all", _list(list.clear)),
    must("a new key is not listed", "keys.list.all keys.list", _without_the_newest),
    must("one key alone is listed", "keys.list.all keys.list", _list(lambda data: data.__delitem__(slice(1, None)))),
    must("listed keys have no id", "keys.list.response.id", items("keys.list", without("id"))),
    must(
        "listed keys have an id of their own",
        "keys.list.response.id keys.list.all",
        items("keys.list", lambda item: item.update(id="key_" + item["id"][::-1][:-4])),
    ),
    must("listed keys have no name", "keys.list.response.name", items("keys.list", without("name"))),
    must("listed keys have no name yet", "keys.list.response.name", items("keys.list", set_to(name=None))),
    must("listed keys have all one name", "keys.list.response.name", items("keys.list", set_to(name="API key"))),
    should(
        "a key that was used has no lastUsed", "keys.list.response.lastUsed", items("keys.list", without("lastUsed"))
    ),
    must("lastUsed is never written", "keys.list.response.lastUsed", items("keys.list", set_to(lastUsed=None))),
    must("lastUsed is seconds", "keys.list.response.lastUsed", items("keys.list", set_to(lastUsed=1775476200))),
    must("lastUsed is some words", "keys.list.response.lastUsed", items("keys.list", set_to(lastUsed="just now"))),
    must("the secret is listed", "keys.list.secret", _secrets_listed("key")),
    must("the secret is listed under another name", "keys.list.secret", _secrets_listed("token")),
    must("others see the keys", "keys.list.account", asked(_others_see), Need.OTHER_KEY),
    must("others' keys are listed too", "keys.list.account", _lists_others_too, Need.OTHER_KEY),
    # Revoking one.
    must("a revoked key works", "keys.revoke", _revoked(lambda request, seconds, number: True)),
    must("a revoked key works for an hour", "keys.revoke", _revoked(lambda request, seconds, number: seconds < 3600)),
    must(
        "a revoked key works again after a minute",
        "keys.revoke.irreversible keys.revoke",
        _revoked(lambda request, seconds, number: seconds >= 60),
        Need.MOVABLE_CLOCK,
    ),
    must(
        "a revoked key works again at the second try",
        "keys.revoke.irreversible keys.revoke",
        _revoked(lambda request, seconds, number: number > 1),
    ),
    must(
        "a revoked key works again at the fourth try",
        "keys.revoke.irreversible keys.revoke",
        _revoked(lambda request, seconds, number: number > 3),
    ),
    must(
        "a revoked key may still send",
        "keys.revoke keys.revoke.irreversible",
        _revoked(lambda request, seconds, number: request.operation == "send"),
    ),
    must(
        "a revoked key may still read",
        "keys.revoke keys.revoke.irreversible",
        _revoked(lambda request, seconds, number: request.operation in {"status", "messages"}),
    ),
    must(
        "a revoked key may still manage keys",
        "keys.revoke keys.revoke.irreversible",
        _revoked(lambda request, seconds, number: request.operation.startswith("keys.")),
    ),
    must("a key that is revoked twice is back", "keys.revoke.irreversible keys.revoke", _revoked_once_more_is_back),
    must("the newest key is revoked too", "keys.revoke auth.endpoint", _revokes_the_newest_too),
    must("nothing is ever revoked", "keys.revoke keys.revoke.unknown", _revokes_nothing),
    must(
        "others can revoke a key",
        "keys.revoke.account",
        asked(_others_revoke),
        Need.OTHER_KEY,
    ),
    must("an unknown key is revoked", "keys.revoke.unknown", _unknown(lambda: Said(200).saying({"deleted": True}))),
    must("an unknown key is 500", "keys.revoke.unknown errors.500", _unknown(lambda: refusal(500, "OOPS"))),
    must("an unknown key is 400", "keys.revoke.unknown", _unknown(lambda: refusal(400))),
    must(
        "an unknown key is a good answer of false",
        "keys.revoke.unknown",
        _unknown(lambda: Said(200).saying({"deleted": False})),
    ),
    must(
        "a revocation says nothing",
        "keys.revoke.response",
        said(lambda req, ans: Said(204) if req.operation == "keys.revoke" and ans.good else None),
    ),
    must("a revocation says false", "keys.revoke.response", answers("keys.revoke", set_to(deleted=False))),
    must("a revocation says true in words", "keys.revoke.response", answers("keys.revoke", set_to(deleted="true"))),
    must("a revocation says 1", "keys.revoke.response", answers("keys.revoke", set_to(deleted=1))),
    must(
        "a revocation tells the id alone", "keys.revoke.response", replies("keys.revoke", lambda body: {"id": "key_1"})
    ),
]
