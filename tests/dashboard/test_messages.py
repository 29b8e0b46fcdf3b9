"""The list of messages: what a reader sees, by the API's own filters or by words, and what is asked of the API."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import quote

import pytest
from tests.dashboard.client import Client, Page

from justemails.api.errors import ApiError
from justemails.api.keys import key_hash
from justemails.records import Account, Key
from justemails_command.serving import ServedSandbox
from justemails_contract.operations import Scope
from justemails_dashboard.message_search import read_words


def search(client: Client, words: str, **fields: str) -> Page:
    given = "".join(f"&{name}={quote(value)}" for name, value in fields.items())
    return client.get(f"/messages?q={quote(words)}{given}")


def shown(page: Page) -> list[str]:
    """Return the ids of the messages on a page, in its order."""
    return re.findall(r'<a id="(msg_\w+)"', page.html)


def api_line(page: Page) -> str:
    (line,) = re.findall(r"<pre[^>]*>(GET /api/v1/messages[^<]*)</pre>", page.html)
    return unescape(line)


def test_each_message_has_its_status_and_the_last_thing_its_recipients_side_said(client: Client) -> None:
    delivered = client.mail()
    bounced = client.mail("cleo@bounce.test", subject="Invoice")
    deferred = client.mail("bob@greylist.test")
    client.advance("2m")

    page = client.get("/messages")

    assert shown(page) == [deferred, bounced, delivered]
    assert "\u2717 bounced cleo@bounce.test Invoice 550 5.1.1 no such user here 2 min ago" in page.text
    assert "\u2713 delivered ann@example.com Hi 250 2.0.0 kept" in page.text
    assert "\u25f7 queued bob@greylist.test Hi 450 4.7.1 greylisted" in page.text
    assert "1 to 3 of 3 messages" in page.text
    assert api_line(page) == "GET /api/v1/messages"


def test_an_empty_list_says_how_to_fill_it(client: Client) -> None:
    assert "No message was sent yet. Send one" in client.get("/messages").text


def test_words_are_the_apis_filters_and_the_page_says_how_it_read_them(client: Client) -> None:
    wanted = client.mail("cleo@bounce.test", subject="Your invoice")
    client.mail("cleo@bounce.test", subject="Hello")
    client.mail("ann@example.com", subject="Another invoice")

    page = search(client, "to:cleo@bounce.test Status:bounced INVOICE")

    assert shown(page) == [wanted]
    assert (
        "Read as: status is bounced , and to cleo@bounce.test , and subject contains \u201cINVOICE\u201d" in page.text
    )
    assert api_line(page) == "GET /api/v1/messages?status=bounced&to=cleo@bounce.test&subject=INVOICE"
    asked = client.api("GET", api_line(page).removeprefix("GET /api/v1"))
    assert [one["id"] for one in asked["data"]] == [wanted]


def test_fields_and_words_go_together(client: Client) -> None:
    client.mail("cleo@bounce.test", subject="Your invoice")
    wanted = client.mail("ann@example.com", subject="Your invoice & more")

    page = search(client, '"invoice & more"', status="delivered", to="", createdAfter="2026-04-06T12:00:00Z")

    assert shown(page) == [wanted]
    line = "GET /api/v1/messages?status=delivered&subject=invoice%20%26%20more&createdAfter=2026-04-06T12:00:00Z"
    assert api_line(page) == line
    assert "No message matches" in search(client, "", createdBefore="2026-04-06T12:00:00Z").text


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("", {}),
        ("  one   two ", {"subject": "one two"}),
        ('subject:"one  two" to:a@b.example', {"subject": "one  two", "to": "a@b.example"}),
        ('"to:nobody"', {"subject": "to:nobody"}),
        ("CREATEDAFTER:2026-04-06T12:00:00Z", {"createdAfter": "2026-04-06T12:00:00Z"}),
        ("100% _ * \u212a", {"subject": "100% _ * \u212a"}),
    ],
)
def test_words_are_read_as_they_stand(words: str, read: dict[str, str]) -> None:
    assert read_words(words) == read


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "frm:ann@example.com",
            "Unknown word 'frm:' in the search. Did you mean 'from'? What passes is status:, from:",
        ),
        ("Re: hello", "Unknown word 'Re:'"),
        ("to:", "There must be something right behind 'to:'"),
        ("to: ann@example.com", "There must be something right behind 'to:'"),
        ('"not closed', "A quotation mark in the search is not closed"),
        ('a"b', "A quotation mark"),
        ("to:a@b.example to:c@d.example", "'to:' is given more than once"),
        ("invoice subject:bill", "'subject:' is given too"),
        ("x" * 1001, "at most 1000 characters"),
    ],
)
def test_words_that_cannot_be_read_name_what_would_pass(words: str, told: str) -> None:
    with pytest.raises(ApiError) as raised:
        read_words(words)

    assert told in raised.value.message


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?q=frm:x", "Unknown word 'frm:'"),
        ("?q=status:gone", "The 'status' parameter must be one of queued, delivered, bounced, failed"),
        ("?q=to:nobody", "The 'to' parameter"),
        ("?q=createdAfter:yesterday", "must be a time with a zone, like 2026-04-06T12:00:00Z"),
        ("?q=status:queued&status=bounced", "'status' is given in the search and in its field"),
        ("?page=0", "The 'page' parameter must be a whole number from 1"),
    ],
)
def test_a_wrong_word_is_told_beside_the_search_and_nothing_is_listed(client: Client, query: str, told: str) -> None:
    client.mail()

    page = client.get(f"/messages{query}")

    assert page.status == 400
    assert told in page.text
    assert shown(page) == []
    assert 'type="search"' in page.html


def test_a_parameter_that_the_page_does_not_have_is_an_error(client: Client) -> None:
    page = client.get("/messages?statsu=queued")

    assert page.status == 400
    assert "Did you mean 'status'?" in page.text


def test_the_list_is_walked_in_pages_that_keep_the_search(client: Client) -> None:
    key = client.sandbox.new_secret()
    account = client.sandbox.store.accounts()[0].id
    # A key has 100 sends a minute.
    client.sandbox.store.add_key(
        Key("key_2", account, "Second", Scope.FULL, "je_live_x", client.sandbox.clock.now()), key_hash(key)
    )
    body = {"from": "hello@yourdomain.com", "to": "ann@example.com", "subject": "No. 1", "text": "x"}
    ids = [client.api("POST", "/send", body, (None, key)[number % 2])["id"] for number in range(101)]
    ids.reverse()

    first = search(client, "No.")
    (older,) = re.findall(r'<a id="older" rel="next" href="([^"]+)"', first.html)
    second = client.get(unescape(older))
    third = client.get("/messages?page=3")

    assert [shown(first), shown(second), shown(third)] == [ids[:50], ids[50:100], ids[100:]]
    assert "51 to 100 of 101 messages" in second.text
    assert api_line(second) == "GET /api/v1/messages?subject=No.&page=2"
    assert 'id="older"' not in third.html
    assert "There is nothing on this page: 101 messages match" in client.get("/messages?page=4").text


def test_with_several_accounts_the_sandboxs_own_is_shown_and_another_can_be_chosen(
    client: Client, sandbox: ServedSandbox
) -> None:
    own = client.mail(subject="Ours")
    assert 'name="account"' not in client.get("/messages").html
    # Older than ours by its id, so that it comes first.
    sandbox.store.add_account(Account("acc_0", "<b>Other</b>", sandbox.clock.now() - timedelta(days=1)))

    page = client.get("/messages")
    other = client.get("/messages?account=acc_0")

    assert shown(page) == [own]
    assert (other.status, shown(other)) == (200, [])
    assert "With a key of the account acc_0" in other.text
    assert "&lt;b&gt;Other&lt;/b&gt;" in page.html
    assert client.get("/messages?account=acc_none").status == 400


def test_what_strangers_wrote_is_shown_as_text(client: Client) -> None:
    client.mail(subject="<script>alert(1)</script>\u202egpj.exe")

    page = client.get("/messages?q=%3Cscript%3E")

    assert "<script>alert" not in page.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;[U+202E]gpj.exe" in page.html
    assert "<img" not in search(client, "<img src=x>:y").html


def test_the_live_part_has_no_field_and_is_204_until_something_happens(client: Client) -> None:
    (address,) = re.findall(r'hx-get="([^"]+)"', search(client, "to:ann@example.com").html)

    assert client.get(unescape(address)).status == 204
    message_id = client.mail()
    client.mail("bob@example.com")
    fresh = client.get(unescape(address))
    assert fresh.html.lstrip().startswith('<section id="live"')
    assert shown(fresh) == [message_id]
    assert "<input" not in fresh.html
    assert 'data-news="1 message"' in fresh.html


def test_ages_go_on_though_nothing_happens(client: Client, sandbox: ServedSandbox) -> None:
    async def as_if_it_ran() -> None:
        sandbox.clock.move_to(sandbox.clock.now() + timedelta(minutes=2))

    client.mail()
    (address,) = re.findall(r'hx-get="([^"]+)"', client.get("/messages").html)
    assert client.get(unescape(address)).status == 204

    sandbox.loop.run(as_if_it_ran())

    assert "2 min ago" in client.get(unescape(address)).text


def test_a_revoked_key_of_the_sandbox_still_leaves_a_list(client: Client, sandbox: ServedSandbox) -> None:
    message_id = client.mail()
    (account,) = sandbox.store.accounts()
    (key,) = sandbox.store.keys(account.id)
    sandbox.store.revoke_key(account.id, key.id, sandbox.clock.now())

    assert shown(client.get("/messages")) == [message_id]
