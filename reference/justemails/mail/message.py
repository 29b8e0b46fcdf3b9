"""Write a message as it goes over the wire: CRLF lines, 7-bit, folded, nothing injected.

One thing goes beyond 7-bit: an address with a local part beyond ASCII stands in its header in UTF-8 (RFC 6532 3.2),
since there is no other form for it. Such a message needs SMTPUTF8.

The standard library's writer is not used. In CPython before 3.11.10 it decodes encoded words and writes the line
breaks it finds inside as new headers (CVE-2024-6923), and it never checks header names.

Every byte follows from the stored message, so each attempt sends the same message with the same Message-ID.
"""

import base64
import quopri
import re
from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime

from justemails.addresses import Mailbox
from justemails.records import Content

_LINE = 78  # RFC 5322 2.1.1: lines SHOULD be at most 78 characters,
_LONGEST_LINE = 998  # and MUST be at most 998
_QUOTED_LINE = 76  # RFC 2045 6.7
_ENCODED_WORD = 75  # RFC 2047 2
_LONG_NAME = 40  # of a header: what is left of its line is too little for a word
_WORD_FRAME = len("=?utf-8?b??=")

_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_PRINTABLE = re.compile(r"[\x20-\x7e]*")


def compose(message_id: str, content: Content, created_at: datetime) -> bytes:
    """Return a whole message, headers and body, ending in CRLF.

    Args:
        message_id: the API's id; the Message-ID header is made of it and the sender's domain.
        content: what the caller asked to send.
        created_at: the Date header's instant (RFC 5322 3.6.1: when the message was complete).
    """
    lines = [
        address_header("From", content.sender),
        f"To: {content.recipient}",
        text_header("Subject", content.subject),
        f"Date: {format_datetime(created_at.replace(microsecond=0))}",
        f"Message-ID: <{message_id}@{content.sender.address.domain}>",
        "MIME-Version: 1.0",
    ]
    if content.reply_to:
        lines.append(address_header("Reply-To", content.reply_to))
    lines += [text_header(name, value) for name, value in content.headers.items()]
    parts = [
        (subtype, *_encode_body(body))
        for subtype, body in (("plain", content.text), ("html", content.html))
        if body is not None
    ]
    if len(parts) == 1:
        return "\r\n".join([*lines, *_part(*parts[0])]).encode() + b"\r\n"
    boundary = _boundary(message_id, [encoded for _, _, encoded in parts])
    lines += [f'Content-Type: multipart/alternative; boundary="{boundary}"', ""]
    for part in parts:  # RFC 2046 5.1.4: the plainest first, the best last
        lines += [f"--{boundary}", *_part(*part)]
    return "\r\n".join([*lines, f"--{boundary}--", ""]).encode()


def text_header(name: str, value: str) -> str:
    """Return an unstructured header, folded, with RFC 2047 encoded words where plain text cannot say it."""
    if _goes_plain(value):
        line = _fold(f"{name}: {value}")
        if max(map(len, line.split("\r\n"))) <= _LONGEST_LINE:
            return line
    return _encoded_header(name, value)


def address_header(name: str, mailbox: Mailbox) -> str:
    """Return a header that holds one mailbox (RFC 5322 3.4)."""
    address = str(mailbox.address)
    if mailbox.name is None:
        return f"{name}: {address}"
    if not _goes_plain(mailbox.name):
        return _encoded_header(name, mailbox.name) + f"\r\n <{address}>"
    quoted = '"' + re.sub(r'(["\\])', r"\\\1", mailbox.name) + '"'
    phrase = mailbox.name if _ATOMS.fullmatch(mailbox.name) else quoted
    return _fold(f"{name}: {phrase} <{address}>")


def _goes_plain(value: str) -> bool:
    # "=?" could be read as an encoded word, and space at an edge is lost to readers, so both are encoded.
    return bool(_PRINTABLE.fullmatch(value)) and "=?" not in value and value == value.strip(" ")


def _fold(line: str) -> str:
    """Break a header line before single spaces, so that lines stay within 78 characters where they can."""
    folded: list[str] = []
    while len(line) > _LINE:
        # A continuation line starts with its space, so searching from 1 never makes an empty line.
        spaces = [match.start() for match in re.finditer(r"(?<=[^ ]) (?=[^ ])", line) if match.start() > 0]
        if folded == []:
            spaces = [at for at in spaces if at > line.index(":") + 1]
        if not spaces:
            break
        fitting = [at for at in spaces if at <= _LINE]
        at = fitting[-1] if fitting else spaces[0]
        folded.append(line[:at])
        line = line[at:]
    return "\r\n".join([*folded, line])


def _encoded_header(name: str, value: str) -> str:
    """Return a header in encoded words, the first of them on the line of the name where that is short enough.

    Of a header that begins with a fold, some readers take the space for a part of its value.
    """
    if len(name) > _LONG_NAME:
        return f"{name}:\r\n " + "\r\n ".join(_encoded_words(value, 0))
    return f"{name}: " + "\r\n ".join(_encoded_words(value, len(name) + 2))


def _encoded_words(value: str, taken: int) -> Iterator[str]:
    """Yield RFC 2047 encoded words of at most 75 characters that do not split a character between them.

    Args:
        taken: columns of the first word's line that are taken.
    """
    chunk = b""
    for character in value:
        encoded = character.encode()
        most = (_ENCODED_WORD - _WORD_FRAME - taken) // 4 * 3  # bytes
        if len(chunk) + len(encoded) > most:
            yield _encoded_word(chunk)
            chunk, taken = b"", 0
        chunk += encoded
    if chunk:
        yield _encoded_word(chunk)


def _encoded_word(chunk: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(chunk).decode()}?="


def _encode_body(body: str) -> tuple[str, str]:
    """Return a body's transfer encoding and its encoded form, in CRLF lines without a last line break."""
    # A bare CR or LF could end the message early at a careless receiver: only CRLF ever leaves.
    lines = re.split(r"\r\n|\r|\n", body)
    octets = "\n".join(lines).encode()
    if octets.isascii() and all(_is_plain_line(line) for line in lines):
        return "7bit", "\r\n".join(lines)
    if sum(octet < 128 for octet in octets) * 6 > len(octets) * 5:
        encoded = quopri.encodestring(octets).decode("ascii")
        return "quoted-printable", "\r\n".join(map(_mended, encoded.split("\n")))
    crlf = "\r\n".join(lines).encode()
    return "base64", base64.encodebytes(crlf).decode("ascii").rstrip("\n").replace("\n", "\r\n")


def _mended(line: str) -> str:
    """Mend what the standard library's quoted-printable leaves to be done.

    A line must not begin with "From ", which mailbox files turn into ">From ", nor be longer than 76 characters, which
    the library forgets when it spells a space at the end.
    """
    if line.startswith("From "):
        line = "=46" + line[1:]
    if len(line) <= _QUOTED_LINE:
        return line
    cut = _QUOTED_LINE - 1
    cut -= next((back for back in (1, 2) if line[cut - back] == "="), 0)  # not within an escape
    return f"{line[:cut]}=\r\n{line[cut:]}"


def _is_plain_line(line: str) -> bool:
    return (
        len(line) <= _LINE
        and bool(re.fullmatch(r"[\t\x20-\x7e]*", line))
        and not line.endswith((" ", "\t"))  # space at the end of a line gets lost on the way
        and not line.startswith("From ")
    )


def _part(subtype: str, encoding: str, encoded: str) -> list[str]:
    return [
        f"Content-Type: text/{subtype}; charset=utf-8",
        f"Content-Transfer-Encoding: {encoding}",
        "",
        encoded,
    ]


def _boundary(message_id: str, bodies: list[str]) -> str:
    """Return a delimiter that is in no body; "=_" can be in none that is quoted-printable or base64."""
    boundary = f"=_{message_id}"
    while any(boundary in body for body in bodies):
        boundary += "_"
    return boundary
