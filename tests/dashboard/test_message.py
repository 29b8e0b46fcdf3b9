"""One message: its facts, its timeline, what was said, what the receiver thought, its parts, and two buttons."""

import re
from datetime import timedelta
from html import unescape
from xml.etree import ElementTree

import pytest
from tests.dashboard.client import Client, Page
from tests.dashboard.mails import put

from justemails.records import Account, NewMessage
from justemails_command.serving import ServedSandbox
from justemails_contract.delivery import Event, Status
from justemails_dashboard.preview import POLICY
from justemails_dashboard.timeline import lasting, timeline
from justemails_dashboard.views.message import TABS
from justemails_sandbox.by_hand import FORCED

SVG = "{http://www.w3.org/2000/svg}"


def open_message(client: Client, message_id: str, tab: str = "html") -> Page:
    page = client.get(f"/messages/{message_id}?tab={tab}")
    assert page.status == 200
    return page


def status_of(client: Client, message_id: str) -> str:
    status: str = client.api("GET", f"/send/{message_id}")["status"]
    return status


def waiting(client: Client) -> str:
    """Send a mail that is put off."""
    return client.mail("bob@greylist.test")


def under_way(client: Client) -> str:
    """Send a mail to a host that takes its time, on a clock that stands still."""
    return client.mail("user@slow.test")


# -- what is shown


def test_the_whole_life_of_a_message_is_told(client: Client) -> None:
    now = client.sandbox.clock.now()
    message_id = waiting(client)
    client.advance("10m")

    text = open_message(client, message_id).text

    assert "Status \u2713 delivered From hello@yourdomain.com To bob@greylist.test" in text
    assert f"Created {now:%Y-%m-%d %H:%M:%S}" in text
    assert "\u21bb deferred mx.greylist.test" in text
    assert "450 4.7.1 greylisted, come back in five minutes at RCPT" in text
    assert "mx.greylist.test asks senders that it does not know yet to come back later (greylisting)." in text
    assert "\u2713 accepted mx.greylist.test" in text
    assert "Attempt now" not in text
    assert f"GET /api/v1/send/{message_id}" in text


def test_who_waits_is_told_when_it_goes_on(client: Client, sandbox: ServedSandbox) -> None:
    message_id = waiting(client)
    details = sandbox.store.details(message_id)
    assert details
    assert details.due_at

    page = open_message(client, message_id)

    assert f"Next attempt due at {details.due_at:%Y-%m-%d %H:%M:%S}" in page.text
    assert "The clock stands still" in page.text
    assert "Next attempt under way now" in open_message(client, under_way(client)).text


def test_the_timeline_is_a_picture_with_the_same_in_words(client: Client) -> None:
    now = f"{client.sandbox.clock.now():%Y-%m-%dT%H:%M:%SZ}"
    message_id = waiting(client)
    client.advance("10m")
    attempts = client.sandbox.store.attempts(message_id)

    (drawn,) = re.findall(r"<svg.*?</svg>", open_message(client, message_id).html, re.DOTALL)
    svg = ElementTree.fromstring(drawn.replace("<svg", f'<svg xmlns="{SVG[1:-1]}"', 1))  # noqa: S314  # our own

    assert svg.attrib["role"] == "img"
    assert svg.attrib["aria-labelledby"] == "timeline-title timeline-told"
    told = svg.findtext(f"{SVG}desc") or ""
    assert told.startswith(f"Created at {now}")
    assert f"Attempt 1 at {now}" in told
    assert "put off, 450." in told
    assert told.endswith("taken, 250. The message is delivered.")
    kinds = [group.attrib["class"] for group in svg.iter(f"{SVG}g")]
    assert kinds == ["start", *["later"] * (len(attempts) - 1), "good"]
    places = [float(tick.attrib["x1"]) for tick in svg.iter(f"{SVG}line") if tick.attrib["class"] == "tick"]
    assert places == sorted(places)
    assert places[-1] < float(svg.attrib["width"])
    words = [text.text for text in svg.iter(f"{SVG}text")]
    assert {"created", "450", "250", "\u2713 delivered"} <= set(words)
    assert lasting(attempts[1].at - attempts[0].at) in words


def test_each_of_many_waits_has_its_length_written_on_it(client: Client, sandbox: ServedSandbox) -> None:
    message_id = client.mail("user@down.test")
    client.advance("5d")
    attempts, details = sandbox.store.attempts(message_id), sandbox.store.details(message_id)
    assert details

    drawn = timeline(details, attempts)

    assert len(attempts) > 20
    assert all(wait.text for wait in drawn.waits[1:])
    assert drawn.told[-1] == "The message is failed."


def test_a_span_of_time_is_told_in_its_two_greatest_units() -> None:
    spans = {0: "0 s", 59: "59 s", 63: "1 min 3 s", 120: "2 min", 600: "10 min", 3_660: "1 h 1 min", 90_061: "1 d 1 h"}
    assert {seconds: lasting(timedelta(seconds=seconds)) for seconds in spans} == spans


def test_a_transcript_has_numbered_lines_and_says_who_spoke(client: Client) -> None:
    page = open_message(client, client.mail("cleo@bounce.test"))

    (transcript,) = re.findall(r'<details class="transcript" id="transcript-1".*?</details>', page.html, re.DOTALL)
    lines = re.findall(
        r'<li class="(\w+)"><span class="who">(\w+)</span> <span class="said">(.*?)</span></li>', transcript
    )
    assert "<ol" in transcript
    assert all(kind == who for kind, who, _ in lines)
    assert ("client", "client", "RCPT TO:&lt;cleo@bounce.test&gt;") in lines
    assert ("server", "server", "550 5.1.1 no such user here") in lines
    assert f"Attempt 1: {len(lines)} lines, refused" in page.text


def test_the_receivers_verdicts_are_told_for_each_signature(client: Client) -> None:
    message_id = client.mail()

    text = open_message(client, message_id).text

    for algorithm in ("rsa-sha256", "ed25519-sha256"):
        about = rf"domain yourdomain.com , selector \w+ , algorithm {algorithm}"
        assert re.search(rf"DKIM [^.]*? \u2713 pass .*?{about}", text)
    assert "127.0.0.1 may send for bounce.yourdomain.com" in text
    assert "DKIM passed for yourdomain.com" in text


def test_a_message_of_another_account_is_shown_too(client: Client, sandbox: ServedSandbox) -> None:
    message_id = client.mail()
    found = sandbox.store.details(message_id)
    assert found
    sandbox.store.add_account(Account("acc_other", "Another", sandbox.clock.now()))
    sandbox.store.accept(
        NewMessage("msg_other", "acc_other", "a@b.example", "c@d.example", found.content, sandbox.clock.now())
    )

    assert "Account Another" in open_message(client, "msg_other").text


@pytest.mark.parametrize("path", ["msg_none", "msg_none?tab=raw", "%00", "x" * 500])
def test_an_unknown_message_is_said_to_be_one(client: Client, path: str) -> None:
    page = client.get(f"/messages/{path}")

    assert page.status == 404
    assert "no such message" in page.text


@pytest.mark.parametrize("query", ["tab=pdf", "width=1", "mail=mail_999", "shwo=html"])
def test_a_parameter_that_makes_no_sense_is_told(client: Client, query: str) -> None:
    page = client.get(f"/messages/{client.mail()}?{query}")

    assert page.status == 400
    assert query.partition("=")[0] in page.text


# -- its parts


def test_the_tabs_are_links_and_the_live_part_stays_in_the_one_that_is_open(client: Client) -> None:
    message_id = client.mail()

    page = open_message(client, message_id, "headers")

    for tab in TABS:
        assert f'href="/messages/{message_id}?tab={tab}#mail"' in page.html
    (address,) = re.findall(r'hx-get="([^"]+)"', page.html)
    client.mail("another@example.com")
    assert "DKIM-Signature" in client.get(unescape(address)).text
    assert re.search(r'<div id="part-headers-full-mail_\d+" hx-preserve>', page.html)


def test_what_arrived_is_shown_in_every_form(client: Client) -> None:
    html = "<h1>Hello</h1>"
    message_id = client.mail(html=html, text="Hello there", headers={"X-Campaign": "spring"})

    preview = open_message(client, message_id)
    assert re.search(
        r'<iframe class="preview width-full" loading="lazy" sandbox="" [^>]*src="/inbox/mail_\d+/preview"', preview.html
    )
    assert 'width-360"' in client.get(f"/messages/{message_id}?width=360").html
    assert re.search(r'href="/inbox/mail_\d+/raw.eml" download', preview.html)
    assert html in unescape(open_message(client, message_id, "source").html)
    assert "Hello there" in open_message(client, message_id, "text").text
    headers = open_message(client, message_id, "headers").text
    assert "X-Campaign spring" in headers
    assert f"Message-ID <{message_id}@" in headers
    assert "MIME-Version: 1.0" in open_message(client, message_id, "raw").text
    assert (
        "multipart/alternative 2 parts text/plain 11 bytes, utf-8, 7bit text/html 14 bytes, utf-8, 7bit"
        in open_message(client, message_id, "structure").text
    )


def test_the_preview_of_what_was_accepted_is_as_harmless_as_that_of_a_mail(client: Client) -> None:
    message_id = client.mail("bob@greylist.test", html='<link rel=preconnect><a href="http://x.test">x</a>')
    path = f"/messages/{message_id}/preview"

    page = client.get(path)

    assert page.html.partition("</style>")[2] == '<x-link rel=preconnect><a x-href="http://x.test">x</a>'
    assert page.headers["Content-Security-Policy"] == POLICY
    assert client.get(path, {"Sec-Fetch-Dest": "document"}).path == f"/messages/{message_id}"
    assert client.get("/messages/msg_none/preview").status == 404


def test_before_it_arrives_what_was_accepted_is_shown(client: Client) -> None:
    message_id = client.mail("bob@greylist.test", html="<h1>Soon</h1>", headers={"X-Campaign": "spring"})

    page = open_message(client, message_id)
    assert "It has not arrived yet. What was accepted by the API is shown instead." in page.text
    (frame,) = re.findall(r"<iframe[^>]*>", page.html)
    assert 'sandbox=""' in frame
    assert f'src="/messages/{message_id}/preview"' in frame
    assert "<h1>Soon</h1>" in client.get(f"/messages/{message_id}/preview").html
    assert "<h1>Soon</h1>" in unescape(open_message(client, message_id, "source").html)
    assert "There are none before the mail arrives" in page.text
    assert "X-Campaign spring" in open_message(client, message_id, "headers").text
    for tab in ("raw", "structure"):
        assert "no octets before" in open_message(client, message_id, tab).text
    assert "It works." in open_message(client, message_id, "text").text


def test_a_mail_without_html_says_so(client: Client) -> None:
    assert "The message has no HTML." in open_message(client, client.mail()).text


def test_a_mail_that_came_twice_has_both_copies_to_choose_from(client: Client) -> None:
    message_id = client.mail("user@drop.test")
    client.advance("10m")

    page = open_message(client, message_id)

    assert "It arrived 2 times: mail_" in page.text
    copies = re.findall(r'<a id="copy-(mail_\d+)"', page.html)
    assert (
        f'id="copy-{copies[0]}" class="button" href="/messages/{message_id}?tab=html&mail={copies[0]}#mail" aria'
        in page.html
    )
    second = client.get(f"/messages/{message_id}?mail={copies[1]}")
    assert f'id="part-text-full-{copies[1]}"' in second.html


def test_the_request_that_made_it_is_told_without_the_key(client: Client, sandbox: ServedSandbox) -> None:
    message_id = client.mail(subject="It's $HOME `id`")

    page = open_message(client, message_id, "request")

    assert "$JUSTEMAILS_KEY" in page.text
    assert 'os.environ["JUSTEMAILS_KEY"]' in page.text
    assert "process.env.JUSTEMAILS_KEY" in page.text
    assert sandbox.key not in page.html
    assert re.search(r'<a href="/requests/\d+">POST /api/v1/send</a>', page.html)
    sandbox.requests.clear()
    assert "not known any more" in open_message(client, message_id, "request").text


def test_a_request_that_was_not_kept_whole_is_shown_as_far_as_it_goes(client: Client) -> None:
    page = open_message(client, client.mail(text="x" * 70_000), "request")

    assert "too long to be kept whole" in page.text
    assert "--data-raw" not in page.text


def test_what_strangers_wrote_is_shown_as_text(client: Client, sandbox: ServedSandbox) -> None:
    evil = "<img src=x onerror=alert(1)>\u202e"
    message_id = client.mail(subject=evil, html=f"<p>{evil}</p>", text=evil, headers={"X-Evil": evil})
    put(sandbox, f"From: {evil}\r\nMessage-ID: <{message_id}@x>\r\nX-Other: {evil}\r\n\r\n{evil}".encode())

    for tab in TABS:
        for mail in re.findall(r'<a id="copy-(mail_\d+)"', open_message(client, message_id).html):
            page = client.get(f"/messages/{message_id}?tab={tab}&mail={mail}")
            assert page.status == 200
            assert "<img" not in page.html
            assert "\u202e" not in page.html


# -- by hand


def test_attempt_now_makes_the_next_attempt_on_a_clock_that_stands_still(
    client: Client, sandbox: ServedSandbox
) -> None:
    message_id = waiting(client)
    before = sandbox.clock.now()

    page = client.send(f"/messages/{message_id}/attempt")

    assert (page.status, page.path) == (200, f"/messages/{message_id}")
    assert [attempt.number for attempt in sandbox.store.attempts(message_id)] == [1, 2]
    assert sandbox.store.attempts(message_id)[1].at == before == sandbox.clock.now()
    assert 'id="transcript-2"' in page.html


def test_attempt_now_delivers_what_the_recipient_would_take_by_now(client: Client, sandbox: ServedSandbox) -> None:
    message_id = client.mail("user@drop-discarded.test")
    assert status_of(client, message_id) == "queued"

    client.send(f"/messages/{message_id}/attempt")

    assert status_of(client, message_id) == "delivered"


def test_force_bounce_ends_a_message_for_good(client: Client, sandbox: ServedSandbox) -> None:
    message_id = waiting(client)

    page = client.send(f"/messages/{message_id}/bounce")

    assert page.path == f"/messages/{message_id}"
    assert FORCED in page.text
    assert "Somebody ended it by hand, without asking any host. It is not tried again." in page.text
    client.advance("5d")
    assert status_of(client, message_id) == "bounced"
    attempts = sandbox.store.attempts(message_id)
    assert [(one.number, one.event, one.text) for one in attempts[1:]] == [(2, Event.REFUSED, FORCED)]
    told = [one for one in sandbox.events.newest(100) if one.details.get("messageId") == message_id]
    assert [one.kind for one in told] == ["transition", "attempt", "attempt"]
    assert told[0].details["status"] == Status.BOUNCED
    assert sandbox.store.next_due() is None


@pytest.mark.parametrize("what", ["attempt", "bounce"])
def test_what_is_under_way_is_left_alone(client: Client, what: str) -> None:
    message_id = under_way(client)
    assert "Attempt now" not in open_message(client, message_id).text

    page = client.send(f"/messages/{message_id}/{what}")

    assert page.status == 409
    assert "An attempt is under way right now" in page.text
    client.advance("1m")
    assert status_of(client, message_id) == "delivered"
    assert [one.event for one in client.sandbox.store.attempts(message_id)] == [Event.ACCEPTED]


@pytest.mark.parametrize("what", ["attempt", "bounce"])
@pytest.mark.parametrize(("to", "status"), [("ann@example.com", "delivered"), ("cleo@bounce.test", "bounced")])
def test_what_is_over_stays_as_it_is(client: Client, what: str, to: str, status: str) -> None:
    message_id = client.mail(to)

    page = client.send(f"/messages/{message_id}/{what}")

    assert page.status == 409
    assert f"The message is {status} already." in page.text
    assert status_of(client, message_id) == status
    assert len(client.sandbox.store.attempts(message_id)) == 1


@pytest.mark.parametrize("what", ["attempt", "bounce"])
def test_a_message_that_is_not_there_is_neither_tried_nor_bounced(client: Client, what: str) -> None:
    assert client.send(f"/messages/msg_none/{what}").status == 404


@pytest.mark.parametrize("what", ["attempt", "bounce"])
def test_a_form_of_elsewhere_moves_no_message(client: Client, sandbox: ServedSandbox, what: str) -> None:
    message_id = waiting(client)
    before = sandbox.store.details(message_id)

    assert client.send(f"/messages/{message_id}/{what}", token="x").status == 403
    assert client.send(f"/messages/{message_id}/{what}", {"Origin": "http://evil.example"}).status == 403
    assert client.get(f"/messages/{message_id}/{what}").status == 405

    assert sandbox.store.details(message_id) == before
