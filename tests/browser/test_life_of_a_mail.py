"""The whole life of a mail, by clicking: what a new user does in the first ten minutes."""

from playwright.sync_api import Browser, expect
from tests.browser.looking import WIDTHS, Look, looking
from tests.dashboard.client import Client

from justemails_command.serving import ServedSandbox


def open_page(look: Look, name: str) -> None:
    look.page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()


def test_from_a_domain_to_a_revoked_key(browser: Browser, sandbox: ServedSandbox) -> None:
    program = Client(sandbox)
    with looking(browser, scheme="light", width=WIDTHS[0]) as look:
        page = look.page
        page.goto(f"{sandbox.url}/")

        # A domain of one's own, verified.
        open_page(look, "Domains")
        page.get_by_label("Domain", exact=True).fill("shop.example")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("main")).to_contain_text("pending")
        page.get_by_role("button", name="Verify").click()
        expect(page.get_by_role("main")).to_contain_text("verified")

        # A key, shown once.
        open_page(look, "Keys")
        page.get_by_label("Name", exact=True).fill("Shop")
        page.get_by_role("button", name="Make it").click()
        key = page.get_by_label("the secret of the new key", exact=True).inner_text()
        assert key.startswith("je_live_")
        open_page(look, "Keys")
        expect(page.get_by_role("main")).not_to_contain_text(key)
        assert "data" in program.api("GET", "/messages", key=key)

        # A mail from that domain to somebody whose server wants it later.
        open_page(look, "Home")
        page.get_by_label("From").fill("orders@shop.example")
        page.get_by_label("To", exact=True).fill("ann@greylist.test")
        page.get_by_label("Subject").fill("Your order")
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Your order")
        live = page.locator("#live")
        expect(live).to_contain_text("queued")
        expect(live).to_contain_text("greylisted")

        # Time passes, and the page that is open says so by itself.
        page.get_by_role("button", name="+1 h").click()
        expect(live).to_contain_text("delivered")

        # What the two servers said, line by line, and what the receiver makes of it.
        page.locator("summary", has_text="accepted").last.click()
        expect(live).to_contain_text("RCPT TO:<ann@greylist.test>")
        expect(page.get_by_role("main")).to_contain_text("DKIM")
        expect(page.get_by_role("main")).to_contain_text("pass")

        # The key is taken away, and the API knows it no more.
        open_page(look, "Keys")
        page.locator('summary[aria-label="Revoke Shop"]').click()
        page.get_by_role("button", name="Revoke Shop").click()
        assert program.api("GET", "/messages", key=key)["error"] == "UNAUTHORIZED"
        open_page(look, "Requests")
        expect(page.get_by_role("main")).to_contain_text("401")

        assert look.complaints == []
        assert {address.split("/")[2] for address in look.asked if not address.startswith("data:")} == {
            sandbox.url.split("/")[2]
        }
