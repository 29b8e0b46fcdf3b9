"""How good the suite is: judges every mutant and every variant, and counts.

``python -m tests.conformance.kills`` prints the kill table; ``--help`` tells what else there is. Nothing is decided
here: ``test_kills`` holds the suite to the figures.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from tests.conformance.mutants import MUTANTS, VARIANTS, Mutant, Variant
from tests.conformance.mutants.serving import Grounds, judged

from justemails_conformance.clauses import Clause, Level, Profile, clauses
from justemails_conformance.judge import UnreachableError
from justemails_conformance.verdict import Outcome

UNREACHABLE = "(no such API)"
"""Stands for a clause where the judge finds nothing to judge."""

FEW = 3
"""How many clauses beside the right ones may fail, for a diagnosis that helps."""


@dataclass(frozen=True, slots=True)
class Run:
    """What came of judging one server; ``told`` has what did not simply pass, clause by clause."""

    name: str
    told: Mapping[str, Outcome]
    requests: int = 0
    seconds: float = 0.0

    def of(self, *outcomes: Outcome) -> frozenset[str]:
        return frozenset(clause for clause, outcome in self.told.items() if outcome in outcomes)

    @property
    def failing(self) -> frozenset[str]:
        return self.of(Outcome.FAIL)

    @property
    def false_alarms(self) -> frozenset[str]:
        """What must not come of a server that is right."""
        return self.of(Outcome.FAIL, Outcome.ERROR)

    def without(self, clause: str) -> "Run":
        """Return what would have come of a suite that has not this check."""
        return Run(self.name, {one: outcome for one, outcome in self.told.items() if one != clause})


@dataclass(frozen=True, slots=True)
class Kill:
    """What the suite made of one mutant."""

    mutant: Mutant
    run: Run

    @property
    def found(self) -> frozenset[str]:
        """The clauses that say something: by a failure, or by a warning where more is not called for."""
        warned = self.run.of(Outcome.WARN) if self.mutant.level is Level.SHOULD else frozenset()
        return self.run.failing | warned

    @property
    def killed(self) -> bool:
        return bool(self.found)

    @property
    def rightly(self) -> bool:
        """Whether a right clause is among them."""
        return bool(self.found & self.mutant.right)

    @property
    def others(self) -> frozenset[str]:
        """The clauses that fail besides."""
        return self.run.failing - self.mutant.right

    @property
    def good(self) -> bool:
        """Whether the mutant is found out as it should be."""
        calm = self.mutant.level is Level.MUST or not self.run.failing
        return self.rightly and calm and len(self.others) <= FEW and not self.run.of(Outcome.ERROR)

    def without(self, clause: str) -> "Kill":
        return Kill(self.mutant, self.run.without(clause))


def run(grounds: Grounds, one: Mutant | Variant, *, straight: bool = True, seed: int = 1) -> Run:
    """Judge one server."""
    straight = straight and not (isinstance(one, Variant) and one.over_http)
    try:
        verdict = judged(grounds, one.change, one.profiles, straight=straight, seed=seed)
    except UnreachableError:
        return Run(one.name, {UNREACHABLE: Outcome.FAIL})
    told = {f.clause.id: f.outcome for f in verdict.findings if f.outcome is not Outcome.PASS}
    return Run(one.name, told, sum(verdict.journal.requests.values()), verdict.seconds)


@dataclass(frozen=True, slots=True)
class Table:
    """What the suite made of all of them."""

    kills: Sequence[Kill]
    variants: Sequence[Run]

    @property
    def runs(self) -> Sequence[Run]:
        return [*(kill.run for kill in self.kills), *self.variants]

    def of(self, level: Level) -> "Table":
        return Table([kill for kill in self.kills if kill.mutant.level is level], ())

    @property
    def kill_rate(self) -> float:
        return _share(self.kills, lambda kill: kill.killed)

    @property
    def right_rate(self) -> float:
        """How many are found out by a right clause, with few others failing."""
        return _share(self.kills, lambda kill: kill.rightly and len(kill.others) <= FEW)

    @property
    def false_alarms(self) -> Mapping[str, Collection[str]]:
        return {one.name: sorted(one.false_alarms) for one in self.variants if one.false_alarms}

    @property
    def never_seen(self) -> Sequence[str]:
        """The clauses that no mutant breaks in the eyes of the suite."""
        seen = frozenset[str]().union(*(kill.found for kill in self.kills))
        return [clause for clause in judged_clauses() if clause not in seen]

    @property
    def never_alone(self) -> Sequence[str]:
        """The clauses that are never the only one to find a mutant out."""
        alone = {clause for kill in self.kills if len(kill.found) == 1 for clause in kill.found}
        return [clause for clause in judged_clauses() if clause not in alone]

    def without(self, clause: str) -> "Table":
        return Table([kill.without(clause) for kill in self.kills], self.variants)

    @property
    def idle(self) -> Sequence[str]:
        """The checks without which neither rate falls."""
        rates = self.kill_rate, self.right_rate
        return [clause for clause in judged_clauses() if _rates(self.without(clause)) == rates]


def _rates(table: Table) -> tuple[float, float]:
    return table.kill_rate, table.right_rate


def _share(kills: Sequence[Kill], wanted: Callable[[Kill], bool]) -> float:
    return sum(map(wanted, kills)) / len(kills) if kills else 1.0


def judged_clauses() -> Sequence[str]:
    """Return the clauses of the two profiles that need nothing but the API."""
    return [one.id for one in clauses().values() if _is_judged(one)]


def _is_judged(clause: Clause) -> bool:
    return clause.checked and clause.profile in {Profile.CORE, Profile.LIMITS}


class Judging:
    """Judges each server when it is first asked for, and once."""

    def __init__(self, grounds: Grounds, *, straight: bool = True) -> None:
        self._grounds = grounds
        self._straight = straight
        self._runs: dict[str, Run] = {}

    def run(self, one: Mutant | Variant) -> Run:
        if one.name not in self._runs:
            self._runs[one.name] = run(self._grounds, one, straight=self._straight)
        return self._runs[one.name]

    def kill(self, mutant: Mutant) -> Kill:
        return Kill(mutant, self.run(mutant))

    def table(self) -> Table:
        return Table([self.kill(mutant) for mutant in MUTANTS], [self.run(variant) for variant in VARIANTS])


def flakes(grounds: Grounds, variants: Sequence[Variant], times: int) -> Counter[str]:
    """Judge servers that are right many times, with other seeds; count the runs that blame another clause."""
    found: Counter[str] = Counter()
    for variant in variants:
        first = run(grounds, variant).false_alarms
        again = [run(grounds, variant, seed=seed).false_alarms for seed in range(2, times + 1)]
        found.update(variant.name for one in again if one != first)
    return found


def as_json(table: Table) -> Mapping[str, Any]:  # Any: JSON
    """Return the table for programs."""
    return {
        "mutants": [
            {
                "name": kill.mutant.name,
                "level": kill.mutant.level,
                "profiles": kill.mutant.profiles,
                "needs": sorted(need.value for need in kill.mutant.needs),
                "right": sorted(kill.mutant.right),
                "found": sorted(kill.found),
                "killed": kill.killed,
                "rightly": kill.rightly,
                "requests": kill.run.requests,
                "seconds": round(kill.run.seconds, 3),
            }
            for kill in table.kills
        ],
        "variants": [{"name": one.name, "told": one.told} for one in table.variants],
        "killRate": {level: table.of(level).kill_rate for level in (Level.MUST, Level.SHOULD)},
        "rightRate": {level: table.of(level).right_rate for level in (Level.MUST, Level.SHOULD)},
        "falseAlarms": table.false_alarms,
        "neverSeen": table.never_seen,
        "neverAlone": table.never_alone,
        "idle": table.idle,
    }


def lines(table: Table) -> Iterator[str]:
    """Yield the table for people."""
    width = max(len(kill.mutant.name) for kill in table.kills)
    for kill in table.kills:
        mark = "ok  " if kill.good else "MISS" if not kill.killed else "odd "
        right, wrong = sorted(kill.found & kill.mutant.right), sorted(kill.found - kill.mutant.right)
        missed = "" if right else f"  not {' or '.join(sorted(kill.mutant.right))}"
        besides = f"  and {', '.join(wrong)}" if wrong else ""
        yield f"{mark} {kill.mutant.level} {kill.mutant.name:<{width}}  {', '.join(right)}{missed}{besides}"
    yield ""
    for level in (Level.MUST, Level.SHOULD):
        part = table.of(level)
        yield (
            f"level {level}: {len(part.kills)} mutants, killed {part.kill_rate:.1%}, by the right clause "
            f"{part.right_rate:.1%}"
        )
    others = [len(kill.others) for kill in table.kills]
    yield f"other clauses that fail: {mean(others):.2f} on average, {max(others)} at the most"
    yield f"false alarms: {len(table.false_alarms)} of {len(table.variants)} variants"
    for name, failing in table.false_alarms.items():
        yield f"  {name}: {', '.join(failing)}"
    yield f"clauses that no mutant breaks: {', '.join(table.never_seen) or 'none'}"
    yield f"clauses that never find one alone: {', '.join(table.never_alone) or 'none'}"
    seconds, requests = mean(one.seconds for one in table.runs), mean(one.requests for one in table.runs)
    yield f"a run takes {seconds:.2f} s and {requests:.0f} requests on average"


def without_each(table: Table) -> Iterator[str]:
    """Yield, for each check, what the suite would be without it."""
    for clause in judged_clauses():
        less = table.without(clause)
        mark = "idle" if _rates(less) == _rates(table) else "    "
        yield f"{mark} {clause:<32} killed {less.kill_rate:.1%}  by the right clause {less.right_rate:.1%}"
    yield f"without which neither falls: {', '.join(table.idle) or 'none'}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the kill table."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.kills", description=main.__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table as JSON too")
    parser.add_argument("--reruns", type=int, metavar="N", help="judge the variants N times and count flakes")
    parser.add_argument("--without-each", action="store_true", help="tell which checks the suite could do without")
    parser.add_argument("--http", action="store_true", help="judge over HTTP, as any other server is; takes longer")
    given = parser.parse_args(arguments)
    with Grounds() as grounds:
        if given.reruns:
            found = flakes(grounds, VARIANTS, given.reruns)
            _say([f"{found.total()} of {given.reruns * len(VARIANTS)} runs blame what the first did not", *found])
            return
        table = Judging(grounds, straight=not given.http).table()
    _say([*lines(table), *(without_each(table) if given.without_each else [])])
    if given.json:
        given.json.write_text(json.dumps(as_json(table), indent=2) + "\n", "utf-8")


def _say(text: Sequence[str]) -> None:
    sys.stdout.write("\n".join(text) + "\n")


if __name__ == "__main__":
    main()
