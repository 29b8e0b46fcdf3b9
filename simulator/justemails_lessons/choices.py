"""The choices: where the document is silent, what is done here, and what a judge of another server makes of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from justemails_contract.files import FOLDER

_SECTION = re.compile(r"^## (.+)\n((?:(?!## ).*\n?)*)", re.MULTILINE)
_ENTRY = re.compile(r"^### (CHOICE-\d+): (.+)\n\n((?:- \*\*.*(?:\n  .*)*\n?)+)", re.MULTILINE)
_PART = re.compile(r"^- \*\*(\w+)\.\*\* (.*(?:\n  .*)*)", re.MULTILINE)
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True, repr=False)
class Choice:
    """One of them, in the words of ``contracts/choices.md``.

    Args:
        section: the part of the document, or of mail, that it belongs to.
        number: ``CHOICE-01`` and so on.
        title: what it is about.
        point: what the document leaves open.
        options: what servers might do.
        pick: what this implementation does.
        why: for which reason.
        judge: how another server's answer is taken.
    """

    section: str
    number: str
    title: str
    point: str
    options: str
    pick: str
    why: str
    judge: str

    def __repr__(self) -> str:
        parts = {"point": self.point, "options": self.options, "pick": self.pick, "why": self.why, "judge": self.judge}
        lines = [f"  {name:<8} {text}" for name, text in parts.items()]
        return "\n".join([f"{self.number}: {self.title}", *lines])


@dataclass(frozen=True, slots=True, repr=False)
class Choices:
    """Several of them, as a table: what is open, what is done here, and what a judge says to something else."""

    entries: Sequence[Choice]

    def __len__(self) -> int:
        return len(self.entries)

    def __repr__(self) -> str:
        return "\n".join(f"{one.number}  {one.title}" for one in self.entries)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in ("CHOICE", "What is open", "Here", "Another server"))
        body = "".join(
            f'<tr><th colspan="4">{escape(section)}</th></tr>' + "".join(map(_row, entries))
            for section, entries in groupby(self.entries, lambda one: one.section)
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def choices() -> Choices:
    """Return all of them, in order."""
    text = (FOLDER / "choices.md").read_text("utf-8")
    sections = _SECTION.findall(text)
    return Choices([_read(title, *found) for title, entries in sections for found in _ENTRY.findall(entries)])


def _read(section: str, number: str, title: str, parts: str) -> Choice:
    told = {name.lower(): " ".join(text.split()) for name, text in _PART.findall(parts)}
    return Choice(section, number, title, told["point"], told["options"], told["pick"], told["why"], told["judge"])


def _row(one: Choice) -> str:
    cells = (one.number.removeprefix("CHOICE-"), one.title, _first_sentence(one.pick), one.judge)
    return "<tr>" + "".join(f"<td>{_as_html(cell)}</td>" for cell in cells) + "</tr>"


def _first_sentence(text: str) -> str:
    """Return a text up to the first full stop that a new sentence follows."""
    return re.split(r"(?<=\.) (?=[A-Z`])", text, maxsplit=1)[0]


def _as_html(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(text, quote=False))
