"""Each of thirty usual mistakes is noticed by a test of ours, which passes when the mistake is not made."""

from collections.abc import Callable

import pytest
from tests.breaking.fork import ForkError, in_fork
from tests.breaking.hunt_table import NOTICED_BY
from tests.mistakes.noticed import notices, passes, passes_unbroken
from tests.mistakes.registry import MISTAKES, WITNESSES, Mistake

Record = Callable[[str, object], None]

TESTS = sorted({mistake.test for mistake in MISTAKES})
BY_TITLE = {mistake.title: mistake for mistake in MISTAKES}


def test_there_are_thirty_each_with_a_title_of_its_own_and_a_witness_of_each_family() -> None:
    assert {mistake.number for mistake in MISTAKES} == {*range(1, 31)}
    assert len(BY_TITLE) == len(MISTAKES) >= 40
    assert {*WITNESSES} == {mistake.family for mistake in MISTAKES}
    for family, title in WITNESSES.items():
        assert BY_TITLE[title].family == family


@pytest.mark.parametrize("title", WITNESSES.values())
def test_a_witness_of_each_family_is_noticed(title: str) -> None:
    assert notices(BY_TITLE[title])


def test_without_a_mistake_the_same_test_passes_in_a_fork() -> None:
    """Else every mistake would seem to be noticed."""
    assert passes_unbroken(BY_TITLE[WITNESSES["replies"]].test)


def test_a_test_that_cannot_run_notices_nothing() -> None:
    with pytest.raises(ForkError, match=r"not found: .*test_of_nothing"):
        in_fork(passes, "tests/reference/test_engine.py::test_of_nothing")


@pytest.mark.hunt("usual mistakes")
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.title)
def test_a_mistake_is_noticed(mistake: Mistake, record_property: Record) -> None:
    record_property(NOTICED_BY, mistake.test)

    assert notices(mistake)


@pytest.mark.hunt("usual mistakes: the tests, unbroken")
@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.rpartition("::")[2])
def test_what_notices_a_mistake_passes_without_it(test: str) -> None:
    assert passes_unbroken(test)
