"""Finding engine mutants by simulation: seed after seed, until an invariant breaks.

Run as a program it hunts them all and prints, for each, the seed, the invariant and the scenario cut down:

    python -m tests.simulation.hunt
    python -m tests.simulation.hunt "null MX"       # those whose name has this in it
"""

import os
import sys
import textwrap
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from multiprocessing import get_context

from tests.simulation.mutants import MUTANTS, Mutant

from justemails_simulation.generate import generate
from justemails_simulation.invariants.base import Violation
from justemails_simulation.runner import run
from justemails_simulation.scenario import Scenario
from justemails_simulation.scenario_file import dump_scenario
from justemails_simulation.shrink import shrink

SEEDS = range(1, 31)
DAYS = 5
_SHRINKING_RUNS = 150


@dataclass(frozen=True)
class Find:
    """What gave a mutant away."""

    seed: int
    violation: Violation
    scenario: Scenario


def hunt(mutant: Mutant, seeds: Sequence[int] = SEEDS) -> Find | None:
    """Return a scenario in which a mutant breaks an invariant, its own seed tried first; None: it survives them all."""
    for seed in sorted(seeds, key=lambda seed: seed != mutant.seed):
        scenario = generate(seed, days=DAYS, messages=mutant.messages)
        violation = run(scenario, mutant.parts).violation
        if violation is not None:
            return Find(seed, violation, scenario)
    return None


def cut_down(mutant: Mutant, find: Find) -> Find:
    """Return a find with as little in its scenario as still breaks the same invariant."""

    def breaks(candidate: Scenario) -> bool:
        violation = run(candidate, mutant.parts).violation
        return violation is not None and violation.invariant == find.violation.invariant

    smallest = shrink(find.scenario, breaks, _SHRINKING_RUNS)
    violation = run(smallest, mutant.parts).violation
    return replace(find, scenario=smallest, violation=violation or find.violation)


def _hunted(number: int) -> Find | None:
    find = hunt(MUTANTS[number])
    return find and cut_down(MUTANTS[number], find)


def _told(number: int, find: Find | None) -> str:
    mutant = MUTANTS[number]
    if find is None:
        return f"{number + 1:3}  {mutant.name:<52}  SURVIVES {len(SEEDS)} seeds"
    bare = replace(find.scenario, name="scenario", seed=0, length=timedelta(days=DAYS))
    return (
        f"{number + 1:3}  {mutant.name:<52}  seed {find.seed:>2}  {find.violation.invariant:>4}  "
        f"{find.violation.text}\n{textwrap.indent(dump_scenario(bare), ' ' * 9)}"
    )


def main() -> int:
    """Hunt, tell, and return the exit code."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    numbers = [number for number, mutant in enumerate(MUTANTS) if wanted in mutant.name]
    caught = 0
    # Spawned, so that a mutant that keeps something in its class leaves nothing to the next.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for number, find in zip(numbers, pool.map(_hunted, numbers), strict=True):
            caught += find is not None
            sys.stdout.write(_told(number, find) + "\n")
            sys.stdout.flush()
    sys.stdout.write(f"{caught} of {len(numbers)} engine mutants caught\n")
    return 0 if caught == len(numbers) else 1


if __name__ == "__main__":
    sys.exit(main())
