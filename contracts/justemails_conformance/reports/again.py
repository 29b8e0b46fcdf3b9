"""Command lines that ask the same again, to be pasted into a POSIX shell; keys come from its environment."""

import re
from collections.abc import Iterator
from shlex import quote
from urllib.parse import urlsplit

from justemails_conformance.reports.visible import decoded
from justemails_conformance.transport import Exchange, Request
from justemails_conformance.verdict import Finding, Verdict

_VARIABLES = {
    "<key>": "JUSTEMAILS_KEY",
    "<other-key>": "JUSTEMAILS_OTHER_KEY",
    "<send-only-key>": "JUSTEMAILS_SEND_ONLY_KEY",
    "<new key>": "JUSTEMAILS_NEW_KEY",  # one that the run made, and revoked at its end
}
_HIDDEN = re.compile(f"({'|'.join(_VARIABLES)})")
_QUIET = re.compile(rf"([\w :./-]*){_HIDDEN.pattern}")
_LONGEST_BODY = 4096  # octets that somebody would paste


def replay(verdict: Verdict, finding: Finding) -> str:
    """Return the command that judges the same server by this clause alone, with the same draws."""
    profile = finding.clause.profile
    words = [verdict.base_url, *verdict.options]
    words += [] if profile in {None, "core"} else ["--profile", str(profile)]
    words += ["--only", finding.clause.id, "--seed", str(verdict.seed)]
    return f'JUSTEMAILS_KEY="$JUSTEMAILS_KEY" justemails conform {" ".join(map(_word, words))}'


def curl(base_url: str, exchange: Exchange) -> str:
    """Return the command that asks this one question; what curl cannot say goes out as it is."""
    if exchange.request.raw is not None:
        return _raw(base_url, exchange.request.raw)
    return " ".join(_curl(base_url + exchange.request.path, exchange.request))


def _raw(base_url: str, octets: bytes) -> str:
    if len(octets) > _LONGEST_BODY:
        return f"# {len(octets)} octets, too many to be pasted; the replay line sends them"
    parts = urlsplit(base_url)
    host, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    connect = f"openssl s_client -quiet -connect {host}:{port}" if parts.scheme == "https" else f"nc {host} {port}"
    return f"printf '%b' '{_octal(octets)}' | {connect}"


def _curl(url: str, request: Request) -> Iterator[str]:
    # curl takes a path as it is, and a body as it is, only when it is told to.
    if request.body is not None and _needs_printf(request.body):
        yield f"printf '%b' '{_octal(request.body)}' |"
    yield "curl -i"
    if request.method == "HEAD":
        yield "--head"
    elif request.method != "GET" or request.body is not None:
        yield f"-X {quote(request.method)}"
    if set("[]{}") & set(url):
        yield "--globoff"
    if "/." in url:
        yield "--path-as-is"
    yield _word(url)
    for name, value in request.headers.items():
        yield f"-H {_word(f'{name}: {value}' if value else f'{name};')}"
    if request.body is None:
        return
    if not any(name.lower() == "content-type" for name in request.headers):
        yield "-H Content-Type:"
    yield _data(request.body)


def _data(body: bytes) -> str:
    if len(body) > _LONGEST_BODY:
        return f"--data-binary @body  # which has {len(body)} octets; the replay line sends it by itself"
    if _needs_printf(body):
        return "--data-binary @-"
    return f"--data-raw {_word(body.decode())}"


def _needs_printf(body: bytes) -> bool:
    """Say whether a body that somebody would paste has octets that not every terminal takes and gives back."""
    text = decoded(body)
    return len(body) <= _LONGEST_BODY and not (text.isascii() and text.isprintable() and text.encode() == body)


def _octal(body: bytes) -> str:
    return "".join(chr(octet) if 32 <= octet < 127 and octet not in b"\\'" else f"\\0{octet:03o}" for octet in body)


def _word(text: str) -> str:
    """Return the word of a command line that means this text; a hidden key is its variable."""
    if quiet := _QUIET.fullmatch(text):
        return f'"{quiet[1]}${_VARIABLES[quiet[2]]}"'
    parts = [f'"${_VARIABLES[part]}"' if part in _VARIABLES else quote(part) for part in _HIDDEN.split(text) if part]
    return "".join(parts) or "''"
