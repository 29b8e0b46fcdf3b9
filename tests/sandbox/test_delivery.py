"""A mail's way through the sandbox: accepted, signed, delivered to the fake internet, and told truly."""

import re
import urllib.parse

import pytest
from tests.api.harness import MAIL
from tests.sandbox.harness import Client, request

from justemails_command.serving import ServedSandbox


def test_a_mail_is_delivered_signed_and_aligned(client: Client) -> None:
    message_id = client.send("user@example.com")

    mail = client.wait_for_mail("user@example.com", timeout_s=2)

    assert mail["messageId"] == message_id
    assert [(one["algorithm"], one["result"]) for one in mail["auth"]["dkim"]] == [
        ("rsa-sha256", "pass"),
        ("ed25519-sha256", "pass"),
    ]
    assert mail["auth"]["spf"]["result"] == "pass"
    assert mail["auth"]["dmarc"]["result"] == "pass"
    assert client.wait_until_settled(message_id) == "delivered"


def test_what_arrives_is_what_was_sent(client: Client) -> None:
    html = "<h1>Grüße</h1>\n<p>.\n..\n\tThanks =) " + "x" * 2000 + '</p><a href="https://example.com/?a=1">go</a>'
    text = "Grüße —\n.\nFrom here\n trailing space \nYour code: 123456\n"
    client.send(
        "Ann.Other+news@EXAMPLE.org",
        subject="Größe =?utf-8?q?a=0D=0ABcc:_x@evil?= " + "ß" * 100,
        html=html,
        text=text,
        replyTo='"Help, Desk" <support@yourdomain.com>',
        headers={"X-My-Tag": "onboarding", "List-Unsubscribe": "<https://example.com/u>"},
    )

    mail = client.wait_for_mail("Ann.Other+news@example.org")

    headers = mail["headers"]
    assert mail["subject"] == "Größe =?utf-8?q?a=0D=0ABcc:_x@evil?= " + "ß" * 100
    assert mail["html"] == html
    assert mail["text"] == text
    assert mail["links"] == ["https://example.com/?a=1"]
    assert mail["codes"] == ["123456"]
    assert headers["X-My-Tag"] == "onboarding"
    assert headers["List-Unsubscribe"] == "<https://example.com/u>"
    assert headers["Reply-To"] == '"Help, Desk" <support@yourdomain.com>'
    assert "bcc" not in [name.lower() for name in headers]
    assert mail["auth"]["dkim"][0]["result"] == "pass"


@pytest.mark.parametrize(
    "body",
    [
        "a\n.\nb",
        "a\r.\rb",
        "a\r\n.\r\nb",
        "a\n.\r\nb",
        "a\r.\r\nb",
        ".",
        "..",
        "\r\n.\r\nMAIL FROM:<x@evil.example>\r\n",
    ],
)
def test_no_body_ends_a_message_early(client: Client, body: str) -> None:
    client.send("user@example.com", text=body, html="<p>x</p>")

    mail = client.wait_for_mail("user@example.com")

    assert mail["text"] == re.sub("\r\n|\r", "\n", body)
    assert client.get("/inbox")["pagination"]["total"] == 1


def test_a_refused_mail_bounces_at_its_first_attempt(client: Client) -> None:
    message_id = client.send("user@bounce.test")

    assert client.wait_until_settled(message_id) == "bounced"
    (attempt,) = client.get(f"/messages/{message_id}/attempts")["data"]
    assert (attempt["phase"], attempt["code"], attempt["enhanced"]) == ("RCPT", 550, "5.1.1")
    assert client.get("/inbox")["pagination"]["total"] == 0


def test_an_attempt_is_told_with_its_transcript(client: Client) -> None:
    message_id = client.send("user@example.com")
    client.wait_until_settled(message_id)

    (attempt,) = client.get(f"/messages/{message_id}/attempts")["data"]

    assert attempt["number"] == 1
    assert attempt["event"] == "accepted"
    assert attempt["host"] == "mx.catchall.test"
    assert attempt["transcript"][0] == f"-- mx.catchall.test [{attempt['ip']}]"
    said = [line for line in attempt["transcript"] if line.startswith("C: ")]
    assert said[0].startswith("C: EHLO ")
    assert re.fullmatch(r"C: MAIL FROM:<b\+\w+@bounce\.yourdomain\.com> SIZE=\d+", said[1])
    assert said[2:4] == ["C: RCPT TO:<user@example.com>", "C: DATA"]
    assert re.fullmatch(r"C: <\d+ bytes>", said[4])
    assert said[5] == "C: QUIT"


def test_a_tag_makes_any_address_misbehave(client: Client) -> None:
    message_id = client.send("ann+bounce@example.com")

    assert client.wait_until_settled(message_id) == "bounced"


def test_a_greylisted_mail_waits_and_is_delivered(still: Client) -> None:
    message_id = still.send("user@greylist.test")
    still.advance("2m")
    early = (still.status(message_id), still.get("/inbox")["pagination"]["total"])
    still.advance("10m")

    attempts = still.get(f"/messages/{message_id}/attempts")["data"]
    assert early == ("queued", 0)
    assert still.status(message_id) == "delivered"
    assert [attempt["event"] for attempt in attempts] == ["deferred", "deferred", "accepted"]
    assert [attempt["code"] for attempt in attempts] == [450, 450, 250]


def test_a_lost_reply_makes_one_honest_duplicate(still: Client) -> None:
    message_id = still.send("user@drop.test")
    still.advance("2m")

    mails = still.get("/inbox")["data"]
    assert still.status(message_id) == "delivered"
    assert [mail["messageId"] for mail in mails] == [message_id, message_id]


def test_a_slow_server_gets_its_time(still: Client) -> None:
    message_id = still.send("user@slow.test")
    at_once = still.post("/clock", {"advance": "1s"})
    waiting = still.status(message_id)
    still.advance("10s")

    assert at_once["now"] == "2026-04-06T12:00:01Z" or at_once["now"] > "2026-04-06"
    assert waiting == "queued"
    assert still.status(message_id) == "delivered"


def test_a_silent_server_is_left_after_five_minutes_and_given_up_after_four_days(still: Client) -> None:
    message_id = still.send("user@silent.test")
    still.advance("299s")
    before = still.get(f"/messages/{message_id}/attempts")["data"]
    still.advance("1s")
    after = still.get(f"/messages/{message_id}/attempts")["data"]
    still.advance("4d")

    assert before == []
    assert [attempt["phase"] for attempt in after] == ["GREETING"]
    assert still.status(message_id) == "failed"


@pytest.mark.parametrize(
    ("domain", "status", "attempts"),
    [
        ("greylist.test", "delivered", range(3, 4)),
        ("full.test", "failed", range(25, 36)),
        ("bounce.test", "bounced", range(1, 2)),
        ("down.test", "failed", range(25, 36)),
        ("blocked.test", "bounced", range(1, 2)),
        ("busy.test", "failed", range(25, 36)),
        ("nullmx.test", "bounced", range(1, 2)),
        ("nxdomain.test", "bounced", range(1, 2)),
        ("servfail.test", "failed", range(25, 36)),
        ("ok.test", "delivered", range(1, 2)),
    ],
)
def test_each_misbehaving_domain_ends_as_its_row_says(still: Client, domain: str, status: str, attempts: range) -> None:
    ids = [still.send(f"user{number}@{domain}") for number in range(3)]

    still.advance("5d")

    assert {still.status(message_id) for message_id in ids} == {status}
    for message_id in ids:
        assert len(still.get(f"/messages/{message_id}/attempts")["data"]) in attempts


def test_a_domain_removed_while_mail_is_queued_sends_nothing_more(still: Client) -> None:
    (account,) = still.get("/accounts")["data"]
    message_id = still.send("user@greylist.test")
    still.advance("1s")

    request("DELETE", f"{still.control}/accounts/{account['id']}/domains/yourdomain.com")
    still.advance("1h")

    assert still.status(message_id) == "failed"  # CHOICE-21
    assert still.get("/inbox")["pagination"]["total"] == 0


def test_an_address_beyond_ascii_is_delivered_as_it_is(client: Client) -> None:
    """RFC 6531, RFC 6532: the envelope and the header have it in UTF-8, and the signatures hold."""
    message_id = client.send("jørn@bücher.example", **{"from": "Zoë <zoë@yourdomain.com>"})

    assert client.wait_until_settled(message_id) == "delivered"
    (mail,) = client.get("/inbox?to=" + urllib.parse.quote("jørn@xn--bcher-kva.example"))["data"]
    assert mail["headers"]["From"] == "Zoë <zoë@yourdomain.com>"
    assert mail["headers"]["To"] == "jørn@xn--bcher-kva.example"
    assert [one["result"] for one in mail["auth"]["dkim"]] == ["pass", "pass"]
    assert mail["auth"]["dmarc"]["result"] == "pass"


@pytest.mark.parametrize("to", ["jørn@no-smtputf8.test", "jørn@helo-only.test", "jørn@no-8bitmime.test"])
def test_an_address_beyond_ascii_bounces_where_it_cannot_go(client: Client, to: str) -> None:
    message_id = client.send(to)

    assert client.wait_until_settled(message_id) == "bounced"
    (attempt,) = client.get(f"/messages/{message_id}/attempts")["data"]
    assert (attempt["enhanced"], attempt["reason"]) == ("5.6.7", "address_beyond_ascii")
    assert "does not offer SMTPUTF8" in attempt["explanation"]
    assert not [line for line in attempt["transcript"] if "MAIL" in line]


def test_a_domain_that_loses_its_records_sends_no_more_within_a_day(
    still: Client, still_sandbox: ServedSandbox
) -> None:
    """CHOICE-21: found out by the daily look; what is queued fails, and new mail is refused."""
    queued = still.send("user@full.test")
    zones = still_sandbox.network.zones
    zones.set("_justemails.yourdomain.com", "TXT", ["something else"])

    try:
        still.advance("23h")
        before = still.status(queued)
        still.advance("8h")
    finally:
        zones.remove("_justemails.yourdomain.com")

    assert (before, still.status(queued)) == ("queued", "failed")
    last = still.get(f"/messages/{queued}/attempts")["data"][-1]
    assert (last["event"], last["reason"]) == ("withdrawn", "domain_not_verified")
    answer = request("POST", f"{still.api}/send", {**MAIL, "to": "user@example.com"}, still.key)
    assert (answer.status, answer.json["error"]) == (422, "DOMAIN_NOT_VERIFIED")


def test_the_sender_calls_itself_by_a_name_that_leads_to_it(client: Client) -> None:
    """RFC 5321 4.1.1.1, RFC 1912 2.1: the fcrdns host looks the name up, and the address."""
    message_id = client.send("user@fcrdns.test")

    assert client.wait_until_settled(message_id) == "delivered"
    (attempt,) = client.get(f"/messages/{message_id}/attempts")["data"]
    assert "C: EHLO out.justemails.test" in attempt["transcript"]
