"""The square that stands for what came of a check: a sign and a colour, and a broken one is filled."""

from collections.abc import Mapping

from justemails_conformance.reports.wording import MARKS
from justemails_conformance.verdict import Outcome
from justemails_lessons.pictures.svg import AMBER, BLUE, GREEN, INK, MUTED, PALE, PAPER, RED, Svg

COLOURS: Mapping[Outcome, str] = {
    Outcome.PASS: GREEN,
    Outcome.FAIL: RED,
    Outcome.WARN: AMBER,
    Outcome.SKIP: MUTED,
    Outcome.INCONCLUSIVE: BLUE,
    Outcome.ERROR: INK,
}


def draw_square(svg: Svg, x: float, y: float, size: float, outcome: Outcome) -> None:
    """Draw an outcome's square with its upper left corner at a place."""
    colour = COLOURS[outcome]
    filled = outcome is Outcome.FAIL
    svg.rect(x, y, size, size, colour if filled else PALE.get(colour, PAPER), colour, radius=3)
    ink = PAPER if filled else colour
    svg.text(x + size / 2, y + size / 2 + 5, MARKS[outcome].sign, ink, anchor="middle", bold=True, size=13)
