"""What was drawn is shown in ASCII alone: it may hold anything, and ends up on somebody's terminal."""

import json
from dataclasses import replace

from justemails_conformance.transport import Exchange


def in_ascii(exchange: Exchange) -> Exchange:
    """Return an exchange that can be shown: what was drawn is in it, and in an answer that repeats it."""
    request, answer = exchange.request, exchange.answer
    if request.body is not None:
        request = replace(request, body=_octets(request.body))
    if answer is not None:
        answer = replace(answer, body=_octets(answer.body))
    return replace(exchange, request=request, answer=answer)


def plain(text: str) -> str:
    """Return a text in printable ASCII, the rest of it as JSON writes it."""
    return "".join(one if " " <= one <= "~" else _escape(one) for one in text)


def _octets(octets: bytes) -> bytes:
    return plain(octets.decode("utf-8", "backslashreplace")).encode()


def _escape(character: str) -> str:
    return "\\u007f" if character == "\x7f" else json.dumps(character)[1:-1]
