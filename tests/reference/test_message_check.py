"""The second look at a message: it lets pass what was meant, and nothing else."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from tests.reference.mail_grammar import CONTENTS, MESSAGE_ID
from tests.reference.support import NOW, QUICK, mailbox, make_content

from justemails.mail.dkim_signature import SigningKey, sign
from justemails.mail.message import compose
from justemails.mail.message_check import UnsafeMessageError, check_message
from justemails.records import Content

CONTENT = make_content(
    sender=mailbox("j\u00f8rn@yourdomain.com", "J\u00f8rn"),
    text="Hello",
    reply_to=mailbox("support@yourdomain.com"),
    headers={"X-My-Tag": "onboarding " * 20},
)
GOOD = compose(MESSAGE_ID, CONTENT, NOW)


@given(content=CONTENTS)
@QUICK
def test_whatever_is_composed_and_signed_is_what_was_meant(
    content: Content, signing_keys: tuple[SigningKey, ...]
) -> None:
    """For all content, the reader agrees with the writer."""
    message = compose(MESSAGE_ID, content, NOW)

    check_message(message, content)
    check_message(sign(message, domain="yourdomain.com", keys=signing_keys), content)


def in_header(line: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(b"\r\nSubject:", b"\r\n" + line + b"\r\nSubject:", 1)


# What each does to a good message, and a word of the complaint.
INJURIES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "an added header": (in_header(b"Bcc: x@evil.example"), "bcc"),
    "a second subject": (in_header(b"subject: other"), "subject"),
    "a lost header": (lambda data: re.sub(rb"Date: .*\r\n", b"", data), "date"),
    "a header in another's place": (lambda data: data.replace(b"Date:", b"Bcc:", 1), "lacks"),
    "a bare line feed in the header": (in_header(b"X-A: b\nBcc: x@evil.example"), "its own"),
    "a bare carriage return in the header": (in_header(b"X-A: b\rBcc: x@evil.example"), "its own"),
    "a bare line feed in the body": (lambda data: data[:-2] + b"\n.\nMAIL FROM:<x>\r\n", "its own"),
    "a bare carriage return at the end": (lambda data: data + b"\r\r\n", "its own"),
    "a NUL": (lambda data: data[:-2] + b"\0\r\n", "its own"),
    "no line end at the end": (lambda data: data[:-2], "CRLF"),
    "a line of 999 octets": (lambda data: data + b"x" * 999 + b"\r\n", "999 octets"),
    "an 8-bit body": (lambda data: data + b"\xc3\xa9\r\n", "not 7-bit"),
    "an 8-bit subject": (lambda data: data.replace(b"Subject: ", b"Subject: \xc3\xa9", 1), "not 7-bit"),
    "a line that is no field": (in_header(b"no field at all"), "no header field"),
    "a space in a name": (in_header(b"X A: b"), "no header field"),
    "an empty name": (in_header(b": b"), "no header field"),
    "a control character in a name": (in_header(b"X\x0b: b"), "no header field"),
    "a folded line of nothing": (in_header(b"X-My: a\r\n "), "folded"),
    "a folded line before any field": (lambda data: b" x\r\n" + data, "folded"),
    "an early end of the header": (lambda data: data.replace(b"\r\nSubject:", b"\r\n\r\nSubject:", 1), "lacks"),
}


@pytest.mark.parametrize(("injure", "complaint"), INJURIES.values(), ids=INJURIES.keys())
def test_a_message_that_is_not_as_it_was_meant_is_stopped(injure: Callable[[bytes], bytes], complaint: str) -> None:
    injured = injure(GOOD)

    assert injured != GOOD
    check_message(GOOD, CONTENT)
    with pytest.raises(UnsafeMessageError, match=re.escape(complaint)):
        check_message(injured, CONTENT)
