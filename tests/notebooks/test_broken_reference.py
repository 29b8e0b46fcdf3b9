"""A reference that breaks a promise turns a lesson red, so a lesson cannot go on teaching what is no longer so."""

from collections.abc import Callable

import pytest
from tests.breaking.fork import in_fork
from tests.breaking.hunt_table import NOTICED_BY
from tests.notebooks.broken import BROKEN, WITNESSES, failure
from tests.notebooks.stored import TAUGHT

Record = Callable[[str, object], None]

NOTICED = "AssertionError: does not hold: "


def test_every_lesson_is_put_to_this_test() -> None:
    assert {breakage.lesson for breakage in BROKEN.values()} == {lesson.name[:2] for lesson in TAUGHT}
    assert len(BROKEN) >= 21


@pytest.mark.parametrize("breakage", WITNESSES)
def test_a_witness_is_noticed(breakage: str) -> None:
    assert in_fork(failure, BROKEN[breakage].lesson, breakage).startswith(NOTICED)


def test_without_a_breakage_the_lesson_passes_in_a_fork() -> None:
    """Else every breakage would seem to be noticed."""
    assert in_fork(failure, "01") == ""


@pytest.mark.hunt("broken lessons")
@pytest.mark.parametrize("breakage", BROKEN)
def test_a_broken_reference_is_noticed(breakage: str, record_property: Record) -> None:
    why = in_fork(failure, BROKEN[breakage].lesson, breakage)
    record_property(NOTICED_BY, f"lesson {BROKEN[breakage].lesson}, {why}")

    assert why.startswith(NOTICED), why or "no cell fails"


@pytest.mark.hunt("broken lessons: the lessons, unbroken")
@pytest.mark.parametrize("lesson", [lesson.name[:2] for lesson in TAUGHT])
def test_a_lesson_passes_on_the_right_reference(lesson: str) -> None:
    assert in_fork(failure, lesson) == ""
