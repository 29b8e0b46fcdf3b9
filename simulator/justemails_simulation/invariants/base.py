"""The shape of an invariant: a rule that is asked about each entry before the ledger learns of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from justemails_simulation.history import Entry
from justemails_simulation.ledger import Ledger

Rule = Callable[[Ledger, Entry], Iterator[str]]
"""Given what is known so far and what happens now, yield what is wrong about it."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken invariant."""

    invariant: str  # "I5"
    text: str
    entry: int  # the number of the entry at which it showed


class BrokenInvariantError(Exception):
    """Ends a simulation at its first violation."""

    def __init__(self, violation: Violation) -> None:
        super().__init__(f"{violation.invariant} at entry {violation.entry}: {violation.text}")
        self.violation = violation
