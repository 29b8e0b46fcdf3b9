"""Running scenarios, one or thousands, and what came of them."""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import get_context, parent_process

from justemails_simulation.generate import generate
from justemails_simulation.history import Entry
from justemails_simulation.invariants.base import BrokenInvariantError, Violation
from justemails_simulation.parts import Parts
from justemails_simulation.scenario import Scenario
from justemails_simulation.trace import as_line, first_difference
from justemails_simulation.world import World


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one scenario."""

    seed: int
    violation: Violation | None
    hash: str
    messages: int
    entries: int
    simulated_s: float
    seconds: float  # of real time
    counters: Counter[str] = field(default_factory=Counter)


def run(scenario: Scenario, parts: Parts | None = None, watch: Callable[[Entry], None] = lambda entry: None) -> Run:
    """Run one scenario to its end, or to its first violation."""
    began = time.perf_counter()
    world = World(scenario, parts, watch)
    violation = None
    try:
        world.run()
    except BrokenInvariantError as ex:
        violation = ex.violation
    except Exception as ex:  # noqa: BLE001  # a deadlock, an endless loop, a bug: each is a find
        violation = Violation("I18", f"{type(ex).__name__}: {ex}", world.history.length)
    return Run(
        scenario.seed,
        violation,
        world.trace.hash,
        len(world.ledger.messages),
        world.history.length,
        world.loop.time(),
        time.perf_counter() - began,
        world.counters.counts,
    )


def run_seed(seed: int, *, days: float, messages: int, twice: bool) -> Run:
    """Run the scenario of a seed; ``twice`` to see that it runs the same way again."""
    scenario = generate(seed, days=days, messages=messages)
    if not twice:
        return run(scenario)
    lines: list[str] = []
    first = run(scenario, watch=lambda entry: lines.append(as_line(entry)))
    if first.violation:
        return first
    again: list[str] = []
    run(scenario, watch=lambda entry: again.append(as_line(entry)))
    difference = first_difference(lines, again)
    if difference is None:
        return first
    number, line, other = difference
    text = f"the same scenario ran in two ways; once {line or 'it ended'}, and once {other or 'it ended'}"
    return replace(first, violation=Violation("determinism", text, number))


def run_seeds(seeds: Sequence[int], *, days: float, messages: int, twice: bool, jobs: int) -> Iterator[Run]:
    """Run the scenarios of many seeds, in their order, on ``jobs`` processes."""
    one = partial(run_seed, days=days, messages=messages, twice=twice)
    if jobs == 1 or len(seeds) == 1:
        yield from map(one, seeds)
        return
    # Spawned, not forked: nothing of this process, its random state least of all, may leak into a run.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_end_with_parent) as pool:
        yield from pool.map(one, seeds)


def _end_with_parent() -> None:
    """End this process when the one that started it is gone: a pool whose owner is killed would wait for ever."""
    parent = parent_process()
    assert parent is not None  # noqa: S101  # for mypy: this is a child

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
