"""What of a mail a page shows at a time, whichever page it is: the part that is chosen, and how wide."""

from collections.abc import Mapping

from fakemx.mail.parsed import Parsed
from justemails.api.errors import ApiError
from justemails_contract.errors import BAD_REQUEST
from justemails_dashboard.strangers_text import Excerpt, excerpt
from justemails_sandbox.inbox import Mail

PARTS = {
    "html": "HTML",
    "text": "Text",
    "source": "HTML source",
    "headers": "Headers",
    "structure": "Structure",
    "raw": "Raw",
}
"""What of a mail can be looked at by itself, and what a button says of it."""

WIDTHS = {"360": "phone", "768": "tablet", "full": "full width"}
"""How wide the preview may be, in pixels, and what a button says of it."""


def choice(given: Mapping[str, str], name: str, known: Mapping[str, str], default: str) -> str:
    """Return which of some known names a parameter has.

    Raises:
        ApiError: 400, naming those that would pass.
    """
    chosen = given.get(name, default)
    if chosen not in known:
        raise ApiError(BAD_REQUEST, f"The '{name}' parameter must be one of these: {', '.join(known)}.")
    return chosen


def part_of(name: str, mail: Mail, parsed: Parsed) -> Excerpt:
    """Return what stands in a part of a mail: ``text``, ``raw``, or else the source of its HTML."""
    if name == "raw":
        # What is no UTF-8 is shown as octets: a reader of the raw mail wants to see just these.
        return excerpt(mail.data.decode("utf-8", "backslashreplace").replace("\r\n", "\n"))
    return excerpt((parsed.text if name == "text" else parsed.html) or "")
