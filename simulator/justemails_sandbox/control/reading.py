"""Reading requests of the control API, with errors that name the field and what would pass."""

from collections.abc import Mapping
from typing import NoReturn

import falcon

from justemails.api.errors import ApiError
from justemails.api.handlers import read_json
from justemails.api.validation import did_you_mean
from justemails_contract.errors import BAD_REQUEST, NOT_FOUND

_MOST_PER_PAGE = 100
_LONGEST_WAIT_S = 60


def body(req: falcon.Request, *known: str) -> Mapping[str, object]:
    """Return the JSON object of a request; an absent body is an empty object."""
    if not has_body(req):
        return {}
    members = read_json(req)
    for name in members:
        if name not in known:
            bad(f"Unknown field {name[:60]!a}.{did_you_mean(name, known)}")
    return members


def has_body(req: falcon.Request) -> bool:
    # waitress reads a chunked body whole, and tells its length.
    return bool(req.content_length)


def raw_object(req: falcon.Request) -> dict[str, object]:
    """Return the JSON object of a request, whatever its members."""
    return read_json(req)


def query(req: falcon.Request, *known: str) -> Mapping[str, str]:
    """Return the query parameters, each given once."""
    given: dict[str, str] = {}
    for name, value in req.params.items():
        if name not in known:
            bad(f"Unknown parameter {name[:60]!a}.{did_you_mean(name, known)}")
        if not isinstance(value, str):
            bad(f"The '{name}' parameter is given more than once.")
        given[name] = value
    return given


def address(given: Mapping[str, str], name: str) -> str | None:
    """Return the address of a parameter; a plus that nobody encoded comes as a space, which an address has not."""
    return given[name].strip().replace(" ", "+") if name in given else None


def number(given: Mapping[str, str], name: str, default: int, lowest: int, highest: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 16 and lowest <= int(text) <= highest):
        bad(f"The '{name}' parameter must be a whole number from {lowest} to {highest}.")
    return int(text)


def page(given: Mapping[str, str]) -> tuple[int, int]:
    """Return the page and how many stand on one."""
    return number(given, "page", 1, 1, 10**9), number(given, "perPage", 50, 1, _MOST_PER_PAGE)


def wait_s(given: Mapping[str, str], name: str, default: int) -> int:
    return number(given, name, default, 0, _LONGEST_WAIT_S)


def text(members: Mapping[str, object], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not value.strip():
        bad(f"The '{name}' field is required, and must be a string that is not empty.")
    return value


def bad(message: str) -> NoReturn:
    raise ApiError(BAD_REQUEST, message)


def missing(what: str) -> NoReturn:
    raise ApiError(NOT_FOUND, f"No such {what}.")
