"""How a mail is put together, however broken it is."""

import pytest
from tests.fakemx.test_attachments import MAIL

from fakemx.mail.structure import Part, structure


def test_parts_stand_within_the_parts_that_hold_them() -> None:
    assert structure(MAIL) == Part(
        "multipart/mixed",
        parts=(
            Part("multipart/alternative", parts=(Part("text/plain", size=5), Part("text/html", size=30))),
            Part("image/png", encoding="base64", content_id="one@x", size=5),
            Part("text/plain", disposition="attachment", name="caf\u00e9.txt", size=4),
        ),
    )


def test_a_mail_of_one_text_is_one_part_as_it_says_or_as_the_standard_has_it() -> None:
    said = b"Content-Type: Text/HTML; Charset=UTF-8\r\nContent-Transfer-Encoding: Quoted-Printable\r\n\r\n=C3=A9"

    assert structure(said) == Part("text/html", charset="utf-8", encoding="quoted-printable", size=2)
    assert structure(b"From: a@own.test\r\n\r\nhello") == Part("text/plain", size=5)  # RFC 2045 section 5.2


def test_a_mail_in_a_mail_is_a_part_of_it() -> None:
    mail = b"Content-Type: message/rfc822\r\n\r\nSubject: within\r\nContent-Type: text/html\r\n\r\n<p>"

    assert structure(mail) == Part("message/rfc822", parts=(Part("text/html", size=3),))


def test_what_is_left_out_is_told() -> None:
    many = b"Content-Type: multipart/mixed; boundary=B\r\n\r\n" + b"--B\r\n\r\nx\r\n" * 500 + b"--B--"

    top = structure(many)

    assert len(top.parts) == 99
    assert top.left_out == 401


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"Content-Type: multipart/mixed; boundary=\xff\r\n\r\n--\xff",
        b"Content-Type: \xff/\xfe; charset=\xff; name*0*=''%\r\nContent-Transfer-Encoding: \xff\r\n\r\nx",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"".join(b"Content-Type: multipart/mixed; boundary=B%d\r\n\r\n--B%d\r\n" % (n, n) for n in range(2000)),
    ],
)
def test_a_broken_mail_is_still_a_part(mail: bytes) -> None:
    top = structure(mail)

    depth, part = 0, top
    while part.parts:
        depth, part = depth + 1, part.parts[0]
    assert "/" in top.type
    assert depth < 100
