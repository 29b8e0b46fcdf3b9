"""Checks, and how they are bound to clauses."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

Seen = TypeVar("Seen")
"""What the checks of a profile look at."""

Check = Callable[[], None]
"""Passes, or raises that a promise is broken, that something is missing, or that it shows nothing (``evidence``)."""

Look = Callable[[Seen], None]
"""A check of what it is handed."""


def binder(checks: dict[str, Look[Seen]]) -> Callable[[str], Callable[[Look[Seen]], Look[Seen]]]:
    """Return a decorator that binds a check to its clause, of which each has one."""

    def check(clause: str) -> Callable[[Look[Seen]], Look[Seen]]:
        def bind(function: Look[Seen]) -> Look[Seen]:
            if clause in checks:
                raise ValueError(f"{clause} has two checks")
            checks[clause] = function
            return function

        return bind

    return check


def bound(looks: Mapping[str, Look[Seen]], seen: Seen) -> Mapping[str, Check]:
    """Return the checks of one profile, with what they look at."""
    return {clause: partial(look, seen) for clause, look in looks.items()}
