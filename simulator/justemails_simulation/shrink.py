"""From a scenario that breaks an invariant to a small one that breaks the same: delta debugging, on data.

Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002): parts are taken out in ever
smaller pieces, and left out as long as the same invariant still breaks. Traffic goes first: with less of it every
further run is quicker. Then crashes and faults, then what the mail hosts do; what is left without them is easier to
believe.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from fakemx.behaviours.script import Behaviour, Host
from justemails_simulation.scenario import Conditions, Scenario

T = TypeVar("T")

Breaks = Callable[[Scenario], bool]
"""Whether a scenario breaks the invariant that this is about."""

_LISTS = ("traffic", "calls", "crashes", "pauses", "weather", "dns")


def shrink(scenario: Scenario, breaks: Breaks, most_runs: int = 400) -> Scenario:
    """Return the smallest scenario found that still breaks.

    Args:
        most_runs: simulations to spend on it.
    """
    budget = _Budget(breaks, most_runs)
    smaller = scenario
    while True:
        before = smaller
        for name in _LISTS:
            smaller = _shorter(smaller, name, budget)
        smaller = _fewer_expectations(smaller, budget)
        smaller = _simpler_conditions(smaller, budget)
        smaller = _fewer_domains(smaller, budget)
        smaller = _simpler_domains(smaller, budget)
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
    plain = tuple(replace(send, subject=None, text=None) for send in scenario.traffic)
    changes: tuple[dict[str, Any], ...] = (  # Any: each member has its own type
        {"traffic": plain},
        {"workers": 1},
        {"conditions": Conditions(latency=(0.01, 0.01))},
        {"conditions": replace(scenario.conditions, udp_loss=0.0, dns_packets=False)},
    )
    for change in changes:
        simpler = replace(scenario, **change)
        if simpler != scenario and budget.breaks(simpler):
            scenario = simpler
    return scenario


def _shorter(scenario: Scenario, name: str, budget: _Budget) -> Scenario:
    items: Sequence[object] = getattr(scenario, name)
    size = len(items)
    while size >= 1:
        for shorter in _without(items, size):
            change: dict[str, Any] = {name: tuple(shorter)}  # Any: the type is that of the list
            candidate = _sensible(replace(scenario, **change))
            if candidate.traffic and budget.breaks(candidate):
                scenario, items = candidate, shorter
                break
        else:
            size //= 2
        size = min(size, len(items))
    return scenario


def _sensible(scenario: Scenario) -> Scenario:
    """Return the scenario without what is expected of recipients to whom nothing is sent any more."""
    recipients = {send.recipient for send in scenario.traffic}
    return replace(scenario, expect={to: expected for to, expected in scenario.expect.items() if to in recipients})


def _fewer_expectations(scenario: Scenario, budget: _Budget) -> Scenario:
    for recipient in scenario.expect:
        fewer = {to: expected for to, expected in scenario.expect.items() if to != recipient}
        candidate = replace(scenario, expect=fewer)
        if budget.breaks(candidate):
            scenario = candidate
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


def _simpler_domains(scenario: Scenario, budget: _Budget) -> Scenario:
    """Take hosts out, and steps out of those that stay."""
    for domain in scenario.domains:
        simpler = True
        while simpler:
            simpler = False
            for behaviour in _simpler(scenario.domains[domain]):
                candidate = replace(scenario, domains={**scenario.domains, domain: behaviour})
                if budget.breaks(candidate):
                    scenario, simpler = candidate, True
                    break
    return scenario


def _simpler(behaviour: Behaviour) -> Iterator[Behaviour]:
    hosts = behaviour.hosts
    for index, host in enumerate(hosts):
        rest = [*hosts[:index]], [*hosts[index + 1 :]]
        if len(hosts) > 1:
            yield replace(behaviour, hosts=(*rest[0], *rest[1]))
        for step in range(len(host.steps)):
            fewer = replace(host, steps=host.steps[:step] + host.steps[step + 1 :])
            yield replace(behaviour, hosts=(*rest[0], fewer, *rest[1]))
        bare = Host(host.label, host.preference, host.steps, host.port)
        if bare != host:
            yield replace(behaviour, hosts=(*rest[0], bare, *rest[1]))
