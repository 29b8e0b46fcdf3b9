"""The clauses of the API document as a map: a square for each that was judged, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from justemails_conformance.clauses import clauses
from justemails_conformance.reports.wording import MARKS
from justemails_conformance.verdict import Outcome
from justemails_lessons.judging import Judgement
from justemails_lessons.pictures.outcome import draw_square
from justemails_lessons.pictures.svg import INK, MUTED, RED, Svg

_WIDTH, _LEFT, _TOP, _SQUARE, _ROW = 680, 150, 48, 20, 30
_PER_ROW = 25
_TWO_WORDS = frozenset({"send", "keys"})  # parts of the document with so much in them that their own parts are shown


@dataclass(frozen=True, slots=True, repr=False)
class ClauseMap:
    """The picture; as text, a line for each part of the document, a sign for each clause.

    Args:
        title: what was judged.
    """

    title: str
    judgement: Judgement

    @property
    def parts(self) -> Mapping[str, Mapping[str, Outcome]]:
        """What came of each clause, by the part of the document that it stands in."""
        findings = self.judgement.findings
        found: dict[str, dict[str, Outcome]] = {}
        for clause in clauses():  # in the order of the document; the suite has one of its own
            if clause in findings:
                found.setdefault(_part(clause), {})[clause] = findings[clause].outcome
        return found

    def __repr__(self) -> str:
        rows = [f"{part:<14} {''.join(map(_sign, row.values()))}" for part, row in self.parts.items()]
        return "\n".join([self.title, *rows])

    def _repr_svg_(self) -> str:
        rows = [
            (part if start == 0 else "", list(row.items())[start : start + _PER_ROW])
            for part, row in self.parts.items()
            for start in range(0, len(row), _PER_ROW)
        ]
        named = [one for one, finding in self.judgement.findings.items() if finding.outcome is Outcome.FAIL]
        legend = _TOP + len(rows) * _ROW + 24
        svg = Svg(_WIDTH, legend + 24 + 20 * len(named), self.title)
        for number, (part, squares) in enumerate(rows):
            y = _TOP + number * _ROW
            svg.text(_LEFT - 12, y + 15, part, INK, anchor="end", size=13)
            for place, (_, outcome) in enumerate(squares):
                draw_square(svg, _LEFT + place * (_SQUARE + 1), y, _SQUARE, outcome)
        self._legend(svg, legend)
        for number, clause in enumerate(named):
            svg.text(_LEFT, legend + 30 + 20 * number, f"broken: {clause}", RED, bold=True, size=13)
        return str(svg)

    def _legend(self, svg: Svg, y: float) -> None:
        outcomes = [finding.outcome for finding in self.judgement.findings.values()]
        x: float = _LEFT
        for outcome in dict.fromkeys(sorted(outcomes, key=list(Outcome).index)):
            words = f"{outcomes.count(outcome)} {MARKS[outcome].word}"
            draw_square(svg, x, y - 14, _SQUARE, outcome)
            svg.text(x + _SQUARE + 8, y + 1, words, MUTED, size=13)
            x += _SQUARE + 30 + 8 * len(words)


def _sign(outcome: Outcome) -> str:
    return MARKS[outcome].sign


def _part(clause: str) -> str:
    first, *rest = clause.split(".")
    return f"{first}.{rest[0]}" if first in _TWO_WORDS and len(rest) > 1 else first
