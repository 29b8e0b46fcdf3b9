"""waitress, with its own refusals in the API's error body [errors.body].

waitress answers what never reaches the application (a malformed request line, a body that is too large, a
transfer encoding it does not know) in text/plain, and it processes a request that has both Content-Length and
Transfer-Encoding. Both are mended by subclasses at the places that waitress names for it.
"""

import logging
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher

from justemails.errors import error_body
from justemails.resources import MAX_BODY
from justemails_contract import errors

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]  # Any: as WSGI (PEP 3333) has it

_THREADS = 16
_MAX_HEADERS = 64 * 1024  # bytes
_CONNECTIONS = 500
_IDLE_S = 60
_CHUNK = 64 * 1024  # bytes

_KINDS = {kind.status: kind for kind in (*errors.DOCUMENTED, *errors.TRANSPORT)}
_MESSAGES = {
    400: "The request is not valid HTTP: {}.",
    413: f"The body must have at most {MAX_BODY} bytes.",
    431: f"The request line and headers must have at most {_MAX_HEADERS} bytes.",
    501: "The Transfer-Encoding is not supported: {}.",
}


class _JsonErrorTask(ErrorTask):
    def execute(self) -> None:
        error = self.request.error
        kind = _KINDS.get(error.code, errors.INTERNAL_ERROR)
        message = _MESSAGES.get(kind.status, "Something went wrong on our side. Please try again.")
        body = error_body(kind.code, message.format(ascii(str(error.body))[1:-1]))
        self.status = f"{kind.status} {kind.meaning}"
        self.response_headers.append(("Content-Type", "application/json"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _StrictParser(HTTPRequestParser):
    def received(self, data: bytes) -> int:
        consumed: int = super().received(data)
        if self.error:
            # RFC 9110 10.1.1: no 100 for a body that is refused already.
            self.expect_continue = False
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        # RFC 9112 6.1: two lengths are an attempt to be read differently by two servers.
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("both Content-Length and Transfer-Encoding are given")


class _Channel(HTTPChannel):
    """A connection that is closed so that the client can still read the last answer.

    Closing a socket with unread input resets the connection, and the client of an upload that was refused sees
    a broken pipe instead of its 413. So the sending side is shut first, and what still comes is read and
    forgotten for a while (RFC 9112 9.6).
    """

    error_task_class = _JsonErrorTask
    parser_class = _StrictParser

    close_when_flushed: bool
    _lingering = False
    _forgettable = 2 * MAX_BODY

    def handle_write(self) -> None:
        closing = self.close_when_flushed
        if closing:
            self.close_when_flushed = False
        super().handle_write()
        if closing and self.connected:
            if self.total_outbufs_len:
                self.close_when_flushed = True
            else:
                self._linger()

    def writable(self) -> bool:
        return bool(self.will_close) if self._lingering else bool(super().writable())

    def readable(self) -> bool:
        return self._lingering or bool(super().readable())

    def handle_read(self) -> None:
        if not self._lingering:
            super().handle_read()
            return
        self._forgettable -= len(self.recv(_CHUNK))  # closes by itself at the end of the input
        if self._forgettable < 0:
            self.will_close = True

    def _linger(self) -> None:
        try:
            self.socket.shutdown(socket.SHUT_WR)
            self._lingering = True
        except OSError:  # the client has gone
            self.will_close = True


class _Server(TcpWSGIServer):
    channel_class = _Channel


class HttpServer:
    """A waitress server that is listening from the moment it is made; the port may be 0.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, app: WsgiApp, host: str, port: int, threads: int = _THREADS) -> None:
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # else a line for every request that waits
        adjustments = Adjustments(
            host=host,
            port=port,
            threads=threads,
            ident=None,
            # waitress refuses a body of exactly this size, and the limit is inclusive.
            max_request_body_size=MAX_BODY + 1,
            max_request_header_size=_MAX_HEADERS,
            clear_untrusted_proxy_headers=True,
            connection_limit=_CONNECTIONS,
            channel_timeout=_IDLE_S,
        )
        self._dispatcher = ThreadedTaskDispatcher()
        self._dispatcher.set_thread_count(threads)
        (sockinfo,) = adjustments.listen
        self._map: dict[int, Any] = {}  # Any: waitress' sockets, by file number
        self._stopping = threading.Event()
        self._server = _Server(
            app, map=self._map, _start=True, _sock=None, dispatcher=self._dispatcher, adj=adjustments, sockinfo=sockinfo
        )

    @property
    def port(self) -> int:
        return int(self._server.effective_port)

    def run(self) -> None:
        """Serve until ``stop`` is called."""
        while not self._stopping.is_set():
            # poll, not select, which ends at file number 1024.
            wasyncore.loop(timeout=_IDLE_S, use_poll=True, map=self._map, count=1)
        self._dispatcher.shutdown()
        wasyncore.close_all(self._map)

    def stop(self) -> None:
        """Have ``run`` return, once the requests under way are answered; from any thread."""
        self._stopping.set()
        self._server.pull_trigger()
