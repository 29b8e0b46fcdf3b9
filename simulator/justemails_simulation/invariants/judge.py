"""All the invariants together: asked about every entry, then the ledger learns of it."""

from collections.abc import Iterable, Mapping

from justemails_simulation.history import Entry
from justemails_simulation.invariants.base import BrokenInvariantError, Rule, Violation
from justemails_simulation.invariants.clients import KeysLiveAndDie, LimitsAreExact, ListsAgree
from justemails_simulation.invariants.ends import JitterIsThere
from justemails_simulation.invariants.rules import RULES
from justemails_simulation.ledger import Ledger


class Judge:
    """Remembers the first violation; whoever runs the simulation asks between two steps, and ends it.

    It cannot raise where the entry is added: that is within the engine, which survives exceptions by design.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._entry = 0
        self._first: Violation | None = None
        self._rules: Mapping[str, tuple[Rule, ...]] = {
            **RULES,
            "I7": (*RULES["I7"], JitterIsThere()),
            "I12": (LimitsAreExact(),),
            "I13": (ListsAgree(),),
            "I14": (KeysLiveAndDie(),),
        }

    def __call__(self, entry: Entry) -> None:
        self._entry = entry.number
        for invariant, rules in self._rules.items():
            for rule in rules:
                self.blame(invariant, rule(self._ledger, entry))

    def blame(self, invariant: str, problems: Iterable[str]) -> None:
        """Take note of problems with an invariant; only the very first is kept."""
        for problem in problems:
            self._first = self._first or Violation(invariant, problem, self._entry)

    def check(self) -> None:
        """Raise what was found.

        Raises:
            BrokenInvariantError: an invariant does not hold.
        """
        if self._first is not None:
            raise BrokenInvariantError(self._first)
