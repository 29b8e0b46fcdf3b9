"""What a benchmark says: one row a figure, ratios before the figures of this machine."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Args:
        name: what was measured.
        value: the figure, rounded for people.
        unit: what the value counts; "x" for a ratio within one run, which other machines should see alike.
        goal: the figure to reach, or what to hold the value against; empty when there is none.
        met: whether a goal is reached; None when there is none.
        note: how it was measured, or what disturbed it.
    """

    name: str
    value: float
    unit: str
    goal: str = ""
    met: bool | None = None
    note: str = ""


def at_least(name: str, value: float, goal: float, note: str = "") -> Row:
    """Return a ratio that should be high."""
    return Row(name, round(value, 2), "x", f"goal >= {goal:.2f}", value >= goal, note)


def at_most(name: str, value: float, goal: float, note: str = "") -> Row:
    """Return a ratio that should be low."""
    return Row(name, round(value, 2), "x", f"goal <= {goal:.2f}", value <= goal, note)


def table(rows: Sequence[Row]) -> str:
    """Return the rows as text, ratios first."""
    ordered = sorted(rows, key=lambda row: row.unit != "x")
    cells = [(row.name, _figure(row), _verdict(row), row.note) for row in ordered]
    widths = [max((len(line[column]) for line in cells), default=0) for column in range(3)]
    lines = [
        f"{name:<{widths[0]}}  {figure:>{widths[1]}}  {verdict:<{widths[2]}}  {note}".rstrip()
        for name, figure, verdict, note in cells
    ]
    first_absolute = sum(row.unit == "x" for row in ordered)
    lines.insert(first_absolute, "\nOn this machine, in this run:")
    return "\n".join(["Ratios within this run:", *lines])


def as_json(rows: Sequence[Row]) -> str:
    """Return the rows as one JSON object."""
    return json.dumps({"rows": [asdict(row) for row in rows]})


def _verdict(row: Row) -> str:
    if row.met is None:
        return row.goal
    return f"{row.goal}: {'yes' if row.met else 'NO'}"


def _figure(row: Row) -> str:
    return f"{row.value:,.2f} x" if row.unit == "x" else f"{row.value:,g} {row.unit}"
