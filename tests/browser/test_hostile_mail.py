"""Mails that would take a page over, in a browser: none of them runs, asks for anything outside, or moves the page.

Chromium resolves no name here, so a request for ``evil.test`` fails and is counted. Connections that a browser makes
without a request (``preconnect``) are not told by it; so whatever is outside is at a port of this machine too, where a
socket counts who comes.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Dialog, Error, Page
from tests.browser.looking import WIDTHS, Scheme, looking
from tests.dashboard.client import Client
from tests.dashboard.mails import html_mail, put

from justemails_command.serving import ServedSandbox

RUNS = "top.ran=1;parent.ran=1;window.ran=1;console.log('ran');alert('ran');top.location='http://evil.test/'"

HTML = {
    "script": f"<script>{RUNS}</script>",
    "svg": f'<svg onload="{RUNS}"><script>{RUNS}</script></svg>',
    "image": f'<img src=x onerror="{RUNS}"><img src=data:x onerror="{RUNS}">',
    "srcdoc": f"<iframe srcdoc=\"<script>{RUNS}</script><link rel=preconnect &#104;ref='$OUTSIDE'>\"></iframe>",
    "frames": f'<iframe src="$OUTSIDE"></iframe><object data="$OUTSIDE"></object><embed src="$OUTSIDE">'
    f'<iframe src="javascript:{RUNS}"></iframe><iframe src="data:text/html,<script>{RUNS}</script>"></iframe>',
    "base": '<base href="$OUTSIDE/" target="_top"><img src="x.png"><a href="x" id="click">click</a>',
    "refresh": '<meta http-equiv="refresh" content="0;url=$OUTSIDE/"><p>moved?',
    "form": f'<form action="$OUTSIDE/"><input autofocus onfocus="{RUNS}"><button id="click">go</button></form>',
    "button": f'<form><button id="click" formaction="javascript:{RUNS}" formtarget="_top">go</button></form>',
    "javascript link": f'<a href="javascript:{RUNS}" id="click">click</a>',
    "top link": '<a href="$OUTSIDE/" target="_top" id="click">click</a>',
    "plain link": '<a href="$OUTSIDE/" id="click">click</a>',
    "blank link": '<a href="$OUTSIDE/" target="_blank" ping="$OUTSIDE/ping" id="click">click</a>',
    "data link": f'<a href="data:text/html,<script>{RUNS}</script>" id="click">click</a>',
    "download link": '<a href="$OUTSIDE/x" download id="click">click</a>',
    "own link": '<a href="/" id="click">click</a>',
    "svg link": f'<svg><a xlink:href="javascript:{RUNS}" id="click"><text y="20">click</text></a></svg>',
    "animated link": '<svg><a id="click"><text y="20">click</text><animate attributeName="&#104;ref" to="$OUTSIDE/" '
    'fill="freeze" dur="1ms"/><set attributeName="xlink:href" to="$OUTSIDE/"/></a></svg>',
    "area link": '<img usemap="#m" width=50 height=50 id="click">'
    '<map name="m"><area shape="default" href=$OUTSIDE></map>',
    "unclean link": '<a title="x"href\n=\n"$OUTSIDE/"id="click">click</a>',
    "import": "<style>@import '$OUTSIDE/a.css'; @import url(http://evil.test/b.css); p {background: url($OUTSIDE/c)}"
    "@font-face {font-family: f; src: url($OUTSIDE/f)} p {font-family: f}</style><p>styled",
    "stylesheet": "<link rel=stylesheet href=$OUTSIDE/a.css><link rel=stylesheet href=http://evil.test/b.css>",
    "hints": "<link rel=preconnect href=$OUTSIDE><link rel=dns-prefetch href=$OUTSIDE><link rel=prefetch href=$OUTSIDE>"
    "<link rel=preload as=image href=$OUTSIDE/p><link rel=modulepreload href=$OUTSIDE/m><link rel=icon href=$OUTSIDE/i>"
    "<svg><style><link rel=preconnect href=$OUTSIDE></style></svg>"
    "<noscript><link rel=preconnect href=$OUTSIDE></noscript>"
    "<template shadowrootmode=open><link rel=preconnect href=$OUTSIDE></template>",
    "media": "<img src=$OUTSIDE/a.png><img srcset='$OUTSIDE/b.png 1x'><img src=http://evil.test/c.png>"
    "<video poster=$OUTSIDE/p src=$OUTSIDE/v autoplay></video><audio src=$OUTSIDE/s></audio>"
    "<input type=image src=$OUTSIDE/i>"
    "<table background=$OUTSIDE/t><tr><td></table><svg><image href=$OUTSIDE/x /><use href=$OUTSIDE/y#z /></svg>",
    "closing": f"</iframe><script>{RUNS}</script></body></html><script>{RUNS}</script>",
    "attribute": f'"><script>{RUNS}</script><p title=\'"onmouseover="{RUNS}\'>" autofocus onfocus="{RUNS}" x="',
    "template": f"{{{{7*7}}}}{{% x %}}"
    f"<p hx-get='$OUTSIDE' hx-trigger='load' data-copy id='live' onclick=\"{RUNS}\">htmx",
}
CLICKS: list[dict[str, Any]] = [{}, {"modifiers": ["Control"]}, {"button": "middle"}]  # Any: as Playwright takes them
BREAKOUTS = "".join(
    (
        f"</script><script>{RUNS}</script>",
        f'"onmouseover="{RUNS}" autofocus onfocus="{RUNS}',
        f"</title></h1><img src=x onerror={RUNS.replace(' ', '')}>",
        "{{7*7}}${7*7}<a href=http://evil.test>",
        "invoice\u202egpj.exe",
    )
)
"""Each of them leaves another place that it may stand in, wherever the ones before it have led."""

PARTS = ("text", "source", "headers", "structure", "raw")
PICTURE = (
    "Content-Type: image/gif\r\nContent-ID: <own>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
)


@dataclass
class Outside:
    """A port of this machine where nobody has any business.

    Args:
        came: what was sent there, once for each connection.
    """

    address: str
    came: list[bytes] = field(default_factory=list)


@pytest.fixture
def outside() -> Iterator[Outside]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        there = Outside(f"http://127.0.0.1:{listener.getsockname()[1]}")

        def listen() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    connection.settimeout(0.2)
                    with connection, suppress(TimeoutError):
                        there.came.append(b"")
                        there.came[-1] = connection.recv(1000)

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield there
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


class Watch:
    """Notes of a window what a mail must not bring about."""

    def __init__(self, page: Page) -> None:
        self.dialogs: list[str] = []
        self.said: list[str] = []
        self.asked: dict[str, str | None] = {}
        """The addresses of requests, with what the browser stopped them for, if it did."""

        page.on("dialog", self._dismiss)
        page.on("console", lambda message: self.said.append(message.text))
        page.on("request", lambda request: self.asked.update({request.url: None}))
        page.on("requestfailed", lambda request: self.asked.update({request.url: request.failure}))
        self._page = page

    def _dismiss(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def assert_still(self, sandbox: ServedSandbox, outside: Outside, address: str) -> None:
        """Nothing ran, nobody was asked or connected to, no window was opened, and the page is where it was."""
        self._page.wait_for_timeout(200)  # for what comes late: timers, refreshes, connections
        assert self._page.url == address
        assert not any(frame.evaluate("() => window.ran") for frame in self._page.frames)
        assert self.dialogs == []
        assert "ran" not in self.said
        # What the policy stops is told as a request too, though nothing leaves the browser.
        left = {one: why for one, why in self.asked.items() if why != "csp" and not one.startswith("data:")}
        assert [one for one in left if not one.startswith(f"{sandbox.url}/")] == []
        assert outside.came == []
        assert len(self._page.context.pages) == 1


@pytest.mark.parametrize("name", HTML)
def test_a_mail_that_is_looked_at_and_clicked_does_nothing(
    name: str, sandbox: ServedSandbox, outside: Outside, browser: Browser
) -> None:
    mail_id = put(sandbox, html_mail(HTML[name].replace("$OUTSIDE", outside.address)))
    address = f"{sandbox.url}/inbox/{mail_id}"
    for click in CLICKS if 'id="click"' in HTML[name] else CLICKS[:1]:
        with looking(browser, scheme="light", width=WIDTHS[0]) as look:
            watch = Watch(look.page)
            look.page.goto(address)
            look.page.frame_locator("iframe").locator("body").hover()
            watch.assert_still(sandbox, outside, address)

            with suppress(Error):  # what is no element here, or has no size, cannot be clicked
                look.page.frame_locator("iframe").locator("#click").click(timeout=500, **click)
            watch.assert_still(sandbox, outside, address)


def test_what_was_accepted_does_nothing_before_it_arrives(
    sandbox: ServedSandbox, outside: Outside, browser: Browser
) -> None:
    html = "".join(HTML[name].replace("$OUTSIDE", outside.address) for name in ("blank link", "hints", "media", "svg"))
    message_id = Client(sandbox).mail("bob@greylist.test", html=html)
    address = f"{sandbox.url}/messages/{message_id}"
    with looking(browser, scheme="light", width=WIDTHS[0]) as look:
        watch = Watch(look.page)
        look.page.goto(address)
        look.page.frame_locator("iframe").locator("#click").click(modifiers=["Control"])

        watch.assert_still(sandbox, outside, address)


def test_a_mail_that_is_named_to_break_out_does_nothing_on_any_page(
    sandbox: ServedSandbox, outside: Outside, browser: Browser
) -> None:
    for path in _pages(sandbox):
        with looking(browser, scheme="light", width=WIDTHS[0]) as look:
            watch = Watch(look.page)
            look.page.goto(sandbox.url + path)
            for link in look.page.locator("main a:visible").all()[:10]:
                link.hover()

            watch.assert_still(sandbox, outside, sandbox.url + path)
            assert "\u202e" not in look.page.content()
            if "iframe" not in look.page.content():  # a preview complains of each thing that it may not do
                assert look.complaints == []


def test_nobody_is_shut_out_and_nothing_is_cut_off_whatever_a_mail_is_named(
    sandbox: ServedSandbox, browser: Browser
) -> None:
    for number, path in enumerate(_pages(sandbox)):
        scheme: Scheme = "dark" if number % 2 else "light"
        with looking(browser, scheme=scheme, width=WIDTHS[0]) as look:
            look.page.goto(sandbox.url + path)
            assert look.faults() == []
            look.resize(WIDTHS[1])
            assert look.faults() == []
            assert look.barriers() == []


def test_a_mail_is_seen_as_wide_as_asked_for_and_with_its_own_pictures(
    sandbox: ServedSandbox, browser: Browser
) -> None:
    for width in ("360", "768"):
        mail_id = put(sandbox, _with_attachments("Hi").replace("<p>Hi", '<p>Hi<img id="own" src="cid:own">'))
        with looking(browser, scheme="light", width=WIDTHS[0]) as look:
            look.page.goto(f"{sandbox.url}/inbox/{mail_id}?width={width}")
            (_, frame) = look.page.frames

            assert frame.evaluate("() => String(innerWidth)") == width
            assert frame.evaluate("() => document.getElementById('own').naturalWidth") == 1
            assert look.complaints == []


@pytest.mark.parametrize("path", ["raw.eml", "attachments/1", "attachments/2", "attachments/3", "attachments/4"])
def test_what_a_mail_brings_is_downloaded_and_not_opened(path: str, sandbox: ServedSandbox, browser: Browser) -> None:
    mail_id = put(sandbox, _with_attachments("Hi"))
    with looking(browser, scheme="light", width=WIDTHS[0]) as look:
        look.page.goto(f"{sandbox.url}/inbox/{mail_id}")
        with look.page.expect_download() as download:
            look.page.evaluate("(path) => location.assign(path)", f"/inbox/{mail_id}/{path}")

        assert download.value.suggested_filename.startswith(mail_id)
        assert look.page.evaluate("() => window.ran") is None


def test_a_script_that_runs_and_a_connection_would_be_noticed(
    sandbox: ServedSandbox, outside: Outside, browser: Browser
) -> None:
    with looking(browser, scheme="light", width=WIDTHS[0]) as look:
        watch = Watch(look.page)
        look.page.goto(f"{sandbox.url}/inbox")
        look.page.evaluate("() => { window.ran = 1; alert('ran'); console.log('ran') }")
        with socket.create_connection(("127.0.0.1", int(outside.address.rpartition(":")[2]))):
            look.page.wait_for_timeout(100)

        assert watch.dialogs == ["ran"]
        assert "ran" in watch.said
        assert outside.came == [b""]


def _pages(sandbox: ServedSandbox) -> list[str]:
    """Put a mail into the inbox that has the words wherever it can, and return every page that shows it."""
    mail_id = put(sandbox, _with_attachments(BREAKOUTS), f"{BREAKOUTS}@example.com", host=BREAKOUTS)
    return ["/", "/inbox", f"/inbox/{mail_id}"] + [f"/inbox/{mail_id}?show={part}" for part in PARTS]


def _with_attachments(words: str) -> str:
    names = ("../../x", "a\r\nX: y.html", "\u00fc\u202e" * 340)
    types = ("text/html", "image/svg+xml", "text/html")
    parts = [f"Content-Type: text/plain\r\n\r\n{words}", f"Content-Type: text/html\r\n\r\n<p>{words}", PICTURE] + [
        f'Content-Type: {kind}; name="{words}"\r\nContent-Disposition: attachment; '
        f"filename*=utf-8''{quote(name + words)}\r\n\r\n<svg onload=\"{RUNS}\"><script>{RUNS}</script></svg>"
        for kind, name in zip(types, names, strict=True)
    ]
    return (
        f"From: {words} <a@own.test>\r\nSubject: {words}\r\nX-Word: {words}\r\n"
        "Content-Type: multipart/mixed; boundary=B\r\n"
        f"X-{words.replace(':', '')}: x\r\n\r\n" + "".join(f"--B\r\n{part}\r\n" for part in parts) + "--B--\r\n"
    )
