"""Servers that let in who has no key, keep out who has one, or say so in another way than promised."""

import re
from collections.abc import Callable
from dataclasses import replace

from tests.conformance.mutants.exchange import Api, Asked, Change, Ground, Said, answers, asked, refusal, said
from tests.conformance.mutants.mutant import Need, must, should

_MANAGING = ("keys.create", "keys.list", "keys.revoke")


def _open(*operations: str) -> Change:
    """Need no key for these operations; for none of them when none is given."""
    return asked(
        lambda request, ground: (
            request.with_key(ground.key)
            if request.authorization is None and (not operations or request.operation in operations)
            else None
        )
    )


def _taken_for(known: Callable[[str, str], bool]) -> Change:
    """Take an unknown token for the key when the two look alike in some way."""

    def put(api: Api, ground: Ground) -> Api:
        def around(request: Asked) -> Said:
            answer = api(request)
            is_alike = request.key.startswith("je_") and known(request.key, ground.key)
            return api(request.with_key(ground.key)) if answer.status == 401 and is_alike else answer

        return around

    return put


def _header_taken(read: Callable[[Asked], str]) -> Change:
    """Take the key from elsewhere too."""

    def change(request: Asked, _: Ground) -> Asked | None:
        found = re.search(r"je_live_\w{38}", read(request))
        path = request.path.partition("?")[0]
        return replace(request.with_key(found[0]), path=path) if found else None

    return asked(change)


def _refused_key(api: Api, change: Callable[[Said], Said]) -> Api:
    def around(request: Asked) -> Said:
        answer = api(request)
        return change(answer) if answer.status == 401 and request.authorization is not None else answer

    return around


def _no_key(change: Callable[[Said], Said]) -> Change:
    return said(lambda req, ans: change(ans) if ans.status == 401 and req.authorization is None else None)


def _wrong_key(change: Callable[[Said], Said]) -> Change:
    return lambda api, _: _refused_key(api, change)


def _query(request: Asked) -> str:
    return request.path.partition("?")[2]


def _bare(request: Asked) -> str:
    given = request.authorization or ""
    return "" if " " in given else given


def _basic(request: Asked) -> str:
    scheme, _, rest = (request.authorization or "").partition(" ")
    return rest if scheme in {"Basic", "Token", "ApiKey"} else ""


def _work_later(after_s: float) -> Change:
    """Let new keys work only some time after they were made."""

    def put(api: Api, ground: Ground) -> Api:
        made: dict[str, float] = {}

        def around(request: Asked) -> Said:
            if ground.now_s() < made.get(request.key, 0.0):
                return refusal(401, "UNAUTHORIZED", "This API key is not known.")
            answer = api(request)
            if request.operation == "keys.create" and answer.good:
                made[answer.json["key"]] = ground.now_s() + after_s
            return answer

        return around

    return put


def _named_otherwise(prefix: str) -> Change:
    """Give keys another prefix, which then works."""

    def put(api: Api, _: Ground) -> Api:
        def around(request: Asked) -> Said:
            if request.key.startswith(prefix):
                request = request.with_key("je_live_" + request.key.removeprefix(prefix))
            answer = api(request)
            if request.operation == "keys.create" and answer.good:
                body = answer.json
                answer = answer.saying({**body, "key": prefix + body["key"].removeprefix("je_live_")})
            return answer

        return around

    return put


def _restricted_may_all(request: Asked, ground: Ground) -> Asked | None:
    return request.with_key(ground.key) if request.key == ground.restricted_key else None


def _restricted(change: Callable[[Said], Said]) -> Change:
    return said(lambda _, ans: change(ans) if ans.status == 403 else None)


def _an_empty_list_for_strangers(request: Asked, answer: Said) -> Said | None:
    if answer.status != 401 or request.operation != "messages":
        return None
    return Said(200).saying({"data": [], "pagination": {"page": 1, "perPage": 50, "total": 0}})


def _empty(answer: Said) -> Said:
    return replace(answer, body=b"")


def _html(answer: Said) -> Said:
    return replace(answer, body=b"<h1>Unauthorized</h1>", headers={"Content-Type": "text/html"})


AUTH = [
    must("no key is needed at all", "auth.required errors.401", _open()),
    must("the list of messages needs no key", "auth.required errors.401", _open("messages")),
    must("a status needs no key", "auth.required errors.401", _open("status")),
    must("sending needs no key", "auth.required errors.401", _open("send")),
    must("the list of keys needs no key", "auth.required errors.401", _open("keys.list")),
    must("making a key needs no key", "auth.required errors.401", _open("keys.create")),
    must("revoking a key needs no key", "auth.required errors.401", _open("keys.revoke")),
    must("any token with je_ is a key", "errors.401", _taken_for(lambda token, key: True)),
    must("keys are told apart by 12 characters", "errors.401", _taken_for(lambda token, key: token[:12] == key[:12])),
    must("the case of a key does not matter", "errors.401", _taken_for(lambda t, key: t.lower() == key.lower())),
    must("what follows a key does not matter", "errors.401", _taken_for(lambda token, key: token.startswith(key))),
    must(
        "an empty token is a key",
        "errors.401 auth.required auth.header",
        asked(
            lambda request, ground: (
                request.with_key(ground.key) if (request.authorization or "x").strip() == "Bearer" else None
            )
        ),
    ),
    must("a key is taken with another scheme", "auth.required auth.header errors.401", _header_taken(_basic)),
    must("a key is taken without a scheme", "auth.required auth.header errors.401", _header_taken(_bare)),
    must("a key is taken from the query", "auth.required errors.401", _header_taken(_query)),
    must(
        "a key is taken from X-API-Key",
        "auth.required errors.401",
        _header_taken(lambda request: request.headers.get("x-api-key", "")),
    ),
    must("a stranger is answered 403", "errors.401 auth.required", _no_key(lambda answer: answer.with_status(403))),
    must("a stranger is answered 400", "errors.401 auth.required", _no_key(lambda answer: answer.with_status(400))),
    must("a wrong key is answered 403", "errors.401", _wrong_key(lambda answer: answer.with_status(403))),
    must("a wrong key is answered 404", "errors.401", _wrong_key(lambda answer: answer.with_status(404))),
    must("a wrong key is answered 500", "errors.401 errors.500", _wrong_key(lambda answer: answer.with_status(500))),
    must("a stranger's 401 has no body", "errors.always errors.body", _no_key(_empty)),
    must("a wrong key's 401 is a page", "errors.always errors.body", _wrong_key(_html)),
    must("a stranger sees an empty list", "errors.401 auth.required", said(_an_empty_list_for_strangers)),
    must("a new key works after an hour", "auth.endpoint keys.create.response.key", _work_later(3600.0)),
    must("a new key never works", "auth.endpoint keys.create.response.key", _work_later(float("inf"))),
    must("keys begin with sk_live_", "auth.prefix", _named_otherwise("sk_live_")),
    should("keys begin with je_test_", "auth.live", _named_otherwise("je_test_")),
    must("a send key may do all", "errors.403", asked(_restricted_may_all), Need.RESTRICTED_KEY),
    must(
        "what a key may not do is 401", "errors.403", _restricted(lambda ans: ans.with_status(401)), Need.RESTRICTED_KEY
    ),
    must(
        "what a key may not do is 404", "errors.403", _restricted(lambda ans: ans.with_status(404)), Need.RESTRICTED_KEY
    ),
    must(
        "the secret shown is another one",
        "auth.endpoint keys.create.response.key",
        answers(
            "keys.create", lambda body: body.update(key=body["key"][:-1] + ("0" if body["key"][-1] != "0" else "1"))
        ),
    ),
    must(
        "the secret shown is masked",
        "keys.create.response.key auth.endpoint",
        answers("keys.create", lambda body: body.update(key=body["key"][:12] + "...")),
    ),
]
