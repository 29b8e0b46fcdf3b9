"""The message that leaves (CHOICE-26), read back by a reader that forgives nothing and by the standard library's."""

import email
import email.policy
import quopri
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import example, given
from tests.reference import strict_mail
from tests.reference.mail_grammar import BODIES, CONTENTS, HEADER_TEXTS, MESSAGE_ID
from tests.reference.support import NOW, QUICK, mailbox, make_content

from justemails.mail.message import compose, text_header
from justemails.records import Content


def composed(content: Content) -> bytes:
    return compose(MESSAGE_ID, content, NOW)


def with_line_ends(text: str) -> bytes:
    """Return a body as it has to arrive: each CRLF, CR and LF is one line break (CHOICE-39)."""
    return re.sub("\r\n|\r|\n", "\r\n", text).encode()


def intended_names(content: Content) -> list[str]:
    names = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"]
    if content.reply_to:
        names.append("Reply-To")
    if not (content.html and content.text):
        names.append("Content-Transfer-Encoding")
    return [*names, *content.headers]


def bodies_of(message: strict_mail.Part) -> dict[str, bytes]:
    """Return the decoded bodies by media type."""
    if not message.field("Content-Type").startswith("multipart/"):
        return {message.field("Content-Type"): strict_mail.decode_body(message)}
    parts = strict_mail.split_alternatives(message)
    for part in parts:
        assert sorted(part.names) == ["Content-Transfer-Encoding", "Content-Type"]
    return {part.field("Content-Type"): strict_mail.decode_body(part) for part in parts}


def intended_bodies(content: Content) -> dict[str, bytes]:
    texts = {"text/plain; charset=utf-8": content.text, "text/html; charset=utf-8": content.html}
    return {kind: with_line_ends(text) for kind, text in texts.items() if text is not None}


def same_bodies(arrived: Mapping[str, bytes], intended: Mapping[str, bytes]) -> bool:
    """A body that stands alone ends the message, and every message ends in a line break."""
    if len(intended) == 1:
        (kind, text), *_ = intended.items()
        return dict(arrived) in ({kind: text}, {kind: text + b"\r\n"})
    return arrived == intended and list(arrived) == list(intended)


@given(CONTENTS)
@QUICK
def test_a_strict_reader_finds_exactly_what_was_meant(content: Content) -> None:
    """For all content, the bytes obey RFC 5322, and the header names, texts, names and bodies are the intended ones."""
    message = strict_mail.read(composed(content))

    assert sorted(message.names) == sorted(intended_names(content))
    assert strict_mail.decode_text(message.field("Subject")) == content.subject
    assert strict_mail.decode_mailbox(message.field("From")) == (content.sender.name, str(content.sender.address))
    assert message.field("To") == str(content.recipient)
    if content.reply_to:
        assert strict_mail.decode_mailbox(message.field("Reply-To")) == (
            content.reply_to.name,
            str(content.reply_to.address),
        )
    for name, value in content.headers.items():
        assert strict_mail.decode_text(message.field(name)) == value
    assert same_bodies(bodies_of(message), intended_bodies(content))


def decoded(value: str) -> str:
    return str(make_header(decode_header(re.sub(r"\r\n(?=[ \t])", "", value))))


@given(CONTENTS)
@QUICK
def test_the_standard_library_reads_what_was_meant(content: Content) -> None:
    """For all content, Python's reader finds the same header names, texts, display names and bodies, and no defect."""
    message: Message = email.message_from_bytes(composed(content), policy=email.policy.compat32)

    assert sorted(message.keys()) == sorted(intended_names(content))
    assert decoded(message["Subject"]) == content.subject
    for name, value in content.headers.items():
        assert decoded(message[name]) == value
    arrived = {}
    for part in message.walk():
        assert part.defects == []
        if not part.is_multipart():
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            arrived[part["Content-Type"]] = payload
    assert same_bodies(arrived, intended_bodies(content))


def _as_text(octets: str) -> str:
    """Return what that reader keeps of 8-bit octets as the text that it is (RFC 6532)."""
    return octets.encode("ascii", "surrogateescape").decode()


@given(CONTENTS)
@QUICK
def test_the_standard_librarys_parser_of_addresses_finds_one_mailbox(content: Content) -> None:
    """For all content, Python's newer reader finds one From and one To address, with the intended name."""
    message = email.message_from_bytes(composed(content), policy=email.policy.SMTP, _class=EmailMessage)

    (sender,) = message["From"].addresses
    (recipient,) = message["To"].addresses
    assert _as_text(sender.addr_spec) == str(content.sender.address)
    assert _as_text(recipient.addr_spec) == str(content.recipient)
    # Spaces aside: this reader of CPython 3.11 puts one between encoded words, against RFC 2047 6.2, and takes a run
    # of them for one. It also decodes twice what looks encoded inside. The strict reader above does none of it.
    name = content.sender.name or ""
    assert "".join(sender.display_name.split()) == "".join(name.split()) or "=?" in name


@given(CONTENTS)
@QUICK
def test_equal_content_makes_equal_bytes(content: Content) -> None:
    """For all content, composing twice gives the same bytes, so that each attempt sends the same message."""
    again = Content(
        content.sender,
        content.recipient,
        content.subject,
        content.html,
        content.text,
        content.reply_to,
        dict(content.headers),
    )

    assert composed(content) == composed(again)


@given(HEADER_TEXTS)
@example("a" * 998)
@example("a" * 988)
@example("a" * 989)
@example(" ".join(["a" * 76] * 12))
@example("a" * 80 + "  " + "b" * 80)
@example("a" * 67 + "  " + "b" * 30)
@example("a" * 66 + "   " + "b" * 30)
@example(" ")
@example("x ")
@QUICK
def test_any_text_fits_into_one_header_and_comes_back(text: str) -> None:
    """For every text, the header is one field of strict lines, and decodes to the text."""
    header = text_header("X-My-Tag", text)

    strict_mail.check_lines(header.encode("ascii"))
    name, value = strict_mail.read_field(header.split("\r\n"))
    assert (name, strict_mail.decode_text(value)) == ("X-My-Tag", text)


@given(BODIES)
@QUICK
def test_no_body_can_end_the_message_early(body: str) -> None:
    """For every body, after dot-stuffing (RFC 5321 4.5.2) no line of the message is a dot alone."""
    data = composed(make_content(html=body))

    stuffed = re.sub(rb"(?m)^\.", b"..", data)
    assert b"\r\n.\r\n" not in stuffed
    assert not re.search(rb"[\r\n]\.[\r\n]", stuffed)


# -- by hand


@pytest.mark.parametrize("length", [67, 68, 69, 70, 78, 79, 80, 90, 150, 998])
def test_words_are_folded_into_lines_of_at_most_78_characters(length: int) -> None:
    """RFC 5322 2.1.1."""
    text = ("word " * 200)[: length - 1] + "x"

    lines = text_header("Subject", text).split("\r\n")

    assert max(map(len, lines)) <= 78
    assert len(lines) == -(-(len("Subject: ") + length) // 78) or len(lines) > 2
    assert "".join(lines) == f"Subject: {text}"


def test_the_documents_sample_makes_this_message() -> None:
    content = make_content(
        html="<h1>Hello</h1><p>Thanks for signing up.</p>",
        text="Hello — Thanks for signing up.",
        reply_to=mailbox("support@yourdomain.com"),
        headers={"X-My-Tag": "onboarding"},
    )

    assert composed(content).decode("ascii").split("\r\n") == [
        "From: hello@yourdomain.com",
        "To: user@example.com",
        "Subject: Welcome!",
        "Date: Mon, 06 Apr 2026 12:00:00 +0000",
        f"Message-ID: <{MESSAGE_ID}@yourdomain.com>",
        "MIME-Version: 1.0",
        "Reply-To: support@yourdomain.com",
        "X-My-Tag: onboarding",
        f'Content-Type: multipart/alternative; boundary="=_{MESSAGE_ID}"',
        "",
        f"--=_{MESSAGE_ID}",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "Hello =E2=80=94 Thanks for signing up.",
        f"--=_{MESSAGE_ID}",
        "Content-Type: text/html; charset=utf-8",
        "Content-Transfer-Encoding: 7bit",
        "",
        "<h1>Hello</h1><p>Thanks for signing up.</p>",
        f"--=_{MESSAGE_ID}--",
        "",
    ]


@pytest.mark.parametrize(("given_one", "kind"), [("html", "text/html"), ("text", "text/plain")])
def test_one_body_makes_a_single_part(given_one: str, kind: str) -> None:
    """CHOICE-26, CHOICE-35: no text is made from the HTML."""
    message = strict_mail.read(composed(make_content(**{"html": None, "text": None, given_one: "Hello"})))

    assert bodies_of(message) == {f"{kind}; charset=utf-8": b"Hello\r\n"}


@pytest.mark.parametrize(
    "moment", [NOW, NOW + timedelta(microseconds=999_999), datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)]
)
def test_the_date_is_the_acceptance_to_the_second(moment: datetime) -> None:
    """CHOICE-26."""
    message = strict_mail.read(compose(MESSAGE_ID, make_content(), moment))

    assert message.field("Date").endswith(" +0000")
    assert parsedate_to_datetime(message.field("Date")) == moment.replace(microsecond=0)


ENCODED_WORDS = [
    "=?utf-8?q?a=0D=0ABcc:_x@evil?=",
    "=?utf-8?b?YQ0KQmNjOiB4QGV2aWw=?=",
    "=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=",
    "=?utf-7?q?+AA0ACg-Bcc:_x@evil?=",
    "=?utf-8?q?",
    "=?utf-8?q?=?utf-8?q?a=0D=0ABcc:_x?=?=",
    "=?utf-8?q?a?= =?utf-8?q?b?=",
    "x=?utf-8?q?a?=y",
    "?=",
    "=?",
    "=?utf-8?q?a=00b?=",
]


@pytest.mark.parametrize("text", ENCODED_WORDS)
@pytest.mark.parametrize("place", ["subject", "header", "name", "reply"])
def test_a_text_that_looks_like_an_encoded_word_is_shown_literally_and_adds_no_header(text: str, place: str) -> None:
    """CHOICE-39; CVE-2024-6923 is what happens otherwise."""
    named = mailbox("a@b.example", text)
    content = {
        "subject": make_content(subject=text),
        "header": make_content(headers={"X-My-Tag": text}),
        "name": make_content(sender=named),
        "reply": make_content(reply_to=named),
    }[place]

    data = composed(content)

    message = strict_mail.read(data)
    assert sorted(message.names) == sorted(intended_names(content))
    field = {"subject": "Subject", "header": "X-My-Tag", "name": "From", "reply": "Reply-To"}[place]
    if place in ("name", "reply"):
        assert strict_mail.decode_mailbox(message.field(field)) == (text, "a@b.example")
    else:
        assert strict_mail.decode_text(message.field(field)) == text
    assert "Bcc" not in email.message_from_bytes(data)
    assert b"\nBcc" not in data


@pytest.mark.parametrize("subject", ["left\u202eright", "zero\u200bwidth", "\ufeffmark", "e\u0301", "\u0301e"])
def test_bidi_and_invisible_characters_travel_encoded_and_unchanged(subject: str) -> None:
    message = strict_mail.read(composed(make_content(subject=subject)))

    assert strict_mail.decode_text(message.field("Subject")) == subject


def test_three_hundred_emoji_without_a_space_are_folded_between_characters() -> None:
    """RFC 2047 2 and 5: words of at most 75 characters, lines of at most 76, no character in two words."""
    data = composed(make_content(subject="😀" * 300))

    lines = [line for line in data.split(b"\r\n") if b"=?utf-8?" in line]
    assert max(map(len, lines)) <= 76
    assert strict_mail.decode_text(strict_mail.read(data).field("Subject")) == "😀" * 300


def test_an_empty_subject_is_an_empty_header() -> None:
    message = strict_mail.read(composed(make_content(subject="")))

    assert message.field("Subject") == ""


def test_a_display_name_of_atoms_is_not_quoted_and_any_other_is() -> None:
    assert b"From: Ann Example <a@b.example>\r\n" in composed(
        make_content(sender=mailbox("a@b.example", "Ann Example"))
    )
    assert b'From: "Doe, J." <a@b.example>\r\n' in composed(make_content(sender=mailbox("a@b.example", "Doe, J.")))
    assert rb'From: "a \"b\" \\" <a@b.example>' in composed(make_content(sender=mailbox("a@b.example", 'a "b" \\')))


@pytest.mark.parametrize(
    "body",
    [
        "\n.\n", "\r.\r", "\r\n.\r\n", "\n.\r\n", "\r\n.\n", "\r.\r\n", "\r\n.\r", "a\r\r\n.\r\n",
        ".", "..", ".hidden", ".\n.\n..\n", "From me\nto you", ">From me", "a\nFrom me\n",
        "\n\n\n", "  leading", "trailing  ", "trailing\t\nx", " ", "\t", "a\n \nb\n", "",
        "=", "=20", "=\n", "==\n=", "a=\r\nb", "\x0b\x0c\x01\x7f", "a\u2028b\x85c", "é" * 1000, "中" * 1000, "😀",
        "x" * 78, "x" * 79, "x" * 998, "x" * 999, " " * 1000, "x" * 75 + " " + "y" * 75, "é " * 100,
    ],
    ids=lambda body: ascii(body)[:24],
)  # fmt: skip
@pytest.mark.parametrize("alone", [True, False], ids=["alone", "of two"])
def test_a_hard_body_arrives_unchanged(body: str, alone: bool) -> None:
    """CHOICE-26, CHOICE-39."""
    content = make_content(html=body, text=None if alone else body)

    message = strict_mail.read(composed(content))

    assert same_bodies(bodies_of(message), intended_bodies(content))


def test_a_line_of_five_million_characters_is_broken_up() -> None:
    data = composed(make_content(html="<p>" + "x" * 5_000_000))

    assert max(map(len, data.split(b"\r\n"))) <= 78
    assert same_bodies(bodies_of(strict_mail.read(data)), {"text/html; charset=utf-8": b"<p>" + b"x" * 5_000_000})


@pytest.mark.parametrize(
    "body", [f"=_{MESSAGE_ID}", f"--=_{MESSAGE_ID}", f"--=_{MESSAGE_ID}--\r\n", f"a\r\n--=_{MESSAGE_ID}_\r\nb"]
)
def test_a_body_that_holds_the_boundary_gets_another_one(body: str) -> None:
    """RFC 2046 5.1.1."""
    content = make_content(html=body, text=body)

    assert bodies_of(strict_mail.read(composed(content))) == intended_bodies(content)


def test_the_message_id_is_made_of_the_id_and_the_senders_domain() -> None:
    """CHOICE-26."""
    message = strict_mail.read(composed(make_content(sender=mailbox("a@b.example", "Ann"))))

    assert message.field("Message-ID") == f"<{MESSAGE_ID}@b.example>"


@pytest.mark.parametrize("body", ["From me", "a\nFrom me\n", "a long line, mostly of ASCII: é\nFrom me"])
def test_no_line_begins_like_the_start_of_a_message_in_a_mailbox_file(body: str) -> None:
    """RFC 2049 3: a gateway may write ``>From``, which breaks the signature; quoted-printable can say ``=46rom``."""
    assert b"\nFrom " not in composed(make_content(html=body))


@pytest.mark.parametrize("length", range(60, 90))
@pytest.mark.parametrize("filler", ["x", "x" * 15 + "é", "="])
def test_such_a_line_stays_short_and_whole(length: int, filler: str) -> None:
    body = "é\nFrom " + (filler * length)[:length]

    message = compose("msg_1", make_content(text=body, html=None), NOW)

    encoded = message.partition(b"\r\n\r\n")[2]
    assert max(map(len, encoded.split(b"\r\n"))) <= 76
    assert quopri.decodestring(encoded).decode().replace("\r\n", "\n") == body + "\n"


@pytest.mark.parametrize("length", range(60, 90))
def test_a_space_at_the_end_of_a_long_line_leaves_it_short_and_whole(length: int) -> None:
    body = "x" * length + "é \n\n"

    encoded = compose("msg_1", make_content(text=body, html=None), NOW).partition(b"\r\n\r\n")[2]

    assert max(map(len, encoded.split(b"\r\n"))) <= 76
    assert quopri.decodestring(encoded).decode().replace("\r\n", "\n") == body + "\n"
