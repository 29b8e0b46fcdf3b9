"""waitress, with answers that wait for the commit, and its own refusals in the API's error body [errors.body].

Two things are changed, by subclasses at the places that waitress names for it.

waitress hands every request to a thread. Each such hand-over, and each one to a thread that commits, costs more than
the request itself once a dozen threads share one interpreter. So requests that never take long are handled in the
server's own thread, all that arrived together in one transaction, and their answers leave after its commit: one fsync
for many, and no thread waits for another.

And waitress answers what never reaches the application (a malformed request line, a body that is too large) in
text/plain, and processes requests that two servers can read differently: with both Content-Length and
Transfer-Encoding, with an unknown version, without a host or with two.
"""

import logging
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.buffers import OverflowableBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher
from waitress.utilities import InternalServerError, RequestEntityTooLarge

from justemails.api.errors import OUR_FAULT, error_body, kind_of
from justemails.api.handlers import MAX_BODY
from justemails_contract import errors

IsQuick = Callable[[str, str], bool]  # method, path
Together = Callable[[], AbstractContextManager[None]]
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]  # Any: as WSGI (PEP 3333) has it

_THREADS = 16
_MAX_HEADERS = 64 * 1024  # bytes
_CONNECTIONS = 500
_IDLE_S = 60
_CHUNK = 64 * 1024  # bytes

_MESSAGES = {
    400: "The request is not valid HTTP: {}.",
    413: f"The body must have at most {MAX_BODY} bytes.",
    431: f"The request line and headers must have at most {_MAX_HEADERS} bytes.",
    501: "The Transfer-Encoding is not supported: {}.",
}


class _JsonErrorTask(ErrorTask):
    def execute(self) -> None:
        error = self.request.error
        kind = kind_of(error.code, errors.INTERNAL_ERROR)
        message = _MESSAGES.get(kind.status, OUR_FAULT)
        body = error_body(kind.code, message.format(ascii(str(error.body))[1:-1]))
        self.status = f"{kind.status} {kind.meaning}"
        self.response_headers.append(("Content-Type", "application/json"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _StrictParser(HTTPRequestParser):
    completed: bool

    def received(self, data: bytes) -> int:
        consumed: int = super().received(data)
        announced = getattr(self.body_rcv, "chunk_remainder", 0)
        if not self.completed and announced >= self.adj.max_request_body_size:
            # At once, and not when so much has come: the client may be waiting for an answer to the size alone.
            self.error = RequestEntityTooLarge("a chunk is too large")
            self.completed = True
        if self.error:
            # RFC 9110 10.1.1: no 100 for a body that is refused already.
            self.expect_continue = False
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        # RFC 9112 6.1: two lengths are an attempt to be read differently by two servers.
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError("both Content-Length and Transfer-Encoding are given")
        # waitress takes any version, and does not see chunks in those that it does not know.
        if self.version not in {"1.0", "1.1"}:
            raise ParsingError("the version is neither HTTP/1.0 nor HTTP/1.1")
        # RFC 9112 6.1: HTTP/1.0 has no chunks; what would be one would be the next request.
        if self.version == "1.0" and "TRANSFER_ENCODING" in self.headers:
            raise ParsingError("Transfer-Encoding is not for HTTP/1.0")
        # RFC 9112 3.2: one Host. waitress joins two with a comma and a space, and no host has a space in it.
        if self.version == "1.1" and " " in self.headers.get("HOST", " "):
            raise ParsingError("there must be one Host header")


class _Channel(HTTPChannel):
    """A connection that can hold its answer back, and is closed so that the client can still read the last one."""

    error_task_class = _JsonErrorTask
    parser_class = _StrictParser

    close_when_flushed: bool
    held = False

    def _flush_some(self, do_close: bool = True) -> bool:  # noqa: FBT001, FBT002  # waitress' own signature
        return False if self.held else bool(super()._flush_some(do_close))

    def let_go(self) -> None:
        """Send the answer that was held back."""
        self.held = False
        self._flush_exception(self._flush_some)

    def answer_with_a_fault(self) -> None:
        """Put a 500 in the place of the answer that was held back, if anybody is there to read it."""
        if not self.connected:
            return
        with self.outbuf_lock:
            self.outbufs = [OverflowableBuffer(self.adj.outbuf_overflow)]
            self.total_outbufs_len = self.current_outbuf_count = 0
        request = self.parser_class(self.adj)
        request.error = InternalServerError("")
        self.error_task_class(self, request).service()
        self.close_when_flushed = True

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

    def _linger(self) -> None:
        try:
            self.socket.shutdown(socket.SHUT_WR)
            # Another class instead of a flag: waitress asks every connection in every round what it waits for.
            self.__class__ = _LingeringChannel
        except OSError:  # the client has gone
            self.will_close = True


class _LingeringChannel(_Channel):
    """A connection that has sent its last answer, and forgets what still comes (RFC 9112 9.6).

    Closing a socket with unread input resets the connection, and the client of an upload that was refused would see
    a broken pipe instead of its 413.
    """

    _forgettable = 2 * MAX_BODY

    def writable(self) -> bool:
        return bool(self.will_close)

    def readable(self) -> bool:
        return True

    def handle_read(self) -> None:
        self._forgettable -= len(self.recv(_CHUNK))  # closes by itself at the end of the input
        if self._forgettable < 0:
            self.will_close = True


class _Dispatcher(ThreadedTaskDispatcher):
    """Runs quick requests together in the server's own thread, and the others in threads of their own."""

    def __init__(self, together: Together, is_quick: IsQuick) -> None:
        super().__init__()
        self._together = together
        self._is_quick = is_quick
        self._round: list[_Channel] = []

    def add_task(self, task: _Channel) -> None:
        request = task.requests[0]
        if request.error or self._is_quick(request.command, request.path):
            self._round.append(task)
        else:
            super().add_task(task)

    def run_round(self) -> None:
        """Handle what has arrived since the last round; let no answer go before all of it is committed."""
        if not self._round:
            return
        channels, self._round = self._round, []
        for channel in channels:
            channel.held = True
        try:
            with self._together():
                for channel in channels:
                    channel.service()
        except Exception:  # whatever it was, nothing was kept, and each client has to be told
            logging.getLogger("justemails").exception("%s requests could not be committed", len(channels))
            for channel in channels:
                channel.answer_with_a_fault()
        for channel in channels:
            channel.let_go()


class _Server(TcpWSGIServer):
    channel_class = _Channel

    loop_thread: int | None = None

    def handle_accept(self) -> None:
        # All that wait, not one a round: their requests shall come together too.
        before = -1
        while before < len(self.active_channels) < self.adj.connection_limit:
            before = len(self.active_channels)
            super().handle_accept()

    def pull_trigger(self) -> None:
        # Wakes the loop, which needs no waking by its own thread.
        if threading.get_ident() != self.loop_thread:
            super().pull_trigger()


class HttpServer:
    """A waitress server that is listening from the moment it is made.

    Args:
        app: the application.
        host: the address to listen at.
        port: the port; 0 picks one.
        is_quick: which requests are handled in the server's own thread: those that arrived together, together.
        together: what such a round is handled in. Their answers leave when it has ended; when it raises, each of
            them is a 500.

    Raises:
        OSError: the port is taken.
    """

    def __init__(
        self,
        app: WsgiApp,
        host: str,
        port: int,
        is_quick: IsQuick = lambda method, path: False,
        together: Together = nullcontext,
    ) -> None:
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # else a line for every request that waits
        adjustments = Adjustments(
            host=host,
            port=port,
            threads=_THREADS,
            ident=None,
            # waitress refuses a body of exactly this size, and the limit is inclusive.
            max_request_body_size=MAX_BODY + 1,
            max_request_header_size=_MAX_HEADERS,
            clear_untrusted_proxy_headers=True,
            connection_limit=_CONNECTIONS,
            channel_timeout=_IDLE_S,
        )
        self._dispatcher = _Dispatcher(together, is_quick)
        self._dispatcher.set_thread_count(_THREADS)
        (sockinfo,) = adjustments.listen
        self._map: dict[int, Any] = {}  # Any: waitress' sockets, by file number
        self._stopping = threading.Event()
        self._open = threading.Lock()  # held while the trigger's file may be closed, or is written to
        self._server = _Server(
            app, map=self._map, _start=True, _sock=None, dispatcher=self._dispatcher, adj=adjustments, sockinfo=sockinfo
        )

    @property
    def port(self) -> int:
        return int(self._server.effective_port)

    def run(self) -> None:
        """Serve until ``stop`` is called."""
        self._server.loop_thread = threading.get_ident()
        while not self._stopping.is_set():
            # poll, not select, which ends at file number 1024.
            wasyncore.loop(timeout=_IDLE_S, use_poll=True, map=self._map, count=1)
            self._dispatcher.run_round()
        self._dispatcher.shutdown()
        with self._open:
            wasyncore.close_all(self._map)

    def stop(self) -> None:
        """Have ``run`` return, once the requests under way are answered; from any thread."""
        with self._open:
            self._stopping.set()
            if self._map:
                self._server.pull_trigger()
