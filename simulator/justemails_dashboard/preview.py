"""A mail's HTML, made fit to be looked at: in a frame, without scripts, and without a word to anybody outside.

Three walls. The frame has ``sandbox=""``: no script, no form, no window, no way to move the page around it. The answer
has a policy of its own: nothing is loaded but styles in the mail and pictures that it brings. And what neither governs
is taken out of the HTML: a link that is clicked with the middle button opens a tab, and its host is connected to as
soon as a button goes down on it (seen in Chromium); and no standard has a browser ask a policy before it connects for
a hint such as ``preconnect``.
"""

import base64
import re
from collections.abc import Sequence
from urllib.parse import unquote

from fakemx.mail.attachments import Attachment

POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox"
)

# The names of tags and attributes stand in HTML as they are: there is no other way to write them, as there is for
# values. So what has another name after this is another thing, however the rest of the mail is to be read.
_ELEMENTS = re.compile(
    # The last two could give an element an attribute that it does not have here.
    r"<(/?)(?=(?:link|iframe|frame|object|embed|portal|fencedframe|animate|set)(?![a-z0-9]))",
    re.IGNORECASE,
)
_LINKS = re.compile(r"(?=href[\t\n\f\r ]*=)", re.IGNORECASE)
_LOOKS = "<style>:where(a[x-href]){color:LinkText;text-decoration:underline;cursor:not-allowed}</style>"
"""Links look like links still. Before all else in the mail, and of no weight, so that each rule of the mail's wins."""

_DOCTYPE = re.compile(r"\ufeff?\s*<!doctype[^>]*>", re.IGNORECASE)
_CID = re.compile(r"\bcid:([^\s\"'<>()]+)", re.IGNORECASE)
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_MOST = 5_000_000  # characters of pictures: one may be shown many times


def preview(html: str, parts: Sequence[Attachment]) -> str:
    """Return a mail's HTML, its own pictures in it, and nothing that leads or connects to anywhere."""
    return _with_looks(_with_pictures(_LINKS.sub("x-", _ELEMENTS.sub(r"<\1x-", html)), parts))


def _with_looks(html: str) -> str:
    """Put the looks of links in front, behind a doctype: without one at its beginning a page is laid out as of 1998."""
    doctype = _DOCTYPE.match(html)
    end = doctype.end() if doctype else 0
    return html[:end] + _LOOKS + html[end:]


def _with_pictures(html: str, parts: Sequence[Attachment]) -> str:
    by_id = {part.content_id: part for part in parts if part.content_id and part.type in _PICTURES}
    room = _MOST

    def picture(reference: re.Match[str]) -> str:
        nonlocal room
        part = by_id.get(unquote(reference[1]))
        if part is None or room < len(part.data):
            return reference[0]
        data = base64.b64encode(part.data).decode("ascii")
        room -= len(data)
        return f"data:{part.type};base64,{data}"

    return _CID.sub(picture, html) if by_id else html
