"""Servers that read the document in different ways, and what a judge says of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from justemails_conformance.reports.wording import MARKS
from justemails_conformance.verdict import Outcome
from justemails_lessons.judging import Judgement
from justemails_lessons.pictures.outcome import COLOURS, draw_square
from justemails_lessons.pictures.svg import INK, MUTED, RULE, Svg

_WIDTH, _LEFT, _VERDICT, _TOP, _ROW, _BOX = 680, 16, 356, 66, 30, 22


@dataclass(frozen=True, slots=True, repr=False)
class Readings:
    """The picture: a row for each server; as text the same.

    Args:
        title: what they have in common.
        servers: what the judge made of each, by what it does.
    """

    title: str
    servers: Mapping[str, Judgement]

    def __repr__(self) -> str:
        rows = [
            f"{name:<44} {MARKS[outcome].word}{''.join(f' {clause}' for clause in clauses)}"
            for name, (outcome, clauses) in self._rows().items()
        ]
        return "\n".join([self.title, *rows])

    def _rows(self) -> Mapping[str, tuple[Outcome, Sequence[str]]]:
        return {name: _worst(judgement) for name, judgement in self.servers.items()}

    def _repr_svg_(self) -> str:
        rows = self._rows()
        svg = Svg(_WIDTH, _TOP + _ROW * len(rows) + 12, self.title)
        svg.text(_LEFT, _TOP - 10, "a server that", MUTED, size=13)
        svg.text(_VERDICT, _TOP - 10, "what the judge says", MUTED, size=13)
        for number, (name, (outcome, clauses)) in enumerate(rows.items()):
            y, colour = _TOP + number * _ROW, COLOURS[outcome]
            svg.line(_LEFT, y, _WIDTH - _LEFT, y, RULE)
            svg.text(_LEFT, y + 20, name, INK, size=13)
            draw_square(svg, _VERDICT, y + 4, _BOX, outcome)
            svg.text(_VERDICT + _BOX + 10, y + 20, _said(clauses), colour, bold=bool(clauses), size=13)
        return str(svg)


def _said(clauses: Sequence[str]) -> str:
    if not clauses:
        return "keeps every promise"
    first, *more = clauses
    return f"{first}, and {len(more)} more" if more else first


def _worst(judgement: Judgement) -> tuple[Outcome, Sequence[str]]:
    for outcome in (Outcome.FAIL, Outcome.WARN):
        if found := judgement.ids(outcome):
            return outcome, found
    return Outcome.PASS, ()
