"""The document's sample calls, taken as they are written, without curl, Node or a socket.

[send.calls.curl] and [send.calls.javascript] are read here; [send.calls.python] runs, in ``requests_in_process``.

A lesson runs everywhere and says the same everywhere, also where there is no curl and no Node. So the lab reads the
command or the script, and sends what the program would send. That it is the same request is not believed but tested:
``tests/notebooks/test_calls.py`` has the real programs send the same texts to a real server.

Only what the document's calls are made of is understood; anything else is refused by name.
"""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

_FETCH = re.compile(r"""fetch\(\s*["']([^"']+)["']\s*,\s*(\{.*\})\s*\)""", re.DOTALL)
_KEY_IN_TEMPLATE = re.compile(r"`([^`$]*)\$\{process\.env\.KEY\}`")
_STRINGIFY = re.compile(r"JSON\.stringify\((\{.*?\})\)", re.DOTALL)


class CallError(ValueError):
    """A call that is not written as the document writes it."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request, whoever makes it."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None


def read_curl(command: str, key: str) -> Call:
    """Read a curl command: its address, ``-X``, ``-H`` and ``-d``; ``$KEY`` is the key, as in a shell that has it.

    Raises:
        CallError: it has something else.
    """
    words = iter(shlex.split(command.replace("\\\n", " ").replace("$KEY", key)))
    if next(words, "") != "curl":
        raise CallError("The command begins with 'curl'.")
    method, url, headers, body = None, None, {}, None
    for word in words:
        match word:
            case "-X":
                method = next(words, "")
            case "-H":
                name, _, value = next(words, "").partition(":")
                headers[name.strip()] = value.strip()
            case "-d":
                body = next(words, "")
            case _ if word.startswith("-"):
                raise CallError(f"The lab's curl knows -X, -H and -d, and not {word}.")
            case _:
                url = word
    if url is None:
        raise CallError("The command has no address.")
    return Call(method or ("POST" if body is not None else "GET"), url, headers, body)


def read_fetch(script: str, key: str) -> Call:
    """Read a ``fetch`` whose settings are written out: method, headers, and the body in ``JSON.stringify``.

    ``process.env.KEY`` is the key, as in a process that has it.

    Raises:
        CallError: it is none.
    """
    found = _FETCH.search(_KEY_IN_TEMPLATE.sub(rf'"\1{key}"', script))
    if found is None:
        raise CallError('The lab\'s Node knows fetch("address", { ... }), written out.')
    try:
        # An object literal of quoted strings and bare names is a YAML flow mapping.
        settings: Any = yaml.safe_load(_STRINGIFY.sub(r"\1", found[2]))
        body = settings.get("body")
        return Call(settings.get("method", "GET"), found[1], settings.get("headers", {}), body and _compact(body))
    except (yaml.YAMLError, AttributeError):
        raise CallError("The settings of fetch are an object of names and strings, written out.") from None


def _compact(body: object) -> str:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)
