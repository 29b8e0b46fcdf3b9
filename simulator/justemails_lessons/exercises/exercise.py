"""What an exercise is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Observed = Any  # what a cell hands over: exchanges, stories, texts; each exercise knows its own


@dataclass(frozen=True, slots=True)
class Exercise:
    """How to judge, and what to say.

    Args:
        solved: whether what came of the reader's value is what was asked for.
        hint: what to say where it is not.
        why: a sentence for who has found it.
    """

    solved: Callable[..., bool]
    hint: Callable[..., str]
    why: str
