"""A second look at a message before it leaves: the bytes that were made are read again, and must say what was meant.

Written apart from ``message``, with a reader of its own that forgives nothing. It finds nothing as long as the writer
is right; should it ever be wrong, a mail stays here instead of carrying somebody else's header or command.
"""

from collections import Counter
from collections.abc import Collection, Iterator

from justemails.records import Content

_LONGEST_LINE = 998  # RFC 5322 2.1.1, without its CRLF
_NAME_OCTETS = frozenset(range(33, 127)) - {ord(":")}  # RFC 5322 3.6.8
_ADDRESS_FIELDS = frozenset((b"from", b"to", b"reply-to"))


class UnsafeMessageError(Exception):
    """A message is not what it was meant to be, and must not be sent."""


def check_message(data: bytes, content: Content) -> None:
    """Read a whole message, signed or not, and compare its header with what was asked for.

    Raises:
        UnsafeMessageError: its lines or its header are not as they have to be.
    """
    if not data.endswith(b"\r\n"):
        raise UnsafeMessageError("it does not end in CRLF")
    lines = data[:-2].split(b"\r\n")
    for line in lines:
        # RFC 5321 2.3.8 and 4.5.2: a CR or LF of its own ends the message at a careless receiver.
        if any(octet in line for octet in (b"\r", b"\n", b"\0")):
            raise UnsafeMessageError(f"a CR, LF or NUL of its own is in the line {line[:40]!r}")
        if len(line) > _LONGEST_LINE:
            raise UnsafeMessageError(f"a line has {len(line)} octets")
    end = lines.index(b"") if b"" in lines else len(lines)
    if not b"".join(lines[end:]).isascii():
        raise UnsafeMessageError("its body is not 7-bit")
    found = Counter(name for name in _field_names(lines[:end]) if name != b"dkim-signature")
    meant = Counter(name.lower().encode() for name in _meant(content))
    if found != meant:
        more, fewer = sorted((found - meant).elements()), sorted((meant - found).elements())
        raise UnsafeMessageError(
            f"its header has {more or 'nothing'} that was not meant, and lacks {fewer or 'nothing'}"
        )


def _field_names(lines: Collection[bytes]) -> Iterator[bytes]:
    """Yield the name of each header field, in lower case."""
    name = b""
    for line in lines:
        if not line.startswith((b" ", b"\t")):
            name, colon, _ = line.partition(b":")
            if not colon or not name or not set(name) <= _NAME_OCTETS:
                raise UnsafeMessageError(f"no header field begins with {line[:40]!r}")
            name = name.lower()
            yield name
        elif not name or not line.strip():
            raise UnsafeMessageError("its header has a folded line of nothing")
        if not line.isascii() and name not in _ADDRESS_FIELDS:  # RFC 6532 3.2 allows more, and we write no more
            raise UnsafeMessageError(f"the field {name!r} is not 7-bit")


def _meant(content: Content) -> Iterator[str]:
    yield from ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type")
    if content.reply_to is not None:
        yield "Reply-To"
    if content.html is None or content.text is None:
        yield "Content-Transfer-Encoding"
    yield from content.headers
