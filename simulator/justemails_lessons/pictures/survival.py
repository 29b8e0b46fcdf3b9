"""Which changes a signature survives, by the way it was made: a row for each change, a column for each way."""

from collections.abc import Mapping
from dataclasses import dataclass

from justemails_lessons.pictures.svg import GREEN, INK, MUTED, PALE, RED, RULE, Svg

_WIDTH, _LEFT, _CELLS, _RIGHT, _TOP, _ROW = 640, 16, 320, 624, 84, 26


@dataclass(frozen=True, slots=True, repr=False)
class Survival:
    """The picture; as text, the same table.

    Args:
        found: by canonicalization, and by the name of the change, what the receiver said: ``pass`` or another word.
    """

    found: Mapping[str, Mapping[str, str]]

    @property
    def changes(self) -> tuple[str, ...]:
        return tuple(next(iter(self.found.values())))

    def holds(self, change: str) -> tuple[bool, ...]:
        """Say for each column whether the signature survives a change."""
        return tuple(column[change] == "pass" for column in self.found.values())

    def __repr__(self) -> str:
        wide = max(map(len, self.changes)) + 2
        lines = [" " * wide + "".join(f"{name:<17}" for name in self.found)]
        for change in self.changes:
            words = "".join(f"{'holds' if held else 'broken':<17}" for held in self.holds(change))
            lines.append(f"{change:<{wide}}{words}")
        return "\n".join(line.rstrip() for line in lines)

    def _repr_svg_(self) -> str:
        wide = (_RIGHT - _CELLS) / len(self.found)
        svg = Svg(_WIDTH, _TOP + _ROW * len(self.changes) + 20, "Which changes does a signature survive?")
        svg.text(_LEFT, 70, "what was changed on the way", MUTED, size=13)
        for number, name in enumerate(self.found):
            middle = _CELLS + wide * (number + 0.5)
            svg.text(middle, 52, "signed as", MUTED, anchor="middle", size=13)
            svg.text(middle, 70, name, INK, anchor="middle", bold=True, size=13)
        before: tuple[bool, ...] | None = None
        for row, change in enumerate(self.changes):
            y, held = _TOP + row * _ROW, self.holds(change)
            if held != before:
                svg.line(_LEFT, y - 1, _RIGHT, y - 1, RULE)
            before = held
            svg.text(_LEFT, y + 17, change, INK, size=13)
            for number, here in enumerate(held):
                _cell(svg, _CELLS + wide * number, y, wide, holds=here)
        return str(svg)


def _cell(svg: Svg, x: float, y: float, wide: float, *, holds: bool) -> None:
    colour, text = (GREEN, "\u2713 holds") if holds else (RED, "\u2717 broken")
    svg.rect(x + 4, y + 2, wide - 8, _ROW - 4, PALE[colour], radius=4)
    svg.text(x + wide / 2, y + 17, text, colour, anchor="middle", bold=not holds, size=13)
