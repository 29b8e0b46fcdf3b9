"""The data phase: reading a message up to its lone dot (RFC 5321 section 4.1.1.4).

Only CR LF . CR LF ends it; a bare CR or LF around a dot is part of the message, or one mail could be read as
two. aiosmtpd reads the same way, but offers no moment between the first line and the last.

    >>> content = await read_content(reader, size_limit=1_000_000, heard=pace)
    >>> content.refusal or content.data
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fakemx.behaviours.actions import Reply

LINE_LIMIT = 1_001  # RFC 5321 section 4.5.3.1.6: 1000 with CRLF, and the dot that was stuffed in
_LINE_TOO_LONG = Reply(500, "5.5.2 line too long (RFC 5321 section 4.5.3.1.6)")
_TOO_MUCH = Reply(552, "5.3.4 message size exceeds fixed maximum message size")


@dataclass(frozen=True, slots=True)
class Content:
    """What came between DATA and the lone dot.

    Attributes:
        data: the message, leading dots taken off; empty when it is refused.
        size: how many bytes came over the wire, the dot included.
        refusal: what an honest server says of a message that breaks a limit.
    """

    data: bytes
    size: int
    refusal: Reply | None


async def read_content(
    reader: asyncio.StreamReader, *, size_limit: int, heard: Callable[[int], Awaitable[None]]
) -> Content:
    """Read a message to its end, telling ``heard`` of each piece before the next one is read."""
    kept: list[bytes] = []
    size = 0
    begun = refusal = None  # the beginning of a line that is too long
    while True:
        piece, whole = await _piece(reader)
        size += len(piece)
        if whole and not begun and piece == b".\r\n":
            return Content(b"" if refusal else b"".join(kept), size, refusal)
        if not whole:
            refusal = refusal or _LINE_TOO_LONG
        elif size > size_limit:
            refusal = refusal or _TOO_MUCH
        if refusal:
            kept.clear()
        else:
            kept.append(piece.removeprefix(b"."))
        begun = not whole
        await heard(len(piece))


async def _piece(reader: asyncio.StreamReader) -> tuple[bytes, bool]:
    """Return a line, or a piece of one that is too long, and whether its end is there."""
    try:
        return await reader.readuntil(b"\r\n"), True
    except asyncio.LimitOverrunError as ex:
        return await reader.read(ex.consumed), False
