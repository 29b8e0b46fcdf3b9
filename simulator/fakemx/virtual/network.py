"""A network in memory: hosts that listen at any address, connections and datagrams between them, and what goes wrong.

    network = MemoryNetwork(random.Random(1), Line(latency=(0.005, 0.04), largest_chunk=7))
    network.add_rule(Rule(BlackHole(), frozenset({"198.18.0.9"}), since=60, until=3600))
    loop = VirtualLoop(network)

The loop calls it where another one would call the system. Names are not looked up here: there is a fake DNS for that.
"""

import asyncio
import itertools
import random
from collections.abc import Callable, Sequence
from contextvars import copy_context
from dataclasses import dataclass

from fakemx.virtual.datagrams import Datagrams
from fakemx.virtual.owner import OWNER
from fakemx.virtual.rules import BlackHole, Fate, HalfOpen, Line, Refuse, ResetAfter, Rule, Throttle, first_match
from fakemx.virtual.transport import MemoryTransport

LOOPBACK = "127.0.0.1"
FIRST_PORT = 32768
MOST_CUTS = 40  # of one write; what is left arrives in one piece

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class LinkFault:
    """The network has done something to a connection."""

    fault: str  # refuse, blackhole, reset, half-open, throttle
    server: Address


_NAMES: dict[type, str] = {
    Refuse: "refuse",
    BlackHole: "blackhole",
    ResetAfter: "reset",
    HalfOpen: "half-open",
    Throttle: "throttle",
}


class MemoryServer(asyncio.AbstractServer):
    """Somebody who listens; as much of ``asyncio.Server`` as is asked for."""

    def __init__(self, network: "MemoryNetwork", address: Address, factory: Callable[[], asyncio.BaseProtocol]) -> None:
        self.address = address
        self.factory = factory
        self.sockets = (_Socket(address),)
        self.context = copy_context()  # whose server it is
        self._network = network

    def close(self) -> None:
        self._network.unlisten(self.address)

    async def wait_closed(self) -> None:
        """Return at once: nothing has to be waited for."""

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._network.loop

    def is_serving(self) -> bool:
        return self._network.listens(self.address)

    async def start_serving(self) -> None:
        """Do nothing: it serves from the start."""

    async def serve_forever(self) -> None:
        """Serve until cancelled."""
        await self._network.loop.create_future()


@dataclass(frozen=True, slots=True)
class _Socket:
    address: Address

    def getsockname(self) -> Address:
        return self.address


@dataclass(frozen=True, slots=True)
class Swallowed:
    """An address at which nothing is ever answered; a ``fakemx.listeners.Listening``."""

    network: "MemoryNetwork"
    address: Address

    async def close(self) -> None:
        self.network.release(self.address)


class MemoryNetwork:
    """Everything that is connected.

    Args:
        rng: draws latencies, sizes and probabilities.
        line: the network on an ordinary day.
        rules: its faults; the first that matches a connection wins.
        observe: told of each fault when it strikes.
    """

    def __init__(
        self,
        rng: random.Random,
        line: Line | None = None,
        rules: Sequence[Rule] = (),
        observe: Callable[[LinkFault], None] = lambda fault: None,
    ) -> None:
        self.rng = rng
        self.line = line or Line()
        self._rules = list(rules)
        self._observe = observe
        self._servers: dict[Address, MemoryServer] = {}
        self._open: dict[MemoryTransport, str] = {}  # to the owner
        self._ports = itertools.count(FIRST_PORT)
        self._black_holes: set[Address] = set()
        self.datagrams = Datagrams(self)

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Become the network of a loop."""
        self.loop = loop

    def add_rule(self, rule: Rule) -> Callable[[], None]:
        """Add a rule after those that are there; return what takes it away again."""
        self._rules.append(rule)
        return lambda: self._rules.remove(rule)

    async def blackhole(self, ip: str, port: int) -> "Swallowed":
        """Let nothing at an address ever be answered."""
        self._black_holes.add((ip, port))
        return Swallowed(self, (ip, port))

    def release(self, address: Address) -> None:
        """Let an address be as any other again."""
        self._black_holes.discard(address)

    # What the loop asks for.

    def listen(self, factory: Callable[[], asyncio.BaseProtocol], host: str, port: int) -> MemoryServer:
        address = host, port or self.free_port()
        if address in self._servers:
            raise OSError(98, f"{address} is in use")
        self._servers[address] = server = MemoryServer(self, address, factory)
        return server

    async def connect(
        self, factory: Callable[[], asyncio.BaseProtocol], host: str, port: int, local: str | None
    ) -> tuple[MemoryTransport, asyncio.BaseProtocol]:
        address = host, port
        fate = self.fate_of(host)
        await asyncio.sleep(self.latency())  # noqa: TID251  # the loop's own time is the virtual one
        server = self._servers.get(address)
        if fate is not None and not isinstance(fate, ResetAfter | HalfOpen):
            self.struck(fate, address)
        if isinstance(fate, BlackHole) or address in self._black_holes:
            await self.loop.create_future()
        if server is None or isinstance(fate, Refuse):
            await asyncio.sleep(self.latency())  # noqa: TID251  # likewise
            raise ConnectionRefusedError(111, "Connection refused")
        return await self._establish(factory, server, fate, (local or LOOPBACK, self.free_port()))

    async def _establish(
        self, factory: Callable[[], asyncio.BaseProtocol], server: MemoryServer, fate: Fate | None, client: Address
    ) -> tuple[MemoryTransport, asyncio.BaseProtocol]:
        opened: asyncio.Future[None] = self.loop.create_future()
        carrier = Connection(self, fate, server.address)
        protocol = factory()
        near = MemoryTransport(self.loop, protocol, carrier, (client, server.address), self._closed, opened)
        far = server.context.run(self._accept, server, carrier, client)
        near.join(far)
        far.join(near)
        carrier.ends = (near, far)
        self._open |= {near: OWNER.get(), far: ""}
        far.answer()
        self.loop.call_soon(far.get_protocol().connection_made, far, context=far.context)
        try:
            await opened
        except BaseException:
            near.abort()
            raise
        return near, protocol

    def _accept(self, server: MemoryServer, carrier: "Connection", client: Address) -> MemoryTransport:
        return MemoryTransport(self.loop, server.factory(), carrier, (server.address, client), self._closed)

    def unlisten(self, address: Address) -> None:
        self._servers.pop(address, None)

    def listens(self, address: Address) -> bool:
        return address in self._servers

    def abort_connections(self, owner: str) -> None:
        """Let every connection that ``owner`` made vanish."""
        for transport in [one for one, whose in self._open.items() if whose == owner]:
            transport.vanish()

    def close(self) -> None:
        """End every connection without a word."""
        for transport in list(self._open):
            transport.vanish()

    def open_connections(self) -> list[str]:
        """Return the ends that are open, as texts."""
        return [f"{one.get_extra_info('sockname')} to {one.get_extra_info('peername')}" for one in self._open]

    # What connections and datagrams ask for.

    def fate_of(self, server: str) -> Fate | None:
        return first_match(self._rules, server, self.loop.time(), self.rng)

    def swallows(self, server: str) -> bool:
        """Say whether a datagram to ``server`` falls into a black hole."""
        return isinstance(self.fate_of(server), BlackHole)

    def struck(self, fate: Fate, server: Address) -> None:
        self._observe(LinkFault(_NAMES[type(fate)], server))

    def free_port(self) -> int:
        return next(self._ports)

    def latency(self) -> float:
        low, high = self.line.latency
        return self.rng.uniform(low, high) if high > low else low

    def _closed(self, transport: MemoryTransport) -> None:
        self._open.pop(transport, None)


class Connection:
    """What carries the chunks of one connection, and its fate."""

    def __init__(self, network: MemoryNetwork, fate: Fate | None, server: Address) -> None:
        self._network = network
        self._fate = fate
        self._server = server
        self._sent = 0
        self._dead = False
        self.ends: tuple[MemoryTransport, ...] = ()

    def pieces(self, data: bytes) -> list[bytes]:
        """Cut what is written at random places, as often as still teaches something."""
        largest = self._network.line.largest_chunk
        if largest is None:
            return [data]
        pieces: list[bytes] = []
        begin = 0
        while begin < len(data):
            length = self._network.rng.randint(1, largest) if len(pieces) < MOST_CUTS else len(data)
            pieces.append(data[begin : begin + length])
            begin += length
        return pieces

    def latency(self) -> float:
        return self._network.latency()

    def transmission(self, length: int) -> float:
        return length / self._fate.octets_per_second if isinstance(self._fate, Throttle) else 0.0

    def carries(self, length: int) -> bool:
        self._sent += length
        match self._fate:
            case ResetAfter(octets) | HalfOpen(octets) if not self._dead and self._sent > octets:
                self._dead = True
                self._network.struck(self._fate, self._server)
                if isinstance(self._fate, ResetAfter):
                    for end in self.ends:
                        end.reset()
        return not self._dead
