"""The fronts of the fake DNS on real loopback sockets: UDP and TCP at one port number.

All answers come from ``dns_answer.respond``. A packet that cannot be read is ignored. A bug of ours (a
provider that raises, say) is answered SERVFAIL and handed to ``on_fault``, so that it is seen and not
mistaken for weather.

    >>> server = DnsServer(zones, clock, faults.append)
    >>> await server.start()
    >>> server.port
    >>> await server.stop()
"""

import asyncio
import struct
from collections.abc import Callable
from typing import cast

from fakemx.clock_port import Clock
from fakemx.dns.answer import failure, respond, waits_for
from fakemx.dns.sockets import DnsSockets, bind
from fakemx.dns.zones import Zones
from fakemx.tasks import Tasks


class DnsServer:
    """A name server that asks ``zones``."""

    def __init__(self, zones: Zones, clock: Clock, on_fault: Callable[[Exception], None]) -> None:
        """Take the data, and the clock that a slow server waits on; nothing is opened before ``start``."""
        self._zones = zones
        self._clock = clock
        self._on_fault = on_fault
        self._late = Tasks(on_fault)
        self._tcp: asyncio.Server | None = None
        self._udp: asyncio.DatagramTransport | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    @property
    def port(self) -> int:
        """The port number, for UDP and TCP alike."""
        if self._tcp is None:
            raise RuntimeError("the name server is not started")
        port: int = self._tcp.sockets[0].getsockname()[1]
        return port

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Open both sockets, and answer. With port 0 the system picks one that is free for both."""
        if not port:
            await self.serve(bind(host))
            return
        loop = asyncio.get_running_loop()
        self._tcp = await asyncio.start_server(self._serve, host, port)
        self._udp, _ = await loop.create_datagram_endpoint(lambda: _Udp(self), local_addr=(host, port))

    async def serve(self, sockets: DnsSockets) -> None:
        """Answer at sockets that are bound already; they are closed by ``stop``."""
        loop = asyncio.get_running_loop()
        self._tcp = await asyncio.start_server(self._serve, sock=sockets.tcp)
        self._udp, _ = await loop.create_datagram_endpoint(lambda: _Udp(self), sock=sockets.udp)

    async def stop(self) -> None:
        """Close the sockets and every connection."""
        await self._late.stop()
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
            for task, writer in self._connections.items():
                writer.transport.abort()
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
            await self._tcp.wait_closed()
        self._udp = self._tcp = None

    def answer(self, packet: bytes, *, udp: bool) -> bytes | None:
        """Answer one packet, whatever is in it."""
        try:
            return respond(self._zones, packet, udp=udp)
        except Exception as ex:  # noqa: BLE001  # the edge: a bug is reported and answered, and serving goes on
            self._on_fault(ex)
            return failure(packet)

    async def wait(self, packet: bytes) -> None:
        """Take the time that the answer to a packet takes."""
        if seconds := waits_for(self._zones, packet):
            await self._clock.sleep(seconds)

    def answer_late(self, packet: bytes, send: Callable[[bytes], None]) -> bool:
        """Answer a datagram when its time has come; False: that is now."""
        if not waits_for(self._zones, packet):
            return False

        async def later() -> None:
            await self.wait(packet)
            if answer := self.answer(packet, udp=True):
                send(answer)

        self._late.start(later())
        return True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # for mypy: a coroutine runs in a task
        self._connections[task] = writer
        try:
            while True:
                (length,) = struct.unpack("!H", await reader.readexactly(2))  # RFC 1035 section 4.2.2
                packet = await reader.readexactly(length)
                await self.wait(packet)
                answer = self.answer(packet, udp=False)
                if answer is not None:
                    writer.write(struct.pack("!H", len(answer)) + answer)
                    await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # the client has gone, or we are stopping
        finally:
            self._connections.pop(task, None)
            writer.close()


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast, not isinstance: CPython 3.11's own datagram transport does not inherit from the class.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self._server.answer_late(data, lambda answer: self._send(answer, addr)):
            answer = self._server.answer(data, udp=True)
            if answer is not None:
                self._send(answer, addr)

    def _send(self, answer: bytes, addr: tuple[str, int]) -> None:
        if self._transport is not None:
            self._transport.sendto(answer, addr)
