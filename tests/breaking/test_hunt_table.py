"""The table at the end of a hunt counts what went unnoticed, and names it."""

import pytest
from tests.breaking.hunt_table import FAMILY, all_words, details, families, table


def report(nodeid: str, outcome: str, family: str | None = "broken lessons", when: str = "call") -> pytest.TestReport:
    properties = [(FAMILY, family), ("noticed by", "lesson 01")] if family else []
    return pytest.TestReport(
        nodeid,
        ("", 0, ""),
        {},
        outcome,  # type: ignore[arg-type]  # a literal of three
        None,
        when,  # type: ignore[arg-type]  # likewise
        user_properties=properties,
        duration=1.5,
    )


REPORTS = [
    report("tests/x.py::test_a[a 4xx taken for a no]", "passed", when="setup"),
    report("tests/x.py::test_a[a 4xx taken for a no]", "passed"),
    report("tests/x.py::test_a[a limit of 101]", "failed"),
    report("tests/x.py::test_b", "failed", when="setup"),
    report("tests/x.py::test_law", "passed", None),
]


def test_a_family_counts_its_tests_and_names_those_that_failed() -> None:
    assert [*table(families(REPORTS))] == [
        "                tried  passed  failed  seconds",
        "broken lessons      3       1       2      6.0",
        "    a limit of 101",
        "    test_b",
    ]


def test_a_test_of_no_family_makes_no_table() -> None:
    assert families(REPORTS[-1:]) == {}


def test_the_details_say_what_noticed_each() -> None:
    assert [*details(REPORTS)] == ["a 4xx taken for a no\n    lesson 01", "a limit of 101\n    lesson 01"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("", ""),
        ("null", "null"),
        ("null MX", "null and MX"),
        ("null MX or SERVFAIL bounces", "null and MX or SERVFAIL and bounces"),
        ("not (null MX) and DNS", "not ( null and MX ) and DNS"),
        ("dots not DNS", "dots and not DNS"),
    ],
)
def test_words_side_by_side_must_all_be_there(given: str, meant: str) -> None:
    assert all_words(given) == meant
