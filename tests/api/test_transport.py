"""What reaches the HTTP server before any application: refused in the same JSON body, or cut.

Raw sockets, since HTTP libraries mend or refuse such requests themselves. Rules: RFC 9112.
"""

import json

import pytest
from tests.api.harness import MAIL, Api

BODY = json.dumps(MAIL).encode()


def head(api: Api, line: bytes, *headers: bytes) -> bytes:
    auth = f"Authorization: Bearer {api.key}".encode()
    return b"\r\n".join([line, b"Host: 127.0.0.1", auth, *headers, b"", b""])


def post(api: Api, *headers: bytes, body: bytes = b"") -> bytes:
    return head(api, b"POST /api/v1/send HTTP/1.1", b"Content-Type: application/json", *headers) + body


def status_and_body(answer: bytes) -> tuple[int, object]:
    top, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/json" in top.lower(), answer
    return int(top.split()[1]), json.loads(body)


REFUSED = {
    "two lengths": ([b"Content-Length: 4", b"Transfer-Encoding: chunked"], b"0\r\n\r\n", {400}),
    "unknown transfer encoding": ([b"Transfer-Encoding: xchunked"], b"0\r\n\r\n", {501}),
    "identity, chunked": ([b"Transfer-Encoding: identity, chunked"], b"0\r\n\r\n", {501}),
    "length +2": ([b"Content-Length: +2"], b"{}", {400}),
    "length -1": ([b"Content-Length: -1"], b"{}", {400}),
    "length 0x2": ([b"Content-Length: 0x2"], b"{}", {400}),
    "length 2,2": ([b"Content-Length: 2,2"], b"{}", {400}),
    "two different lengths": ([b"Content-Length: 2", b"Content-Length: 3"], b"{}", {400}),
    "an endless length": ([b"Content-Length: 99999999999999999999"], b"", {413}),
    "one byte too many": ([b"Content-Length: 10485761"], b"", {413}),
    "chunk size 0x2": ([b"Transfer-Encoding: chunked"], b"0x2\r\n{}\r\n0\r\n\r\n", {400}),
    "chunk size -1": ([b"Transfer-Encoding: chunked"], b"-1\r\n{}\r\n0\r\n\r\n", {400}),
    "a chunk of more than 64 bits": ([b"Transfer-Encoding: chunked"], b"10000000000000002\r\n{}\r\n0\r\n\r\n", {413}),
    "two hosts": ([b"Host: elsewhere.example"], b"", {400}),
    "space before the colon": ([b"X : a"], b"", {400}),
    "bare CR in a header": ([b"X-A: a\rb"], b"", {400}),
    "NUL in a header": ([b"X-A: a\x00b"], b"", {400}),
    "a huge header": ([b"X-A: " + b"a" * 300_000], b"", {431}),
    "ten thousand headers": ([b"X-A: a"] * 10_000, b"", {431}),
    "gzip": ([b"Content-Encoding: gzip", b"Content-Length: 2"], b"{}", {415}),
}


@pytest.mark.parametrize("row", REFUSED)
def test_malformed_requests_are_refused_in_json(api: Api, row: str) -> None:
    headers, body, statuses = REFUSED[row]

    status, answer = status_and_body(api.raw(post(api, *headers, body=body)))

    assert status in statuses
    assert isinstance(answer, dict)
    assert set(answer) == {"error", "message"}
    assert "waitress" not in str(answer)


@pytest.mark.parametrize(
    "line",
    [
        *(b"get /api/v1/messages HTTP/1.1", b"G@T / HTTP/1.1", b"nonsense", b"GET /a b HTTP/1.1"),
        *(b"GET /api/v1/messages HTTP/9.9", b"GET /api/v1/messages HTTP/1.2", b"GET /api/v1/messages"),
    ],
)
def test_malformed_request_lines_are_400_in_json(api: Api, line: bytes) -> None:
    status, answer = status_and_body(api.raw(head(api, line)))

    assert status == 400
    assert isinstance(answer, dict)
    assert answer["error"] == "VALIDATION_ERROR"


def test_a_good_request_behind_a_bad_one_is_not_executed(api: Api) -> None:
    good = post(api, b"Content-Length: %d" % len(BODY), body=BODY)

    answer = api.raw(post(api, b"Content-Length: -1") + good)

    assert answer.count(b"HTTP/1.1") == 1
    assert api.call("GET", "/messages").json["pagination"]["total"] == 0


@pytest.mark.parametrize("version", [b"1.0", b"1.2"])
def test_chunks_in_another_version_than_1_1_are_not_the_next_request(api: Api, version: bytes) -> None:
    """RFC 9112 6.1. waitress looks for chunks in HTTP/1.1 alone."""
    smuggled = post(api, b"Content-Length: %d" % len(BODY), body=BODY)
    line = b"POST /api/v1/send HTTP/" + version

    answer = api.raw(head(api, line, b"Connection: keep-alive", b"Transfer-Encoding: chunked") + smuggled)

    assert answer.startswith(b"HTTP/1.")
    assert b" 400 " in answer.split(b"\r\n")[0]
    assert api.call("GET", "/messages").json["pagination"]["total"] == 0


def test_a_request_without_a_host_is_400_unless_it_is_http_1_0(api: Api) -> None:
    """RFC 9112 3.2."""
    auth = f"Authorization: Bearer {api.key}\r\n\r\n".encode()

    assert status_and_body(api.raw(b"GET /api/v1/messages HTTP/1.1\r\n" + auth))[0] == 400
    assert status_and_body(api.raw(b"GET /api/v1/messages HTTP/1.0\r\n" + auth))[0] == 200


def test_both_lengths_close_the_connection_before_a_smuggled_request(api: Api) -> None:
    smuggled = post(api, b"Content-Length: %d" % len(BODY), body=BODY)

    answer = api.raw(post(api, b"Content-Length: 6", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + smuggled))

    assert answer.count(b"HTTP/1.1") == 1
    assert api.call("GET", "/messages").json["pagination"]["total"] == 0


def test_a_body_of_exactly_the_limit_is_read(api: Api) -> None:
    size = 10 * 1024 * 1024
    padding = size - len(json.dumps({**MAIL, "text": ""}))

    assert api.call("POST", "/send", {**MAIL, "text": "x" * padding}).status == 200
    assert api.call("POST", "/send", {**MAIL, "text": "x" * (padding + 1)}).status == 413


def test_a_chunked_body_is_read_like_any_other(api: Api) -> None:
    answer = api.raw(post(api, b"Transfer-Encoding: chunked", body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)))

    assert answer.startswith(b"HTTP/1.1 200 ")


AUTHORIZATION = {
    "empty": b"",
    "scheme alone": b"Bearer",
    "scheme and space": b"Bearer ",
    "another scheme": b"Basic %s",
    "no scheme": b"%s",
    "a suffix": b"Bearer %sx",
    "a suffix after a space": b"Bearer %s x",
    "two keys": b"Bearer %s, Bearer %s",
    "LIKE": b"Bearer je_live_%%",
    "SQL": b"Bearer ' OR 1=1--",
    "not ASCII": b"Bearer je_live_\xff\xfe",
    "long": b"Bearer " + b"a" * 20_000,
    "no-break space": b"Bearer\xa0%s",
}


@pytest.mark.parametrize("row", AUTHORIZATION)
def test_malformed_authorization_is_401(api: Api, row: str) -> None:
    value = AUTHORIZATION[row].replace(b"%s", api.key.encode())
    request = b"GET /api/v1/messages HTTP/1.1\r\nHost: h\r\nAuthorization: %s\r\n\r\n" % value

    status, _ = status_and_body(api.raw(request))

    assert status == 401


def test_two_authorization_headers_are_401(api: Api) -> None:
    good = f"Authorization: Bearer {api.key}".encode()

    status, _ = status_and_body(api.raw(head(api, b"GET /api/v1/messages HTTP/1.1", good)))

    assert status == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_word_may_have_any_case(api: Api, scheme: str) -> None:
    answer = api.call("GET", "/messages", key=None, headers={"Authorization": f"{scheme} {api.key}"})

    assert answer.status == 200  # CHOICE-09


def test_a_key_elsewhere_than_in_the_header_is_not_read(api: Api) -> None:
    assert api.call("GET", f"/messages?api_key={api.key}", key=None).status == 401
    assert api.call("GET", "/messages", key=None, headers={"Cookie": f"key={api.key}"}).status == 401


@pytest.mark.parametrize("path", ["/send/", "//send", "/SEND", "/send%00", "/send/..;/", "/send/../api-keys"])
def test_other_spellings_of_a_path_are_404_and_never_skip_the_key(api: Api, path: str) -> None:
    assert api.call("POST", path, MAIL, key=None).status == 401
    assert api.call("POST", path, MAIL).status == 404  # CHOICE-52
    assert api.call("GET", "/messages").json["pagination"]["total"] == 0


def test_a_method_override_is_ignored(api: Api) -> None:
    key_id = api.call("GET", "/api-keys").json["data"][0]["id"]

    api.call("GET", f"/send/{key_id}", headers={"X-HTTP-Method-Override": "DELETE"})

    assert api.call("GET", "/api-keys").status == 200


@pytest.mark.parametrize(
    "content_type", ["APPLICATION/JSON", "application/json; charset=utf-8", 'application/json;charset="UTF-8"']
)
def test_json_in_any_spelling_is_read(api: Api, content_type: str) -> None:
    assert api.call("POST", "/send", MAIL, headers={"Content-Type": content_type}).status == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "*/*",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/json, text/plain",
    ],
)
def test_anything_but_json_is_415(api: Api, content_type: str) -> None:
    assert api.call("POST", "/send", MAIL, headers={"Content-Type": content_type}).status == 415
