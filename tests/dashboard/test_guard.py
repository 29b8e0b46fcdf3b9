"""Only this machine, only our own forms: whatever the spelling of the path."""

import pytest
from tests.dashboard.client import Client

PAGES = ["/", "/send-test", "/%73end-test"]


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil", "127.attacker.example", "localhost:9", "[::1]x", ""]
)
def test_a_page_is_not_read_under_another_name(client: Client, host: str) -> None:
    assert client.get("/", {"Host": host}).status in {400, 403}


@pytest.mark.parametrize("origin", ["null", "http://evil.example", "http://localhost.evil"])
@pytest.mark.parametrize("path", PAGES[1:])
def test_a_form_of_another_page_changes_nothing(client: Client, origin: str, path: str) -> None:
    page = client.send(path, {"Origin": origin}, to="user@example.com")

    assert page.status == 403
    assert "Access-Control-Allow-Origin" not in page.headers
    assert client.api("GET", "/messages")["pagination"]["total"] == 0


@pytest.mark.parametrize("token", ["", "x", "\u00e9"])
@pytest.mark.parametrize("path", PAGES[1:])
def test_a_form_without_the_token_of_this_run_changes_nothing(client: Client, token: str, path: str) -> None:
    page = client.send(path, token=token, to="user@example.com")

    assert page.status == 403
    assert "Load its page again" in page.text
    assert client.api("GET", "/messages")["pagination"]["total"] == 0


def test_a_body_that_is_no_form_is_refused(client: Client) -> None:
    assert client.send("/send-test", {"Content-Type": "text/plain"}, to="user@example.com").status == 415


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"to=%FF", "percent-encoded UTF-8"),
        (b"to=\xff", "percent-encoded UTF-8"),
        (b"to", "percent-encoded UTF-8"),
        (b"to=a&to=b", "given more than once"),
        (b"to=" + b"x" * 256 * 1024, "at most 262144 bytes"),
    ],
)
def test_a_form_that_cannot_be_read_is_told_why(client: Client, body: bytes, said: str) -> None:
    page = client.post("/send-test", b"token=" + client.get("/").token.encode() + b"&" + body)

    assert page.status == 400
    assert said in page.text
    assert client.api("GET", "/messages")["pagination"]["total"] == 0


def test_a_page_keeps_to_itself(client: Client) -> None:
    for path in ("/", "/static/dashboard.css", "/static/third_party/htmx.min.js"):
        headers = client.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
        assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/nope", "/messages/x"])
def test_nobody_is_given_the_token_under_another_name(client: Client, path: str) -> None:
    token = client.get("/").token

    page = client.get(path, {"Host": "evil.example:9"})

    assert page.status in {400, 403, 404}
    assert token not in page.html


def test_a_method_that_is_not_for_an_address_is_told_which_is(client: Client) -> None:
    page = client.get("/send-test")

    assert page.status == 405
    assert page.headers["Allow"] == "POST, OPTIONS"
    assert "The method GET is not for this address; POST, OPTIONS is." in page.text


def test_what_is_not_there_is_said_on_a_page(client: Client) -> None:
    page = client.get("/nothing")

    assert page.status == 404
    assert "Not Found" in page.text


def test_a_fault_of_ours_is_a_page_that_tells_nothing_internal(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(client.sandbox.events, "newest", break_down)

    page = client.get("/")

    assert page.status == 500
    assert page.headers["Content-Type"].startswith("text/html")
    assert "Something went wrong on our side" in page.text
    assert "secret detail" not in page.html
    assert "secret detail" in caplog.text
