"""What a received mail has beside its text: files, and pictures that its HTML shows.

As tolerant as ``mx.parsed``: it shows what came, and never raises. Names and types are what the mail says, so they are
untrusted text: nobody may make a file's name of one, or a Content-Type.

    >>> [(one.name, one.type) for one in attachments(mail.data)]     # [("bill.pdf", "application/pdf")]
"""

from dataclasses import dataclass

from fakemx.mail.parsed import leaves, read_message
from fakemx.mail.part_reading import content_id_of, file_name_of, payload_of, said

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
        kind = said(part.get_content_type)
        if kind in _BODIES and kind not in bodies and said(part.get_content_disposition) != "attachment":
            bodies.add(kind)
        else:
            found.append(Attachment(file_name_of(part), kind, content_id_of(part), payload_of(part)))
    return tuple(found)
