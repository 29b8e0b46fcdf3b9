"""The first page: a snippet that works as pasted, test mails, and what happened last."""

import re
import subprocess
from html import unescape

import pytest
from tests.dashboard.client import Client

from justemails_sandbox.inbox import MailFilter


def test_the_curl_of_an_empty_sandbox_works_as_pasted(client: Client) -> None:
    page = client.get("/")
    (command,) = re.findall(r"<pre[^>]*>(curl [^<]+)</pre>", page.html)

    run = subprocess.run(["bash", "-c", f"{unescape(command)} -s"], capture_output=True, text=True, check=True)

    assert '"status": "queued"' in run.stdout
    assert "Nothing since the sandbox was started" in page.text


def test_a_key_that_was_revoked_is_not_said_to_work(client: Client) -> None:
    assert "The key below works." in client.get("/").text
    (key,) = client.api("GET", "/api-keys")["data"]
    client.api("DELETE", f"/api-keys/{key['id']}")

    page = client.get("/")
    assert "own key was revoked" in page.text
    assert "key below works" not in page.text
    assert client.send("/send-test").status == 401


def test_the_sandbox_is_given_another_key_when_its_own_was_revoked(client: Client) -> None:
    (key,) = client.api("GET", "/api-keys")["data"]
    client.api("DELETE", f"/api-keys/{key['id']}")

    page = client.send("/own-key")

    assert page.path == "/"
    assert "The key below works." in page.text
    assert client.sandbox.key in page.html
    assert client.send("/send-test").path.startswith("/messages/msg_")
    kept = client.sandbox.key
    client.send("/own-key")
    assert client.sandbox.key == kept


def test_a_test_mail_goes_where_its_button_says_and_shows_up_among_what_happened(client: Client) -> None:
    client.send("/send-test", to="user@bounce.test")
    client.advance("1s")

    text = client.get("/").text
    assert "attempt 1 to user@bounce.test: refused, 550" in text
    assert "to user@bounce.test is \u2717 bounced" in text


def test_an_address_that_is_none_is_told_nothing_is_sent_and_nothing_typed_is_lost(client: Client) -> None:
    page = client.send("/send-test", to="nonsense", subject="Typed with </textarea> care")

    assert page.status == 400
    assert "400 VALIDATION_ERROR: The 'to' field" in page.text
    assert 'value="nonsense"' in page.html
    assert 'value="Typed with &lt;/textarea&gt; care"' in page.html
    assert client.api("GET", "/messages")["pagination"]["total"] == 0


def test_what_is_written_by_hand_is_what_arrives(client: Client) -> None:
    page = client.send("/send-test", to="ann@example.com", subject="By hand", html="", text="Only text.")

    client.advance("1s")
    assert page.path.startswith("/messages/msg_")
    (mail,) = client.sandbox.inbox.page(MailFilter(), 1, 10)[0]
    assert (mail.recipient, mail.subject) == ("ann@example.com", "By hand")
    assert b"Only text." in mail.data
    assert b"text/html" not in mail.data


def test_the_live_part_is_204_until_something_happens(client: Client) -> None:
    (address,) = re.findall(r'hx-get="([^"]+)"', client.get("/").html)

    assert client.get(unescape(address)).status == 204
    client.mail()
    fresh = client.get(unescape(address))
    assert fresh.status == 200
    assert fresh.html.lstrip().startswith('<section id="live"')
    assert "mail for ann@example.com arrived" in fresh.text


def test_viewers_of_a_busy_page_are_shown_what_another_was_shown_a_moment_ago(client: Client) -> None:
    client.mail()
    first = client.get("/?state=0.0").html
    client.mail("bob@example.com")

    assert client.get("/?state=0.0").html == first
    page = client.get("/")
    assert "bob@example.com" in page.text
    # But nobody goes back to what is older than what they have.
    client.mail("cleo@example.com")
    (address,) = re.findall(r'hx-get="([^"]+)"', page.html)
    assert "cleo@example.com" in client.get(unescape(address)).text


def test_what_happens_while_a_page_is_made_is_news_for_its_next_poll(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = client.sandbox.events.newest

    def and_then_something_happens(most: int) -> object:
        found = newest(most)
        client.sandbox.events.add("mail", id="mail_1", to="late@example.com", host="mx.example.com")
        return found

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(client.sandbox.events, "newest", and_then_something_happens)
        (address,) = re.findall(r'hx-get="([^"]+)"', client.get("/").html)

    assert "late@example.com" in client.get(unescape(address)).text
