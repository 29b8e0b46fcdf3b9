"""What the live part of a page keeps while it is replaced: the focus, which goes by ids, and the time in the header."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from tests.dashboard.client import Client
from tests.dashboard.mails import html_mail, put

from justemails_command.serving import ServedSandbox

_FOCUSABLE = {"a", "button", "input", "select", "textarea", "summary"}
_VOID = {"input", "br", "img", "meta", "link", "hr"}


class _Unnamed(HTMLParser):
    """Collects what can have the focus in a live part, has no id, and is replaced with the part around it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.named: list[str] = []
        self._open: list[bool] = []  # whether each open element keeps its place

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_hidden = given.get("type") == "hidden"
        if not any(self._open) and (tag in _FOCUSABLE or "tabindex" in given) and not is_hidden:
            self.named.append(given.get("id") or "")
            if not given.get("id"):
                self.found.append(self.get_starttag_text() or tag)
        if tag not in _VOID:
            self._open.append("hx-preserve" in given)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and self._open:
            self._open.pop()


@pytest.fixture
def busy(client: Client, sandbox: ServedSandbox) -> Client:
    """A sandbox in which there is something on every page."""
    client.mail()
    client.mail("bob@greylist.test")
    client.mail("cleo@nxdomain.test")
    client.mail("user@drop.test")
    client.advance("5m")
    put(sandbox, html_mail("<p>Hi"))
    client.send("/accounts", name="Another")
    client.send("/network", form="name", domain="own.example", behaviour="bounce")
    return client


def paths(client: Client) -> list[str]:
    ids = re.findall(r'href="(/messages/msg_\w+)"', client.get("/messages").html)
    domain = re.findall(r'href="(/domains/[^"]+)"', client.get("/domains").html)[0]
    pages = ["/", "/messages", "/inbox", "/domains", domain, "/keys", "/network", "/limits", "/clock", "/requests"]
    return pages + ids + [f"{ids[0]}?tab=request"]


def live_part(client: Client, path: str) -> str:
    address = re.findall(r'<section id="live" hx-get="([^"]+)"', client.get(path).html)
    assert address, path
    # Of the latest change, so that nothing is served that was made for the test before.
    state = f"{client.sandbox.events.last}.{client.sandbox.changes - 1}"
    fresh = client.get(re.sub(r"state=[^&]*", f"state={state}", unescape(address[0])))
    assert fresh.status == 200, path
    return fresh.html


def test_whatever_can_have_the_focus_has_an_id_of_its_own(busy: Client) -> None:
    for path in paths(busy):
        unnamed = _Unnamed()
        unnamed.feed(live_part(busy, path))

        assert unnamed.found == [], path
        assert len(set(unnamed.named)) == len(unnamed.named), path


def test_the_time_in_the_header_comes_with_the_news(busy: Client) -> None:
    now = busy.sandbox.clock.now()

    for path in paths(busy):
        face = live_part(busy, path).partition('<span id="clock-face" hx-swap-oob="true">')[2]
        assert f"{now:%Y-%m-%d %H:%M:%S}</time>" in face, path
        assert "stands still" in face


def test_a_page_in_answer_to_a_refused_form_asks_for_news_of_itself(client: Client) -> None:
    page = client.send("/send-test", to="nonsense")

    (address,) = re.findall(r'hx-get="([^"]+)"', page.html)
    assert unescape(address).startswith("/?state=")
    assert client.get(unescape(address)).status == 200
    assert 'name="back" value="/"' in page.html


@pytest.mark.parametrize(
    "path",
    [
        "/docs?state=1",
        "/requests/{number}?state=1",
        "/messages?q=foo:bar&state=1",
        "/requests?q=a&q=b&state=1",
        "/?x=1",
    ],
)
def test_what_no_page_of_ours_asks_for_is_refused(client: Client, path: str) -> None:
    client.mail()
    (number,) = re.findall(r'href="/requests/(\d+)"', client.get("/requests").html)

    page = client.get(path.format(number=number))

    assert page.status == 400
    assert "<form" not in page.html


@pytest.mark.parametrize("path", ["/keys", "/domains"])
def test_a_page_of_accounts_that_are_gone_is_the_last_there_is(client: Client, path: str) -> None:
    page = client.get(f"{path}?page=9")

    assert page.status == 200
    assert re.search(r'<section id="live" hx-get="[^"]+"', page.html)
    assert "Make" in page.text or "Add" in page.text
