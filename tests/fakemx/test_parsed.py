"""Reading a received mail for people."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fakemx.mail.parsed import MAX_FOUND, from_domains, parse

ALTERNATIVE = b"""From: =?utf-8?q?=C3=85sa?= <asa@own.test>\r
To: bob@ok.test, "Eve, Jr" <eve@ok.test>\r
Subject: =?utf-8?b?SMOkbHNuaW5nYXI=?=\r
 =?utf-8?q?_fr=C3=A5n_oss?=\r
MIME-Version: 1.0\r
Content-Type: multipart/alternative; boundary=x\r
\r
--x\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: quoted-printable\r
\r
Din kod =C3=A4r 482913. L=C3=A4s https://own.test/a?b=3D1&c=3D2.\r
--x\r
Content-Type: text/html; charset=utf-8\r
Content-Transfer-Encoding: base64\r
\r
PGEgaHJlZj0iaHR0cHM6Ly9vd24udGVzdC9hP2I9MSZhbXA7Yz0yIj7DpTwvYT4=\r
--x--\r
"""


def html(body: str) -> bytes:
    return b"Content-Type: text/html; charset=utf-8\r\n\r\n" + body.encode()


def text(body: str) -> bytes:
    return b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + body.encode()


def test_a_mail_with_two_bodies_is_read() -> None:
    mail = parse(ALTERNATIVE)

    assert mail.from_ == "Åsa <asa@own.test>"
    assert mail.to == 'bob@ok.test, "Eve, Jr" <eve@ok.test>'
    assert mail.subject == "Hälsningar från oss"
    assert mail.text == "Din kod är 482913. Läs https://own.test/a?b=1&c=2."
    assert mail.html == '<a href="https://own.test/a?b=1&amp;c=2">å</a>'
    assert mail.links == ("https://own.test/a?b=1&c=2",)
    assert mail.codes == ("482913",)
    assert [name for name, _ in mail.headers] == ["From", "To", "Subject", "MIME-Version", "Content-Type"]


def test_an_attachment_is_not_the_body() -> None:
    data = b"Content-Type: text/html\r\nContent-Disposition: attachment; filename=a.html\r\n\r\n<b>x</b>"

    assert (parse(data).html, parse(data).text) == (None, None)


def test_links_are_web_links_only_each_once_in_order() -> None:
    body = (
        "<a href='https://b.test/1'>x</a><A HREF=http://a.test/2>y</A><a href='https://b.test/1'>again</a>"
        "<a href='javascript:alert(1)'>no</a><a href='mailto:a@b.c'>no</a><a href='data:text/html,x'>no</a>"
        "<p>see https://c.test/3).</p><script>var u = 'https://d.test/4'</script>"
    )

    assert parse(html(body)).links == ("https://b.test/1", "http://a.test/2", "https://c.test/3")


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ("Your code is 1234.", ("1234",)),
        ("code: 12345678", ("12345678",)),
        ("(482913) or <482913>", ("482913",)),
        ("123 123456789", ()),
        ("2026-11-01, 12.5000, 1000.50, 10:3000, +4670123", ()),
        ("order A1234, 1234B, #5678, 1234-5678, a_1234", ()),
        ("https://own.test/1234 and x@1234.test", ()),
        ("١٢٣٤٥", ()),
    ],
)
def test_codes_are_digits_standing_alone(body: str, codes: tuple[str, ...]) -> None:
    assert parse(text(body)).codes == codes


def test_codes_come_from_html_where_there_is_no_text() -> None:
    body = "<style>p{margin:1234 5678}</style><p>Code:&nbsp;<b>991122</b></p><script>4444</script>"

    assert parse(html(body)).codes == ("991122",)


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        (b"=?utf-8?b?!!!?=", "=?utf-8?b?!!!?="),
        (b"=?nonsense?q?abc?=", "abc"),
        (b"=?utf-8?q?a=0D=0ABcc:_x=40evil.test?=", "a Bcc: x@evil.test"),
        (b"\xc3\xa5 and \xff", "å and \ufffd"),
        (b"a\x00b\x1b[31mc", "a b [31mc"),
        (b"=?utf-8?q?a?=  =?utf-8?q?b?= c", "ab c"),
    ],
)
def test_a_strange_subject_is_shown_in_one_harmless_line(raw: bytes, subject: str) -> None:
    assert parse(b"Subject: " + raw + b"\r\n\r\n").subject == subject


def test_an_unknown_charset_is_read_as_utf_8() -> None:
    data = b"Content-Type: text/plain; charset=klingon\r\n\r\n\xc3\xa5"

    assert parse(data).text == "å"


def test_the_author_domains_are_found() -> None:
    assert from_domains(b"From: Ann <ann@OWN.test>\r\n\r\n") == ("own.test",)
    assert from_domains(b"from: a@x.test, b@y.test\r\nFrom: c@z.test\r\n\r\n") == ("x.test", "y.test", "z.test")
    assert from_domains(b"Subject: x\r\n\r\n") == ()
    assert from_domains(b"From: nobody\r\n\r\n") == ("",)


@given(st.binary(max_size=400))
@example(b"Content-Type: text/plain; charset=\x00\r\n\r\n\xff")
@example(b"Content-Type: text/plain; charset*=utf-8''%ff\r\n\r\n\xff")
@example(b"Content-Type: text/html; charset=hex\r\n\r\nzz")
@example(b"Content-Type: text/plain; charset=idna\r\n\r\nxn--a\xff")
@example(b"Content-Transfer-Encoding: uuencode\r\n\r\nbegin 666 x\r\n!!!!\r\n")
@example(b"From: =?utf-8?b?/w==?=\xff\r\n\r\n")
@example(b"Content-Type: multipart/mixed\r\n\r\n")
@example(b"Content-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\n")
@example(b"\r\n\r\n")
def test_no_bytes_make_reading_raise(data: bytes) -> None:
    """Any bytes are read, and what comes out can be written as UTF-8."""
    mail = parse(data)
    from_domains(data)

    repr_of_all = (mail.from_, mail.to, mail.subject, mail.html or "", mail.text or "", *mail.links, *mail.codes)
    for part in (*repr_of_all, *(part for header in mail.headers for part in header)):
        part.encode("utf-8")


HEADERS = ["From", "To", "Subject", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "X"]
VALUES = ["text/html", "multipart/mixed; boundary=a", "base64", "quoted-printable", "=?utf-8?q?=ff?=", 'a; b="', "--a"]


@given(st.lists(st.tuples(st.sampled_from(HEADERS), st.sampled_from(VALUES) | st.text(max_size=20))), st.text())
def test_no_headers_make_reading_raise(headers: list[tuple[str, str]], body: str) -> None:
    """Any well-known headers with any values are read."""
    written = "".join(f"{name}: {value}\r\n" for name, value in headers)
    data = (written + "\r\n--a\r\n\r\n" + body).encode("utf-8", "replace")

    parse(data)
    from_domains(data)


def test_parts_within_parts_within_parts_are_survived() -> None:
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(2_000))

    parse(nested + b"\r\nx")


MANY = " ".join(f"http://a.test/{number} {number}" for number in range(1_000, 3_000))


@pytest.mark.parametrize(
    "body",
    [MANY, "<" * 300_000, "<script" * 50_000, "href=" * 60_000, "http://" * 40_000, "1234 " * 60_000, "&#" * 150_000],
)
def test_long_hostile_bodies_are_read_in_time_and_find_only_so_much(body: str) -> None:
    for data in (html(body), text(body)):
        mail = parse(data)

        assert len(mail.links) <= MAX_FOUND
        assert len(mail.codes) <= MAX_FOUND
