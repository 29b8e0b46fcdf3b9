"""Checks: claims that a lesson makes, and exercises that a reader answers.

A claim that does not hold stops the lesson. An exercise that is not solved yet does not: it says so and gives a hint,
so that all cells can be run from top to bottom. The hidden solution after it is held to be right by ``must_hold``, and
the tests hold both: that the solution passes and that the cell as it stands does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from justemails_lessons.exercises import EXERCISES


@dataclass(frozen=True, slots=True)
class Claims:
    """Claims that hold."""

    texts: tuple[str, ...]

    def __repr__(self) -> str:
        return "\n".join(f"\u2713 {text}" for text in self.texts)


def holds(claims: Mapping[str, bool]) -> Claims:
    """Return the claims if every one of them is true.

    Raises:
        AssertionError: one is not; the message has all that are not.
    """
    broken = [text for text, true in claims.items() if not true]
    if broken:
        raise AssertionError("does not hold: " + "; ".join(broken))
    return Claims(tuple(claims))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an exercise."""

    number: str
    solved: bool
    text: str

    def __repr__(self) -> str:
        return f"Exercise {self.number}: {'solved' if self.solved else 'not yet'}. {self.text}"


def judge(number: str, observed: Mapping[str, Any]) -> Verdict:  # Any: whatever the exercise looks at
    """Judge an exercise by what came of the reader's value."""
    exercise = EXERCISES[number]
    solved = exercise.solved(**observed)
    return Verdict(number, solved, exercise.why if solved else f"Hint: {exercise.hint(**observed)}")
