"""The suite is put to the test: each broken server is found out by a right clause, and none that is right is blamed."""

from collections.abc import Callable, Iterator, Mapping

import pytest
from tests.breaking.hunt_table import NOTICED_BY
from tests.conformance.kills import Judging, Kill, Table, flakes, judged_clauses, lines, run, without_each
from tests.conformance.mutants import FAMILIES, MUTANTS, VARIANTS, WITNESSES, Mutant, Variant
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


FOUND_OUT = "broken servers"
NOT_BLAMED = "broken servers: the right ones"
ALL_TOGETHER = "broken servers: all together"

BY_NAME = {mutant.name: mutant for mutant in MUTANTS}
A_RIGHT_ONE = "202 for a send, 201 for a key"


@pytest.fixture(scope="module")
def grounds() -> Iterator[Grounds]:
    with Grounds() as made:
        yield made


@pytest.fixture(scope="module")
def judging(grounds: Grounds) -> Judging:
    return Judging(grounds)


@pytest.fixture(scope="module")
def table(judging: Judging) -> Table:
    return judging.table()


def test_there_are_enough_of_them_and_each_has_a_name_and_clauses_of_its_own() -> None:
    names = [*(mutant.name for mutant in MUTANTS), *(variant.name for variant in VARIANTS)]

    assert len(MUTANTS) >= 340
    assert len(VARIANTS) >= 57
    assert len({*names}) == len(names)
    assert {*NOT_YET} <= {*names}
    for mutant in MUTANTS:
        assert mutant.right
        assert mutant.right <= {*clauses()}, mutant.name


def test_each_family_has_a_witness_that_is_found_out() -> None:
    assert {*WITNESSES} == {*FAMILIES}
    for family, name in WITNESSES.items():
        assert name in {mutant.name for mutant in FAMILIES[family]}
        assert name not in NOT_YET


@pytest.mark.parametrize("name", WITNESSES.values())
def test_a_witness_of_each_family_is_found_out(name: str, judging: Judging) -> None:
    kill = judging.kill(BY_NAME[name])

    assert kill.good, told(kill)


def test_a_server_that_is_right_is_not_blamed(judging: Judging) -> None:
    assert judging.run(by_name(A_RIGHT_ONE)).false_alarms == frozenset()


def test_a_witness_is_judged_alike_over_http(judging: Judging, grounds: Grounds) -> None:
    assert over_http(grounds, WITNESSES["status"]) == judging.run(by_name(WITNESSES["status"])).told


@pytest.mark.hunt(FOUND_OUT)
@pytest.mark.parametrize("name", BY_NAME)
def test_a_mutant_is_found_out_by_a_right_clause_and_few_others(
    name: str, judging: Judging, record_property: Callable[[str, object], None]
) -> None:
    kill = judging.kill(BY_NAME[name])
    record_property(NOTICED_BY, ", ".join(sorted(kill.found)))

    assert kill.good is (name not in NOT_YET), told(kill)


@pytest.mark.hunt(NOT_BLAMED)
@pytest.mark.parametrize("name", [variant.name for variant in VARIANTS])
def test_a_server_that_is_right_in_another_way_is_not_blamed(name: str, judging: Judging) -> None:
    variant = judging.run(by_name(name))

    assert bool(variant.false_alarms) is (name in NOT_YET), sorted(variant.false_alarms)


def told(kill: Kill) -> str:
    if kill.good:
        return "it is found out now: take it out of NOT_YET"
    return f"{sorted(kill.found)} instead of {sorted(kill.mutant.right)}"


def by_name(name: str) -> Mutant | Variant:
    everything: list[Mutant | Variant] = [*MUTANTS, *VARIANTS]
    (one,) = [one for one in everything if one.name == name]
    return one


def over_http(grounds: Grounds, name: str) -> Mapping[str, Outcome]:
    return run(grounds, by_name(name), straight=False).told


@pytest.mark.hunt(ALL_TOGETHER)
def test_the_suite_makes_no_fault_of_its_own(table: Table) -> None:
    assert [one.name for one in table.runs if one.of(Outcome.ERROR)] == []


@pytest.mark.hunt(ALL_TOGETHER)
def test_few_checks_can_be_done_without(table: Table) -> None:
    """Without any other check a rate falls: of those found out, or of those found out by a right clause."""
    assert {*table.idle} <= IDLE


@pytest.mark.hunt(NOT_BLAMED)
def test_a_false_alarm_comes_again_or_never(grounds: Grounds) -> None:
    assert flakes(grounds, VARIANTS[:5], 2) == {}


@pytest.mark.hunt(ALL_TOGETHER)
def test_without_its_right_clauses_a_mutant_is_not_found_out_rightly(table: Table) -> None:
    for kill in table.kills:
        less = kill
        for clause in kill.mutant.right:
            less = less.without(clause)
        assert not less.rightly, kill.mutant.name


@pytest.mark.hunt(ALL_TOGETHER)
def test_the_suite_without_a_check_is_a_worse_one(table: Table) -> None:
    for clause in ("auth.required", "status.unknown", "keys.revoke.response", "limits.retry.true", "errors.500"):
        less = table.without(clause)

        assert less.kill_rate < table.kill_rate
        assert less.right_rate < table.right_rate


@pytest.mark.hunt(ALL_TOGETHER)
@pytest.mark.parametrize("name", ["nothing is different", "messages are lost", "errors are pages", "there is no limit"])
def test_what_is_asked_over_http_is_judged_alike(name: str, judging: Judging, grounds: Grounds) -> None:
    """That most are asked in the same process saves time, and changes nothing."""
    assert over_http(grounds, name) == judging.run(by_name(name)).told


@pytest.mark.hunt(ALL_TOGETHER)
def test_the_table_has_a_line_for_each_and_the_rates(table: Table) -> None:
    text = "\n".join([*lines(table), *without_each(table)])

    assert all(mutant.name in text for mutant in MUTANTS)
    assert all(clause in text for clause in judged_clauses())
    assert f"level M: {len(table.of(Level.MUST).kills)} mutants" in text
