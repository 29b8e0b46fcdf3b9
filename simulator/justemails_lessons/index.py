"""Lesson 00: which lessons there are, and which promise of the API document is shown in which.

Written from what the lessons say of themselves; a test holds the file to this, and wants every promise in a lesson.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from justemails_conformance.clauses import clauses
from justemails_lessons.book import about, lessons, read_twin, title_of

INDEX = "00-start-here"
_HEADING = re.compile(r"^## (\w+): (.+)$", re.MULTILINE)
_STANDING = re.compile(r" (?:\| )?\*(?:words|example|implied)\*")
_ANCHOR = re.compile(r"^(?:- |\| )\[([^\]]+)\]", re.MULTILINE)

_HEAD = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Where do I start?
#
# **At lesson 01. Each lesson asks a question, answers it in a line, and lets you run what shows it.**
#
# Nothing here needs a network, an account or a mail server: a lesson has a whole mail internet in memory, on a
# clock of your own. Run the cells from top to bottom (Shift and Enter). Before you run one that follows the word
# **Predict**, say what you expect; being wrong is what makes it stick. A line that begins with a tick is a claim
# that was just checked. Exercises have one value to change, and say by themselves whether it is right; the
# solution is folded away below.
#
# | Lesson | Time | In a line |
# |---|---|---|
"""

_PROMISES = """
# %% [markdown]
# ## Where each promise is shown
#
# Every promise of [the API document](../contracts/api-document.md), under the name that it has there. This page is
# generated, and a test fails when a promise is in no lesson.
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a lesson says of itself."""

    name: str
    question: str
    answer: str
    minutes: int
    covers: tuple[str, ...]


def entries(folder: Path) -> list[Entry]:
    """Return what each lesson says of itself."""
    found = []
    for lesson in lessons(folder):
        if lesson.name != INDEX:
            notebook = read_twin(lesson.twin.read_text("utf-8"))
            said = about(notebook)
            found.append(Entry(lesson.name, *title_of(notebook), int(said["minutes"]), tuple(said["covers"])))
    return found


def promises(document: Path) -> list[str]:
    """Return the anchors of the API document, in its order."""
    return _ANCHOR.findall(document.read_text("utf-8"))


def shown_in(found: Sequence[Entry], anchors: Sequence[str]) -> Mapping[str, list[Entry]]:
    """Return the lessons that show each promise."""
    return {anchor: [entry for entry in found if anchor in entry.covers] for anchor in anchors}


def write(folder: Path, document: Path) -> str:
    """Return the text of the twin."""
    found = entries(folder)
    rows = [
        f"# | [{entry.name[:2]} {entry.question}]({entry.name}.ipynb) | {entry.minutes} min | {entry.answer} |"
        for entry in found
    ]
    return _HEAD + "\n".join(rows) + "\n" + _PROMISES + "\n".join(_tables(found, document)) + "\n"


def _tables(found: Sequence[Entry], document: Path) -> Iterator[str]:
    """Yield the lines of a table for each part of the document."""
    headings = dict(_HEADING.findall(document.read_text("utf-8")))
    shown = shown_in(found, promises(document))
    for part, anchors in groupby(shown, lambda anchor: anchor.partition(".")[0]):
        yield from ("#", f"# ### {part}: {headings[part]}", "#")
        yield from ("# | Promise | In words | Lessons |", "# |---|---|---|")
        for anchor in anchors:
            where = ", ".join(f"[{entry.name[:2]}]({entry.name}.ipynb)" for entry in shown[anchor])
            yield f"# | `{anchor}` | {_in_a_cell(clauses()[anchor].sentence)} | {where} |"


def _in_a_cell(sentence: str) -> str:
    """Return a promise without how it is made; a row of a table of the document has become one cell."""
    return _STANDING.split(sentence, maxsplit=1)[0].replace(" | ", ", ").rstrip()
