"""Speaking HTTP with a server that nobody trusts: one request, one answer, and nothing that it does can harm us.

The server may send without end, a byte now and then, a hundred thousand headers, compressed bombs, redirects to
elsewhere, or what is no HTTP at all. Every exchange ends in time and in bounded memory; whatever came is kept, and is
never followed, unpacked or run. The key goes to the origin of the base URL and nowhere else.

    >>> target = Target("http://127.0.0.1:8025/api/v1")
    >>> exchange = target.ask(Request("GET", "/messages", {"Authorization": "Bearer je_live_..."}))
    >>> exchange.answer.status, exchange.trouble
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import urlsplit

from justemails_conformance.raw import responses

MAX_BODY = 1 << 20  # octets; nothing that the document shows comes near
DEADLINE_S = 10.0  # for a whole exchange, whatever the pace
_CLOSED = "the connection was closed without an answer"
_ANSWERS = 4  # on one connection; two are too many already


class BadBaseUrlError(ValueError):
    """A text that is no base URL; the message says what would be one."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Args:
        path: below the base URL, with its query.
        raw: the octets that are sent in the place of all that, where the request is meant to be no proper one.
        pipelined: whether more than one answer may come to them, which is looked for.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    raw: bytes | None = None
    pipelined: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said, as it came: nothing is decoded, followed or unpacked.

    Args:
        headers: in their order, as many as there were.
        truncated: whether the body was longer than what is kept of it.
    """

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes
    truncated: bool = False

    def header(self, name: str) -> str | None:
        """Return the value of a header's first field, its name in any case."""
        return next((value for given, value in self.headers if given.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what came of it: an answer, or what was wrong with it in plain words.

    Args:
        late: whether it was given up because its time was over.
        further: what else was answered on the same connection, where that was looked for.
    """

    request: Request
    answer: Answer | None
    trouble: str | None
    seconds: float
    late: bool = False
    further: Sequence[Answer] = ()

    @property
    def closed(self) -> bool:
        """Whether the server hung up in the place of an answer."""
        return self.trouble == _CLOSED

    @property
    def status(self) -> int:
        """The status of the answer; 0 where there is none."""
        return self.answer.status if self.answer else 0

    @property
    def succeeded(self) -> bool:
        """Whether the answer is a 2xx."""
        return 200 <= self.status < 300


class Target:
    """The server under judgement. Each exchange has a connection of its own, so that none can spoil another.

    Args:
        base_url: ``http`` or ``https``, a host, perhaps a port and a path.
        deadline_s: how long an exchange may take, from the first packet to the last.

    Raises:
        BadBaseUrlError: the base URL is none.
    """

    def __init__(self, base_url: str, *, deadline_s: float = DEADLINE_S, max_body: int = MAX_BODY) -> None:
        self.base_url = base_url.rstrip("/")
        self._scheme, self._host, self._port, self._path = _parts(self.base_url)
        self._deadline_s = deadline_s
        self._max_body = max_body

    @property
    def authority(self) -> str:
        """The host, with its port where one is given, as a Host field says it."""
        return urlsplit(self.base_url).netloc

    @property
    def path(self) -> str:
        """The path of the base URL, below which every other one is [base.relative]."""
        return self._path

    def ask(self, request: Request) -> Exchange:
        """Send a request and read its answer."""
        began = time.perf_counter()
        answers: list[Answer] = []
        trouble = None
        connection = self._connection()
        try:
            with _Deadline(connection, self._deadline_s) as deadline:
                try:
                    deadline.connect()
                    for answer in self._answers(connection, request):
                        answers.append(answer)  # noqa: PERF402  # what came before a fault is kept
                except TimeoutError:
                    deadline.late.set()
                except (OSError, http.client.HTTPException, ValueError) as ex:
                    trouble = _plain(ex)
            if deadline.late.is_set():  # the library may take what it was cut off from for the end
                answers, trouble = [], f"no whole answer within {self._deadline_s:g} s"
        finally:
            connection.close()
        first, further = (answers[0] if answers else None), answers[1:]
        return Exchange(request, first, trouble, time.perf_counter() - began, deadline.late.is_set(), further)

    def _connection(self) -> http.client.HTTPConnection:
        if self._scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self._host, self._port, timeout=self._deadline_s, context=context)
        return http.client.HTTPConnection(self._host, self._port, timeout=self._deadline_s)

    def _answers(self, connection: http.client.HTTPConnection, request: Request) -> Iterator[Answer]:
        if request.raw is None:
            headers = {"Accept": "application/json", "Accept-Encoding": "identity", **request.headers}
            connection.request(request.method, self._path + request.path, request.body, headers)
            yield self._answer(connection.getresponse())
            return
        most = _ANSWERS if request.pipelined else 1
        for response in islice(responses(connection.sock, request.raw, request.method), most):
            yield self._answer(response)

    def _answer(self, response: http.client.HTTPResponse) -> Answer:
        body = response.read(self._max_body + 1)
        truncated = len(body) > self._max_body
        if response.length and not truncated:
            raise http.client.IncompleteRead(body, response.length)
        return Answer(response.status, response.getheaders(), body[: self._max_body], truncated)


def _parts(base_url: str) -> tuple[str, str, int | None, str]:
    try:
        parts = urlsplit(base_url)
        port = parts.port
    except ValueError as ex:
        raise BadBaseUrlError(f"{base_url!r} is no URL: {ex}") from ex
    if parts.scheme not in {"http", "https"} or not parts.hostname or not base_url.isascii():
        raise BadBaseUrlError(f"{base_url!r} is no base URL like http://127.0.0.1:8025/api/v1")
    if parts.query or parts.fragment or parts.username is not None or any(c.isspace() for c in base_url):
        raise BadBaseUrlError(f"{base_url!r} has more than a host, a port and a path")
    return parts.scheme, parts.hostname, port, parts.path


class _Deadline:
    """Cuts a connection off when its time is up: a server that sends now and then keeps every read alive."""

    def __init__(self, connection: http.client.HTTPConnection, seconds: float) -> None:
        self.late = threading.Event()
        self._connection = connection
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def connect(self) -> None:
        """Connect, and keep the socket: the library forgets it once an answer says that it is the last one."""
        self._connection.connect()
        self._socket = self._connection.sock

    def _cut(self) -> None:
        self.late.set()
        its_socket = self._socket or self._connection.sock
        if its_socket is not None:
            with suppress(OSError):  # it is closed already
                its_socket.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "_Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


_PLAIN: Sequence[tuple[type[Exception], str]] = (
    (ConnectionRefusedError, "the connection was refused"),
    (ConnectionResetError, _CLOSED),
    (BrokenPipeError, _CLOSED),
    (http.client.RemoteDisconnected, _CLOSED),
    (socket.gaierror, "the host's name cannot be found"),
    (http.client.IncompleteRead, "the answer ended early"),
)


def _plain(ex: Exception) -> str:
    """Say in plain words what was wrong; a server's own words come escaped."""
    known = next((text for kind, text in _PLAIN if isinstance(ex, kind)), None)
    if known is not None:
        return known
    if isinstance(ex, http.client.BadStatusLine):
        return f"what came is no HTTP: {str(ex)[:60]!a}"
    return f"{type(ex).__name__}: {str(ex)[:100]!a}"
