"""Reading single values of a behaviour's JSON form, with complaints that name the field and what would pass."""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import TypeVar

Word = TypeVar("Word", bound=StrEnum)

MAX_SECONDS = 366 * 86_400
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile(r"([0-9]{1,8}(?:\.[0-9]{1,3})?)([smhd])")


class BehaviourError(ValueError):
    """A behaviour that cannot be read; the message names the field and what would pass."""


def members_of(what: str, data: object, known: Collection[str]) -> Mapping[str, object]:
    """Return the members of an object; no others than ``known`` are taken."""
    if not isinstance(data, dict):
        raise BehaviourError(f"{what} must be an object.")
    for name in data:
        if name not in known:
            raise BehaviourError(f"{what} has an unknown field {str(name)!r}; known are {listed(known)}.")
    return data


def word(where: str, value: object, words: type[Word]) -> Word:
    """Return one of a set of words."""
    if not isinstance(value, str) or value not in set(words):
        raise BehaviourError(f"The '{where}' field must be one of {listed(list(words), sort=False)}.")
    return words(value)


def whole(where: str, value: object, least: int, most: int) -> int:
    """Return a whole number."""
    if type(value) is not int or not least <= value <= most:
        raise BehaviourError(f"The '{where}' field must be a whole number from {least} to {most}.")
    return value


def seconds(where: str, value: object) -> float:
    """Return a duration in seconds."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    read = round(float(match[1]) * _UNITS[match[2]], 3) if match else 0.0
    if not 0 < read <= MAX_SECONDS:
        raise BehaviourError(f"The '{where}' field must be a duration up to 366d, like '90s', '15m', '1h' or '4d'.")
    return read


def duration(read: float) -> str:
    """Write a duration so that ``seconds`` reads it back."""
    for unit, length in _UNITS.items():
        if read % length == 0:
            return f"{int(read // length)}{unit}"
    return f"{read:.3f}s"


def listed(names: Collection[str], *, sort: bool = True) -> str:
    """Return names in quotes, with commas."""
    return ", ".join(f"'{name}'" for name in (sorted(names) if sort else names))
