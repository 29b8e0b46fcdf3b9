"""The fake network: a DNS, a catch-all MX, and hosts for every domain that has a behaviour.

Every host has pretended addresses that are routed nowhere, and really is wherever its ``listeners`` put it: by
default at a loopback port of its own. ``endpoint`` is the only bridge: a transport that dials only what it answers
cannot leave.

    >>> network = FakeNetwork(clock)
    >>> await network.start()
    >>> network.dns_address                           # UDP and TCP
    >>> network.endpoint("198.18.0.1", 25)            # ("127.0.0.1", 40123); None: no such host, refuse
    >>> await network.set_behaviour("example.com", parse_behaviour({"behaviour": "full"}))
    >>> network.received[0].auth.dkim
    >>> assert not network.faults                     # bugs of ours, never weather
    >>> await network.stop()

What is deliberately not here: what behaviours mean (``behaviours``), DNS packets (``dns``), who stands in DNS
(``directory``), the SMTP dialogue (``mx``), what a mail is worth (``judge``), reports on their way (``reporter``).
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Self

from fakemx.behaviours.catalogue import DOMAINS, TAGS
from fakemx.behaviours.playbook import Playbook
from fakemx.behaviours.script import Address, Behaviour, Expected, Host
from fakemx.clock_port import Clock
from fakemx.directory import Directory, name_of
from fakemx.dns.server import DnsServer
from fakemx.dns.sockets import DnsSockets
from fakemx.dns.zones import CATCHALL_MX, Zones, looks_like_a_mail_domain, normal
from fakemx.judge.verdict import Verdict, judge
from fakemx.listeners import SMTP_PORT, Listeners, LoopbackListeners
from fakemx.mx.host import MxHost
from fakemx.mx.mailbox import Mailbox
from fakemx.mx.observation import Observation, nobody_looks
from fakemx.mx.place import Place
from fakemx.mx.received import Arrival, Received
from fakemx.reporter import Reporter
from fakemx.reverse import confirms

_CATCHALL = Behaviour("catchall", "takes all mail", Expected.DELIVERED)
_WITHOUT_ADDRESS = frozenset({Address.NONE, Address.SELF})


class FakeNetwork:
    """DNS and MX hosts, on the running loop."""

    def __init__(
        self,
        clock: Clock,
        *,
        domains: Mapping[str, Behaviour] = MappingProxyType({}),
        zones: Zones | None = None,
        on_mail: Callable[[Received], None] | None = None,
        new_id: Callable[[], str] | None = None,
        listeners: Listeners | None = None,
        dns_sockets: DnsSockets | None = None,
        observe: Callable[[Observation], None] = nobody_looks,
    ) -> None:
        """Take the ports; nothing is opened before ``start``.

        Args:
            clock: the time, and the waiting.
            domains: who behaves how from the start on, beside the ready domains or instead of them.
            zones: the DNS data, to share them; the network adds its hosts to them.
            on_mail: takes each mail before it is acknowledged; by default ``received`` does, in memory. If it
                raises, the sender is told 451.
            new_id: the id of the next mail; by default 1, 2, 3.
            listeners: where hosts really stand; by default on loopback.
            dns_sockets: where the name server listens, bound already; by default the listeners' own place.
            observe: told of everything that a host does.
        """
        numbers = itertools.count(1)
        self.zones = zones if zones is not None else Zones()
        self.received = Mailbox()
        self.faults: list[Exception] = []
        self._clock = clock
        self._keep = on_mail or self.received.append
        self._new_id = new_id or (lambda: str(next(numbers)))
        self._listeners = listeners or LoopbackListeners()
        self._dns_sockets = dns_sockets
        self._ready = {**DOMAINS, **domains}
        self._playbook = Playbook(self._ready, TAGS)
        self._dns = DnsServer(self.zones, clock, self.faults.append)
        self._directory = Directory(clock.now)
        self._reporter = Reporter(clock, self._where_mail_goes, self._new_id, self.faults.append)
        self._place = Place(
            clock=clock,
            playbook=self._playbook,
            judge=self._judge,
            confirms=lambda ip, name: confirms(self.zones, ip, name),
            take=self._take,
            send_report=self._reporter.send,
            fault=self.faults.append,
            observe=observe,
        )
        self._places: dict[str, MxHost] = {}  # by pretended address
        self._fresh = {version: iter(self._listeners.addresses(version)) for version in (4, 6)}
        self.zones.add_provider(self._directory)

    @property
    def dns_address(self) -> tuple[str, int]:
        """Where the name server is, over UDP and TCP."""
        return self._listeners.dns[0], self._dns.port

    @property
    def dns_port(self) -> int:
        """The port of the name server."""
        return self._dns.port

    async def start(self) -> None:
        """Open the name server, the catch-all MX and the hosts of every ready domain."""
        if self._dns_sockets is not None:
            await self._dns.serve(self._dns_sockets)
        else:
            await self._dns.start(*self._listeners.dns)
        await self._open(CATCHALL_MX.removeprefix("mx."), _CATCHALL)
        for domain, behaviour in self._playbook.behaviours.items():
            await self._open(domain, behaviour)

    async def stop(self) -> None:
        """Close everything."""
        await self._reporter.stop()
        for domain in self._directory.domains:
            await self._close(domain)
        self._fresh = {version: iter(self._listeners.addresses(version)) for version in (4, 6)}
        await self._dns.stop()
        self._listeners.close()

    async def __aenter__(self) -> Self:
        """Start, for ``async with``."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    def endpoint(self, ip: str, port: int) -> tuple[str, int] | None:
        """Say where ``ip:port`` really is; None: there is no such host, and nobody may be dialled."""
        host = self._places.get(ip)
        return host.where(ip) if host is not None and port == SMTP_PORT else None

    def addresses_of(self, host: str) -> Sequence[str]:
        """Return the pretended addresses of a host by its name."""
        return next((one.addresses for one in self._directory.hosts() if one.name == host), ())

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
        self._playbook.set(domain, behaviour)
        await self._close(domain)
        await self._open(domain, behaviour)

    async def clear_behaviour(self, domain: str) -> None:
        """Give a domain back what it had at the start: a ready one its entry, any other the catch-all."""
        domain = normal(domain)
        self._playbook.clear(domain)
        behaviour = self._playbook.of(domain)
        if domain != CATCHALL_MX.removeprefix("mx."):
            await self._close(domain)
        if behaviour is not None:
            await self._open(domain, behaviour)

    async def reset(self) -> None:
        """Go back to the start: behaviours, counters, recorded mail, noted bugs. Records set in zones stay."""
        for domain, behaviour in self._playbook.behaviours.items():
            if self._ready.get(domain) != behaviour:
                await self.clear_behaviour(domain)
        self._playbook.reset()
        self.received.clear()
        self.faults.clear()

    async def _open(self, domain: str, behaviour: Behaviour) -> None:
        hosts = [
            MxHost(name_of(domain, host), domain, host, self._addresses_for(host), self._place)
            for host in behaviour.hosts
        ]
        for host in hosts:
            await host.open(self._listeners)
            self._places |= dict.fromkeys(host.addresses, host)
        self._directory.set(domain, hosts)
        self.zones.set_ttl(domain, behaviour.ttl)
        if behaviour.dns_fault is not None:
            self.zones.set_fault(domain, behaviour.dns_fault)

    async def _close(self, domain: str) -> None:
        self.zones.clear_fault(domain)
        for host in self._directory.remove(domain):
            for ip in host.addresses:
                self._places.pop(ip, None)
            await host.close()

    def _addresses_for(self, host: Host) -> tuple[str, ...]:
        if host.address in _WITHOUT_ADDRESS:
            return ()
        versions = {Address.V6: (6,), Address.BOTH: (4, 6)}.get(host.address, (4,))
        return tuple(next(self._fresh[version]) for version in versions)

    def _where_mail_goes(self, domain: str) -> tuple[str, int] | None:
        """Return where the best host of a domain really is; None: it takes no mail."""
        for text in sorted(self.zones.lookup(domain, "MX").texts, key=lambda text: int(text.split()[0])):
            for ip in self.zones.lookup(text.split()[1], "A").texts:
                if (endpoint := self.endpoint(ip, SMTP_PORT)) is not None:
                    return endpoint
        return None

    def _judge(self, arrival: Arrival) -> Verdict:
        return judge(
            arrival.data,
            peer_ip=arrival.peer_ip,
            helo=arrival.helo,
            sender=arrival.sender,
            zones=self.zones,
            now=self._clock.now(),
        )

    def _take(self, arrival: Arrival, verdict: Verdict) -> str:
        mail = Received(
            id=self._new_id(),
            received_at=self._clock.now(),
            host=arrival.host,
            peer_ip=arrival.peer_ip,
            helo=arrival.helo,
            sender=arrival.sender,
            recipients=arrival.recipients,
            data=arrival.data,
            transcript=arrival.transcript,
            tls=arrival.tls,
            auth=verdict,
        )
        self._keep(mail)
        return mail.id
