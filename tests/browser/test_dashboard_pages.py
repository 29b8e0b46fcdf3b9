"""Every page of the dashboard in a browser: whole at two widths, light and dark, without a complaint, for everybody."""

import json
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from tests.browser.looking import WIDTHS, Look, Scheme, looking
from tests.dashboard.client import Client
from tests.sandbox.harness import in_process

from justemails_command.serving import ServedSandbox
from justemails_sandbox.settings import SandboxSettings

PAGES = {
    "home": "/",
    "messages": "/messages",
    "messages that are looked for": "/messages?q=status:bounced+order",
    "a question that cannot be read": "/messages?q=colour:red",
    "a message that waits": "/messages/{queued}",
    "a message that arrived": "/messages/{delivered}",
    "the request of a message": "/messages/{delivered}?tab=request",
    "a mail with bad signatures": "/messages/{careless}",
    "inbox": "/inbox",
    "a mail": "/inbox/mail_1",
    "how a mail is put together": "/inbox/mail_1?show=structure",
    "domains": "/domains",
    "a domain": "/domains/{account}/careless.example",
    "keys": "/keys",
    "network": "/network",
    "limits": "/limits",
    "clock": "/clock",
    "requests": "/requests",
    "a request": "/requests/{request}",
    "nothing": "/nothing",
}


@pytest.fixture(scope="module")
def told() -> Iterator[ServedSandbox]:
    """A sandbox with a story."""
    with in_process(SandboxSettings(virtual=True, story=True, seed=1)) as sandbox:
        Client(sandbox).advance("1m")
        yield sandbox


@pytest.fixture(scope="module")
def places(told: ServedSandbox) -> dict[str, str]:
    """What the addresses of pages are made of."""
    data = Client(told).api("GET", "/messages")["data"]
    found = {one["status"]: one["id"] for one in data}
    found["careless"] = next(one["id"] for one in data if one["to"] == "dora@example.com")
    with urllib.request.urlopen(f"{told.control}/accounts", timeout=30) as answer:  # noqa: S310
        found["account"] = json.load(answer)["data"][0]["id"]
    found["request"] = str(told.requests.newest()[-1].number)
    return found


def opened(look: Look, told: ServedSandbox, places: dict[str, str], page: str) -> None:
    look.page.goto(told.url + PAGES[page].format(**places))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_whole_and_complains_of_nothing(
    page: str, told: ServedSandbox, places: dict[str, str], browser: Browser
) -> None:
    with looking(browser, scheme="light", width=WIDTHS[0]) as look:
        opened(look, told, places, page)
        for width in WIDTHS:
            look.resize(width)
            assert look.faults() == []

        # Of a page that says what is wrong the console tells the status.
        assert [one for one in look.complaints if "status of 40" not in one] == []
        assert {address.split("/")[2] for address in look.asked} == {told.url.split("/")[2]}


@pytest.mark.parametrize(
    ("page", "scheme"),
    # The dark colours are those of one style sheet: two pages that have most of them stand for all.
    [*((page, "light") for page in PAGES), ("a message that arrived", "dark"), ("limits", "dark")],
)
def test_a_page_shuts_nobody_out(
    page: str, scheme: Scheme, told: ServedSandbox, places: dict[str, str], browser: Browser
) -> None:
    with looking(browser, scheme=scheme, width=WIDTHS[1]) as look:
        opened(look, told, places, page)

        assert look.barriers() == []


def test_a_list_is_walked_by_keys(told: ServedSandbox, places: dict[str, str], browser: Browser) -> None:
    with looking(browser, scheme="light", width=WIDTHS[0]) as look:
        opened(look, told, places, "messages")
        for key in ("j", "j", "k", "j", "Enter"):
            look.page.keyboard.press(key)
        look.page.wait_for_url("**/messages/msg_*")
        second = look.page.url
        look.page.keyboard.press("Escape")
        look.page.wait_for_url("**/messages")

        assert second.endswith(Client(told).api("GET", "/messages")["data"][1]["id"])


def test_the_focus_stays_where_it_is_when_a_list_changes(
    told: ServedSandbox, places: dict[str, str], browser: Browser
) -> None:
    with looking(browser, scheme="light", width=WIDTHS[0]) as look:
        opened(look, told, places, "messages")
        look.page.keyboard.press("j")
        focused = look.page.evaluate("document.activeElement.id")
        Client(told).mail("later@example.com", subject="One more")
        look.page.get_by_role("link", name="One more").wait_for()

        assert focused
        assert look.page.evaluate("document.activeElement.id") == focused


def test_the_pages_of_the_api_try_it_out_with_the_key_filled_in(told: ServedSandbox, browser: Browser) -> None:
    with looking(browser, scheme="light", width=WIDTHS[0]) as look:
        look.page.goto(f"{told.url}/docs")
        look.page.locator("#operations-messages-listMessages .opblock-summary-control").click()
        with look.page.expect_response("**/api/v1/messages*") as answer:
            look.page.get_by_role("button", name="Execute").first.click()

        assert answer.value.status == 200
        assert "status=" not in answer.value.url
        assert {address.split("/")[2] for address in look.asked if not address.startswith("data:")} == {
            told.url.split("/")[2]
        }
