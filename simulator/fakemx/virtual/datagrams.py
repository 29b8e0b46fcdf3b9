"""UDP in memory: datagrams that arrive, late or never."""

import asyncio
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fakemx.virtual.network import MemoryNetwork

Address = tuple[str, int]


class Datagrams:
    """Every open endpoint, by its address."""

    def __init__(self, network: "MemoryNetwork") -> None:
        self.network = network
        self._open: dict[Address, MemoryDatagramTransport] = {}

    def open(
        self, protocol: asyncio.BaseProtocol, local: Address | None, remote: Address | None
    ) -> "MemoryDatagramTransport":
        host, port = (local or ("127.0.0.1", 0))[:2]
        address = str(host), int(port) or self.network.free_port()
        if address in self._open:
            raise OSError(98, f"{address} is in use")
        self._open[address] = transport = MemoryDatagramTransport(self, protocol, address, remote)
        self.network.loop.call_soon(protocol.connection_made, transport, context=transport.context)
        return transport

    def send(self, data: bytes, sender: Address, receiver: Address) -> None:
        network = self.network
        if network.rng.random() < network.line.loss or network.swallows(receiver[0]):
            return
        network.loop.call_later(network.latency(), self._arrive, data, sender, receiver)

    def _arrive(self, data: bytes, sender: Address, receiver: Address) -> None:
        transport = self._open.get(receiver)
        if transport is not None:
            transport.context.copy().run(transport.take, data, sender)

    def closed(self, address: Address) -> None:
        self._open.pop(address, None)


class MemoryDatagramTransport(asyncio.DatagramTransport):
    """One open endpoint."""

    def __init__(
        self, datagrams: Datagrams, protocol: asyncio.BaseProtocol, address: Address, remote: Address | None
    ) -> None:
        super().__init__({"sockname": address, "peername": remote, "socket": None})
        self._datagrams = datagrams
        self._protocol = protocol
        self._address = address
        self._remote = remote
        self.context = copy_context()
        self._closing = False

    def sendto(self, data: Any, addr: Any = None) -> None:  # Any: as in asyncio
        receiver = addr or self._remote
        if not self._closing and receiver is not None:
            self._datagrams.send(bytes(data), self._address, (str(receiver[0]), int(receiver[1])))

    def take(self, data: bytes, sender: Address) -> None:
        """Hand a datagram to the protocol; a connected endpoint takes only its peer's."""
        if not self._closing and (self._remote is None or sender == tuple(self._remote[:2])):
            self._protocol.datagram_received(data, sender)  # type: ignore[attr-defined]  # a datagram protocol

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._datagrams.closed(self._address)
            self._datagrams.network.loop.call_soon(
                self._protocol.connection_lost,
                None,
                context=self.context,
            )

    def abort(self) -> None:
        self.close()
