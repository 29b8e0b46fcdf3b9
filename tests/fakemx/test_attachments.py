"""What a mail has beside its text, however broken it is."""

import pytest

from fakemx.mail.attachments import Attachment, attachments

MAIL = b"""From: a@own.test
Content-Type: multipart/mixed; boundary=B

--B
Content-Type: multipart/alternative; boundary=C

--C
Content-Type: text/plain

hello
--C
Content-Type: text/html

<p>hello <img src="cid:one@x">
--C--
--B
Content-Type: image/png
Content-ID: <one@x>
Content-Transfer-Encoding: base64

aGVsbG8=
--B
Content-Type: text/plain
Content-Disposition: attachment; filename="=?utf-8?q?caf=C3=A9=2Etxt?="

more
--B--
"""


def test_all_but_the_text_and_the_html_is_an_attachment() -> None:
    assert attachments(MAIL) == (
        Attachment("", "image/png", "one@x", b"hello"),
        Attachment("café.txt", "text/plain", "", b"more"),
    )


def test_a_mail_of_one_text_has_none() -> None:
    assert attachments(b"From: a@own.test\r\n\r\nhello\r\n") == ()


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b'filename="../../x"', "../../x"),
        (b"filename*=utf-8''a%0D%0AX%3A%20y.html", "a X: y.html"),
        (b"filename*=no-such-charset''a", "a"),
        (b'filename="\xc3\xa9"', "\ufffd\ufffd"),
        (b"filename=", ""),
        (b"", ""),
    ],
)
def test_a_name_is_what_the_mail_says_on_one_line(header: bytes, name: str) -> None:
    mail = b"Content-Type: text/html\r\nContent-Disposition: attachment; " + header + b"\r\n\r\n<script>"

    (found,) = attachments(mail)

    assert (found.name, found.type, found.data) == (name, "text/html", b"<script>")


@pytest.mark.parametrize(
    "mail",
    [
        b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%",
        b"Content-Type: multipart/mixed; boundary=B\r\n\r\n" + b"--B\r\nContent-Type: x/y; name*0*=''%\r\n\r\n" * 500,
        b"Content-Type: multipart/mixed; boundary=\xff\r\n\r\n--\xff",
        b"",
    ],
)
def test_a_broken_mail_costs_nothing_but_itself(mail: bytes) -> None:
    assert len(attachments(mail)) <= 100
