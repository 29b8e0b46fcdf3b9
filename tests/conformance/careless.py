"""Servers that take what they should not: each is careless in one thing, and one row of the table has to notice it.

Those that misread a request stand in front of the reference, as WSGI middleware. Those that misread HTTP itself speak
it on a socket, since a proper HTTP server would not let them.
"""

import io
import json
import re
import socket
import threading
import wsgiref.simple_server
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any
from urllib.parse import parse_qs, parse_qsl

from justemails.http_server import WsgiApp
from justemails_sandbox.sandbox import Sandbox


@dataclass
class Asked:
    """A request, to be misread before the reference sees it.

    Args:
        known: a key that the reference knows.
    """

    environ: dict[str, Any]
    body: bytes
    known: str

    def __post_init__(self) -> None:
        self.path = self.environ["PATH_INFO"].removeprefix("/api/v1")
        self.key = self.environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")

    def let_in(self) -> None:
        self.environ["HTTP_AUTHORIZATION"] = f"Bearer {self.known}"

    def go_to(self, path: str) -> None:
        self.environ["PATH_INFO"] = f"/api/v1{path}"

    def change(self, act: Callable[[Any], object]) -> None:
        """Change what the body says, as a lenient reader of JSON has read it."""
        with suppress(ValueError, RecursionError):
            read = json.loads(self.body)
            if isinstance(read, dict):
                act(read)
                self.body = json.dumps(read).encode()


Answer = tuple[int, str, bytes]
Misreading = Callable[[Asked], Answer | None]
"""Changes a request, or answers it."""

FAULT: Answer = (500, "application/json", b'{"error": "INTERNAL_ERROR", "message": "Oops."}')
HTML: Answer = (400, "text/html", b"<h1>Bad Request</h1>")


def _good(**members: object) -> Answer:
    return 200, "application/json", json.dumps(members).encode()


def _takes_the_last_of_two_members(asked: Asked) -> None:
    asked.change(lambda read: None)


def _falls_over_deep_nesting(asked: Asked) -> Answer | None:
    try:
        json.loads(asked.body)
    except RecursionError:
        return FAULT
    except ValueError:
        return None
    return None


def _falls_over_half_a_character(asked: Asked) -> Answer | None:
    with suppress(ValueError, RecursionError):
        read = json.dumps(json.loads(asked.body), ensure_ascii=False)
        try:
            read.encode()
        except UnicodeEncodeError:
            return FAULT
    return None


def _mends_the_subject(asked: Asked) -> None:
    asked.change(lambda read: read.update(subject=re.sub(r"[\r\n]+", " ", read["subject"])))


def _mends_headers(asked: Asked) -> None:
    def act(read: Any) -> None:
        read["headers"] = {name: value.replace("\r\n", " ") for name, value in read["headers"].items()}

    if b'"headers"' in asked.body:
        asked.change(act)


def _takes_the_key_from_the_query(asked: Asked) -> None:
    if parse_qs(asked.environ["QUERY_STRING"]).get("api_key") == [asked.known]:
        asked.let_in()
        asked.environ["QUERY_STRING"] = ""


def _takes_the_key_from_a_cookie(asked: Asked) -> None:
    if asked.known in asked.environ.get("HTTP_COOKIE", ""):
        asked.let_in()


def _takes_the_key_from_the_body(asked: Asked) -> None:
    if f'"api_key": "{asked.known}"'.encode() in asked.body:
        asked.let_in()
        asked.change(lambda read: read.pop("api_key"))


def _compares_as_much_as_it_knows(asked: Asked) -> None:
    if asked.key.startswith(asked.known):
        asked.let_in()


def _compares_as_much_as_it_is_given(asked: Asked) -> None:
    if asked.known.startswith(asked.key) and len(asked.key) > 20:
        asked.let_in()


def _compares_without_case(asked: Asked) -> None:
    if asked.key.lower() == asked.known.lower():
        asked.let_in()


def _takes_a_key_for_a_pattern(asked: Asked) -> None:
    if "%" in asked.key:
        asked.let_in()


def _decodes_basic(asked: Asked) -> None:
    if asked.key.startswith("Basic "):
        asked.let_in()


def _guards_the_exact_path_alone(asked: Asked) -> None:
    if asked.path == "/messages/":
        asked.let_in()
        asked.go_to("/messages")


def _checks_the_end_of_a_domain(asked: Asked) -> None:
    if re.search(rb'"from": "[^"]*@\w*yourdomain\.com"', asked.body):
        asked.change(lambda read: read.update({"from": "hello@yourdomain.com"}))


def _looks_for_the_domain_anywhere(asked: Asked) -> None:
    if b"@yourdomain.com" in asked.body:
        asked.change(lambda read: read.update({"from": "hello@yourdomain.com"}))


def _parses_addresses_like_a_mail_library(asked: Asked) -> None:
    def act(read: Any) -> None:
        read["to"] = parseaddr(read["to"])[1]

    if re.search(rb'"to": "[^"]*<', asked.body):
        asked.change(act)


def _takes_a_list_of_recipients_apart(asked: Asked) -> None:
    if b";" in asked.body:
        asked.change(lambda read: read.update(to=re.split("[;,]", read["to"])[0]))


def _says_html(asked: Asked) -> Answer | None:
    try:
        json.loads(asked.body or b"{}")
    except ValueError:
        return HTML
    return None


def _reads_forms(asked: Asked) -> None:
    if "form" in asked.environ.get("CONTENT_TYPE", ""):
        asked.environ["CONTENT_TYPE"] = "application/json"
        asked.body = json.dumps(dict(parse_qsl(asked.body.decode()))).encode()


def _lets_the_client_choose_ids(asked: Asked) -> Answer | None:
    chosen = re.search(rb'"id": "(msg_\w+)"', asked.body)
    return _good(id=chosen[1].decode(), status="queued") if chosen else None


def _lets_the_client_choose_the_secret(asked: Asked) -> Answer | None:
    chosen = re.search(rb'"key": "(je_\w+)"', asked.body)
    return _good(id="key_1", name="x", key=chosen[1].decode()) if chosen else None


def _takes_an_id_for_a_pattern(asked: Asked) -> Answer | None:
    return _good(id="msg_1", status="queued") if asked.path == "/send/%" else None


def _multiplies_pages(asked: Asked) -> Answer | None:
    return FAULT if "page=9223372036854775807" in asked.environ["QUERY_STRING"] else None


CARELESS: Mapping[Misreading, str] = {
    _takes_the_last_of_two_members: "json.duplicate-key",
    _falls_over_deep_nesting: "json.deep",
    _falls_over_half_a_character: "json.lone-surrogate",
    _mends_the_subject: "send.crlf-in-subject",
    _mends_headers: "headers.crlf-in-value",
    _takes_the_key_from_the_query: "auth.query",
    _takes_the_key_from_a_cookie: "auth.cookie",
    _takes_the_key_from_the_body: "auth.in-body",
    _compares_as_much_as_it_knows: "auth.suffix",
    _compares_as_much_as_it_is_given: "auth.cut-key",
    _compares_without_case: "auth.other-case",
    _takes_a_key_for_a_pattern: "auth.wildcard",
    _decodes_basic: "auth.basic",
    _guards_the_exact_path_alone: "auth.slash-at-end",
    _checks_the_end_of_a_domain: "from.longer-domain",
    _looks_for_the_domain_anywhere: "from.domain-in-local-part",
    _parses_addresses_like_a_mail_library: "to.address-in-brackets",
    _takes_a_list_of_recipients_apart: "to.semicolon",
    _says_html: "json.truncated",
    _reads_forms: "json.form",
    _lets_the_client_choose_ids: "json.members-of-the-answer",
    _lets_the_client_choose_the_secret: "keys.chosen-secret",
    _takes_an_id_for_a_pattern: "read.wildcard-as-id",
    _multiplies_pages: "read.page-of-63-bits",
}
"""What somebody is careless about, and the row that notices it."""


class Front:
    """The reference behind somebody who misreads what it is asked."""

    def __init__(self, app: WsgiApp, misread: Misreading, known: str) -> None:
        self._app = app
        self._misread = misread
        self._known = known

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        asked = Asked(environ, body, self._known)
        answer = self._misread(asked)
        if answer is None:
            environ |= {"wsgi.input": io.BytesIO(asked.body), "CONTENT_LENGTH": str(len(asked.body))}
            return self._app(environ, start_response)
        status, kind, data = answer
        start_response(f"{status} x", [("Content-Type", kind), ("Content-Length", str(len(data)))])
        return [data]


class _Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def fronting(sandbox: Sandbox, misread: Misreading) -> Iterator[str]:
    """Serve the sandbox's API behind somebody careless; give the base URL."""
    app = Front(sandbox.make_api(), misread, sandbox.key)

    def together(environ: dict[str, Any], start_response: Any) -> Any:
        with sandbox.together():
            return app(environ, start_response)

    with wsgiref.simple_server.make_server("127.0.0.1", 0, together, handler_class=_Quiet) as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}/api/v1"
        serving.shutdown()
        thread.join()


class BadFramingError(Exception):
    """A request cannot be told from the next one."""


class Framing:
    """A server that reads requests with care, and answers the good ones alike; those below differ in one thing."""

    refusal = b'{"error": "VALIDATION_ERROR", "message": "That is no HTTP."}'
    kind = b"application/json"
    goes_on = False

    def length(self, text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise BadFramingError
        return int(text)

    def name(self, text: str) -> str:
        if not re.fullmatch(r"[\w-]+", text):
            raise BadFramingError
        return text.lower()

    def body_length(self, method: str, fields: Mapping[str, str]) -> int:
        if "transfer-encoding" in fields:
            raise BadFramingError  # this server has no chunks
        return self.length(fields.get("content-length", "0"))

    def __call__(self, connection: socket.socket, over: threading.Event) -> None:
        with connection.makefile("rb") as stream:
            while line := stream.readline():
                try:
                    closes = self._one(line, stream)
                    self._say(connection, b"200", b'{"id": "msg_1", "data": []}', b"application/json")
                except BadFramingError:
                    closes = not self.goes_on
                    self._say(connection, b"400", self.refusal, self.kind)
                if closes:
                    return

    def _one(self, line: bytes, stream: io.BufferedReader) -> bool:
        """Read one request, and say whether it is the last one."""
        fields = {}
        while (field := stream.readline().rstrip(b"\r\n")) != b"":
            name, _, value = field.decode("latin-1").partition(":")
            if name.lower() in fields:
                raise BadFramingError
            fields[self.name(name)] = value.strip(" ")
        stream.read(self.body_length(line.decode("latin-1").split(" ")[0], fields))
        return fields.get("connection") == "close"

    def _say(self, connection: socket.socket, status: bytes, body: bytes, kind: bytes) -> None:
        head = b"HTTP/1.1 %s x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (status, kind, len(body))
        connection.sendall(head + body)


class GoesOnAfterABadRequest(Framing):
    goes_on = True


class PrefersTheLength(Framing):
    def body_length(self, method: str, fields: Mapping[str, str]) -> int:
        return self.length(fields.get("content-length", "0"))


class LeavesBodiesOfGet(Framing):
    def body_length(self, method: str, fields: Mapping[str, str]) -> int:
        return 0 if method == "GET" else super().body_length(method, fields)


class ReadsLengthsLikePython(Framing):
    def length(self, text: str) -> int:
        return int(text)


class WaitsForAnEndlessBody(Framing):
    def length(self, text: str) -> int:
        return min(int(text), 1 << 30) if text.isdecimal() else super().length(text)


class TrimsNames(Framing):
    def name(self, text: str) -> str:
        return super().name(text.strip())


class RefusesInHtml(Framing):
    refusal, kind = b"<h1>Bad Request</h1>", b"text/html"


class RefusesInAnotherShape(Framing):
    refusal = b'{"code": 400}'


class HangsUp(Framing):
    def _say(self, connection: socket.socket, status: bytes, body: bytes, kind: bytes) -> None:
        if status == b"200":
            super()._say(connection, status, body, kind)


MISFRAMING: Mapping[type[Framing], str] = {
    GoesOnAfterABadRequest: "framing.length-negative-then-send",
    PrefersTheLength: "framing.two-lengths",
    LeavesBodiesOfGet: "framing.request-in-a-body",
    ReadsLengthsLikePython: "framing.length-plus",
    WaitsForAnEndlessBody: "framing.length-huge",
    TrimsNames: "framing.space-before-colon",
    RefusesInHtml: "framing.lengths-differ",
    RefusesInAnotherShape: "framing.length-hexadecimal",
}
"""What somebody is careless about in HTTP itself, and the row that notices it."""
