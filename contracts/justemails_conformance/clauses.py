"""The clauses that a server is judged by: each promise of the API document, and how it is checked.

The promises stand in ``api-document.md``, how they are checked in ``clauses.yaml``; both are beside this package. A
test holds them together.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

import yaml

_FOLDER = Path(__file__).parents[1]
DOCUMENT = _FOLDER / "api-document.md"
_ITEM = re.compile(r"^- \[([\w.]+)\] (.*(?:\n  .*)*)", re.MULTILINE)
_ROW = re.compile(r"^\| \[([\w.]+)\] \| (.*) \|$", re.MULTILINE)


class Level(StrEnum):
    """What a breach means."""

    MUST = "M"  # the document promises it: the server fails
    SHOULD = "S"  # only an example shows it: a warning


class Profile(StrEnum):
    """What is judged together."""

    CORE = "core"
    LIMITS = "limits"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True)
class Clause:
    """One promise.

    Args:
        id: its anchor in ``api-document.md``.
        sentence: the promise, as it stands there.
        how: what the suite does, and what passes; for an unchecked one, why it is not checked.
    """

    id: str
    sentence: str
    how: str
    level: Level | None = None
    profile: Profile | None = None

    @property
    def checked(self) -> bool:
        return self.level is not None


@cache
def clauses() -> Mapping[str, Clause]:
    """Return every clause by its id, in the order of the document."""
    table = yaml.safe_load((_FOLDER / "clauses.yaml").read_text("utf-8"))
    sentences = _sentences()
    return {id_: _clause(id_, sentences.get(id_, ""), row) for id_, row in table.items()}


def _clause(id_: str, sentence: str, row: Mapping[str, str]) -> Clause:
    if row.keys() == {"unchecked"}:
        return Clause(id_, sentence, row["unchecked"])
    if row.keys() != {"level", "profile", "how"}:
        raise ValueError(f"clauses.yaml: {id_} has {sorted(map(str, row))}")
    return Clause(id_, sentence, row["how"], Level(row["level"]), Profile(row["profile"]))


def _sentences() -> Mapping[str, str]:
    text = DOCUMENT.read_text("utf-8")
    items = {anchor: " ".join(item.split()) for anchor, item in _ITEM.findall(text)}
    rows = {anchor: " | ".join(cell.strip() for cell in row.split("|")) for anchor, row in _ROW.findall(text)}
    return items | rows
