"""JSON as the API reads it: one object, each member once, nothing that two programs could read differently.

The standard reader takes the last of two equal names, NaN, 1e999, lone surrogates and any depth. Each of those
lets two parties see two different requests, or breaks something later, so each is refused here (CHOICE-10).
"""

import json
import math
import re
from collections import Counter
from typing import NoReturn

MAX_DEPTH = 16

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class JsonError(ValueError):
    """A body that is not JSON as the API reads it; the message is for the caller."""


def parse_object(body: bytes) -> dict[str, object]:
    """Return the JSON object in ``body``.

    Raises:
        JsonError: it is anything else.
    """
    if body.startswith(b"\xef\xbb\xbf"):
        raise JsonError("The body must be JSON in UTF-8 without a byte order mark.")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise JsonError("The body must be JSON in UTF-8.") from None
    if not text.strip(" \t\r\n"):
        raise JsonError("The body is empty; it must be a JSON object.")
    try:
        value = json.loads(
            text, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant, parse_float=_finite
        )
    except json.JSONDecodeError as ex:
        raise JsonError(f"The body is not valid JSON: {ex.msg} at line {ex.lineno} column {ex.colno}.") from None
    except RecursionError:
        raise JsonError(f"The body is nested deeper than {MAX_DEPTH} levels.") from None
    except JsonError:
        raise
    except ValueError:  # the standard library's own cap on the digits of an integer
        raise JsonError("The body has a number with too many digits.") from None
    if not isinstance(value, dict):
        raise JsonError("The body must be a JSON object.")
    _check(value, depth=1)
    return value


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise JsonError(f"The body has the member {twice!a} more than once.")
    return members


def _refuse_constant(word: str) -> NoReturn:
    raise JsonError(f"The body has {word}, which is not JSON.")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise JsonError("The body has a number that is too large.")
    return number


def _check(value: object, depth: int) -> None:
    if isinstance(value, str):
        if _LONE_SURROGATE.search(value):
            raise JsonError("The body has half of a surrogate pair (such as \\ud800) without its other half.")
        return
    if not isinstance(value, dict | list):
        return
    if depth > MAX_DEPTH:
        raise JsonError(f"The body is nested deeper than {MAX_DEPTH} levels.")
    if isinstance(value, dict):
        for name in value:
            _check(name, depth)
    for inside in value.values() if isinstance(value, dict) else value:
        _check(inside, depth + 1)
