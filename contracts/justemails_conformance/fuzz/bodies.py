"""Bodies and queries: made harmless, tamed, grafted with one fault, and read for why they are to be refused.

Mail goes nowhere: what is drawn for ``to`` is replaced by an address that can belong to nobody (RFC 2606), and whatever
else looks like an address is left out.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st
from schemathesis.core import NOT_SET

from justemails_conformance.run import Run

Json = Any  # what JSON can say; octets that are none; NOT_SET where there is no body

_TEXTS = ("from", "to", "subject", "html", "text", "replyTo")
_MEMBERS = (*_TEXTS, "headers")
_RECIPIENTS = ("user@example.com", "first.last@example.org", "user+tag@example.net", "user@mail.example.com")


def octets(body: Json) -> bytes | None:
    """Return a body as it goes out."""
    if body is NOT_SET:
        return None
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def harmless(body: Json, run: Run, number: int) -> Json:
    """Return a body that sends nothing to anybody, and comes from whom it may."""
    if not isinstance(body, dict):
        return body
    kept = {name: value for name, value in body.items() if name in _MEMBERS or not _looks_like_mail([name, value])}
    if isinstance(kept.get("from"), str):
        kept["from"] = run.credentials.sender
    if _looks_like_mail(kept.get("to")):
        kept["to"] = (run.credentials.to, *_RECIPIENTS)[number % (len(_RECIPIENTS) + 1)]
    if isinstance(kept.get("headers"), dict):
        kept["headers"] = {
            name: value for name, value in kept["headers"].items() if not _looks_like_mail([name, value])
        }
    return kept


def tame(body: Mapping[str, Json]) -> dict[str, Json]:
    """Return a body without what servers may refuse: further members, control characters, an odd address or header."""
    kept = {name: value for name, value in body.items() if name in _MEMBERS}
    kept["subject"] = printable(kept["subject"])
    for name in {"html", "text"} & kept.keys():
        kept[name] = printable(kept[name]) or "."
    if "replyTo" in kept:
        kept["replyTo"] = kept["from"]
    if "headers" in kept:
        kept["headers"] = {"X-My-Tag": "onboarding"}  # [send.request.headers]
    return kept


def grafted(bodies: Sequence[Json], run: Run, count: int) -> Iterator[dict[str, Json]]:
    """Yield good bodies with one wrong member each, in turn, so that no other fault hides it.

    Args:
        bodies: from which what is no text and no object is taken.
    """
    values = [value for body in bodies if isinstance(body, dict) for value in body.values() if _is_wrong(value)]
    for number, name in zip(range(count), cycle(_MEMBERS), strict=False):
        yield {**run.full_body, name: values[number % len(values)] if values else number}


def _is_wrong(value: Json) -> bool:
    return value is not None and not isinstance(value, str | dict) and not _looks_like_mail(value)


def fault_of_a_mail(body: Json) -> str | None:
    """Say why the document itself wants a body refused, or None where it leaves that open (CHOICE-34: null)."""
    members = _read(body)
    if not isinstance(members, dict):
        return "a body that is no JSON object"
    for name in _TEXTS:
        if members.get(name) is not None and not isinstance(members[name], str):
            return f"a body whose {name} is no text"
    if members.get("headers") is not None and not isinstance(members["headers"], dict):
        return "a body whose headers are no object"
    return "a body without to" if "to" not in members else None


def fault_of_a_key(body: Json) -> str | None:
    """Say why the document itself wants the making of a key refused, or None where it leaves that open."""
    members = _read(body)
    if not isinstance(members, dict):
        return "a body that is no JSON object"
    if members.get("name") is not None and not isinstance(members["name"], str):
        return "a body whose name is no text"
    return "a body without name" if "name" not in members else None


def _read(body: Json) -> object:
    """Return what a body says; octets that are no JSON, and no body at all, are read as nothing."""
    if body is NOT_SET:
        return None
    if not isinstance(body, bytes):
        return body
    try:
        read: object = json.loads(body)
    except ValueError:
        return None
    return read


def printable(text: str) -> str:
    """Return a text without control characters and their like."""
    return "".join(one for one in text if one.isprintable())


def _looks_like_mail(value: Json) -> bool:
    return "@" in json.dumps(value)


USUAL_QUERIES = (
    "",
    *(
        f"?{name}={value}"
        for name in ("page", "perPage")
        for value in ("1", "0", "-1", "x", "1.5", "99999999999999999999")
    ),
    *(f"?status={value}" for value in ("queued", "delivered", "%00")),
)
"""None, and parameters that many servers know, at their edges; the document names none [messages.filters]."""


def queries() -> st.SearchStrategy[str]:
    """Queries of up to three parameters, whose names others use, or nobody."""
    names = st.sampled_from(["page", "perPage", "limit", "offset", "cursor", "status", "from", "to", "since", "q"])
    values = st.one_of(st.integers(-2, 2**70).map(str), st.text(max_size=12))
    pairs = st.lists(st.tuples(st.one_of(names, st.text(max_size=8)), values), min_size=1, max_size=3)
    return pairs.map(lambda pairs: "?" + urlencode(pairs, quote_via=quote))
