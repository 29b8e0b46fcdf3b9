"""What a server says of itself, as a target file has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

FILTERS = ("status", "from", "to", "subject")
"""The filters whose meaning is plain enough to be judged, where a server has them under these names."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a server declares of itself.

    Args:
        delivers_within_s: how soon a message to the given recipient is delivered; None: nobody says.
        retries_within_s: how soon a message has been tried again that was put off; None: nobody says.
        filters: which of the filters it has.
        choices: further choices, by the names under which they are observed.
    """

    delivers_within_s: float | None = None
    retries_within_s: float | None = None
    filters: Sequence[str] = ()
    choices: Mapping[str, object] = field(default_factory=dict)
