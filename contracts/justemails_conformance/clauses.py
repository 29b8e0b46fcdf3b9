"""The clauses that a server is judged by: each promise of the API document, and how it is checked.

The promises stand in ``api-document.md``, how they are checked in ``clauses.yaml``. A test holds them together. What is
judged beside them, because any server of HTTP is better for it, says its own sentence in ``clauses.yaml``, or is a row
of ``bad-inputs.yaml``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from justemails_contract.files import FOLDER, read_yaml

DOCUMENT = FOLDER / "api-document.md"
_ITEM = re.compile(r"^- \[([\w.]+)\] (.*(?:\n  .*)*)", re.MULTILINE)
_ROW = re.compile(r"^\| \[([\w.]+)\] \| (.*) \|$", re.MULTILINE)


class Level(StrEnum):
    """What a breach means."""

    MUST = "M"  # the document promises it: the server fails
    SHOULD = "S"  # only an example shows it: a warning
    ADVICE = "A"  # the document does not say it, HTTP or the safety of users does: a warning


class Profile(StrEnum):
    """What is judged together."""

    CORE = "core"
    LIMITS = "limits"
    DELIVERY = "delivery"
    SECURITY = "security"
    FUZZ = "fuzz"


@dataclass(frozen=True, slots=True)
class Clause:
    """One promise.

    Args:
        id: its anchor in ``api-document.md``; what is judged beside the document begins with ``fuzz.`` or the like.
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
    table = read_yaml("clauses.yaml")
    sentences = _sentences()
    return {**{id_: _clause(id_, sentences.get(id_, ""), row) for id_, row in table.items()}, **_of_bad_inputs()}


def _of_bad_inputs() -> Mapping[str, Clause]:
    from justemails_conformance.bad_inputs import bad_inputs  # it needs this module

    rows = bad_inputs().values()
    return {row.id: Clause(row.id, row.why, row.how, row.level, Profile.SECURITY) for row in rows}


def _clause(id_: str, sentence: str, row: Mapping[str, str]) -> Clause:
    if row.keys() == {"unchecked"}:
        return Clause(id_, sentence, row["unchecked"])
    if row.keys() - {"sentence"} != {"level", "profile", "how"} or bool(sentence) == ("sentence" in row):
        raise ValueError(f"clauses.yaml: {id_} has {sorted(map(str, row))}")
    return Clause(id_, sentence or row["sentence"], row["how"], Level(row["level"]), Profile(row["profile"]))


def _sentences() -> Mapping[str, str]:
    text = DOCUMENT.read_text("utf-8")
    items = {anchor: " ".join(item.split()) for anchor, item in _ITEM.findall(text)}
    rows = {anchor: " | ".join(cell.strip() for cell in row.split("|")) for anchor, row in _ROW.findall(text)}
    return items | rows
