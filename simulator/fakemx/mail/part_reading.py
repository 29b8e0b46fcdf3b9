"""What a part of a mail says of itself, read so that nothing it says can raise."""

from collections.abc import Callable
from email.message import Message

from fakemx.mail.parsed import decoded


def said(ask: Callable[[], str | None]) -> str:
    """Return what the standard library reads; the empty text where it reads nothing, or cannot."""
    try:
        return (ask() or "").encode("utf-8", "replace").decode()  # half of a surrogate pair is no text
    except Exception:  # noqa: BLE001  # broken parameters, unknown charsets: the mail says nothing readable
        return ""


def file_name_of(part: Message) -> str:
    """Return the name that a part is to be kept under, on one line."""
    return decoded(said(part.get_filename))


def content_id_of(part: Message) -> str:
    """Return the name by which HTML may show a part (RFC 2392), without angle brackets."""
    return decoded(said(lambda: str(part.get("Content-ID", "")))).removeprefix("<").removesuffix(">")


def payload_of(part: Message) -> bytes:
    """Return the octets of a part, its encoding undone; none where that cannot be done."""
    try:
        payload = part.get_payload(decode=True)
    except Exception:  # noqa: BLE001  # an encoding that cannot be undone
        return b""
    return payload if isinstance(payload, bytes) else b""
