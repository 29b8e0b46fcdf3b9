"""The query parameters of GET /messages, read strictly [messages.filters], CHOICE-17.

Falcon's own readers take ``1_000``, ``+1``, other scripts' digits and the last of two equal names; a list that
answers a question which nobody asked is worse than an error.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn
from urllib.parse import parse_qsl

from justemails.addresses import AddressError, parse_address
from justemails.api.errors import ApiError
from justemails.api.validation import did_you_mean
from justemails.records import MessageFilter
from justemails_contract.delivery import Status
from justemails_contract.errors import BAD_REQUEST

DEFAULT_PER_PAGE = 50  # [messages.pagination.perPage]
MAX_PER_PAGE = 100

_PARAMETERS = ("page", "perPage", "status", "from", "to", "subject", "createdAfter", "createdBefore")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class ListRequest:
    """A readable GET /messages."""

    page: int
    per_page: int
    filter: MessageFilter


def parse_list(query: str) -> ListRequest:
    """Read a query string.

    Raises:
        ApiError: 400, naming the parameter.
    """
    given = _parameters(query)
    status = given.get("status")
    if status is not None and status not in list(Status):
        _bad(f"The 'status' parameter must be one of {', '.join(Status)}.")
    return ListRequest(
        page=_number(given, "page", 1, 999_999_999),
        per_page=_number(given, "perPage", DEFAULT_PER_PAGE, MAX_PER_PAGE),
        filter=MessageFilter(
            status=status,
            sender=_address(given, "from"),
            recipient=_address(given, "to"),
            subject=_text(given, "subject"),
            created_after=_instant(given, "createdAfter"),
            created_before=_instant(given, "createdBefore"),
        ),
    )


def _parameters(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        _bad("The query string must be percent-encoded UTF-8 with at most 50 parameters.")
    given: dict[str, str] = {}
    for name, value in pairs:
        if name not in _PARAMETERS:
            _bad(f"Unknown parameter {name[:60]!a}.{did_you_mean(name, _PARAMETERS)}")
        if name in given:
            _bad(f"The '{name}' parameter is given more than once.")
        given[name] = value
    return given


def _number(given: dict[str, str], name: str, default: int, highest: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not _NUMBER.fullmatch(text) or int(text) > highest:
        _bad(f"The '{name}' parameter must be a whole number from 1 to {highest}.")
    return int(text)


def _text(given: dict[str, str], name: str) -> str | None:
    text = given.get(name)
    if text is not None and (not text or "\x00" in text):
        _bad(f"The '{name}' parameter must not be empty or contain U+0000; leave it out to match everything.")
    return text


def _address(given: dict[str, str], name: str) -> str | None:
    text = _text(given, name)
    try:
        return None if text is None else str(parse_address(text))
    except AddressError as ex:
        _bad(f"The '{name}' parameter {ex}.")


def _instant(given: dict[str, str], name: str) -> datetime | None:
    text = given.get(name)
    if text is None:
        return None
    try:
        if not _INSTANT.fullmatch(text):
            raise ValueError
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        _bad(f"The '{name}' parameter must be a time with a zone, like 2026-04-06T12:00:00Z.")


def _bad(message: str) -> NoReturn:
    raise ApiError(BAD_REQUEST, message)
