"""The table of bad inputs, ``contracts/bad-inputs.yaml``, as Python has it: what is sent, and what passes.

The table is data, so that it can be read, counted and used by others. What its fields mean stands at its top. Here a
row becomes a frozen object, or an error that names the row and the field; nothing is sent from here.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from justemails_conformance.clauses import Level
from justemails_contract.files import FOLDER, parse_yaml

TABLE = FOLDER / "bad-inputs.yaml"
CLOSED = "closed"
"""Stands among the statuses for a connection that is closed without an answer."""

_CLASS = re.compile(r"([2345])xx")
_ID = re.compile(r"security(\.[a-z0-9]+(-[a-z0-9]+)*){2}")
_SHOWN = 120

Json = Any  # Any: JSON, as YAML has it


class BadTableError(ValueError):
    """A row of the table is wrong; the message names the row and the field."""

    def __init__(self, row: str, where: str, wrong: str) -> None:
        super().__init__(f"{TABLE.name}: {row}: {where} {wrong}")


@dataclass(frozen=True, slots=True)
class Raw:
    """Octets for a socket: a request line, header fields and a body as they are, right or wrong.

    Args:
        line: the request line, with ``$base`` for the path of the base URL.
        fields: lines, below Host and Authorization; each ends in CRLF.
        one_answer: whether one answer is all that may come of it.
        key: whether the Authorization header has the key; else there is none.
        host: whether there is a Host header.
    """

    line: str
    fields: Sequence[str] = ()
    body: str = ""
    one_answer: bool = False
    key: bool = True
    host: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """What is sent; texts may have the placeholders that the table explains.

    Args:
        line: method and path.
        send: members that are changed in the smallest body of POST /send.
        without: members that are left out of it.
        make_key: the body of POST /api-keys.
        body: text in the place of a body.
        encoding: turns that text into octets.
        authorization: the value of that header; None: it is not there.
        fields: further header fields.
        raw: octets in the place of all that.
    """

    line: str
    send: Mapping[str, Json] = field(default_factory=dict)
    without: Sequence[str] = ()
    make_key: Json = None
    body: str | None = None
    encoding: str = "utf-8"
    authorization: str | None = "Bearer $key"
    fields: Mapping[str, str] = field(default_factory=dict)
    raw: Raw | None = None

    @property
    def method(self) -> str:
        return self.line.split(" ")[0]

    @property
    def path(self) -> str:
        return self.line.split(" ", 1)[1]


@dataclass(frozen=True, slots=True)
class Accepted:
    """What passes.

    Args:
        closed: whether a connection that is closed without an answer does.
        words: all of it, for people.
    """

    statuses: frozenset[int]
    closed: bool
    words: str


@dataclass(frozen=True, slots=True)
class BadInput:
    """One row.

    Args:
        why: what goes wrong in a server that takes it.
        accept: what passes.
        reference: what our own server answers; None: it closes the connection.
        never: a text that no success may have in its body.
    """

    id: str
    why: str
    asked: Asked
    accept: Accepted
    level: Level
    reference: int | None
    never: str | None = None

    @property
    def how(self) -> str:
        """What is sent, and what passes, as one sentence."""
        text = f"{_told(self.asked)}; {self.accept.words} passes"
        if self.never is not None:
            text += f", unless it is a success with {_shown(self.never)} in it"
        if self.asked.raw is not None and self.asked.raw.one_answer:
            text += ", unless a second success follows"
        return text


@cache
def bad_inputs() -> Mapping[str, BadInput]:
    """Return every row by its id, in the order of the table."""
    return read(TABLE.read_text("utf-8"))


def read(text: str) -> Mapping[str, BadInput]:
    """Return the rows of a table.

    Raises:
        BadTableError: a row is wrong.
    """
    table = parse_yaml(text)
    if not isinstance(table, dict):
        raise BadTableError("the whole", "it", "is no mapping of ids to rows")
    return {str(id_): _row(str(id_), row) for id_, row in table.items()}


def _row(id_: str, row: Json) -> BadInput:
    take = _Fields(id_, row)
    if not _ID.fullmatch(id_):
        raise BadTableError(id_, "the id", "is not like security.json.duplicate-key")
    bad_input = BadInput(
        id=id_,
        why=take.needed("why", str),
        asked=_asked(take),
        accept=_accepted(id_, take.needed("accept", list)),
        level=_level(id_, take.needed("level", str)),
        reference=_status_or_closed(id_, "reference", take.needed("reference", int | str)),
        never=take.optional("never", str, None),
    )
    take.no_more()
    return bad_input


class _Fields:
    """The fields of a row, each taken once, with its type looked at."""

    def __init__(self, row: str, fields: Json, where: str = "") -> None:
        self.row = row
        self._where = where
        if not isinstance(fields, dict):
            raise BadTableError(row, where or "the row", "is no mapping of fields")
        self._left = dict(fields)

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def needed(self, name: str, kind: Any) -> Any:  # Any: JSON, of the kind
        if name not in self._left:
            raise BadTableError(self.row, self._where + name, "is missing")
        return self.optional(name, kind, None)

    def optional(self, name: str, kind: Any, default: Any) -> Any:  # Any: JSON, of the kind
        if name not in self._left:
            return default
        value = _expanded(self._left.pop(name))
        if not isinstance(value, kind):
            raise BadTableError(self.row, self._where + name, f"is no {getattr(kind, '__name__', kind)}: {value!r}")
        return value

    def no_more(self) -> None:
        for name in self._left:
            raise BadTableError(
                self.row, f"{self._where}{name}", "is no field that is known, or does not go with another"
            )


def _asked(take: _Fields) -> Asked:
    """Return what a row sends: it has one field that says so, and those that go with it."""
    kinds: Mapping[str, Callable[[_Fields], Asked]] = {
        "raw": _asked_raw,
        "make_key": lambda take: Asked("POST /api-keys", make_key=take.needed("make_key", object)),
        "body": lambda take: Asked(
            "POST /send",
            body=take.needed("body", str),
            encoding=take.optional("encoding", str, "utf-8"),
            authorization=_authorization(take),
            fields=_texts(take, "fields"),
        ),
        "send": _asked_send,
        "without": _asked_send,
        "ask": lambda take: Asked(_line(take), authorization=_authorization(take), fields=_texts(take, "fields")),
        "authorization": lambda take: Asked("GET /messages", authorization=_authorization(take)),
    }
    for name, asked in kinds.items():
        if name in take:
            return asked(take)
    raise BadTableError(take.row, "the row", f"has none of {', '.join(kinds)}")


def _asked_send(take: _Fields) -> Asked:
    send, without = take.optional("send", dict, {}), take.optional("without", list, [])
    return Asked("POST /send", send=send, without=tuple(map(str, without)), fields=_texts(take, "fields"))


def _asked_raw(take: _Fields) -> Asked:
    inner = _Fields(take.row, take.needed("raw", dict), "raw.")
    raw = Raw(
        line=inner.optional("line", str, "POST $base/send HTTP/1.1"),
        fields=tuple(map(str, inner.optional("fields", list, []))),
        body=inner.optional("body", str, ""),
        one_answer=inner.optional("one_answer", bool, False),
        key=inner.optional("key", bool, True),
        host=inner.optional("host", bool, True),
    )
    inner.no_more()
    method, _, path = raw.line.partition(" ")
    return Asked(f"{method} {path.removeprefix('$base').partition(' ')[0]}", raw=raw)


def _authorization(take: _Fields) -> str | None:
    value: str | None = take.optional("authorization", str | None, "Bearer $key")
    return value


def _line(take: _Fields) -> str:
    line = str(take.needed("ask", str))
    if not re.fullmatch(r"[A-Z]+ /.*", line):
        raise BadTableError(take.row, "ask", f"is not like GET /messages: {line!r}")
    return line


def _texts(take: _Fields, name: str) -> Mapping[str, str]:
    return {str(key): str(value) for key, value in take.optional(name, dict, {}).items()}


def _accepted(row: str, given: Sequence[Json]) -> Accepted:
    statuses: set[int] = set()
    words = []
    for one in given:
        match = _CLASS.fullmatch(str(one))
        if match:
            statuses |= {*range(int(match[1]) * 100, int(match[1]) * 100 + 100)}
            words.append(str(one))
        else:
            status = _status_or_closed(row, "accept", one)
            statuses |= set() if status is None else {status}
            words.append("a closed connection" if status is None else str(status))
    if not statuses:
        raise BadTableError(row, "accept", "has no status")
    text = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
    return Accepted(frozenset(statuses), CLOSED in given, text)


def _status_or_closed(row: str, name: str, value: Json) -> int | None:
    if value == CLOSED:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 200 <= value < 600:
        raise BadTableError(row, name, f"has {value!r}, which is no status like 400, class like 4xx, or {CLOSED}")
    return value


def _level(row: str, value: str) -> Level:
    if value not in {Level.MUST, Level.ADVICE}:
        raise BadTableError(row, "level", f"is neither M nor A: {value!r}")
    return Level(value)


def _expanded(value: Json) -> Json:
    """Return a value with its compact parts written out: ``repeat`` and ``join``."""
    if isinstance(value, list):
        return [_expanded(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"join"}:
        return "".join(str(_expanded(one)) for one in value["join"])
    if value.keys() == {"repeat", "times"}:
        text = str(_expanded(value["repeat"]))
        if "#" not in text:
            return text * int(value["times"])
        return "".join(text.replace("#", str(number)) for number in range(value["times"]))
    return {name: _expanded(one) for name, one in value.items()}


def _told(asked: Asked) -> str:
    """Say what is sent."""
    if asked.raw is not None:
        return _told_raw(asked.raw)
    with_ = []
    if asked.send:
        with_.append(f"a mail that has {_shown(asked.send)}")
    if asked.without:
        with_.append(f"a mail without {' and '.join(asked.without)}")
    if asked.make_key is not None:
        with_.append(f"the body {_shown(asked.make_key)}")
    if asked.body is not None:
        encoding = "" if asked.encoding == "utf-8" else f" in {asked.encoding}"
        with_.append(f"the body {_shown(asked.body)}{encoding}")
    if asked.authorization is None:
        with_.append("no Authorization header")
    elif asked.authorization != "Bearer $key":
        with_.append(f"Authorization {_shown(asked.authorization)}")
    with_ += [f"{name} {_shown(value)}" for name, value in asked.fields.items()]
    line = asked.line if len(asked.line) <= _SHOWN else f"{asked.line[:_SHOWN]}..."
    return f"{line} with {' and '.join(with_)}" if with_ else line


def _told_raw(raw: Raw) -> str:
    parts = [f"the request line {_shown(raw.line)}"]
    if raw.fields:
        parts.append(f"the fields {_shown(list(raw.fields))}")
    if raw.body:
        parts.append(f"the body {_shown(raw.body)}")
    return f"octets on a socket: {', '.join(parts)}{'' if raw.key else ', without a key'}"


def _shown(value: Json) -> str:
    """Return a value so that it can stand in any text: in ASCII, without control characters, and not too much of it."""
    text = ascii(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=True)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
