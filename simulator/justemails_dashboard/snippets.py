"""A request as programs that make it: in curl, Python and Node, with the key in an environment variable.

The very octets of the body are sent. A body that cannot be read aloud, and so not be pasted safely into a terminal,
stands in base64. Whatever came with a request is a literal of the program's language.

    >>> curl("GET", "http://127.0.0.1:8025/api/v1/messages")
    >>> [name for name, program in programs("POST", url, b'{"name": "CI"}')]      # ["curl", "Python", "Node"]
    >>> snippets(logged_request, "http://127.0.0.1:8025")["Node"]
"""

import base64
import json
import pprint
import shlex
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from justemails.api.strict_json import JsonError, parse_object
from justemails_sandbox.request_log import BODY_KEPT, LoggedRequest

KEY_VARIABLE = "JUSTEMAILS_KEY"

_JSON = "application/json"
_WIDTH = 96


def snippets(request: LoggedRequest, origin: str) -> Mapping[str, str]:
    """Return a logged request as programs, by their language; none where it cannot be made again.

    Args:
        origin: of the sandbox, such as ``http://127.0.0.1:8025``.
    """
    if obstacle(request):
        return {}
    return dict(programs(request.method, origin + (address_of(request) or ""), request.body))


def obstacle(request: LoggedRequest) -> str | None:
    """Return why a logged request cannot be made again, or None."""
    if len(request.body) >= BODY_KEPT:
        return "Its body was not kept whole, so it cannot be sent again."
    if address_of(request) is None:
        return "Its path is not UTF-8, so it cannot be sent again from here."
    return None


def address_of(request: LoggedRequest) -> str | None:
    """Return the path and query of a logged request as they stand in a URL; None: its path is not UTF-8."""
    try:
        path = request.path.encode("latin-1").decode()  # WSGI (PEP 3333) has its octets as characters
    except UnicodeDecodeError:
        return None
    # The query as it came; only what may not stand in a URL is encoded.
    query = quote(request.query.encode("latin-1"), safe="%/?:@!$&'()*+,;=-._~")
    return quote(path) + (f"?{query}" if query else "")


def programs(method: str, url: str, body: bytes = b"", key: str | None = None) -> Sequence[tuple[str, str]]:
    """Return the programs that make a request, by the name of what runs them.

    Args:
        key: to be written into them; None: they take it from the environment.
    """
    return [
        ("curl", curl(method, url, body, key=key)),
        ("Python", python(method, url, body, key)),
        ("Node", node(method, url, body, key)),
    ]


def curl(method: str, url: str, body: bytes = b"", *, with_key: bool = True, key: str | None = None) -> str:
    """Return a command for a shell.

    Args:
        with_key: False for the control API, which asks for none.
        key: to be written into it; None: it takes one from the environment.
    """
    usual = "POST" if body else "GET"
    words = ["curl"] + ([] if method == usual else ["--head"] if method == "HEAD" else ["-X", shlex.quote(method)])
    lines = [" ".join([*words, shlex.quote(url)])]
    if with_key:
        lines.append(f'-H "Authorization: Bearer {key or f"${KEY_VARIABLE}"}"')
    if not body:
        return " \\\n  ".join(lines)
    lines.append(f"-H 'Content-Type: {_JSON}'")
    text = _plain(body)
    if text is None:
        encoded = base64.b64encode(body).decode()
        return f"echo {encoded} | base64 -d | " + " \\\n  ".join([*lines, "--data-binary @-"])
    return " \\\n  ".join([*lines, f"--data-raw {shlex.quote(text)}"])


def python(method: str, url: str, body: bytes = b"", key: str | None = None) -> str:
    """Return a program for Python with requests."""
    bearer = f'"Bearer {key}"' if key else f'"Bearer " + os.environ["{KEY_VARIABLE}"]'
    headers, content = f'"Authorization": {bearer}', ""
    members = _members(body)
    if members is not None:
        content = f"    json={_indented(pprint.pformat(members, width=_WIDTH, sort_dicts=False), 9)},\n"
    elif body:
        headers += f', "Content-Type": "{_JSON}"'
        content = f"    data={body!r},\n"
    imports = "import requests" if key else "import os\n\nimport requests"
    return (
        f"{imports}\n\nresponse = requests.request(\n"
        f"    {json.dumps(method)},\n    {json.dumps(url)},\n    headers={{{headers}}},\n{content}    timeout=10,\n)\n"
        "print(response.status_code, response.text)"
    )


def node(method: str, url: str, body: bytes = b"", key: str | None = None) -> str:
    """Return a program for Node 18 or later."""
    bearer = f'"Bearer {key}"' if key else f'"Bearer " + process.env.{KEY_VARIABLE}'
    headers, content = [f"Authorization: {bearer}"], ""
    members, text = _members(body), _plain(body)
    if body:
        headers.append(f'"Content-Type": "{_JSON}"')
    # Written out as an object, a member of this name would be the object's prototype, and not be sent.
    if members is not None and b"__proto__" not in body:
        content = f"  body: JSON.stringify({_indented(_literal(members), 2)}),\n"
    elif text is not None and body:
        content = f"  body: {json.dumps(text, ensure_ascii=False)},\n"
    elif body:
        content = f'  body: Buffer.from("{base64.b64encode(body).decode()}", "base64"),\n'
    lines = "".join(f"    {header},\n" for header in headers)
    return (
        f"const response = await fetch({json.dumps(url)}, {{\n  method: {json.dumps(method)},\n"
        f"  headers: {{\n{lines}  }},\n{content}}});\nconsole.log(response.status, await response.text());"
    )


def _plain(body: bytes) -> str | None:
    """Return a body as text if each of its characters can be seen, and pasted: no control, no change of direction."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return text if _is_plain(text) else None


def _is_plain(text: str) -> bool:
    return all(letter.isprintable() or letter in "\n\t" for letter in text)


def _members(body: bytes) -> dict[str, object] | None:
    """Return a body as the API would read it; None: it would not, so it has to be sent as it stands."""
    try:
        return parse_object(body)
    except JsonError:
        return None


def _literal(members: dict[str, object]) -> str:
    """Return an object as it stands in a program of JavaScript."""
    literal = json.dumps(members, indent=2, ensure_ascii=False)
    # JSON has words for all that cannot be seen but DEL.
    return literal if _is_plain(literal) else json.dumps(members, indent=2).replace("\x7f", "\\u007f")


def _indented(text: str, by: int) -> str:
    return text.replace("\n", "\n" + " " * by)
