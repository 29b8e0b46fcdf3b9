"""What the outcomes of attempts look like: each has a word, a sign and a colour, so that none is needed alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from justemails_contract.delivery import Event


@dataclass(frozen=True, slots=True)
class Look:
    """How an outcome is shown.

    Args:
        word: its name.
        told: what became of the attempt, in plain words.
        chip: the colour of its chip.
        mark: the shape of its mark in a picture.
    """

    word: str
    told: str
    sign: str
    chip: str
    mark: str


LOOKS: Mapping[Event | None, Look] = {
    None: Look("under way", "under way, or cut short", "\u2026", "info", "pending"),
    Event.ACCEPTED: Look("accepted", "taken", "\u2713", "good", "good"),
    Event.DEFERRED: Look("deferred", "put off", "\u21bb", "deferred", "later"),
    Event.REFUSED: Look("refused", "refused", "\u2717", "refused", "bad"),
    Event.EXPIRED: Look("expired", "given up", "\u26a0", "failed", "bad"),
    Event.WITHDRAWN: Look("withdrawn", "not sent", "\u26a0", "failed", "bad"),
}
"""By what an attempt came to; None: it has not ended."""
