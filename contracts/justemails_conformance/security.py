"""The security profile: inputs that no honest client sends, and what may come of them.

The inputs stand in ``contracts/bad-inputs.yaml``, one row a check. Where the document is silent any sensible answer
passes; what never does is a fault of the server (5xx), silence, and an error that is no JSON object. The order of what
is told is that of ``evidence``: an answer, its status, what else was done, its body.

Whether a mail that was taken does harm shows only where it arrives, and is not looked at here.
"""

import base64
import json
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from justemails_conformance.bad_inputs import Asked, BadInput, Raw, bad_inputs
from justemails_conformance.checks import Check
from justemails_conformance.client import Tier
from justemails_conformance.evidence import BreachError, InconclusiveError, answered, given, is_text, object_of, shown
from justemails_conformance.run import Run
from justemails_conformance.shapes import in_another_case, with_another_end
from justemails_conformance.transport import Exchange, Request

_TWINS = {"a": "\u0430", "c": "\u0441", "e": "\u0435", "o": "\u043e", "p": "\u0440", "x": "\u0445", "i": "\u0456"}
"""Latin letters, and Cyrillic ones that look alike."""

Texts = Mapping[str, str]


def checks(run: Run) -> Mapping[str, Check]:
    """Return the checks of a run."""
    return {row.id: partial(_check, row, run) for row in bad_inputs().values()}


def _check(row: BadInput, run: Run) -> None:
    _skip_what_shows_nothing(row.asked, run)
    exchange = ask(row, run)
    if exchange.closed and row.accept.closed:
        return
    if exchange.status == 429:
        raise InconclusiveError("the limit was in the way, twice")
    answered(exchange, row.accept.statuses, row.accept.words)
    _nothing_further(exchange)
    if exchange.status >= 400 and exchange.request.method != "HEAD":
        _error_is_told(exchange)
    if row.never is not None and exchange.succeeded and exchange.answer and row.never.encode() in exchange.answer.body:
        raise BreachError(f"a success without {shown(row.never)} in it", f"{exchange.status} with it", exchange)


def _skip_what_shows_nothing(asked: Asked, run: Run) -> None:
    """Skip where a server refuses every mail, or every key: it refuses the bad ones too."""
    has_key = asked.raw.key if asked.raw is not None else asked.authorization == "Bearer $key"
    if asked.line == "POST /send" and has_key:
        given(run.minimal, "send.request.minimal")
    if asked.make_key is not None:
        given(run.created, "keys.create")


def _nothing_further(exchange: Exchange) -> None:
    """After a request that cannot be told from the next one the connection is over (RFC 9112 6.3)."""
    for answer in exchange.further:
        if 200 <= answer.status < 300:
            body = ascii(answer.body[:60].decode("utf-8", "replace"))[1:-1]
            raise BreachError(
                "one answer, and no more requests carried out", f"{answer.status} {body} as well", exchange
            )


def _error_is_told(exchange: Exchange) -> None:
    """An object with both texts [errors.always] [errors.body]; what refuses bad HTTP may be a proxy in front."""
    try:
        body = object_of(exchange)
        if not (is_text(body.get("error")) and is_text(body.get("message"))):
            raise BreachError("an object with the texts error and message", shown(body), exchange)
    except BreachError as ex:
        raise BreachError(ex.expected, ex.got, exchange, warns=exchange.request.raw is not None) from None


def ask(row: BadInput, run: Run) -> Exchange:
    """Send what a row says, and return what came of it; a key that is made is remembered."""
    asked, texts = row.asked, _texts(run)
    if asked.raw is not None:
        client = run.client if asked.raw.key else run.nobody
        octets = _octets(asked.raw, texts)
        return client.ask_for(
            _tier(asked), Request(asked.method, asked.path, raw=octets, pipelined=asked.raw.one_answer)
        )
    client = run.client if asked.authorization == "Bearer $key" else run.nobody
    headers = {name: _filled(value, texts) for name, value in asked.fields.items()}
    if asked.authorization is not None:
        headers = {"Authorization": _filled(asked.authorization, texts), **headers}
    body = _body(asked, run, texts)
    exchange = client.ask(_tier(asked), asked.method, _filled(asked.path, texts), body, headers)
    if asked.make_key is not None:
        run.keep_key(exchange)
    return exchange


def _tier(asked: Asked) -> Tier:
    if asked.path.startswith("/api-keys"):
        return Tier.KEYS
    return Tier.SEND if asked.line == "POST /send" else Tier.READ


def _body(asked: Asked, run: Run, texts: Texts) -> object:
    if asked.body is not None:
        return _filled(asked.body, texts).encode(asked.encoding)
    if asked.make_key is not None:
        return _filled_in(asked.make_key, texts)
    if asked.line != "POST /send":
        return None
    members = {**run.body(), **_filled_in(asked.send, texts)}
    return {name: value for name, value in members.items() if name not in asked.without}


def _octets(raw: Raw, texts: Texts) -> bytes:
    lines = [raw.line, *(["Host: $host"] if raw.host else []), *(["Authorization: Bearer $key"] if raw.key else [])]
    return _filled("\r\n".join([*lines, *raw.fields, "", raw.body]), texts).encode("latin-1")


def near_misses(key: str) -> Texts:
    """Return texts that are nearly a key, or a key in another form, by what is done to it: as secret as it is."""
    return {
        "changed": with_another_end(key),
        "cut": key[:-1],
        "swapped": in_another_case(key) or key.swapcase(),
        "basic": base64.b64encode(f"{key}:".encode()).decode(),
    }


def _texts(run: Run) -> Texts:
    """Return what the placeholders of the table stand for; none of them has a line break but ``good``."""
    sender, target = run.credentials.sender, run.client.target
    domain = sender.rpartition("@")[2]
    mail = json.dumps(run.body())
    good = "\r\n".join(
        [
            *(f"POST {target.path}/send HTTP/1.1", f"Host: {target.authority}", "Connection: close"),
            *(f"Authorization: Bearer {run.credentials.key}", "Content-Type: application/json"),
            *(f"Content-Length: {len(mail)}", "", mail),
        ]
    )
    return {
        "key": run.credentials.key,
        **near_misses(run.credentials.key),
        "from": sender,
        "to": run.credentials.to,
        "domain": domain,
        "lookalike": _lookalike(domain),
        "base": target.path,
        "host": target.authority,
        "mail": mail,
        "length": str(len(mail)),
        "hexlength": f"{len(mail):x}",
        "wrapped": f"{(1 << 64) + len(mail):x}",
        "good": good,
        "goodlength": str(len(good)),
    }


def _lookalike(domain: str) -> str:
    letter = next((letter for letter in domain if letter in _TWINS), domain[0])
    return domain.replace(letter, _TWINS.get(letter, "\u0430"), 1)


def _filled(text: str, texts: Texts) -> str:
    """Return a text with its placeholders filled in; the longest name counts, and what is none stays."""
    names = "|".join(sorted(texts, key=len, reverse=True))
    return re.sub(rf"\$({names})", lambda match: texts[match[1]], text)


def _filled_in(value: Any, texts: Texts) -> Any:  # Any: JSON
    if isinstance(value, str):
        return _filled(value, texts)
    if isinstance(value, list):
        return [_filled_in(one, texts) for one in value]
    if isinstance(value, dict):
        return {name: _filled_in(one, texts) for name, one in value.items()}
    return value
