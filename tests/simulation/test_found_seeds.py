"""Seeds whose scenarios once broke an invariant."""

import pytest

from justemails_sandbox.simulation.generate import generate
from justemails_sandbox.simulation.runner import run

FOUND = {
    "a worker stood still between a claim and its final dot, for longer than the lease": 2,
    "a worker had just started while the others were full": 9,
}


@pytest.mark.parametrize("what", FOUND)
def test_what_a_seed_found_is_mended(what: str) -> None:
    assert run(generate(FOUND[what], days=5, messages=200)).violation is None
