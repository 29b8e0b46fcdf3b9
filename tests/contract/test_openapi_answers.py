"""Whatever the reference answers is good by both contracts: its own, and the one that judges everybody.

Real requests to a real server; each operation is made to give each answer that its contract has.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from http.client import HTTPMessage
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.api.harness import MAIL, Answer, Api
from tests.contract.oas import JSON, ContractOperation, answer_faults, operations_of, part_of

from justemails.records import Attempt, Outcome
from justemails_contract.delivery import TRANSITIONS, Event, Status, next_status
from justemails_contract.limits import LIMITS
from justemails_contract.openapi import document_contract, reference_contract
from justemails_contract.operations import OPERATIONS, Operation, Scope

DOCUMENT = {operation.id: operation for operation in operations_of(document_contract())}
REFERENCE = {operation.id: operation for operation in operations_of(reference_contract())}
TABLE = {(operation.method, operation.path): operation for operation in OPERATIONS}

STORE_METHODS = {  # what breaks when the store does
    "sendEmail": "accept",
    "getMessage": "message",
    "listMessages": "page",
    "createApiKey": "add_key",
    "listApiKeys": "keys",
    "revokeApiKey": "revoke_key",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An API for many tests; each brings a key of its own, and so limits of its own."""
    api = Api(tmp_path_factory.mktemp("api"))
    yield api
    api.close()


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    """An API for one test."""
    api = Api(tmp_path)
    yield api
    api.close()


class Caller:
    """Makes good requests of one operation, with one thing changed, by a key of its own."""

    def __init__(self, api: Api, operation: ContractOperation) -> None:
        self.api = api
        self.operation = operation
        self._key = api.add_key()

    @property
    def row(self) -> Operation:
        return TABLE[self.operation.method, self.operation.path]

    def call(
        self,
        *,
        key: str | None = "",
        id_: str | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        bodiless: bool = False,
    ) -> Answer:
        path = self.operation.path.replace("{id}", id_ or self._known_id())
        good = {"sendEmail": MAIL, "createApiKey": {"name": "Production backend"}}.get(self.operation.id)
        given = None if bodiless else body if body is not None else good
        return self.api.call(self.operation.method, path, given, key=self._key if key == "" else key, headers=headers)

    def _known_id(self) -> str:
        if self.operation.id == "getMessage":
            return str(self.api.call("POST", "/send", MAIL, key=self._key).json["id"])
        if self.operation.id == "revokeApiKey":
            return str(self.api.call("POST", "/api-keys", {"name": "Old"}, key=self.api.add_key()).json["id"])
        return ""


def success(caller: Caller, _: pytest.MonkeyPatch) -> Answer:
    return caller.call()


def unreadable(caller: Caller, _: pytest.MonkeyPatch) -> Answer:
    if caller.operation.request:
        return caller.call(body={})
    return caller.call(headers={"Content-Length": "x"})


def without_key(caller: Caller, _: pytest.MonkeyPatch) -> Answer:
    return caller.call(key=None)


def out_of_scope(caller: Caller, _: pytest.MonkeyPatch) -> Answer:
    other = next(scope for scope in Scope if scope not in caller.row.scopes)
    return caller.call(key=caller.api.add_key(scope=other))


def unknown_id(caller: Caller, _: pytest.MonkeyPatch) -> Answer:
    return caller.call(id_="msg_abc123")


def too_large(caller: Caller, _: pytest.MonkeyPatch) -> Answer:
    return caller.call(bodiless=True, headers={"Content-Length": str(10 * 1024 * 1024 + 2)})


def other_media_type(caller: Caller, _: pytest.MonkeyPatch) -> Answer:
    return caller.call(headers={"Content-Type": "text/plain"})


def unverified(caller: Caller, _: pytest.MonkeyPatch) -> Answer:
    return caller.call(body={**MAIL, "from": "hello@unverified.example"})


def over_the_limit(caller: Caller, _: pytest.MonkeyPatch) -> Answer:
    key = caller.api.add_key()
    requests = LIMITS[caller.row.tier].requests
    answers = [caller.call(key=key, id_="msg_abc123", body=b"") for _ in range(requests + 1)]
    assert [answer.status for answer in answers].count(429) == 1
    return answers[-1]


def long_headers(caller: Caller, _: pytest.MonkeyPatch) -> Answer:
    return caller.call(bodiless=True, headers={"X-Long": "a" * 70_000})


def broken_store(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> Answer:
    id_ = caller._known_id()

    def break_down(*_: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(type(caller.api.store), STORE_METHODS[caller.operation.id], break_down)
    return caller.call(id_=id_)


def unknown_coding(caller: Caller, _: pytest.MonkeyPatch) -> Answer:
    return caller.call(bodiless=True, headers={"Transfer-Encoding": "gzip"})


WAYS: dict[int, Callable[[Caller, pytest.MonkeyPatch], Answer]] = {
    200: success,
    400: unreadable,
    401: without_key,
    403: out_of_scope,
    404: unknown_id,
    413: too_large,
    415: other_media_type,
    422: unverified,
    429: over_the_limit,
    431: long_headers,
    500: broken_store,
    501: unknown_coding,
}

PROMISED = [(operation.id, int(status)) for operation in REFERENCE.values() for status in operation.responses]


def faults(operation_id: str, answer: Answer) -> dict[str, list[str]]:
    """Return what is wrong with an answer by either contract."""
    found = {
        name: answer_faults(contract[operation_id].response(answer.status), answer.headers, answer.body)
        for name, contract in (("document", DOCUMENT), ("reference", REFERENCE))
    }
    return {name: wrong for name, wrong in found.items() if wrong}


@pytest.mark.parametrize(("operation_id", "status"), PROMISED)
def test_every_answer_that_the_reference_promises_is_given_and_good_by_both_contracts(
    served: Api, monkeypatch: pytest.MonkeyPatch, operation_id: str, status: int
) -> None:
    answer = WAYS[status](Caller(served, REFERENCE[operation_id]), monkeypatch)

    assert answer.status == status
    assert faults(operation_id, answer) == {}


@pytest.mark.parametrize("operation_id", REFERENCE)
def test_what_makes_an_error_elsewhere_gives_no_answer_that_is_not_promised(
    served: Api, monkeypatch: pytest.MonkeyPatch, operation_id: str
) -> None:
    """A wrong media type, an unknown id and an unverified domain mean nothing to most operations."""
    for way in (other_media_type, unknown_id, unverified):
        answer = way(Caller(served, REFERENCE[operation_id]), monkeypatch)

        assert str(answer.status) in REFERENCE[operation_id].responses
        assert faults(operation_id, answer) == {}


# Other paths and other methods


@pytest.mark.parametrize("path", sorted({operation.path for operation in OPERATIONS}))
def test_any_other_method_on_a_path_is_the_contracts_405_and_names_those_there_are(served: Api, path: str) -> None:
    response = part_of(reference_contract(), "x-other-methods", "response")
    documented = [operation for operation in REFERENCE.values() if operation.path == path]
    here = [operation.method for operation in documented]
    others = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - set(here)

    for method in sorted(others):
        answer = served.call(method, path.replace("{id}", "x"), key=served.add_key())

        assert answer.status == 405
        assert answer_faults(response, answer.headers, answer.body) == []
        assert sorted(answer.headers["Allow"].split(", ")) == sorted(here)
        anybodys = DOCUMENT[documented[0].id].response(405)
        assert answer_faults(anybodys, answer.headers, answer.body) == []


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nothing",
        "/Send",
        "/send/a/b",
        "//send",
        "/messages/",
        "/domains",
        "/send/",
        "/api-keys/",
    ],
)
def test_any_other_path_is_the_contracts_404(served: Api, path: str) -> None:
    answer = served.call("GET", path)

    assert answer.status == 404
    assert answer_faults(part_of(reference_contract(), "x-other-paths", "response"), answer.headers, answer.body) == []


# Answers that take a story


@pytest.mark.parametrize("event", TRANSITIONS[Status.QUEUED])
def test_a_message_in_any_status_is_good_by_both_contracts_alone_and_in_the_list(api: Api, event: Event) -> None:
    message_id = api.send().json["id"]
    status = next_status(Status.QUEUED, event)
    api.pass_time(2)
    now = api.clock.now()
    (claim,) = api.store.claim(now, now + timedelta(minutes=1), 1)
    due_at = now + timedelta(minutes=5) if status is Status.QUEUED else None
    delivered_at = now if status is Status.DELIVERED else None
    api.store.finish(claim, Outcome(status, Attempt(1, now, event, "DOT"), due_at, delivered_at))

    alone, listed = api.call("GET", f"/send/{message_id}"), api.call("GET", "/messages")

    assert (alone.json["status"], listed.json["data"][0]["status"]) == (status, status)
    assert faults("getMessage", alone) == {}
    assert faults("listMessages", listed) == {}


def test_every_example_of_a_parameter_is_taken_and_its_answer_is_good_by_both_contracts(api: Api) -> None:
    api.send()
    for parameter in REFERENCE["listMessages"].parameters:
        for name, example in parameter.items("examples"):
            answer = api.call("GET", f"/messages?{urlencode({parameter.value['name']: example.value['value']})}")

            assert answer.status == 200, name
            assert faults("listMessages", answer) == {}


@pytest.mark.parametrize(
    ("operation_id", "name"),
    [
        (operation.id, name)
        for operation in REFERENCE.values()
        if operation.request
        for name, _ in operation.request.items("examples")
    ],
)
def test_every_example_of_a_body_is_taken_and_its_answer_is_good_by_both_contracts(
    served: Api, operation_id: str, name: str
) -> None:
    operation = REFERENCE[operation_id]
    assert operation.request
    body = operation.request.at("examples", name).value["value"]

    answer = served.call(operation.method, operation.path, body)

    assert answer.status == 200
    assert faults(operation_id, answer) == {}


@pytest.mark.parametrize(
    "members",
    [
        {"from": '  "Doe, Jane" <hello@YourDomain.com> ', "to": "ünïcode@bücher.example"},
        {"subject": "", "text": "", "replyTo": "Support <support@elsewhere.example>"},
        {"subject": "😀" * 998, "headers": {}},
        {"to": "a" * 64 + "@" + ".".join(["d" * 61] * 3) + ".ee"},
    ],
)
def test_unusual_mails_that_are_taken_come_back_in_answers_that_are_good_by_both_contracts(
    served: Api, members: dict[str, object]
) -> None:
    sent = served.send(**members)

    assert sent.status == 200, sent.body
    assert faults("sendEmail", sent) == {}
    assert faults("getMessage", served.call("GET", f"/send/{sent.json['id']}")) == {}


def test_the_list_of_keys_is_good_before_and_after_a_key_is_used(api: Api) -> None:
    made = api.call("POST", "/api-keys", {"name": "Production backend"}).json
    before = api.call("GET", "/api-keys")
    api.call("GET", "/messages", key=made["key"])
    after = api.call("GET", "/api-keys")

    last_used = [next(k["lastUsed"] for k in a.json["data"] if k["id"] == made["id"]) for a in (before, after)]
    assert last_used[0] is None
    assert last_used[1] is not None
    assert faults("listApiKeys", before) == faults("listApiKeys", after) == {}


# The links


@pytest.mark.parametrize("contract", [DOCUMENT, REFERENCE], ids=["document", "reference"])
@pytest.mark.parametrize("operation_id", ["sendEmail", "createApiKey"])
def test_whoever_follows_a_link_of_either_contract_gets_there(
    served: Api, contract: dict[str, ContractOperation], operation_id: str
) -> None:
    operation = contract[operation_id]
    answer = Caller(served, REFERENCE[operation_id]).call()
    response = operation.response(answer.status)
    assert response
    ((_, link),) = response.items("links")
    target = contract[link.value["operationId"]]
    found = answer.json[link.value["parameters"]["id"].removeprefix("$response.body#/")]

    followed = served.call(target.method, target.path.replace("{id}", found))

    assert followed.status == 200
    assert faults(target.id, followed) == {}


# The search itself: an answer that is not as it should be has to be found


HEADERS = {"Content-Type": JSON}
QUEUED = (
    b'{"id":"msg_abc123abc123abc123abc1","status":"queued","from":"hello@yourdomain.com","to":"user@example.com",'
    b'"createdAt":"2026-04-06T12:00:00Z"}'
)
BOTH, OURS = {"document", "reference"}, {"reference"}


def changed(pattern: bytes, replacement: bytes) -> bytes:
    body, times = re.subn(pattern, lambda _: replacement, QUEUED)
    assert times == 1
    return body


@pytest.mark.parametrize(
    ("status", "headers", "body", "found_by"),
    [
        (200, HEADERS, QUEUED, set()),
        (202, HEADERS, QUEUED, OURS),
        (200, HEADERS, b"", BOTH),
        (200, HEADERS, b"null", BOTH),
        (302, HEADERS, QUEUED, BOTH),
        (200, {"Content-Type": "text/html"}, QUEUED, BOTH),
        (200, HEADERS, changed(rb'"id":', b'"ID":'), BOTH),
        (200, HEADERS, changed(rb'"createdAt"', b'"created_at"'), BOTH),
        (200, HEADERS, changed(rb"msg_\w+", b""), BOTH),
        (200, HEADERS, changed(rb"msg_\w+", b"0193c2f4-1f9b"), OURS),
        (200, HEADERS, changed(rb'1",', b'1\\n",'), OURS),
        (200, HEADERS, changed(rb'"queued"', b"1"), BOTH),
        (200, HEADERS, changed(rb"queued", b"accepted"), OURS),
        (200, HEADERS, changed(rb"2026-04-06T12:00:00Z", b"yesterday"), BOTH),
        (200, HEADERS, changed(rb"2026-04-06T12:00:00Z", b"2026-02-30T12:00:00Z"), BOTH),
        (200, HEADERS, changed(rb"2026-04-06T12:00:00Z", b"2026-04-06T14:00:00.5+02:00"), OURS),
        (200, HEADERS, changed(rb'"queued"', b'"queued","more":1'), OURS),
        (400, HEADERS, b'{"error":"VALIDATION_ERROR","message":"No."}', set()),
        (400, HEADERS, b'{"error":"bad","message":"No."}', OURS),
        (400, HEADERS, b'{"error":"VALIDATION_ERROR"}', BOTH),
        (400, HEADERS, b'{"error":"","message":"No."}', BOTH),
        (400, HEADERS, b'{"error":{},"message":"No."}', BOTH),
        (404, HEADERS, b'{"error":"NOT_FOUND","message":"No."}', OURS),
        (418, HEADERS, b'{"error":"TEAPOT","message":"No."}', OURS),
        (503, HEADERS, b'{"message":"No."}', BOTH),
        (401, HEADERS, b'{"error":"UNAUTHORIZED","message":"No."}', OURS),
        (429, HEADERS, b'{"error":"RATE_LIMITED","message":"No."}', BOTH),
        (429, {**HEADERS, "Retry-After": "7"}, b'{"error":"RATE_LIMITED","message":"No."}', set()),
        (429, {**HEADERS, "Retry-After": "soon"}, b'{"error":"RATE_LIMITED","message":"No."}', BOTH),
        (
            429,
            {**HEADERS, "Retry-After": "Mon, 06 Apr 2026 12:00:30 GMT"},
            b'{"error":"RATE_LIMITED","message":"No."}',
            OURS,
        ),
    ],
)
def test_a_wrong_answer_is_found_and_another_servers_is_left_alone(
    status: int, headers: dict[str, str], body: bytes, found_by: set[str]
) -> None:
    message = HTTPMessage()
    for name, value in headers.items():
        message[name] = value
    answer = Answer(status, message, body)

    assert set(faults("sendEmail", answer)) == found_by
