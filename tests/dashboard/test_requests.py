"""The log of requests: found again, read, and made once more."""

import re
import urllib.error
import urllib.request
from html import unescape

import pytest
from tests.dashboard.client import Client, Page

from justemails.api.keys import KEY_FORM
from justemails_command.serving import ServedSandbox
from justemails_sandbox.request_log import BODY_KEPT


def ask(client: Client, path: str, body: bytes | None = None, method: str = "GET", key: str | None = None) -> int:
    """Ask the API with octets as they are, and return the number of the request in the log."""
    headers = {"Authorization": f"Bearer {key or client.sandbox.key}", "Content-Type": "application/json"}
    request = urllib.request.Request(client.sandbox.api + path, body, headers, method=method)  # noqa: S310
    try:
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
    except urllib.error.HTTPError as ex:
        ex.close()
    return client.sandbox.requests.newest()[0].number


def numbers(page: Page) -> list[int]:
    return [int(number) for number in re.findall(r'href="/requests/(\d+)"', page.html)]


def blocks(page: Page) -> list[str]:
    return [unescape(block) for block in re.findall(r"<pre[^>]*>(.*?)</pre>", page.html, re.DOTALL)]


def test_the_newest_request_is_first_with_its_status_key_and_message(client: Client) -> None:
    message_id = client.mail()
    ask(client, "/send/msg_unknown")

    page = client.get("/requests")

    assert "GET /api/v1/send/msg_unknown \u26a0 404" in page.text
    assert "POST /api/v1/send \u2713 200" in page.text
    assert page.text.index("/send/msg_unknown") < page.text.index("POST /api/v1/send")
    assert f'href="/messages/{message_id}"' in page.html
    assert client.sandbox.key[:12] in page.text
    assert client.sandbox.key not in page.html


def test_requests_are_found_by_status_and_words(client: Client) -> None:
    missing = ask(client, "/send/msg_unknown")
    listed = ask(client, "/messages?subject=Hi")

    assert numbers(client.get("/requests?status=4xx")) == [missing]
    assert numbers(client.get("/requests?status=404")) == [missing]
    assert numbers(client.get("/requests?status=2xx")) == [listed]
    assert numbers(client.get("/requests?q=get+SUBJECT")) == [listed]
    assert "No request that is kept" in client.get("/requests?status=5xx").text
    wrong = client.get("/requests?status=often")
    assert wrong.status == 400
    assert "The field 'status' must be" in wrong.text


def test_there_are_fifty_on_a_page(client: Client) -> None:
    for _ in range(51):
        ask(client, "/messages?page=1")

    first = client.get("/requests?status=2xx")
    assert len(numbers(first)) == 50
    (older,) = re.findall(r'<a id="older" href="([^"]+)">older</a>', first.html)
    second = client.get(unescape(older))
    assert len(numbers(second)) == 1
    assert "status=2xx" in older
    assert "newer" in second.text
    assert client.get("/requests?page=0").status == 400
    assert client.get("/requests?page=900").status == 200


def test_a_request_is_shown_with_its_bodies_and_as_programs(client: Client) -> None:
    number = ask(client, "/api-keys", b'{"name":"CI","more":[1]}', "POST")

    page = client.get(f"/requests/{number}")

    asked, answered, curl, python, node = blocks(page)
    assert asked.splitlines()[0:2] == ["{", '  "name": "CI",']
    assert '"error": "VALIDATION_ERROR"' in answered
    assert curl.startswith(f"curl {client.sandbox.api}/api-keys")
    assert "requests.request" in python
    assert "await fetch" in node
    assert client.sandbox.key not in page.html


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"\xff{", "\\xff{"),
        (b'{"a": 1, "a": 2}', '{"a": 1, "a": 2}'),
        (b'{"a": "\\ud800"}', "[U+D800]"),
        (b"[" * 60_000, "[[["),
        (b"9" * 5_000, "999"),
        (b'{"a": "<script>\xe2\x80\xae"}', "<script>[U+202E]"),
    ],
)
def test_a_body_that_is_hard_to_read_is_shown_all_the_same(client: Client, body: bytes, shown: str) -> None:
    page = client.get(f"/requests/{ask(client, '/send', body, 'POST')}")

    assert page.status == 200
    assert shown in blocks(page)[0]
    assert "<script>" not in page.html
    assert ("It is not UTF-8" in page.text) is (body[0] == 0xFF)


def test_a_body_that_was_cut_is_not_sent_again(client: Client) -> None:
    text = "\u00fc" * BODY_KEPT
    number = ask(client, "/send", f'{{"text": "{text}"}}'.encode(), "POST")

    page = client.get(f"/requests/{number}")
    assert f"Only the first {BODY_KEPT} bytes are kept" in page.text
    assert "It is not UTF-8" not in page.text
    assert "cannot be sent again" in page.text
    assert client.send(f"/requests/{number}/replay").status == 400
    assert client.sandbox.requests.newest()[0].number == number


@pytest.mark.parametrize("path", ["/send", "/send?x=%41%20'&%F0", "/send/a%20b%3Fc%25", "/send/%C3%BC"])
def test_a_request_is_made_again_as_it_was(client: Client, sandbox: ServedSandbox, path: str) -> None:
    body = b'{"from": "hello@yourdomain.com",  "to": "ann@example.com", "subject": "Hi", "text": "It works."}'
    number = ask(client, path, body, "POST", "je_live_" + "0" * 38)

    page = client.send(f"/requests/{number}/replay")

    again, first = sandbox.requests.newest()[:2]
    assert page.path == f"/requests/{again.number}"
    assert first.number == number
    assert (again.method, again.path, again.query, again.body) == (first.method, first.path, first.query, first.body)
    assert (first.status, again.status == 401) == (401, False)


def test_a_path_that_is_no_text_is_shown_and_not_sent_again(client: Client) -> None:
    page = client.get(f"/requests/{ask(client, '/send/%FF')}")

    assert "/send/\\xff" in page.text
    assert "Its path is not UTF-8" in page.text


def test_a_request_without_a_body_is_made_again(client: Client, sandbox: ServedSandbox) -> None:
    number = ask(client, "/messages?perPage=3")

    page = client.send(f"/requests/{number}/replay")

    assert page.path != f"/requests/{number}"
    assert sandbox.requests.newest()[0].query == "perPage=3"
    assert "It has no body" in page.text


def test_what_is_not_kept_is_said(client: Client) -> None:
    for path in ("/requests/999999", "/requests/999999/replay"):
        assert client.get(path).status == 404
    assert "the newest 1000 are kept" in client.get("/requests/999999").text
    assert client.get("/requests/x").status == 404


def test_a_path_is_shown_as_text(client: Client) -> None:
    number = ask(client, "/%3Cscript%3Ealert(1)%3C/script%3E")

    for path in ("/requests", f"/requests/{number}", "/requests?q=%3Cscript%3E"):
        page = client.get(path)
        assert "GET /api/v1/&lt;script&gt;alert(1)&lt;/script&gt;" in page.html
        assert "<script>alert" not in page.html


@pytest.mark.parametrize(("method", "query"), [("GET", "??a"), ("CONNECT", ""), ("FOO", "?page=1"), ("HEAD", "")])
def test_what_no_usual_client_asks_is_asked_again_too(client: Client, method: str, query: str) -> None:
    number = ask(client, f"/messages{query}", method=method)

    page = client.send(f"/requests/{number}/replay")

    assert page.path == f"/requests/{number + 1}"
    assert f"{method} /api/v1/messages" in page.text


def test_no_secret_stays_in_the_log(client: Client) -> None:
    number = ask(client, "/api-keys", b'{"name": "CI"}', "POST")

    page = client.get(f"/requests/{number}")

    assert not KEY_FORM.search(page.html)
    assert re.search(r'"key": "je_live_\w{4}\u2026"', page.text)


def test_many_brackets_do_not_make_an_endless_page(client: Client) -> None:
    number = ask(client, "/send", b"[" * 300 + b"0," * 30_000 + b"0" + b"]" * 300, "POST")

    assert len(client.get(f"/requests/{number}").html) < 500_000


def test_the_log_is_live(client: Client) -> None:
    (address,) = re.findall(r'hx-get="([^"]+)"', client.get("/requests?q=messages").html)
    assert client.get(unescape(address)).status == 204

    number = ask(client, "/messages")
    assert numbers(client.get(unescape(address))) == [number]
