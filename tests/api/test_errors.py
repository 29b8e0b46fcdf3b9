"""Every error code, with its exact body; and the same body whoever answers."""

import json
from collections.abc import Callable

import pytest
from tests.api.harness import MAIL, Answer, Api

from justemails_contract.operations import Scope

# One request for each row of the document's table: how to make it, and the exact answer.
TABLE: dict[str, tuple[Callable[[Api], Answer], int, dict[str, str]]] = {
    "400, the document's own example": (  # [errors.400] [errors.example]
        lambda api: api.call("POST", "/send", {"from": MAIL["from"], "subject": "Hi", "text": "Hi"}),
        400,
        {"error": "VALIDATION_ERROR", "message": "The 'to' field is required."},
    ),
    "401": (  # [errors.401]
        lambda api: api.call("GET", "/messages", key=None),
        401,
        {
            "error": "UNAUTHORIZED",
            "message": "A valid API key is required: send the header 'Authorization: Bearer je_live_...'.",
        },
    ),
    "403": (  # [errors.403]
        lambda api: api.call("POST", "/send", MAIL, key=api.add_key(scope=Scope.READ)),
        403,
        {
            "error": "FORBIDDEN",
            "message": "This API key has the scope 'read'; this action needs the scope full or send.",
        },
    ),
    "404": (  # [errors.404]
        lambda api: api.call("GET", "/send/msg_unknown"),
        404,
        {"error": "NOT_FOUND", "message": "No such message."},
    ),
    "422, the document's own example": (  # [errors.422]
        lambda api: api.send(**{"from": "hello@unverified.example"}),
        422,
        {
            "error": "DOMAIN_NOT_VERIFIED",
            "message": "The domain 'unverified.example' of the 'from' field is not a verified domain of this account.",
        },
    ),
    "422, a rule": (
        lambda api: api.send(headers={"Bcc": "evil@example.com"}),
        422,
        {"error": "VALIDATION_ERROR", "message": "The header 'Bcc' is reserved: it is written by the server."},
    ),
    "404, no such path": (
        lambda api: api.call("GET", "/nothing"),
        404,
        {"error": "NOT_FOUND", "message": "There is nothing at '/api/v1/nothing'."},
    ),
    "405": (  # CHOICE-06
        lambda api: api.call("PUT", "/send", MAIL),
        405,
        {"error": "METHOD_NOT_ALLOWED", "message": "The method 'PUT' is not allowed here."},
    ),
    "413": (
        lambda api: api.call("POST", "/send", b" " * (10 * 1024 * 1024 + 1)),
        413,
        {"error": "PAYLOAD_TOO_LARGE", "message": "The body must have at most 10485760 bytes."},
    ),
    "415": (
        lambda api: api.call("POST", "/send", b"{}", headers={"Content-Type": "text/plain"}),
        415,
        {"error": "UNSUPPORTED_MEDIA_TYPE", "message": "The Content-Type header must be 'application/json'."},
    ),
    "400, not JSON": (
        lambda api: api.call("POST", "/send", b'{"from": }'),
        400,
        {
            "error": "VALIDATION_ERROR",
            "message": "The body is not valid JSON: Expecting value at line 1 column 10.",
        },
    ),
}


@pytest.mark.parametrize("row", TABLE)
def test_each_error_has_its_status_and_exact_body(api: Api, row: str) -> None:
    make, status, body = TABLE[row]

    answer = make(api)

    assert answer.status == status
    assert answer.json == body
    assert answer.headers["Content-Type"] == "application/json"


def test_429_tells_when_to_come_back(api: Api) -> None:
    for _ in range(10):
        api.call("GET", "/api-keys")

    answer = api.call("GET", "/api-keys")

    # [errors.429] [limits.429] [limits.retry]
    assert answer.status == 429
    assert answer.headers["Retry-After"] == "60"
    assert answer.json == {
        "error": "RATE_LIMITED",
        "message": "This API key is over its limit of 10 requests per minute. Retry after 60 seconds.",
    }


def test_a_fault_of_ours_is_a_500_that_tells_nothing_internal(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(type(api.store), "message", break_down)

    answer = api.call("GET", "/send/msg_x")

    # [errors.500]
    assert answer.status == 500
    assert answer.json == {
        "error": "INTERNAL_ERROR",
        "message": "Something went wrong on our side. Please try again.",
    }
    assert "secret detail" in caplog.text


def test_401_is_the_same_bytes_for_no_key_a_wrong_key_and_a_revoked_key(api: Api) -> None:
    made = api.call("POST", "/api-keys", {"name": "Old"}).json
    api.call("DELETE", f"/api-keys/{made['id']}")

    answers = [
        api.call("GET", "/messages", key=None),
        api.call("GET", "/messages", key="je_live_" + "0" * 38),
        api.call("GET", "/messages", key=made["key"]),
        api.call("GET", "/messages", key="nonsense"),
        api.call("POST", "/send", b"not json", key=None),
        api.call("GET", "/no/such/path", key=None),
    ]

    assert {answer.status for answer in answers} == {401}
    assert len({answer.body for answer in answers}) == 1
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {"Bearer"}
    assert len({str(sorted((n, v) for n, v in answer.headers.items() if n != "Date")) for answer in answers}) == 1


def test_another_accounts_message_and_an_unknown_one_are_the_same_bytes(api: Api) -> None:
    other = api.add_key(api.add_account())
    message_id = api.send().json["id"]
    key_id = api.call("GET", "/api-keys").json["data"][0]["id"]

    foreign = api.call("GET", f"/send/{message_id}", key=other)
    unknown = api.call("GET", "/send/msg_0000000000000000000000", key=other)
    foreign_key = api.call("DELETE", f"/api-keys/{key_id}", key=other)
    unknown_key = api.call("DELETE", "/api-keys/key_0000000000000000000000", key=other)

    assert foreign.body == unknown.body
    assert foreign_key.body == unknown_key.body
    assert {foreign.status, unknown.status, foreign_key.status, unknown_key.status} == {404}


def test_405_names_the_documented_methods_only(api: Api) -> None:
    allowed = {}
    for path in ("/send", "/send/msg_x", "/messages", "/api-keys", "/api-keys/key_x"):
        for method in ("OPTIONS", "HEAD", "PATCH", "TRACE"):
            answer = api.call(method, path)
            assert answer.status == 405, (method, path)
            allowed[path] = answer.headers["Allow"]

    assert allowed == {
        "/send": "POST",
        "/send/msg_x": "GET",
        "/messages": "GET",
        "/api-keys": "POST, GET",
        "/api-keys/key_x": "DELETE",
    }


def test_checks_come_in_their_order(api: Api) -> None:
    """401, then 429, then 404 and 405, then 403, then the body (CHOICE-08)."""
    reader = api.add_key(scope=Scope.READ)
    bad = b"not json"

    assert api.call("POST", "/send", bad, key=None).status == 401
    assert api.call("POST", "/send", bad, key=reader).status == 403
    assert api.call("POST", "/nothing", bad, key=reader).status == 404
    assert api.call("PUT", "/send", bad, key=reader).status == 405
    assert api.call("POST", "/send", bad).status == 400
    for _ in range(300):
        api.call("GET", "/nothing", key=reader)
    assert api.call("GET", "/nothing", key=reader).status == 429
    assert api.call("PUT", "/send", bad, key=reader).status == 429
    assert api.call("POST", "/send", bad, key=reader).status == 403


def test_a_refused_request_changes_nothing(api: Api) -> None:
    for body in ({**MAIL, "to": "nobody"}, {**MAIL, "from": "a@other.example"}, {**MAIL, "extra": 1}):
        assert api.call("POST", "/send", body).status in (400, 422)

    assert api.call("GET", "/messages").json["pagination"]["total"] == 0


def test_every_error_body_has_exactly_error_and_message(api: Api) -> None:
    for make, _, _ in TABLE.values():
        body = json.loads(make(api).body)
        assert list(body) == ["error", "message"]
        assert all(isinstance(value, str) and value for value in body.values())
