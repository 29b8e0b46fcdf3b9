"""The clock's page: what falls due, moving it by hand, and back to where one was."""

import json
import re
import shlex
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit

import pytest
from tests.dashboard.client import Client, Page

from justemails_command.serving import ServedSandbox


def calls(page: Page) -> list[str]:
    return [unescape(call) for call in re.findall(r"<pre[^>]*>(curl [^<]+)</pre>", page.html)]


def body_of(call: str) -> object:
    words = shlex.split(call.replace("\\\n", ""))
    return json.loads(words[words.index("--data-raw") + 1])


def test_what_falls_due_is_listed_with_its_message(client: Client) -> None:
    message_id = client.mail("ann@greylist.test")

    page = client.get("/clock")

    assert f'href="/messages/{message_id}"' in page.html
    assert "attempt 2 to ann@greylist.test" in page.text
    assert "DNS records of yourdomain.com are checked" in page.text
    assert "stands still until it is moved" in page.text


def test_a_step_moves_the_clock_and_delivers_what_falls_due(client: Client, sandbox: ServedSandbox) -> None:
    message_id = client.mail("ann@greylist.test")
    before = sandbox.clock.now()

    page = client.send("/clock", advance="1d")

    assert sandbox.clock.now() == before + timedelta(days=1)
    assert client.api("GET", f"/send/{message_id}")["status"] == "delivered"
    assert body_of(calls(page)[0]) == {"advance": "1d"}
    assert "Done. The same by the control API" in page.text


def test_the_next_event_is_the_next_attempt(client: Client, sandbox: ServedSandbox) -> None:
    client.mail("ann@greylist.test")
    due = sandbox.store.next_due()

    page = client.send("/clock", to="next", back="/clock")

    assert sandbox.clock.now() == due
    assert body_of(calls(page)[0]) == {"to": "next"}


def test_the_clock_is_let_run_and_frozen(client: Client, sandbox: ServedSandbox) -> None:
    running = client.send("/clock", mode="real")
    assert sandbox.clock.running
    assert "runs as the machine's clock does" in running.text
    assert "data-ticks" in running.html

    frozen = client.send("/clock", mode="virtual")
    assert not sandbox.clock.running
    assert "stands still until it is moved" in frozen.text
    assert "data-ticks" not in frozen.html


@pytest.mark.parametrize("typed", ["soon", "", "-1m", "99999d", "<b>"])
def test_what_is_no_duration_is_told_and_still_there(client: Client, sandbox: ServedSandbox, typed: str) -> None:
    before = sandbox.clock.now()

    page = client.send("/clock", advance=typed)

    assert page.status == 400
    assert "The 'advance' field must be a duration like 90s" in page.text
    assert f'name="advance" value="{typed.replace("<", "&lt;").replace(">", "&gt;")}"' in page.html
    assert "<b>" not in page.html
    assert sandbox.clock.now() == before


@pytest.mark.parametrize("fields", [{}, {"advance": "1m", "to": "next"}, {"mode": "fast"}, {"speed": "2"}])
def test_what_is_no_move_changes_nothing(client: Client, sandbox: ServedSandbox, fields: dict[str, str]) -> None:
    before = sandbox.clock.now()

    assert client.send("/clock", None, **fields).status == 400
    assert sandbox.clock.now() == before


@pytest.mark.parametrize("back", ["/", "/requests", "/network?q=full&domain=a.example", "/clock"])
def test_one_comes_back_to_the_page_one_was_on(client: Client, back: str) -> None:
    page = client.send("/clock", advance="1m", back=back)

    assert page.status == 200
    assert page.path.split("?did=")[0] == back


@pytest.mark.parametrize(
    "back",
    [
        *("https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example", "/\t/evil.example"),
        *("javascript:alert(1)", "", "requests", "/\n/evil.example", "/requests\r\nX-Injected: 1", " //evil.example"),
    ],
)
def test_one_is_never_led_elsewhere(client: Client, sandbox: ServedSandbox, back: str) -> None:
    page = client.send("/clock", advance="1m", back=back)

    assert page.status == 200
    assert urlsplit(page.path).path == "/clock"
    assert "X-Injected" not in page.headers


def test_a_page_that_shows_how_long_things_take_changes_with_the_seconds(client: Client) -> None:
    (address,) = re.findall(r'hx-get="([^"]+)"', client.get("/clock").html)
    assert client.get(unescape(address)).status == 204

    client.advance("1s")
    fresh = client.get(unescape(address))

    assert fresh.status == 200
    assert fresh.html.lstrip().startswith('<section id="live"')


def test_a_recipient_is_shown_as_text(client: Client) -> None:
    client.mail("a&lt;b'c@greylist.test".replace(";", "{"))

    page = client.get("/clock")

    assert "attempt 2 to a&lt{b'c@greylist.test" in page.text
    assert "a&amp;lt{b&#39;c@greylist.test" in page.html


def test_the_buttons_of_a_page_lead_back_to_what_it_showed(client: Client) -> None:
    page = client.get("/messages?q=status:bounced")

    assert 'name="back" value="/messages?q=status:bounced"' in page.html
