"""The clause table and the API document say the same: no promise without a check or a reason."""

import re
from pathlib import Path

from justemails_conformance.clauses import Level, clauses
from justemails_conformance.judge import CHECKS

DOCUMENT = Path(__file__).parents[2] / "contracts" / "api-document.md"

BESIDE = ("contract.", "fuzz.", "security.")
"""How clauses begin that are no anchors."""


def test_every_promise_has_a_check_or_a_reason_and_nothing_else_has() -> None:
    """In the order of the document, so that the two can be read beside each other; then what is judged beside it."""
    anchors = re.findall(r"^(?:- |\| )\[([^\]]+)\]", DOCUMENT.read_text("utf-8"), re.MULTILINE)

    assert len(anchors) > 100
    assert [clause for clause in clauses() if not clause.startswith(BESIDE)] == anchors


def test_every_clause_quotes_its_promise_and_says_how_it_is_checked() -> None:
    for clause in clauses().values():
        assert len(clause.sentence) > 20, clause.id
        assert len(clause.how) > 10, clause.id
        assert (clause.level is None) == (clause.profile is None)


def test_a_promise_in_words_is_no_mere_should() -> None:
    """What the document says in words fails a server that breaks it; S is for what only an example shows."""
    text = DOCUMENT.read_text("utf-8")
    words = {
        anchor
        for anchor, item in re.findall(r"^- \[([\w.]+)\] (.*(?:\n  .*)*)", text, re.MULTILINE)
        if item.rstrip(".").endswith("*words*")
    }

    assert len(words) > 30
    assert {clause.id for clause in clauses().values() if clause.level is Level.SHOULD} & words == set()


def test_each_profile_has_clauses() -> None:
    found = [clause.profile for clause in clauses().values() if clause.checked]

    assert {profile: found.count(profile) > 4 for profile in CHECKS} == dict.fromkeys(CHECKS, True)
