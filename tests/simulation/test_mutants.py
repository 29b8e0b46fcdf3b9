"""The simulation notices every wrong engine of the registry, and finds nothing wrong with the right one."""

import pytest
from tests.simulation.hunt import DAYS, SEEDS, hunt
from tests.simulation.mutants import MESSAGES, MUTANTS, Mutant

from justemails_sandbox.simulation.generate import generate
from justemails_sandbox.simulation.parts import Parts
from justemails_sandbox.simulation.runner import run


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_wrong_engine_breaks_an_invariant(mutant: Mutant) -> None:
    assert hunt(mutant) is not None


@pytest.mark.parametrize("seed", SEEDS)
def test_the_right_engine_breaks_none(seed: int) -> None:
    """What catches the mutants must let the reference pass, or it would prove nothing."""
    assert run(generate(seed, days=DAYS, messages=MESSAGES), Parts()).violation is None


def test_there_are_enough_of_them_and_no_two_have_one_name() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 30
