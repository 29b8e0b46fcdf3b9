"""The fake network: a DNS, a catch-all MX, and one MX for every domain that has a behaviour.

Every MX has a pretended address out of 198.18.0.0/15 (RFC 2544: set aside for benchmarks, routed nowhere)
and really is a loopback port. ``endpoint`` is the only bridge: a transport that dials only what it answers
cannot leave.

    >>> network = FakeNetwork(clock)
    >>> await network.start()
    >>> network.dns_port                              # UDP and TCP on 127.0.0.1
    >>> network.endpoint("198.18.0.1", 25)            # ("127.0.0.1", 40123); None: no such host, refuse
    >>> await network.set_behaviour("example.com", parse_behaviour({"behaviour": "full"}))
    >>> network.received[0].auth.dkim
    >>> assert not network.faults                     # bugs of ours, never weather
    >>> await network.stop()

What is deliberately not here: what behaviours mean (``script``), who behaves how (``playbook``), DNS packets
(``dns.answer``), the SMTP dialogue (``mx.session``), what a mail is worth (``verdict``).
"""

import itertools
import socket
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address
from typing import Self

from fakemx.behaviours.catalogue import DOMAINS
from fakemx.behaviours.playbook import Playbook
from fakemx.behaviours.script import Behaviour
from fakemx.clock_port import Clock
from fakemx.dns.server import DnsServer
from fakemx.dns.zones import CATCHALL_MX, Zones, looks_like_a_mail_domain, normal
from fakemx.judge.verdict import judge
from fakemx.mx.host import LOOPBACK, MxHost
from fakemx.mx.mailbox import Mailbox
from fakemx.mx.received import Arrival, Received
from fakemx.mx.session import Place

SMTP_PORT = 25
FIRST_ADDRESS = IPv4Address("198.18.0.1")


class FakeNetwork:
    """DNS and MX hosts, on the running loop."""

    def __init__(
        self,
        clock: Clock,
        *,
        zones: Zones | None = None,
        on_mail: Callable[[Received], None] | None = None,
        new_id: Callable[[], str] | None = None,
    ) -> None:
        """Take the ports; nothing is opened before ``start``.

        Args:
            clock: the time, and the waiting.
            zones: the DNS data, to share them; the network adds its hosts to them.
            on_mail: takes each mail before it is acknowledged; by default ``received`` does, in memory. If it
                raises, the sender is told 451.
            new_id: the id of the next mail; by default 1, 2, 3.
        """
        numbers = itertools.count(1)
        self.zones = zones if zones is not None else Zones()
        self.received = Mailbox()
        self.faults: list[Exception] = []
        self._clock = clock
        self._keep = on_mail or self.received.append
        self._new_id = new_id or (lambda: str(next(numbers)))
        self._playbook = Playbook(DOMAINS)
        self._dns = DnsServer(self.zones, on_fault=self.faults.append)
        self._place = Place(clock, self._playbook, self._take, self.faults.append)
        self._addresses = itertools.count()
        self._hosts: dict[str, MxHost] = {}  # by domain
        self._refusing: socket.socket | None = None
        self.zones.add_provider(self._records)

    @property
    def dns_port(self) -> int:
        """The port of the name server on 127.0.0.1, UDP and TCP."""
        return self._dns.port

    async def start(self) -> None:
        """Open the name server, the catch-all MX and the MX of every ready domain."""
        self._refusing = socket.socket()
        self._refusing.bind((LOOPBACK, 0))  # bound and never listening: connecting here is refused
        await self._dns.start(LOOPBACK)
        await self._open(CATCHALL_MX.removeprefix("mx."))
        for domain, behaviour in self._playbook.behaviours.items():
            await self._open(domain)
            self._break(domain, behaviour)

    async def stop(self) -> None:
        """Close everything."""
        for host in self._hosts.values():
            await host.close()
        self._hosts.clear()
        self._addresses = itertools.count()
        await self._dns.stop()
        if self._refusing is not None:
            self._refusing.close()
            self._refusing = None

    async def __aenter__(self) -> Self:
        """Start, for ``async with``."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    def endpoint(self, ip: str, port: int) -> tuple[str, int] | None:
        """Say where ``ip:port`` really is; None: there is no such host, and nobody may be dialled."""
        host = next((host for host in self._hosts.values() if host.ip == ip), None)
        if host is None or host.port is None or port != SMTP_PORT:
            return None
        behaviour = self._playbook.of(host.domain)
        if behaviour is not None and not behaviour.listens and self._refusing is not None:
            return LOOPBACK, self._refusing.getsockname()[1]
        return LOOPBACK, host.port

    def behaviours(self) -> Mapping[str, Behaviour]:
        """Return who behaves how, by domain, ready domains included."""
        return self._playbook.behaviours

    async def set_behaviour(self, domain: str, behaviour: Behaviour) -> None:
        """Let a domain behave so from now on, with its counters at their start.

        Raises:
            ValueError: not a name that can have mail.
        """
        domain = normal(domain)
        if not looks_like_a_mail_domain(domain):
            raise ValueError(f"{domain!r} is not a domain that can have mail, like 'example.com'")
        if domain not in self._hosts:
            await self._open(domain)
        self._playbook.set(domain, behaviour)
        self._break(domain, behaviour)

    async def clear_behaviour(self, domain: str) -> None:
        """Give a domain back what it had at the start: a ready one its entry, any other the catch-all."""
        domain = normal(domain)
        self._playbook.clear(domain)
        self.zones.clear_fault(domain)
        behaviour = self._playbook.of(domain)
        if behaviour is not None:
            self._break(domain, behaviour)
        elif domain in self._hosts and self._hosts[domain].name != CATCHALL_MX:
            await self._hosts.pop(domain).close()

    async def reset(self) -> None:
        """Go back to the start: behaviours, counters, recorded mail, noted bugs. Records set in zones stay."""
        for domain in self._playbook.behaviours:
            await self.clear_behaviour(domain)
        self._playbook.reset()
        self.received.clear()
        self.faults.clear()

    async def _open(self, domain: str) -> None:
        address = str(FIRST_ADDRESS + next(self._addresses))
        self._hosts[domain] = host = MxHost(f"mx.{domain}", domain, address, self._place)
        await host.open()

    def _break(self, domain: str, behaviour: Behaviour) -> None:
        if behaviour.dns_fault is None:
            self.zones.clear_fault(domain)
        else:
            self.zones.set_fault(domain, behaviour.dns_fault)

    def _records(self, name: str, rdtype: str) -> Sequence[str] | None:
        """Provide the MX of our domains and the addresses of our hosts, derived from what is open now."""
        at, is_at = self._hosts.get(name), self._hosts.get(name.removeprefix("mx."))
        if at is not None and rdtype == "MX":
            return (f"10 {at.name}.",)
        if is_at is not None and is_at.name == name:
            return (is_at.ip,) if rdtype == "A" else ()
        return () if at is not None else None

    def _take(self, arrival: Arrival) -> None:
        now = self._clock.now()
        mail = Received(
            id=self._new_id(),
            received_at=now,
            host=arrival.host,
            peer_ip=arrival.peer_ip,
            helo=arrival.helo,
            sender=arrival.sender,
            recipients=arrival.recipients,
            data=arrival.data,
            transcript=arrival.transcript,
            tls=arrival.tls,
            auth=judge(
                arrival.data,
                peer_ip=arrival.peer_ip,
                helo=arrival.helo,
                sender=arrival.sender,
                zones=self.zones,
                now=now,
            ),
        )
        self._keep(mail)
