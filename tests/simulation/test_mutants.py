"""The simulation notices every wrong engine of the registry, and finds nothing wrong with the right one."""

from collections.abc import Callable

import pytest
from tests.breaking.hunt_table import NOTICED_BY
from tests.simulation.hunt import DAYS, SEEDS, hunt
from tests.simulation.mutants import MESSAGES, MUTANTS, WITNESSES, Mutant

from justemails_simulation.generate import generate
from justemails_simulation.parts import Parts
from justemails_simulation.runner import run

BY_NAME = {mutant.name: mutant for mutant in MUTANTS}
FEW_SEEDS = SEEDS[:3]


def test_there_are_enough_of_them_each_with_a_name_of_its_own_and_a_witness_of_each_family() -> None:
    assert len(BY_NAME) == len(MUTANTS) >= 51
    assert {*WITNESSES} == {mutant.family for mutant in MUTANTS}
    for family, name in WITNESSES.items():
        assert BY_NAME[name].family == family


def test_the_seed_that_is_known_to_show_a_mutant_is_one_of_those_tried() -> None:
    assert {mutant.seed for mutant in MUTANTS} <= {*SEEDS}


@pytest.mark.parametrize("name", WITNESSES.values())
def test_a_witness_of_each_family_breaks_an_invariant(name: str) -> None:
    assert hunt(BY_NAME[name]) is not None


@pytest.mark.parametrize("seed", FEW_SEEDS)
def test_the_right_engine_breaks_none_with_a_few_seeds(seed: int) -> None:
    """What catches the mutants must let the reference pass, or it would prove nothing."""
    assert run(generate(seed, days=DAYS, messages=MESSAGES), Parts()).violation is None


@pytest.mark.hunt("engine mutants")
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_wrong_engine_breaks_an_invariant(mutant: Mutant, record_property: Callable[[str, object], None]) -> None:
    find = hunt(mutant)

    assert find is not None
    record_property(NOTICED_BY, f"{find.violation.invariant} at seed {find.seed}: {find.violation.text}")


@pytest.mark.hunt("engine mutants: the right engine")
@pytest.mark.parametrize("seed", SEEDS)
def test_the_right_engine_breaks_none(seed: int) -> None:
    assert run(generate(seed, days=DAYS, messages=MESSAGES), Parts()).violation is None
