"""Checks, and how they are bound to clauses."""

from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")
"""What the checks of a profile look at."""

Bind = Callable[[Callable[[Seen], None]], Callable[[Seen], None]]


def binder(checks: dict[str, Callable[[Seen], None]]) -> Callable[[str], Bind[Seen]]:
    """Return a decorator that binds a check to its clause, of which each has one.

    A check passes, or raises what is wrong (``BreachError``) or missing (``SkippedError``).
    """

    def check(clause: str) -> Bind[Seen]:
        def bind(function: Callable[[Seen], None]) -> Callable[[Seen], None]:
            if clause in checks:
                raise ValueError(f"{clause} has two checks")
            checks[clause] = function
            return function

        return bind

    return check
