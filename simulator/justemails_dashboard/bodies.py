"""Bodies of requests and answers, made readable: JSON is indented, and what is missing or not text is said."""

import json
from dataclasses import dataclass

from justemails_dashboard.strangers_text import visible
from justemails_sandbox.request_log import BODY_KEPT

_LONGER = 4  # times as long as a body may be


@dataclass(frozen=True, slots=True)
class Body:
    """A body as it is shown.

    Args:
        notes: what a reader has to know of it, each a sentence.
        length: in bytes, as far as they are kept.
    """

    text: str
    notes: tuple[str, ...]
    length: int


def is_cut(data: bytes) -> bool:
    """Say whether there may have been more of a body than was kept."""
    return len(data) >= BODY_KEPT


def readable(data: bytes) -> Body:
    """Return a body made readable."""
    notes = []
    if is_cut(data):
        notes.append(f"Only the first {BODY_KEPT} bytes are kept; what came after them is not shown.")
    try:
        text = data.decode()
    except UnicodeDecodeError as ex:
        if is_cut(data) and ex.start > len(data) - 4:  # the cut went through a character
            text = data[: ex.start].decode()
        else:
            text = data.decode("utf-8", "backslashreplace")
            notes.append("It is not UTF-8: the bytes that are none stand as \\x and two digits.")
    return Body(visible(_indented(text)), tuple(notes), len(data))


def _indented(text: str) -> str:
    """Return JSON with its members on lines of their own, and any other text as it is.

    So is JSON that would be far longer then: within many brackets each line is mostly indentation.
    """
    try:
        indented = json.dumps(json.loads(text, object_pairs_hook=_without_loss), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
    return indented if len(indented) <= _LONGER * BODY_KEPT else text


def _without_loss(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object; one with a name that stands there twice is shown as it came."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError
    return members
