"""How a received mail is put together: its parts, and the parts of those (RFC 2046).

As tolerant as ``mx.parsed``: it shows what came, and never raises. All that it returns is untrusted text.

    >>> top = structure(mail.data)
    >>> top.type, [part.type for part in top.parts]     # ("multipart/alternative", ["text/plain", "text/html"])
"""

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from fakemx.mail.parsed import MAX_PARTS, read_message
from fakemx.mail.part_reading import content_id_of, file_name_of, payload_of, said


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a mail, or the whole of it; what the mail does not say is empty.

    Args:
        type: without parameters, in small letters.
        encoding: how it came over the wire, the Content-Transfer-Encoding.
        disposition: ``inline`` or ``attachment``.
        size: octets, decoded; None of a part that is made of parts.
        left_out: how many of its parts are not listed.
    """

    type: str
    charset: str = ""
    encoding: str = ""
    disposition: str = ""
    name: str = ""
    content_id: str = ""
    size: int | None = None
    parts: tuple["Part", ...] = ()
    left_out: int = 0


def structure(data: bytes) -> Part:
    """Return how a mail is put together, of ``MAX_PARTS`` parts at most."""
    return _part(read_message(data), iter(range(1, MAX_PARTS)))


def _part(message: Message, room: Iterator[int]) -> Part:
    payload = message.get_payload() if message.is_multipart() else ()
    inner = [one for one in payload if isinstance(one, Message)]
    # No deeper than there is room for parts: each of them takes some.
    parts = tuple(_part(one, room) for one, _ in zip(inner, room, strict=False))
    return Part(
        said(message.get_content_type),
        charset=said(message.get_content_charset),
        encoding=said(lambda: str(message.get("Content-Transfer-Encoding", ""))).strip().lower(),
        disposition=said(message.get_content_disposition),
        name=file_name_of(message),
        content_id=content_id_of(message),
        size=None if message.is_multipart() else len(payload_of(message)),
        parts=parts,
        left_out=len(inner) - len(parts),
    )
