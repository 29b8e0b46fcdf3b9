"""The trace of a run: every entry of its history as a line of JSON, and one hash over them all.

    {"n":17,"at":"2026-04-06T12:00:00.031245Z","event":"claimed","worker":"worker-1","messageId":"msg_…","attempt":1}

Two runs are the same if and only if their traces are: times, order and what happened, but no message bytes, which
hold keys that are made anew in each process. ``first_difference`` tells where two traces part.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum, StrEnum
from itertools import zip_longest

from fakemx.mx.received import Received
from justemails_simulation.history import Entry

_LONG = 100
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Trace:
    """Reads a history and keeps the hash."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def __call__(self, entry: Entry) -> None:
        self._hash.update(as_line(entry).encode() + b"\n")

    @property
    def hash(self) -> str:
        return self._hash.hexdigest()


def as_line(entry: Entry) -> str:
    """Return an entry as its line, without the line end."""
    return json.dumps(as_json(entry), ensure_ascii=False, separators=(",", ":"))


def as_json(entry: Entry) -> dict[str, object]:
    """Return an entry as the object of its line; what is empty is left out."""
    happening = entry.happening
    name = _CAPITAL.sub("-", type(happening).__name__).lower()
    return {"n": entry.number, "at": _plain(entry.at), "event": name, **_members(happening)}


def first_difference(one: Iterable[str], other: Iterable[str]) -> tuple[int, str | None, str | None] | None:
    """Return the number of the first line in which two traces differ, and both lines; None: they are the same."""
    for number, (left, right) in enumerate(zip_longest(one, other), 1):
        if left != right:
            return number, left, right
    return None


def _members(value: object) -> dict[str, object]:
    return {name: member for name, member in _flat(value) if member not in (None, "", [])}


def _flat(value: object) -> Iterator[tuple[str, object]]:
    """Yield the fields of a dataclass in the wire's spelling, those of a nested one in its place."""
    assert is_dataclass(value)  # noqa: S101  # for mypy
    for one in fields(value):
        member = getattr(value, one.name)
        if isinstance(member, Received):
            yield from _mail(member).items()
        elif is_dataclass(member):
            yield from _flat(member)
        elif one.name not in {"transcript", "at"}:
            yield _camel(one.name), _plain(member)


def _mail(mail: Received) -> Mapping[str, object]:
    return {
        "mail": mail.id,
        "host": mail.host,
        "sender": mail.sender,
        "recipients": list(mail.recipients),
        "bytes": len(mail.data),
        "tls": mail.tls,
        "dkim": [one.result for one in mail.auth.dkim],
        "spf": mail.auth.spf.result,
        "dmarc": mail.auth.dmarc.result,
    }


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
        case tuple():
            return [_plain(one) for one in value]
        case Enum() if not isinstance(value, StrEnum):
            return value.name.lower()
        case str() if len(value) > _LONG:
            return f"{value[:_LONG]}… ({len(value)} characters)"
        case _:
            return value


def _camel(name: str) -> str:
    first, *more = name.split("_")
    return first + "".join(word.capitalize() for word in more)
