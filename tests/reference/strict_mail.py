"""A reader of messages that forgives nothing, written apart from the standard library's.

It knows the subset of RFC 5322, RFC 2045 and RFC 2047 that a careful sender uses, and fails on anything else:
a bare CR or LF, a line too long, an encoded word in pieces, a header that is not one.
"""

import base64
import binascii
import re
from dataclasses import dataclass

_FIELD = re.compile(r"([!-9;-~]+):(.*)")
_EMPTY_FIELD = re.compile(r"[!-9;-~]+: ")
_ENCODED_WORD = re.compile(r"=\?utf-8\?b\?([A-Za-z0-9+/]*={0,2})\?=")
_PRINTABLE = re.compile(r"[\x20-\x7e]*")

# RFC 6532 3.2: what is beyond ASCII stands in the local part of an address, and nowhere else.
_INTERNATIONAL = re.compile(rb"(?:(?:From|To|Reply-To): (?:[\x20-\x7e]* <)?| <)[^\s\"<>()\[\],;:\\@]+@[a-z0-9.-]+>?\Z")


@dataclass(frozen=True)
class Part:
    """Header fields in their order, each unfolded and stripped of the spaces around it, and a body."""

    fields: list[tuple[str, str]]
    body: bytes

    def field(self, name: str) -> str:
        (value,) = [value for given, value in self.fields if given.lower() == name.lower()]
        return value

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.fields]


def read(data: bytes) -> Part:
    """Read a whole message."""
    assert data.endswith(b"\r\n")
    check_lines(data)
    return read_part(data)


def check_lines(data: bytes) -> None:
    """Assert what RFC 5321 and RFC 5322 ask of every byte that is sent."""
    assert b"\0" not in data
    for line in data.split(b"\r\n"):
        if not line.isascii():
            line.decode("utf-8")
            assert _INTERNATIONAL.match(line), f"8-bit data outside an address: {line!r}"
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", data), "a bare CR or LF"
    assert max(map(len, data.split(b"\r\n"))) <= 998


def read_part(data: bytes) -> Part:
    head, separator, body = data.partition(b"\r\n\r\n")
    assert separator, "no empty line after the header"
    return Part([read_field(lines) for lines in _logical_lines(head.decode())], body)


def _logical_lines(head: str) -> list[list[str]]:
    fields: list[list[str]] = []
    for line in head.split("\r\n"):
        assert _PRINTABLE.fullmatch(line) or _INTERNATIONAL.match(line.encode()), f"a control character in {line!r}"
        if line.startswith(" "):
            assert line.strip(" "), "a folded line of spaces alone"
            assert fields, "a folded line before any field"
            fields[-1].append(line)
        else:
            fields.append([line])
    return fields


def read_field(lines: list[str]) -> tuple[str, str]:
    match = _FIELD.fullmatch(lines[0])
    assert match, f"no field: {lines[0]!r}"
    name = match[1]
    for number, line in enumerate(lines):
        assert not line.endswith(" ") or _EMPTY_FIELD.fullmatch(line), f"space that gets lost: {line!r}"
        if len(line) > 78:
            # Only what has no space to fold at may be longer (RFC 5322 2.1.1); the first space ends the name.
            foldable = line[len(name) + 2 :] if number == 0 else line[1:]
            assert not re.search(r"[^ ] [^ ]", foldable), f"could have been folded: {line!r}"
    value = "".join([match[2], *lines[1:]])
    assert value.startswith(" "), f"no space after the name: {lines[0]!r}"
    for line in lines:
        for word in line.split(" "):
            if "=?" in word and name.lower() != "content-type":
                assert _ENCODED_WORD.fullmatch(word), f"no encoded word: {word!r}"
                assert len(word) <= 75  # RFC 2047 2
                assert len(line) <= 76
    return name, value.strip(" ")


def decode_text(value: str) -> str:
    """Return what an unstructured field says (RFC 2047 6.2), or a phrase that is not quoted."""
    pieces: list[str] = []
    after_word = False
    for token in re.findall(r" +|[^ ]+", value):
        word = _ENCODED_WORD.fullmatch(token)
        if word:
            if after_word:
                pieces.pop()  # space between two encoded words is not part of the text
            # Each word decodes by itself: no character is split between two (RFC 2047 5).
            pieces.append(base64.b64decode(word[1], validate=True).decode("utf-8"))
            after_word = True
        else:
            pieces.append(token)
            after_word = after_word and not token.strip(" ")
    return "".join(pieces)


def decode_mailbox(value: str) -> tuple[str | None, str]:
    """Return the display name and the address of a field that holds one mailbox (RFC 5322 3.4)."""
    match = re.fullmatch(r"(?:(.*) )?<([^<>\s]+)>", value)
    if not match:
        assert re.fullmatch(r"[^<>\s\",;:]+", value), f"no mailbox: {value!r}"
        return None, value
    phrase = match[1] or ""
    quoted = re.fullmatch(r'"((?:[^"\\]|\\.)*)"', phrase)
    if quoted:
        return re.sub(r"\\(.)", r"\1", quoted[1]), match[2]
    if "=?" in phrase:
        assert all(_ENCODED_WORD.fullmatch(word) for word in phrase.split())
        return decode_text(phrase), match[2]
    assert re.fullmatch(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+", phrase), f"no atoms: {phrase!r}"
    return phrase, match[2]


def decode_body(part: Part) -> bytes:
    """Undo the transfer encoding (RFC 2045 6), strictly."""
    encoding = part.field("Content-Transfer-Encoding")
    lines = part.body.split(b"\r\n")
    if encoding == "7bit":
        assert all(len(line) <= 78 for line in lines)
        assert not any(line.endswith((b" ", b"\t")) for line in lines), "space that gets lost"
        return part.body
    assert all(len(line) <= 76 for line in lines)
    if encoding == "base64":
        joined = part.body.replace(b"\r\n", b"")
        return base64.b64decode(joined, validate=True)
    assert encoding == "quoted-printable"
    assert not any(line.endswith((b" ", b"\t")) for line in lines)
    assert re.fullmatch(rb"(?:[\t\x20-\x3c\x3e-\x7e]|=[0-9A-F]{2}|=?\r\n)*", part.body)
    joined = part.body.replace(b"=\r\n", b"")
    return re.sub(rb"=([0-9A-F]{2})", lambda code: binascii.unhexlify(code[1]), joined)


def split_alternatives(part: Part) -> list[Part]:
    """Return the parts of a multipart/alternative body (RFC 2046 5.1.1)."""
    match = re.fullmatch(r'multipart/alternative; boundary="([^"]+)"', part.field("Content-Type"))
    assert match
    boundary = match[1]
    assert len(boundary) <= 70
    delimiter = b"\r\n--" + boundary.encode()
    opening, *pieces = (b"\r\n" + part.body).split(delimiter)
    assert opening == b""
    assert pieces.pop() == b"--\r\n"
    for piece in pieces:
        assert piece.startswith(b"\r\n")
    return [read_part(piece.removeprefix(b"\r\n")) for piece in pieces]
