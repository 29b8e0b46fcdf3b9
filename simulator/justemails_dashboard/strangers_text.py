r"""Text of strangers, made fit to be shown: what cannot be seen is marked, and what is endless is cut.

Escaping is the template's; this is about what a reader would be misled by. A right-to-left override shows
``gpj.exe`` as ``exe.jpg``; with its mark, ``[U+202E]``, nothing moves.

    >>> visible("invoice_\u202egpj.exe")     # "invoice_[U+202E]gpj.exe"
"""

import re
from dataclasses import dataclass

# Controls but tab and line feed, soft hyphens, directions, separators, what joins nothing, halves of pairs, tags.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u115f\u1160\u180e\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_MOST = 100_000  # characters


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The beginning of a text; ``length`` is that of all of it, in characters."""

    text: str
    length: int

    @property
    def is_cut(self) -> bool:
        return len(self.text) < self.length


def visible(text: str) -> str:
    """Return a text in which every character that changes others unseen stands as its number."""
    return _UNSEEN.sub(lambda match: f"[U+{ord(match[0]):04X}]", text)


def excerpt(text: str) -> Excerpt:
    """Return the beginning of a text, as much as a page can bear."""
    return Excerpt(text[:_MOST], len(text))
