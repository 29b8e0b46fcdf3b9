"""The inbox: what arrived, found again, read whole, and never trusted."""

import re
import sqlite3
from contextlib import closing
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.dashboard.client import Client
from tests.dashboard.mails import html_mail, put

from justemails_command.serving import ServedSandbox
from justemails_sandbox.inbox import Inbox, MailFilter

MIXED = """From: "Shop" <a@own.test>
Subject: Your code
Content-Type: multipart/mixed; boundary=B

--B
Content-Type: text/html

<p>Your code is 482913. <a href="https://own.test/confirm?a=1&amp;b=2">confirm</a> <img src="cid:logo">
--B
Content-Type: image/png
Content-ID: <logo>
Content-Transfer-Encoding: base64

aGVsbG8=
--B
Content-Type: text/html
Content-Disposition: attachment; filename="../../x"

<script>1</script>
--B
Content-Type: image/svg+xml
Content-Disposition: attachment; filename*=utf-8''a%0D%0AX%3A%20y.html

<svg onload="1"/>
--B
Content-Type: application/pdf
Content-Disposition: attachment; filename*=utf-8''{}

pdf
--B--
""".replace("{}", "%C3%BC%E2%80%AE" * 200).replace("\n", "\r\n")


def test_what_arrived_is_listed_newest_first_with_its_verdicts_and_what_was_found(
    client: Client, sandbox: ServedSandbox
) -> None:
    client.mail("ann@example.com", subject="The first")
    put(sandbox, MIXED, "bob@example.com")

    text = client.get("/inbox").text

    assert text.index("Your code") < text.index("The first")
    assert 'Your code to bob@example.com from "Shop" <a@own.test>' in text
    assert "✗ DKIM fail ⚠ SPF softfail ✓ DMARC pass found 1 code , 1 link" in text
    assert "✓ DKIM pass ✓ SPF pass ✓ DMARC pass found nothing" in text
    assert "1 to 2 of 2 mails" in text
    assert "mx.example.com" in text


def test_a_list_is_narrowed_by_recipient_and_by_words_wherever_they_stand(
    client: Client, sandbox: ServedSandbox
) -> None:
    put(sandbox, "From: a@own.test\r\nSubject: Reset your PASSWORD\r\n\r\n", "Ann@example.com")
    put(sandbox, "From: ÄRGER <b@own.test>\r\nSubject: 100% off\r\n\r\n", "bob@example.com")

    def subjects(query: str) -> list[str]:
        return re.findall(r"<bdi>(Reset[^<]+|100[^<]+)</bdi></a>", client.get(f"/inbox?{query}").html)

    assert subjects("to=ann@EXAMPLE.com") == ["Reset your PASSWORD"]
    assert subjects("q=password+ann") == ["Reset your PASSWORD"]
    assert subjects("q=password+bob") == []
    assert subjects("q=%C3%A4rger") == ["100% off"]
    assert subjects("q=0%25") == ["100% off"]
    assert subjects("q=0_") == []
    assert subjects("to=&q=") == ["100% off", "Reset your PASSWORD"]
    assert "No mail matches" in client.get("/inbox?q=nothing").text
    assert "ann@example.com 1 bob@example.com 1" in client.get("/inbox").text


def test_fifty_stand_on_a_page_and_the_way_leads_on(client: Client, sandbox: ServedSandbox) -> None:
    for number in range(51):
        put(sandbox, f"From: a@own.test\r\nSubject: Number {number}.\r\n\r\n", "ann@example.com")

    first = client.get("/inbox?q=number&to=ann@example.com")
    (older,) = re.findall(r'rel="next" href="([^"]+)"', first.html)
    second = client.get(unescape(older))

    assert "Number 50." in first.text
    assert "Number 0." not in first.text
    assert "1 to 50 of 51 mails" in first.text
    assert "Number 0." in second.text
    assert "51 to 51 of 51 mails" in second.text
    assert 'rel="prev"' in second.html
    assert "earlier ones" in client.get("/inbox?page=9").text


@pytest.mark.parametrize(
    "path",
    [
        "/inbox?page=0",
        "/inbox?page=x",
        "/inbox?colour=red",
        "/inbox?to=a&to=b",
        f"/inbox?q={'x' * 201}",
        "/inbox/{id}?show=all",
        "/inbox/{id}?width=1",
    ],
)
def test_a_bad_query_is_told_what_would_pass(client: Client, sandbox: ServedSandbox, path: str) -> None:
    page = client.get(path.format(id=put(sandbox, "Subject: Hi\r\n\r\n")))

    assert page.status == 400
    assert "parameter" in page.text


@pytest.mark.parametrize(
    "path",
    [
        "/inbox/mail_9",
        "/inbox/x",
        "/inbox/mail_9/preview",
        "/inbox/mail_9/raw.eml",
        "/inbox/mail_9/attachments/1",
        "/inbox/{id}/attachments/1",
        "/inbox/{id}/attachments/0",
        "/inbox/{id}/attachments/x",
    ],
)
def test_what_is_not_there_is_404(client: Client, sandbox: ServedSandbox, path: str) -> None:
    assert client.get(path.format(id=put(sandbox, "Subject: Hi\r\n\r\n", "ann@example.com"))).status == 404


def test_all_are_deleted_by_one_form_and_the_messages_stay(client: Client) -> None:
    client.mail()
    assert "This deletes every mail in the inbox" in client.get("/inbox").text

    page = client.send("/inbox/delete")

    assert page.path == "/inbox"
    assert "No mail has arrived yet" in page.text
    assert client.api("GET", "/messages")["pagination"]["total"] == 1


def test_the_newest_has_an_address_of_its_own(client: Client, sandbox: ServedSandbox) -> None:
    assert client.get("/view/latest").status == 404
    assert "No mail has arrived yet" in client.get("/view/latest").text
    ann = put(sandbox, "Subject: Hi\r\n\r\n", "Ann@example.com")
    bob = put(sandbox, "Subject: Hi\r\n\r\n", "bob@example.com")

    assert client.get("/view/latest").path == f"/inbox/{bob}"
    assert client.get("/view/latest?to=ann@example.com").path == f"/inbox/{ann}"
    tagged = put(sandbox, "Subject: Hi\r\n\r\n", "ann+slow@example.com")
    assert client.get("/view/latest?to=ann+slow@example.com").path == f"/inbox/{tagged}"
    assert "Hi" in client.get("/inbox?to=ann+slow@example.com").text
    nobody = client.get("/view/latest?to=cleo@example.com")
    assert (nobody.status, "No mail for cleo@example.com has arrived" in nobody.text) == (404, True)


def test_a_mail_is_read_with_its_verdicts_in_plain_words_and_leads_to_its_message(client: Client) -> None:
    message_id = client.mail("ann@example.com", subject="Hello", text="It works: 482913.", html="<p>It works.")

    page = client.get("/view/latest")

    assert f'href="/messages/{message_id}"' in page.html
    assert "may send for bounce.yourdomain.com" in page.text
    assert "selector" in page.text
    assert 'aria-label="one-time code 482913"' in page.html
    assert "It works: 482913." in client.get(f"{page.path}?show=text").text
    assert "<p>It works." in client.get(f"{page.path}?show=source").text
    assert "DKIM-Signature" in client.get(f"{page.path}?show=headers").text
    assert "Content-Type: multipart/alternative" in client.get(f"{page.path}?show=raw").text


def test_a_mail_of_elsewhere_leads_to_no_message(client: Client, sandbox: ServedSandbox) -> None:
    page = client.get(f"/inbox/{put(sandbox, 'Message-ID: <msg_x@y>')}")

    assert "/messages/" not in page.html
    assert "not sent by this sandbox" in page.text


def test_how_a_mail_is_put_together_is_shown_as_a_tree(client: Client, sandbox: ServedSandbox) -> None:
    page = client.get(f"/inbox/{put(sandbox, MIXED)}?show=structure")

    (tree,) = re.findall(r'<ul class="tree">.*?</ul>\s*<p', page.html, re.DOTALL)
    assert tree.count("<ul>") == 1
    assert "multipart/mixed 5 parts text/html 103 bytes image/png 5 bytes, base64, cid:logo" in page.text
    assert "text/html ../../x 18 bytes, attachment image/svg+xml a X: y.html 17 bytes, attachment" in page.text


def test_a_mail_of_endless_parts_is_shown_in_part(client: Client, sandbox: ServedSandbox) -> None:
    deep = "".join(f"Content-Type: multipart/mixed; boundary=B{n}\r\n\r\n--B{n}\r\n" for n in range(300))
    wide = "Content-Type: multipart/mixed; boundary=B\r\n\r\n" + "--B\r\n\r\nx\r\n" * 500

    assert client.get(f"/inbox/{put(sandbox, deep)}?show=structure").status == 200
    assert "401 more are not listed" in client.get(f"/inbox/{put(sandbox, wide)}?show=structure").text


def test_a_link_is_text_and_nothing_to_click(client: Client, sandbox: ServedSandbox) -> None:
    page = client.get(f"/inbox/{put(sandbox, MIXED)}")

    assert ">https://own.test/confirm?a=1&amp;b=2</pre>" in page.html
    assert 'href="http' not in page.html


@pytest.mark.parametrize(("width", "kind"), [("360", "360"), ("768", "768"), ("full", "full"), (None, "full")])
def test_the_preview_stands_in_a_frame_without_rights(
    client: Client, sandbox: ServedSandbox, width: str | None, kind: str
) -> None:
    mail_id = put(sandbox, MIXED)

    page = client.get(f"/inbox/{mail_id}" + (f"?width={width}" if width else ""))

    (frame,) = re.findall(r"<iframe[^>]*>", page.html)
    assert f'class="preview width-{kind}" sandbox="" referrerpolicy="no-referrer"' in frame
    assert f'src="/inbox/{mail_id}/preview"' in frame


def test_the_preview_has_a_policy_of_its_own(client: Client, sandbox: ServedSandbox) -> None:
    page = client.get(f"/inbox/{put(sandbox, MIXED)}/preview")

    assert page.headers["Content-Security-Policy"] == (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'self'; sandbox"
    )
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert '<img src="data:image/png;base64,aGVsbG8=">' in page.html


def test_nothing_in_the_preview_connects_or_leads_anywhere(client: Client, sandbox: ServedSandbox) -> None:
    html = (
        "<LINK rel=preconnect><iframe srcdoc='<link>'></iframe><linked><links></link\n>&lt;link><frameset><svg><set/>"
        '<a HREF="http://x.test" xlink:href\n="y" data-href = z>href</a>'
    )

    page = client.get(f"/inbox/{put(sandbox, html_mail(html))}/preview")

    assert page.html.partition("</style>")[2] == (
        "<x-LINK rel=preconnect><x-iframe srcdoc='<x-link>'></x-iframe><linked><links></x-link\n>&lt;link><frameset>"
        '<svg><x-set/><a x-HREF="http://x.test" xlink:x-href\n="y" data-x-href = z>href</a>'
    )


def test_a_doctype_stays_in_front_so_that_the_mail_is_laid_out_as_meant(client: Client, sandbox: ServedSandbox) -> None:
    page = client.get(f"/inbox/{put(sandbox, html_mail('<!DOCTYPE html><p>Hi'))}/preview")

    assert page.html.startswith("<!DOCTYPE html><style>")


def test_a_picture_that_is_shown_very_often_does_not_fill_the_memory(client: Client, sandbox: ServedSandbox) -> None:
    mail = MIXED.replace("aGVsbG8=", "aGVsbG8h" * 100_000).replace('<img src="cid:logo">', "<img src=cid:logo>" * 1000)

    page = client.get(f"/inbox/{put(sandbox, mail)}/preview")

    assert 4_000_000 < len(page.html) < 6_000_000


def test_a_preview_that_is_opened_by_itself_leads_to_its_page(client: Client, sandbox: ServedSandbox) -> None:
    mail_id = put(sandbox, MIXED)

    assert client.get(f"/inbox/{mail_id}/preview", {"Sec-Fetch-Dest": "document"}).path == f"/inbox/{mail_id}"
    assert client.get(f"/inbox/{mail_id}/preview", {"Sec-Fetch-Dest": "iframe"}).path == f"/inbox/{mail_id}/preview"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("raw.eml", "{id}.eml"),
        ("attachments/1", "{id}-attachment-1.png"),
        ("attachments/2", "{id}-attachment-2.bin"),
        ("attachments/3", "{id}-attachment-3.bin"),
        ("attachments/4", "{id}-attachment-4.pdf"),
    ],
)
def test_a_file_is_for_download_only_under_a_name_of_ours(
    client: Client, sandbox: ServedSandbox, path: str, name: str
) -> None:
    mail_id = put(sandbox, MIXED)

    page = client.get(f"/inbox/{mail_id}/{path}")

    assert page.headers["Content-Disposition"] == f'attachment; filename="{name.format(id=mail_id)}"'
    assert page.headers["Content-Type"] == "application/octet-stream"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert "X" not in page.headers
    assert page.html == {"raw.eml": MIXED, "attachments/1": "hello"}.get(path, page.html)


def test_attachments_are_listed_by_the_names_that_the_mail_gives_them_marked_and_cut(
    client: Client, sandbox: ServedSandbox
) -> None:
    text = client.get(f"/inbox/{put(sandbox, MIXED)}").text

    assert "../../x text/html 18 bytes" in text
    assert "a X: y.html image/svg+xml" in text
    assert "\u00fc[U+202E]\u00fc" in text
    assert "… application/pdf 3 bytes" in text
    assert "\u202e" not in text


HOSTILE = ["</script><script>alert(1)</script>", "{{7*7}}{% x %}", '"onmouseover="alert(1)', "'><img src=x onerror=1>"]
LIVE = ("<script>", "<img", '"onmouseover="', "49{")


@pytest.mark.parametrize("words", HOSTILE)
def test_what_a_mail_says_is_text_wherever_it_is_shown(client: Client, sandbox: ServedSandbox, words: str) -> None:
    mail = html_mail(words, {"From": words, "Subject": words, f"X-{words.replace(':', '')}": words})
    mail_id = put(sandbox, mail, f"{words}@example.com", host=words)

    for path in ("/inbox", f"/inbox?{urlencode({'to': words})}", f"/inbox?{urlencode({'q': words})}"):
        page = client.get(path)
        assert page.status == 200
        assert not any(live in page.html for live in LIVE), path
    for part in ("html", "source", "headers", "raw"):
        page = client.get(f"/inbox/{mail_id}?show={part}")
        assert unescape(page.html).count(words) >= 3, "the title, the heading and what was asked for"
        assert not any(live in page.html for live in LIVE), part


@pytest.mark.parametrize("show", ["", "?show=headers", "?show=raw", "?show=text"])
def test_a_right_to_left_override_is_marked_and_moves_nothing(
    client: Client, sandbox: ServedSandbox, show: str
) -> None:
    name = "invoice\u202egpj.exe"
    mail_id = put(sandbox, f"From: {name} <a@own.test>\r\nSubject: {name}\r\nX-{name}: {name}\r\n\r\n{name}", name)

    for path in ("/inbox", f"/inbox/{mail_id}{show}"):
        page = client.get(path)
        assert "invoice[U+202E]gpj.exe" in page.text
        assert "\u202e" not in page.html


def test_a_long_mail_is_cut_and_says_so(client: Client, sandbox: ServedSandbox) -> None:
    mail_id = put(sandbox, "Subject: Hi\r\n\r\n" + "x" * 200_000)

    for show in ("text", "raw"):
        page = client.get(f"/inbox/{mail_id}?show={show}")
        assert "These are the first 100,000 of 200,0" in page.text
        assert len(page.html) < 120_000


def test_octets_that_are_no_text_do_not_break_a_page(client: Client, sandbox: ServedSandbox) -> None:
    mail_id = put(sandbox, b"Subject: \xff\x00\xed\xa0\x80\r\nContent-Type: text/html; charset=\xff\r\n\r\n<p>\xff\x00")

    for path in ("", "/preview", "?show=source", "?show=headers", "?show=structure", "?show=raw"):
        assert client.get(f"/inbox/{mail_id}{path}").status == 200
    assert r"Subject: \xff[U+0000]\xed" in client.get(f"/inbox/{mail_id}?show=raw").text


def test_the_list_is_live_and_says_how_many_there_are(client: Client) -> None:
    (address,) = re.findall(r'hx-get="([^"]+)"', client.get("/inbox?to=ann@example.com").html)

    assert client.get(unescape(address)).status == 204
    client.mail()
    fresh = client.get(unescape(address))

    assert fresh.status == 200
    assert fresh.html.lstrip().startswith('<section id="live"')
    assert 'data-news="1 mail"' in fresh.html
    assert "<input" not in fresh.html


def test_mails_of_a_version_that_kept_no_cards_are_found(sandbox: ServedSandbox, tmp_path: Path) -> None:
    path = tmp_path / "inbox.sqlite3"
    kept = Inbox(str(path))
    put(sandbox, MIXED, "Änne@example.com", inbox=kept)
    kept.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute('DELETE FROM "Card"')
        connection.commit()

    inbox = Inbox(str(path))
    found, total = inbox.listed(MailFilter("änne@EXAMPLE.com", words=("your", "SHOP")), 1, 50)
    inbox.close()

    assert total == 1
    assert [(mail.recipient, mail.subject, mail.links, mail.codes) for mail in found] == [
        ("Änne@example.com", "Your code", 1, 1)
    ]
