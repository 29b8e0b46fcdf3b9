"""The suite is put to the test: each broken server is found out by a right clause, and none that is right is blamed."""

from collections.abc import Iterator

import pytest
from tests.conformance.kills import Kill, Table, flakes, judged_clauses, lines, measured, run, without_each
from tests.conformance.mutants import MUTANTS, VARIANTS, Mutant, Variant
from tests.conformance.mutants.not_yet import NOT_YET
from tests.conformance.mutants.serving import Grounds

from justemails_conformance.clauses import Level, clauses
from justemails_conformance.verdict import Outcome

IDLE = {
    # What is no JSON object breaks base.json.response as well.
    "send.response",
    "status.response",
    "messages.response",
    "keys.create.response",
    # These look at the same answer as another clause does.
    "base.relative",
    "send.response.id.read",
    "keys.create.request",
    # What they find, another finds too: what is taken is in the mail with all members.
    "send.request.html",
    "send.request.replyTo",
    "send.request.headers",
    # No server of this table is one that they could judge: they have tests of their own.
    "base.https",
    "messages.filters",
}
"""The checks that the suite could do without, as far as these mutants show; there should be no more of them."""


@pytest.fixture(scope="module")
def grounds() -> Iterator[Grounds]:
    with Grounds() as made:
        yield made


@pytest.fixture(scope="module")
def table(grounds: Grounds) -> Table:
    return measured(grounds)


def test_there_are_enough_of_them_and_each_has_a_name_and_clauses_of_its_own() -> None:
    names = [*(mutant.name for mutant in MUTANTS), *(variant.name for variant in VARIANTS)]

    assert len(MUTANTS) >= 80
    assert len(VARIANTS) >= 18
    assert len({*names}) == len(names)
    assert {*NOT_YET} <= {*names}
    for mutant in MUTANTS:
        assert mutant.right
        assert mutant.right <= {*clauses()}, mutant.name


@pytest.mark.parametrize("name", [mutant.name for mutant in MUTANTS])
def test_a_mutant_is_found_out_by_a_right_clause_and_few_others(name: str, table: Table) -> None:
    (kill,) = [kill for kill in table.kills if kill.mutant.name == name]

    assert kill.good is (name not in NOT_YET), told(kill)


@pytest.mark.parametrize("name", [variant.name for variant in VARIANTS])
def test_a_server_that_is_right_in_another_way_is_not_blamed(name: str, table: Table) -> None:
    (variant,) = [one for one in table.variants if one.name == name]

    assert bool(variant.false_alarms) is (name in NOT_YET), sorted(variant.false_alarms)


def told(kill: Kill) -> str:
    if kill.good:
        return "it is found out now: take it out of NOT_YET"
    return f"{sorted(kill.found)} instead of {sorted(kill.mutant.right)}"


def test_the_suite_makes_no_fault_of_its_own(table: Table) -> None:
    assert [one.name for one in table.runs if one.of(Outcome.ERROR)] == []


def test_few_checks_can_be_done_without(table: Table) -> None:
    """Without any other check a rate falls: of those found out, or of those found out by a right clause."""
    assert {*table.idle} <= IDLE


def test_a_false_alarm_comes_again_or_never(grounds: Grounds) -> None:
    assert flakes(grounds, VARIANTS[:5], 2) == {}


def test_without_its_right_clauses_a_mutant_is_not_found_out_rightly(table: Table) -> None:
    for kill in table.kills:
        less = kill
        for clause in kill.mutant.right:
            less = less.without(clause)
        assert not less.rightly, kill.mutant.name


def test_the_suite_without_a_check_is_a_worse_one(table: Table) -> None:
    for clause in ("auth.required", "status.unknown", "keys.revoke.response", "limits.retry.true", "errors.500"):
        less = table.without(clause)

        assert less.kill_rate < table.kill_rate
        assert less.right_rate < table.right_rate


@pytest.mark.parametrize("name", ["nothing is different", "messages are lost", "errors are pages", "there is no limit"])
def test_what_is_asked_over_http_is_judged_alike(name: str, table: Table, grounds: Grounds) -> None:
    """That most are asked in the same process saves time, and changes nothing."""
    everything: list[Mutant | Variant] = [*MUTANTS, *VARIANTS]
    (one,) = [one for one in everything if one.name == name]
    (before,) = [run for run in table.runs if run.name == name]

    assert run(grounds, one, straight=False).told == before.told


def test_the_table_has_a_line_for_each_and_the_rates(table: Table) -> None:
    text = "\n".join([*lines(table), *without_each(table)])

    assert all(mutant.name in text for mutant in MUTANTS)
    assert all(clause in text for clause in judged_clauses())
    assert f"level M: {len(table.of(Level.MUST).kills)} mutants" in text
