"""What a check sees in an answer, and how it says that a promise is broken.

The order is always the same, so that the first thing that is wrong is the one that is told: was there an answer, is its
status right, is its body JSON, has it the member, is the member right.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeGuard

from justemails_conformance import clock
from justemails_conformance.transport import Exchange

JsonObject = Mapping[str, Any]  # Any: JSON

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})")  # RFC 3339 5.6
_SHOWN = 120


class BreachError(Exception):
    """A promise is broken.

    Args:
        expected: what would have passed.
        got: what came.
    """

    def __init__(self, expected: str, got: str, exchange: Exchange | None = None, *, warns: bool = False) -> None:
        super().__init__(f"expected {expected}, got {got}")
        self.expected = expected
        self.got = got
        self.exchange = exchange
        self.warns = warns


class SkippedError(Exception):
    """A check cannot be made; the message says what is missing."""


class InconclusiveError(Exception):
    """A check was made and shows nothing; the message says why: starved by limits, too slow, or disturbed."""


def succeeded(exchange: Exchange) -> Exchange:
    """Return an exchange that ended in success."""
    return answered(exchange, range(200, 300), "a success (2xx)")


def given(exchange: Exchange, success: str, response: str | None = None, members: Collection[str] = ()) -> Exchange:
    """Return an exchange that other checks have found good, or skip: what is wrong with it is theirs to tell, once.

    Args:
        success: the clause that it is a success at all.
        response: the clause that its body is the object shown; None: that is not needed.
        members: of which the object has one at least.

    Raises:
        SkippedError: one of them is broken.
    """
    if not exchange.succeeded:
        raise SkippedError(f"needs {success}")
    if response is not None:
        try:
            response_of(exchange, members)
        except BreachError:
            raise SkippedError(f"needs {response}") from None
    return exchange


def response_of(exchange: Exchange, members: Collection[str]) -> JsonObject:
    """Return the object that a success is, which has one at least of the members that the document shows."""
    body = object_of(exchange)
    if members and not body.keys() & set(members):
        raise BreachError(f"an object of {', '.join(members)}", f"one of {', '.join(body) or 'none'}", exchange)
    return body


def refused(exchange: Exchange, *codes: int) -> Exchange:
    """Return an exchange that was refused with one of these codes."""
    return answered(exchange, codes, " or ".join(map(str, codes)))


def answered(exchange: Exchange, codes: Collection[int], expected: str) -> Exchange:
    """Return an exchange whose status is one of those."""
    if exchange.answer is None:
        raise BreachError(expected, exchange.trouble or "no answer", exchange)
    if exchange.answer.status not in codes:
        raise BreachError(expected, f"{exchange.answer.status} {words(exchange)}".rstrip(), exchange)
    return exchange


def object_of(exchange: Exchange) -> JsonObject:
    """Return the JSON object that an answer is [base.json.response]."""
    body = json_of(exchange)
    if not isinstance(body, dict):
        raise BreachError("a JSON object", shown(body), exchange)
    return body


def json_of(exchange: Exchange) -> Any:  # Any: JSON
    """Return what an answer's body says."""
    if exchange.answer is None:
        raise BreachError("an answer", exchange.trouble or "no answer", exchange)
    if exchange.answer.truncated:
        raise BreachError("a body of a megabyte at most", "a longer one", exchange)
    try:
        return json.loads(exchange.answer.body.decode("utf-8"))  # RFC 8259 8.1: and in no other coding
    except (ValueError, RecursionError):
        raise BreachError("a JSON body", words(exchange) or "an empty body", exchange) from None


def json_or_none(exchange: Exchange) -> object:
    """Return what an answer's body says, or None where it is no JSON, which another clause tells."""
    try:
        body: object = json_of(exchange)
    except BreachError:
        return None
    return body


def object_or_empty(exchange: Exchange | None) -> JsonObject:
    """Return the object that an answer is, or an empty one where it is none, or there is none."""
    body = None if exchange is None else json_or_none(exchange)
    return body if isinstance(body, dict) else {}


def pagination_of(exchange: Exchange | None) -> JsonObject:
    """Return ``pagination`` [messages.pagination], or an empty object where there is none."""
    pagination = object_or_empty(exchange).get("pagination")
    return pagination if isinstance(pagination, dict) else {}


def member(exchange: Exchange, name: str, is_right: Callable[[Any], bool], expected: str) -> Any:  # Any: JSON
    """Return a member of an answer that is as expected."""
    return right(exchange, object_of(exchange), name, is_right, expected)


def right(exchange: Exchange, owner: JsonObject, name: str, is_right: Callable[[Any], bool], expected: str) -> Any:
    """Return a member of an object within an answer that is as expected."""
    if name not in owner:
        raise BreachError(
            f"{name}: {expected}", f"no member {name}, but {', '.join(sorted(owner)) or 'none'}", exchange
        )
    if not is_right(owner[name]):
        raise BreachError(f"{name}: {expected}", shown(owner[name]), exchange)
    return owner[name]


def items_of(exchange: Exchange) -> list[JsonObject]:
    """Return the objects in ``data`` [messages.data] [keys.list.response]."""
    data = member(exchange, "data", lambda value: isinstance(value, list), "an array")
    for item in data:
        if not isinstance(item, dict):
            raise BreachError("data: an array of objects", shown(item), exchange)
    items: list[JsonObject] = data
    return items


def items_or_empty(exchange: Exchange | None) -> list[JsonObject]:
    """Return what is an object in ``data``, which is nothing where there is no such list."""
    data = object_or_empty(exchange).get("data")
    return [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []


def is_text(value: object) -> bool:
    """Say whether a value is a text that is not empty."""
    return isinstance(value, str) and value != ""


def is_integer(value: object) -> TypeGuard[int]:
    """Say whether a value is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_time(value: object) -> bool:
    """Say whether a value is an RFC 3339 time, whatever its zone and fraction (CHOICE-04)."""
    return time_of(value) is not None


def time_of(value: object) -> datetime | None:
    """Return the instant that a value names, or None."""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value.upper())
    except ValueError:
        return None


def server_now(exchange: Exchange) -> datetime:
    """Return the time of an answer by the server's own Date, or by our clock where it has none that can be read."""
    date = exchange.answer.header("Date") if exchange.answer else None
    try:
        return parsedate_to_datetime(date) if date else clock.now()
    except ValueError:
        return clock.now()


def retry_after_s(exchange: Exchange) -> float | None:
    """Return how long a refusal asks to wait (RFC 9110 10.2.3), or None where it does not say so."""
    told = ((exchange.answer and exchange.answer.header("Retry-After")) or "").strip()
    if told.isdecimal() and told.isascii():
        return float(told[:9])
    try:
        return max(timedelta(0), parsedate_to_datetime(told) - server_now(exchange)).total_seconds()
    except (ValueError, TypeError):
        return None


def shown(value: object) -> str:
    """Return a value as it can be shown anywhere: JSON in ASCII, and not too much of it."""
    text = json.dumps(value, ensure_ascii=True, default=repr)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def words(exchange: Exchange) -> str:
    """Return the body of an answer as it can be shown anywhere, and not too much of it."""
    body = exchange.answer.body if exchange.answer else b""
    text = body[:_SHOWN].decode("utf-8", "replace")
    told = "".join(one if " " <= one <= "~" else ascii(one)[1:-1] for one in text)
    return told if len(body) <= _SHOWN else f"{told}..."
