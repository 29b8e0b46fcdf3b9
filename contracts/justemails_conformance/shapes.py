"""Texts that look like one that a server gave, and are another: ids that name nothing, keys that nobody was given.

They keep its shape, so that a server that looks at the shape first has nothing to say before it has looked it up.
"""

import string
from random import Random

_CHANGED = 12
_NEVER_REACHED = 10**9  # by a server that counts

_HEX_LETTERS = 6
_CLASSES = (string.digits, "abcdef", string.ascii_lowercase, "ABCDEF", string.ascii_uppercase)


def another_id(given: str, random: Random) -> str:
    """Return an id of the same shape.

    Args:
        given: an id; a plain number becomes a much larger one.
    """
    if given.isdecimal():
        return str(_NEVER_REACHED + random.randrange(_NEVER_REACHED))
    head, mark, tail = given.rpartition("_")
    kept, changed = tail[:-_CHANGED], tail[-_CHANGED:]
    hexadecimal = is_hexadecimal(given)
    drawn = "".join(_like(c, random, hexadecimal=hexadecimal) for c in changed)
    return f"{head}{mark}{kept}{drawn}" if drawn != changed else f"{given}0"


def _like(character: str, random: Random, *, hexadecimal: bool) -> str:
    for letters in _CLASSES:
        if character in letters and (hexadecimal or len(letters) != _HEX_LETTERS):
            return random.choice(letters)
    return character


def with_another_end(key: str) -> str:
    """Return a key, or an id, whose last character is another one of its kind."""
    last = key[-1:]
    for letters in _CLASSES:
        if last and last in letters and (len(letters) != _HEX_LETTERS or is_hexadecimal(key)):
            return key[:-1] + letters[(letters.index(last) + 1) % len(letters)]
    return f"{key}0"


def is_hexadecimal(text: str) -> bool:
    """Say whether what stands behind the last underscore has no letter beyond f, as a UUID."""
    return all(c in string.hexdigits for c in text.rpartition("_")[2] if c.isalnum())


def in_another_case(key: str) -> str | None:
    """Return a key whose letters behind the last underscore are of the other case; None: it has none."""
    head, mark, tail = key.rpartition("_")
    swapped = head + mark + tail.swapcase()
    return None if swapped == key else swapped
