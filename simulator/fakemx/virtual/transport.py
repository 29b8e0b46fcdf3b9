"""One end of a connection in memory: an asyncio transport, and the stream that leads from it to the other end.

A stream is first in, first out, whatever the latency of each chunk: chunks wait in one queue, and a timer only says
that the first of them has arrived. (One timer for each chunk would let equal deadlines swap them.)

``asyncio.sslproto`` stacks TLS on top by ``loop.start_tls``, for which a transport has to feed buffered protocols and
to know ``_start_tls_compatible`` and ``_force_close``.
"""

import asyncio
from asyncio.sslproto import SSLProtocol
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

_NOBODY = Context()
"""What is on its way is nobody's any more: it arrives though its sender has died."""

HIGH_WATER = 64 * 1024
"""Bytes on the way, or not yet read, above which a writer is asked to pause."""


class Carrier(Protocol):
    """What carries the chunks of a connection: cuts them, delays them, loses them."""

    def pieces(self, data: bytes) -> list[bytes]: ...

    def latency(self) -> float: ...

    def transmission(self, length: int) -> float:
        """Return the seconds that so many bytes need beside the latency."""
        ...

    def carries(self, length: int) -> bool:
        """Count bytes, and say whether they arrive; when not, nothing else does either."""
        ...


@dataclass(frozen=True, slots=True)
class Opened:
    """The first thing that arrives at the side that connected."""


@dataclass(frozen=True, slots=True)
class Ended:
    """No more bytes come."""


Chunk = bytes | Opened | Ended


@dataclass(slots=True)
class Stream:
    """One direction of a connection."""

    loop: asyncio.AbstractEventLoop
    carrier: Carrier
    arrive: Callable[[Chunk], None]
    on_way: deque[Chunk] = field(default_factory=deque)
    in_flight: int = 0
    dead: bool = False
    _last: float = 0.0

    def push(self, chunk: Chunk) -> None:
        """Send a chunk; it arrives after those before it."""
        length = len(chunk) if isinstance(chunk, bytes) else 0
        if self.dead or not self.carrier.carries(length):
            return
        arrival = max(self._last, self.loop.time() + self.carrier.latency())
        self._last = arrival + self.carrier.transmission(length)
        self.on_way.append(chunk)
        self.in_flight += length
        self.loop.call_at(self._last, self._pop, context=_NOBODY)

    def cut(self) -> None:
        """Let nothing arrive any more."""
        self.dead = True
        self.on_way.clear()

    def _pop(self) -> None:
        if self.on_way:
            self.arrive(self.on_way.popleft())


class MemoryTransport(asyncio.Transport):
    """One end of a connection."""

    _start_tls_compatible = True  # asyncio asks before it lets TLS in

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: asyncio.BaseProtocol,
        carrier: Carrier,
        addresses: tuple[tuple[str, int], tuple[str, int]],
        on_closed: Callable[["MemoryTransport"], None],
        opened: "asyncio.Future[None] | None" = None,
    ) -> None:
        super().__init__({"sockname": addresses[0], "peername": addresses[1], "socket": None})
        self._loop = loop
        self._protocol = protocol
        self._carrier = carrier
        self._on_closed = on_closed
        self._opened = opened
        self._context = copy_context()  # whose end this is
        self._out: Stream | None = None
        self._unread: deque[Chunk] = deque()
        self._reading = True
        self._limits = (HIGH_WATER // 4, HIGH_WATER)
        self._writer_paused = False
        self._closing = False
        self._eof_sent = False
        self._eof_received = False
        self._lost = False
        self._peer: MemoryTransport | None = None

    def join(self, peer: "MemoryTransport") -> None:
        """Let this end write to ``peer``."""
        self._peer = peer
        self._out = Stream(self._loop, self._carrier, peer.arrive)

    @property
    def context(self) -> Any:  # Any: contextvars.Context, which every callback of this end runs in
        return self._context

    # The side that writes.

    def write(self, data: Any) -> None:  # Any: bytes-like, as in asyncio
        if self._closing or self._eof_sent or not data:
            return
        for piece in self._carrier.pieces(bytes(data)):
            self._stream.push(piece)
        self._look_at_the_water()

    def write_eof(self) -> None:
        if not self._eof_sent and not self._lost:
            self._eof_sent = True
            self._stream.push(Ended())

    def can_write_eof(self) -> bool:
        return True

    def get_write_buffer_size(self) -> int:
        return self._stream.in_flight

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._limits

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        high = HIGH_WATER if high is None else high
        self._limits = (high // 4 if low is None else low, high)

    def answer(self) -> None:
        """Tell the other end that the connection is open."""
        self._stream.push(Opened())

    def taken(self, length: int) -> None:
        """Learn that the other end has read so many bytes."""
        self._stream.in_flight -= length
        self._look_at_the_water()

    def _look_at_the_water(self) -> None:
        low, high = self._limits
        if not self._writer_paused and self._stream.in_flight > high:
            self._writer_paused = True
            self._protocol.pause_writing()
        elif self._writer_paused and self._stream.in_flight <= low:
            self._writer_paused = False
            self._context.copy().run(self._protocol.resume_writing)

    @property
    def _stream(self) -> Stream:
        assert self._out is not None  # noqa: S101  # joined before anybody sees it
        return self._out

    # The side that reads.

    def arrive(self, chunk: Chunk) -> None:
        """Take what comes from the other end."""
        if self._lost:
            if isinstance(chunk, bytes):
                self._reset_peer()  # as a host does that has closed the socket
            return
        self._unread.append(chunk)
        self._deliver()

    def pause_reading(self) -> None:
        self._reading = False

    def resume_reading(self) -> None:
        if not self._reading and not self._closing:
            self._reading = True
            self._loop.call_soon(self._deliver)

    def is_reading(self) -> bool:
        return self._reading and not self._closing

    def _deliver(self) -> None:
        while self._unread and self._reading and not self._lost:
            chunk = self._unread.popleft()
            match chunk:
                case bytes():
                    if self._peer is not None:
                        self._peer.taken(len(chunk))
                    if not self._closing:
                        self._loop.call_soon(self._feed, chunk, context=self._context)
                case Ended():
                    self._loop.call_soon(self._end_of_stream, context=self._context)
                case Opened():
                    self._loop.call_soon(self._open, context=self._context)

    def _open(self) -> None:
        if self._opened is not None and not self._opened.done():
            self._protocol.connection_made(self)
            self._opened.set_result(None)

    def _feed(self, data: bytes) -> None:
        if self._lost:
            return
        if isinstance(self._protocol, asyncio.BufferedProtocol):
            while data:
                buffer = self._protocol.get_buffer(len(data))
                length = min(len(buffer), len(data))  # type: ignore[arg-type]  # a buffer has a length
                memoryview(buffer)[:length] = data[:length]
                self._protocol.buffer_updated(length)
                data = data[length:]
        else:
            cast(asyncio.Protocol, self._protocol).data_received(data)

    def _end_of_stream(self) -> None:
        if self._lost:
            return
        self._eof_received = True
        keep = cast(asyncio.Protocol, self._protocol).eof_received()
        if not keep:
            self.close()

    # The end.

    def close(self) -> None:
        """End the connection once what was written has arrived."""
        if self._closing:
            return
        self._closing = True
        self.write_eof()
        self._loop.call_soon(self._lose, None, context=self._context)

    def abort(self) -> None:
        """End the connection at once; the other end sees it reset."""
        if self._lost:
            return
        self._stream.cut()
        self._reset_peer()
        self._closing = True
        self._loop.call_soon(self._lose, None, context=self._context)

    def reset(self, delay: float = 0.0) -> None:
        """See the connection reset by the other end, or by the network."""
        error = ConnectionResetError("the connection was reset by the other end")
        self._loop.call_later(delay, self._lose, error, context=self._context)

    def vanish(self) -> None:
        """Stop being: the process whose end this is has been killed. The other end sees a reset."""
        if not self._lost:
            self._lost = self._closing = True
            self._stream.cut()
            self._on_closed(self)
            self._reset_peer()
            if isinstance(self._protocol, SSLProtocol):
                # It would be told of as a leak. In its owner's name, so that nobody hears of it: the owner is dead.
                self._context.copy().run(self._protocol.connection_lost, None)

    def _reset_peer(self) -> None:
        if self._peer is not None and not self._peer.lost and self._carrier.carries(0):
            self._peer.reset(self._carrier.latency())

    def is_closing(self) -> bool:
        return self._closing

    @property
    def lost(self) -> bool:
        return self._lost

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def _force_close(self, error: BaseException | None) -> None:
        self.abort()

    def _lose(self, error: Exception | None) -> None:
        if self._lost:
            return
        self._lost = self._closing = True
        if error is not None:
            self._stream.cut()
        self._unread.clear()
        self._on_closed(self)
        self._protocol.connection_lost(error)
