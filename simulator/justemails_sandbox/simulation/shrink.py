"""From a scenario that breaks an invariant to a small one that breaks the same: delta debugging, on data.

Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002): parts are taken out in ever
smaller pieces, and left out as long as the same invariant still breaks. Crashes and faults go first, since what is
left without them is easier to believe.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from justemails_sandbox.simulation.scenario import Conditions, Scenario

T = TypeVar("T")

Breaks = Callable[[Scenario], bool]
"""Whether a scenario breaks the invariant that this is about."""

_LISTS = ("calls", "crashes", "pauses", "weather", "dns", "traffic")


def shrink(scenario: Scenario, breaks: Breaks, most_runs: int = 400) -> Scenario:
    """Return the smallest scenario found that still breaks.

    Args:
        most_runs: simulations to spend on it.
    """
    budget = _Budget(breaks, most_runs)
    smaller = scenario
    while True:
        before = smaller
        smaller = _simpler_conditions(smaller, budget)
        for name in _LISTS:
            smaller = _shorter(smaller, name, budget)
        smaller = _fewer_domains(smaller, budget)
        if smaller == before or budget.spent:
            return smaller


class _Budget:
    def __init__(self, breaks: Breaks, runs: int) -> None:
        self._breaks = breaks
        self._left = runs

    @property
    def spent(self) -> bool:
        return self._left <= 0

    def breaks(self, scenario: Scenario) -> bool:
        if self.spent:
            return False
        self._left -= 1
        return self._breaks(scenario)


def _simpler_conditions(scenario: Scenario, budget: _Budget) -> Scenario:
    for simpler in (
        replace(scenario, workers=1),
        replace(scenario, conditions=Conditions(latency=(0.01, 0.01))),
        replace(scenario, conditions=replace(scenario.conditions, udp_loss=0.0, dns_packets=False)),
    ):
        if simpler != scenario and budget.breaks(simpler):
            scenario = simpler
    return scenario


def _shorter(scenario: Scenario, name: str, budget: _Budget) -> Scenario:
    items: Sequence[object] = getattr(scenario, name)
    size = len(items)
    while size >= 1:
        for shorter in _without(items, size):
            change: dict[str, Any] = {name: tuple(shorter)}  # Any: the type is that of the list
            candidate = replace(scenario, **change)
            if budget.breaks(candidate):
                scenario, items = candidate, shorter
                break
        else:
            size //= 2
        size = min(size, len(items))
    return scenario


def _without(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield the items without each run of ``size`` of them."""
    for start in range(0, len(items), size):
        yield [*items[:start], *items[start + size :]]


def _fewer_domains(scenario: Scenario, budget: _Budget) -> Scenario:
    used = {send.recipient.rpartition("@")[2] for send in scenario.traffic}
    kept = {name: one for name, one in scenario.domains.items() if name in used}
    candidate = replace(scenario, domains=kept)
    return candidate if kept != scenario.domains and budget.breaks(candidate) else scenario
