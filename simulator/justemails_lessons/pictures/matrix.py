"""Who asked for what, and what came back: a cell for each case and operation, with the status and a word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from justemails_lessons.pictures.svg import AMBER, BLUE, GREEN, INK, MUTED, PALE, PAPER, RED, RULE, Svg

_WIDTH, _LEFT, _COLUMN, _TOP, _ROW, _LINE = 664, 178, 78, 104, 48, 17
_MEANINGS = {
    200: ("done", GREEN),
    401: ("unknown", RED),
    403: ("may not", AMBER),
    404: ("not there", BLUE),
    429: ("too many", MUTED),
}


@dataclass(frozen=True, slots=True, repr=False)
class Matrix:
    """The picture; as text, a line for each case.

    Args:
        title: what was tried.
        operations: the columns, each a method and a path: ``GET /messages``.
        answers: the statuses of each case, in the order of the columns.
    """

    title: str
    operations: Sequence[str]
    answers: Mapping[str, Sequence[int]]

    def __repr__(self) -> str:
        wide = max(map(len, self.answers))
        columns = [max(len(operation), 5) for operation in self.operations]
        head = "  ".join(name.ljust(length) for name, length in zip(self.operations, columns, strict=True))
        lines = [self.title, f"{'':<{wide}}  {head}".rstrip()]
        for case, statuses in self.answers.items():
            cells = "  ".join(str(status).ljust(length) for status, length in zip(statuses, columns, strict=True))
            lines.append(f"{case:<{wide}}  {cells}".rstrip())
        return "\n".join(lines)

    def _repr_svg_(self) -> str:
        bottom = _TOP + _ROW * len(self.answers)
        svg = Svg(_WIDTH, bottom + 46, self.title)
        for number, operation in enumerate(self.operations):
            _heading(svg, _LEFT + (number + 0.5) * _COLUMN, operation)
        for row, (case, statuses) in enumerate(self.answers.items()):
            y = _TOP + row * _ROW
            svg.line(16, y, _WIDTH - 16, y, RULE)
            svg.text(16, y + _ROW / 2 + 5, case, INK, size=13)
            for column, status in enumerate(statuses):
                _cell(svg, _LEFT + column * _COLUMN, y, status)
        self._legend(svg, bottom + 28)
        return str(svg)

    def _legend(self, svg: Svg, y: float) -> None:
        seen = {status for statuses in self.answers.values() for status in statuses}
        told = [f"{status} {_MEANINGS[status][0]}" for status in sorted(seen & set(_MEANINGS))]
        svg.text(16, y, f"rows: who asks    columns: for what    cells: {', '.join(told)}", MUTED, size=12)


def _heading(svg: Svg, middle: float, operation: str) -> None:
    """Write a method and a path below each other, the path in two parts where it ends with an id."""
    method, _, path = operation.partition(" ")
    lines = [method, path.removesuffix("/:id"), *(["/:id"] if path.endswith("/:id") else [])]
    for number, line in enumerate(lines):
        svg.text(middle, 56 + number * _LINE, line, INK, anchor="middle", bold=number == 0, mono=True, size=12)


def _cell(svg: Svg, x: float, y: float, status: int) -> None:
    word, colour = _MEANINGS.get(status, ("", MUTED))
    svg.rect(x + 2, y + 3, _COLUMN - 4, _ROW - 6, PALE.get(colour, PAPER), colour, radius=4)
    middle = x + _COLUMN / 2
    svg.text(middle, y + _ROW / 2 - 2, str(status), colour, anchor="middle", bold=True, size=15)
    svg.text(middle, y + _ROW / 2 + 14, word, colour, anchor="middle", size=12)
