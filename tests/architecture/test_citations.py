"""Every rule in the code says where it comes from, and what it says is there.

Anchors (``api-document.md``) are looked for in comments and docstrings alone, because brackets in code are
subscripts. Choice numbers cannot be mistaken for anything, so they are looked for in the whole text.
"""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "contracts" / "api-document.md"
CHOICES = ROOT / "contracts" / "choices.md"
CODE_FOLDERS = ("contracts", "reference", "simulator", "tests")
AREAS = {"base", "auth", "send", "status", "messages", "keys", "limits", "errors", "product"}

# Not after a word, a bracket or an "@" (a subscript, an address literal), and not a Markdown link.
ANCHOR = re.compile(r"(?<![\w\])@])\[([a-z]+(?:\.[a-zA-Z0-9_-]+)+)\](?!\()")
ANCHOR_DEFINED = re.compile(r"^(?:- |\| )\[([^\]]+)\]", re.MULTILINE)
CHOICE = re.compile(r"CHOICE-\d+")
CHOICE_DEFINED = re.compile(r"^### (CHOICE-\d+): ", re.MULTILINE)


def anchors_defined() -> list[str]:
    return ANCHOR_DEFINED.findall(DOCUMENT.read_text("utf-8"))


def choices_defined() -> list[str]:
    return CHOICE_DEFINED.findall(CHOICES.read_text("utf-8"))


def python_files() -> list[Path]:
    return sorted(path for folder in CODE_FOLDERS for path in (ROOT / folder).rglob("*.py"))


def prose(source: str) -> Iterator[str]:
    """Yield the comments and the docstrings of a module."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value


def anchors_cited(source: str) -> set[str]:
    return {anchor for text in prose(source) for anchor in ANCHOR.findall(text)}


def choices_cited(source: str) -> set[str]:
    return set(CHOICE.findall(source))


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_citation_in_the_code_leads_somewhere(path: Path) -> None:
    source = path.read_text("utf-8")

    assert anchors_cited(source) - set(anchors_defined()) == set()
    assert choices_cited(source) - set(choices_defined()) == set()


@pytest.mark.parametrize("path", [DOCUMENT, CHOICES], ids=lambda path: path.name)
def test_every_cross_reference_in_the_prose_leads_somewhere(path: Path) -> None:
    text = path.read_text("utf-8")

    assert set(ANCHOR.findall(text)) - set(anchors_defined()) == set()
    assert set(CHOICE.findall(text)) - set(choices_defined()) == set()


def test_every_anchor_stands_once_and_in_one_of_the_areas() -> None:
    anchors = anchors_defined()

    assert [anchor for anchor, times in Counter(anchors).items() if times > 1] == []
    assert {anchor.split(".")[0] for anchor in anchors} == AREAS
    assert [anchor for anchor in anchors if not ANCHOR.fullmatch(f"[{anchor}]")] == []


def test_every_item_of_the_document_has_an_anchor_and_a_standing() -> None:
    text = DOCUMENT.read_text("utf-8").partition("\n## ")[2]
    items = re.findall(r"^- .*(?:\n  .*)*", text, re.MULTILINE)
    rows = [row for row in re.findall(r"^\|.*", text, re.MULTILINE) if not re.match(r"\| Anchor |\|-", row)]

    assert len(items) + len(rows) == len(anchors_defined())
    unmarked = [entry for entry in items + rows if not re.search(r"\*(?:words|example|implied)\*", entry)]
    assert unmarked == []


def test_the_numbers_of_the_choices_have_no_gap_and_no_repeat() -> None:
    choices = choices_defined()

    assert choices == [f"CHOICE-{number:02d}" for number in range(1, len(choices) + 1)]


def test_every_choice_gives_the_point_options_pick_why_and_judge() -> None:
    entries = re.split(r"^### ", CHOICES.read_text("utf-8"), flags=re.MULTILINE)[1:]

    parts = {entry.partition(":")[0]: re.findall(r"^- \*\*(\w+)\.\*\* ", entry, re.MULTILINE) for entry in entries}
    wrong = {name: found for name, found in parts.items() if found != ["Point", "Options", "Pick", "Why", "Judge"]}
    assert wrong == {}


def test_the_contract_tables_cite_each_row_of_the_documents_tables() -> None:
    """Guards the search itself: a search that finds nothing finds no fault either."""
    tables = ROOT / "contracts" / "justemails_contract"

    assert anchors_cited((tables / "limits.py").read_text("utf-8")) >= {"limits.send", "limits.read", "limits.keys"}
    assert anchors_cited((tables / "errors.py").read_text("utf-8")) >= {
        f"errors.{status}" for status in (400, 401, 403, 404, 409, 422, 429, 500)
    }
    assert choices_cited((tables / "errors.py").read_text("utf-8")) >= {"CHOICE-05", "CHOICE-06"}


@pytest.mark.parametrize(
    "source",
    [
        "# [limits.sned] misspelt\n",
        "x = 1  # see [limits.sned]\n",
        '"""[limits.sned]"""\n',
        'class C:\n    """As [limits.sned] says."""\n',
        'async def f() -> None:\n    """Do it [limits.sned]."""\n',
        '"""Several lines,\n\n[limits.sned], and more.\n"""\n',
    ],
)
def test_a_misspelt_anchor_is_found_in_comments_and_docstrings(source: str) -> None:
    assert anchors_cited(source) == {"limits.sned"}


@pytest.mark.parametrize(
    "source",
    [
        "x = handlers[falcon.media]\n",
        "x = '[limits.sned]'\n",
        "# handlers[falcon.media] is a subscript\n",
        "# table[0][falcon.media] is another\n",
        "# the link [limits.sned](elsewhere)\n",
        "# user@[mail.example] is an address literal\n",
        "# [0.5] and [x] and [e.g.] and [Name.Other]\n",
    ],
)
def test_subscripts_links_and_strings_are_no_anchors(source: str) -> None:
    assert anchors_cited(source) == set()
