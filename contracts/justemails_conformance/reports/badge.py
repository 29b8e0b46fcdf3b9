"""A badge for a front page: a small picture, or what shields.io draws one from. It counts promises alone.

Red: one is broken. Grey: less than half of them could be judged, or nothing that means anything. Yellow: those that are
broken are known to be. Green: every one that was judged is kept.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from justemails_conformance.reports.tally import tally
from justemails_conformance.verdict import Verdict

# By the names of shields.io; white text on each has a contrast of 4.5 to 1 at least.
_COLORS: Mapping[str, str] = {"brightgreen": "#2a7a0b", "yellow": "#8a6100", "red": "#c62828", "lightgrey": "#666"}
_WIDTHS = {**dict.fromkeys("ijl", 3.2), **dict.fromkeys("frt ,./+", 4.4), "m": 10.7}
_WIDTH = 6.7  # of any other character of Verdana at 11 px, nearly; textLength makes up for the difference


@dataclass(frozen=True, slots=True)
class Badge:
    """What a badge says.

    Args:
        color: as shields.io calls it.
    """

    label: str
    message: str
    color: str


def badge(verdict: Verdict) -> Badge:
    """Return the badge of a run."""
    count = tally(verdict)
    label = f"justemails {'+'.join(verdict.profiles)}"
    if count.broken > count.expected:
        color = "red"
    elif not verdict.enough or count.judged * 2 < count.promised:
        return Badge(label, f"only {count.judged} of {count.promised} verified", "lightgrey")
    else:
        color = "yellow" if count.expected else "brightgreen"
    unit = f", {count.expected} expected" if count.expected else " promises"
    return Badge(label, f"{count.kept}/{count.judged}{unit}", color)


def as_endpoint(verdict: Verdict) -> str:
    """Return the JSON object that shields.io reads from an endpoint."""
    made = badge(verdict)
    return json.dumps({"schemaVersion": 1, "label": made.label, "message": made.message, "color": made.color}) + "\n"


def as_svg(verdict: Verdict) -> str:
    """Return the picture; it asks nobody for anything."""
    made = badge(verdict)
    left, right = (_width(text) + 10 for text in (made.label, made.message))
    label, message = escape(made.label), escape(made.message)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-labelledby="title desc">
  <title id="title">{label}: {message}</title>
  <desc id="desc">Promises of the API document that {escape(verdict.base_url)} keeps, of those judged.</desc>
  <path fill="#444" d="M3 0h{left - 3}v20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z"/>
  <path fill="{_COLORS[made.color]}" d="M{left} 0h{right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H{left}z"/>
  <g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
    <text x="5" y="14" textLength="{left - 10}">{label}</text>
    <text x="{left + 5}" y="14" textLength="{right - 10}">{message}</text>
  </g>
</svg>
"""


def _width(text: str) -> int:
    return round(sum(_WIDTHS.get(character, _WIDTH) for character in text))
