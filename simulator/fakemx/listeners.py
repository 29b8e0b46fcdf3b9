"""Where the hosts of the fake network really stand.

A host has a pretended address in DNS, and a place where it listens. Two ways to join them:

- ``LoopbackListeners``: every host is a port of its own on 127.0.0.1, whatever address it pretends. Needs no
  privileges, and the sender has to ask the network's ``endpoint`` where to connect.
- ``AddressListeners``: every host listens at its pretended address itself, at port 25, and the name server at
  port 53. For a network namespace that has those addresses, where any sender finds them by itself, or for an
  event loop whose network is in memory.

Pretended addresses are out of networks that are routed nowhere: RFC 2544 (benchmarks) and RFC 5737, RFC 3849
(documentation).

    >>> network = FakeNetwork(clock, listeners=AddressListeners(["192.0.2.0/24", "2001:db8::/64"]))
"""

import asyncio
import itertools
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Protocol

LOOPBACK = "127.0.0.1"
SMTP_PORT = 25
DOCUMENTATION_NETWORKS = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/64")

ProtocolFactory = Callable[[], asyncio.Protocol]


class Listening(Protocol):
    """Something that listens, or pretends to."""

    @property
    def address(self) -> tuple[str, int]:
        """Where to really connect."""
        ...

    async def close(self) -> None:
        """Stop."""
        ...


class Listeners(Protocol):
    """Gives hosts their addresses and their places."""

    @property
    def dns(self) -> tuple[str, int]:
        """Where the name server listens; port 0 picks one."""
        ...

    def addresses(self, version: int) -> Iterator[str]:
        """Return the IPv4 or IPv6 addresses to give to hosts, one after another, always in the same order."""
        ...

    async def listen(self, protocol_factory: ProtocolFactory, ip: str) -> Listening:
        """Listen for the host at a pretended address."""
        ...

    async def blackhole(self, ip: str) -> Listening:
        """Let connections to a pretended address never be answered."""
        ...

    def refusing(self, ip: str) -> tuple[str, int]:
        """Return where a connection to a pretended address is refused."""
        ...

    def close(self) -> None:
        """Let go of what belongs to no single host."""
        ...


@dataclass(frozen=True, slots=True)
class ServerListening:
    """A server of the event loop."""

    server: asyncio.Server
    address: tuple[str, int]

    async def close(self) -> None:
        """Stop listening; the connections stay as they are."""
        self.server.close()
        await self.server.wait_closed()


@dataclass(frozen=True, slots=True)
class FullBacklog:
    """A socket that listens and whose queue is full, so that Linux drops every further SYN without a word."""

    address: tuple[str, int]
    sockets: Sequence[socket.socket]

    @classmethod
    def at(cls, ip: str, port: int) -> "FullBacklog":
        """Make one."""
        family = socket.AF_INET if ip_address(ip).version == 4 else socket.AF_INET6
        listening = socket.socket(family)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((ip, port))
        listening.listen(0)
        where = listening.getsockname()[:2]
        waiting = [socket.socket(family) for _ in range(2)]  # a backlog of 0 has room for one; one more is for sure
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(where)
        return cls((str(where[0]), int(where[1])), (listening, *waiting))

    async def close(self) -> None:
        """Let go of the address."""
        for one in self.sockets:
            one.close()


@dataclass(slots=True)
class LoopbackListeners:
    """Hosts on loopback, at any free port."""

    dns: tuple[str, int] = (LOOPBACK, 0)
    _refusing: socket.socket | None = field(default=None, init=False)

    def addresses(self, version: int) -> Iterator[str]:
        """Return addresses out of 198.18.0.0/15, or out of 2001:db8::/64."""
        network = ip_network("198.18.0.0/15" if version == 4 else "2001:db8::/64")
        return map(str, itertools.islice(network, 1, None))

    async def listen(self, protocol_factory: ProtocolFactory, ip: str) -> Listening:
        """Listen at a free port."""
        server = await asyncio.get_running_loop().create_server(protocol_factory, LOOPBACK, 0)
        return ServerListening(server, (LOOPBACK, server.sockets[0].getsockname()[1]))

    async def blackhole(self, ip: str) -> Listening:
        """Fill a queue at a free port."""
        return FullBacklog.at(LOOPBACK, 0)

    def refusing(self, ip: str) -> tuple[str, int]:
        """Return a port that is bound, so that nobody else gets it, and at which nothing ever listens."""
        if self._refusing is None:
            self._refusing = socket.socket()
            self._refusing.bind((LOOPBACK, 0))
        return LOOPBACK, self._refusing.getsockname()[1]

    def close(self) -> None:
        """Let go of the refusing port."""
        if self._refusing is not None:
            self._refusing.close()
            self._refusing = None


async def full_backlog(ip: str, port: int) -> Listening:
    """Make a black hole of real sockets."""
    return FullBacklog.at(ip, port)


@dataclass(frozen=True, slots=True)
class AddressListeners:
    """Hosts at their own addresses, which are taken out of these networks in their order.

    Args:
        blackhole_at: makes a black hole; on a loop whose network is in memory, that network's own way.
    """

    networks: Sequence[str] = DOCUMENTATION_NETWORKS
    dns: tuple[str, int] = ("127.0.0.53", 53)
    blackhole_at: Callable[[str, int], Awaitable[Listening]] = full_backlog

    def addresses(self, version: int) -> Iterator[str]:
        """Return the host addresses of the networks."""
        for network in map(ip_network, self.networks):
            if network.version == version:
                yield from _hosts(network)

    async def listen(self, protocol_factory: ProtocolFactory, ip: str) -> Listening:
        """Listen at the address itself, at port 25."""
        server = await asyncio.get_running_loop().create_server(protocol_factory, ip, SMTP_PORT)
        return ServerListening(server, (ip, SMTP_PORT))

    async def blackhole(self, ip: str) -> Listening:
        """Swallow what comes to the address."""
        return await self.blackhole_at(ip, SMTP_PORT)

    def refusing(self, ip: str) -> tuple[str, int]:
        """Return the address itself: nobody listens there."""
        return ip, SMTP_PORT

    def close(self) -> None:
        """Do nothing: every place belongs to a host."""


def _hosts(network: IPv4Network | IPv6Network) -> Iterator[str]:
    return map(str, network.hosts())
