"""What a page that is open does by itself when something happens elsewhere, in a real browser."""

from playwright.sync_api import Browser, expect
from tests.browser.looking import WIDTHS, looking
from tests.dashboard.client import Client

from justemails_command.serving import ServedSandbox

FOCUSED = "document.activeElement.id"


def test_the_focus_stays_on_what_happened(sandbox: ServedSandbox, browser: Browser) -> None:
    client = Client(sandbox)
    client.mail()
    with looking(browser, scheme="light", width=WIDTHS[0]) as look:
        look.page.goto(sandbox.url)
        link = look.page.locator("#live a").first
        link.focus()
        focused = link.get_attribute("id")
        client.mail("later@example.com")
        look.page.get_by_text("later@example.com").first.wait_for()

        assert look.page.evaluate(FOCUSED) == focused


def test_a_picture_stays_where_it_was_scrolled_to(sandbox: ServedSandbox, browser: Browser) -> None:
    client = Client(sandbox)
    message_id = client.mail("bob@greylist.test")
    client.advance("2m")
    with looking(browser, scheme="light", width=WIDTHS[1]) as look:
        look.page.goto(f"{sandbox.url}/messages/{message_id}")
        look.page.evaluate("document.getElementById('timeline').scrollLeft = 60")
        client.advance("10m")
        expect(look.page.locator("#live dl.facts")).to_contain_text("delivered")

        assert look.page.evaluate("document.getElementById('timeline').scrollLeft") == 60


def test_the_time_in_the_header_is_that_to_which_it_was_moved(sandbox: ServedSandbox, browser: Browser) -> None:
    client = Client(sandbox)
    with looking(browser, scheme="light", width=WIDTHS[0]) as look:
        look.page.goto(f"{sandbox.url}/messages")
        client.advance("3d")

        expect(look.page.locator("#clock-face")).to_contain_text(f"{sandbox.clock.now():%Y-%m-%d %H:%M:%S}")


def test_a_page_of_what_is_gone_says_so(sandbox: ServedSandbox, browser: Browser) -> None:
    client = Client(sandbox)
    message_id = client.mail()
    with looking(browser, scheme="light", width=WIDTHS[0]) as look:
        look.page.goto(f"{sandbox.url}/messages/{message_id}")
        client.control("POST", "/reset", {})

        expect(look.page.locator("main")).to_contain_text("There is no such message")


def test_rows_without_a_link_are_passed_over(sandbox: ServedSandbox, browser: Browser) -> None:
    client = Client(sandbox)
    message_id = client.mail("bob@greylist.test")
    client.send(f"/messages/{message_id}/bounce")
    with looking(browser, scheme="light", width=WIDTHS[0]) as look:
        look.page.goto(f"{sandbox.url}/messages/{message_id}")
        for key in ("j", "j", "j"):
            look.page.keyboard.press(key)

        assert look.page.evaluate(FOCUSED) == "attempt-1"
        look.page.keyboard.press("Enter")
        expect(look.page.locator("#transcript-1 li").first).to_be_visible()
        assert look.complaints == []


def test_an_announcement_is_made_and_goes_away(sandbox: ServedSandbox, browser: Browser) -> None:
    client = Client(sandbox)
    client.mail()
    with looking(browser, scheme="light", width=WIDTHS[0]) as look:
        look.page.clock.install()
        look.page.goto(f"{sandbox.url}/inbox")
        client.send("/inbox/delete")
        look.page.clock.run_for(1500)
        announcement = look.page.get_by_role("status")
        expect(announcement).to_have_text("No mail")

        look.page.clock.run_for(7000)
        expect(announcement).to_have_text("")


def test_long_names_cut_nothing_off(sandbox: ServedSandbox, browser: Browser) -> None:
    client = Client(sandbox)
    client.send("/accounts", name="W" * 100)
    long = f"{'w' * 60}.{'w' * 60}.{'w' * 60}.example"
    client.send("/domains", account=sandbox.store.accounts()[0].id, domain=long)
    account = sandbox.store.accounts()[0].id
    paths = ["/keys", "/domains", f"/domains/{account}/{long}", f"/network?domain={long}"]
    with looking(browser, scheme="light", width=WIDTHS[1]) as look:
        for path in paths:
            look.page.goto(sandbox.url + path)
            assert look.faults() == [], path
