"""What counts as a solution of each exercise, its hint, and a sentence for who has found it.

An exercise is judged by what came of the reader's value, not by the value: any that brings it about is right.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Observed = Any  # what a cell hands over: exchanges, stories, texts; each exercise knows its own


@dataclass(frozen=True, slots=True)
class Exercise:
    """How to judge, and what to say."""

    solved: Callable[..., bool]
    hint: Callable[..., str]
    why: str


EXERCISES: Mapping[str, Exercise] = {}
