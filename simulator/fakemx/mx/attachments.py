"""What a received mail has beside its text: files, and pictures that its HTML shows.

As tolerant as ``mx.parsed``: it shows what came, and never raises. Names and types are what the mail says, so they are
untrusted text: nobody may make a file's name of one, or a Content-Type.

    >>> [(one.name, one.type) for one in attachments(mail.data)]     # [("bill.pdf", "application/pdf")]
"""

from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message

from fakemx.mx.parsed import decoded, leaves, read_message

_BODIES = ("text/html", "text/plain")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part of a mail that is not its text.

    Args:
        name: empty where the mail gives none.
        content_id: by which the HTML may show it (``cid:``), without angle brackets; empty where there is none.
    """

    name: str
    type: str
    content_id: str
    data: bytes


def attachments(data: bytes) -> tuple[Attachment, ...]:
    """Return every part but the text and the HTML that ``parse`` returns, in order."""
    found, bodies = [], set()
    for part in leaves(read_message(data)):
        kind = _said(part.get_content_type)
        if kind in _BODIES and kind not in bodies and _said(part.get_content_disposition) != "attachment":
            bodies.add(kind)
        else:
            found.append(_attachment(part, kind))
    return tuple(found)


def _attachment(part: Message, kind: str) -> Attachment:
    content_id = decoded(_said(lambda: str(part.get("Content-ID", "")))).removeprefix("<").removesuffix(">")
    return Attachment(decoded(_said(part.get_filename)), kind, content_id, _payload(part))


def _said(ask: Callable[[], str | None]) -> str:
    try:
        return (ask() or "").encode("utf-8", "replace").decode()  # half of a surrogate pair is no text
    except Exception:  # noqa: BLE001  # broken parameters, unknown charsets: the mail says nothing readable
        return ""


def _payload(part: Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except Exception:  # noqa: BLE001  # an encoding that cannot be undone
        return b""
    return payload if isinstance(payload, bytes) else b""
