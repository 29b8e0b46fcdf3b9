"""A worker on the real network: the delivery engine on real time, the system's resolver and port 25.

    >>> sender = SendingHost(("203.0.113.5",), bounces_to="out.example.com")
    >>> worker = Worker(PonyStore("mail.sqlite3"), WorkerSettings("out.example.com", sender))
    >>> await worker.run()                      # until worker.stop()

Any number of workers may work on one database: leases keep them apart. The API is another process.
"""

import asyncio
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_address

from justemails.clock import SystemClock
from justemails.delivery.assembly import make_engine
from justemails.delivery.dns import DnsResolver
from justemails.delivery.reach import Forbids, forbid_all_but_public, forbid_this_machine
from justemails.delivery.routing import MxRoute, RelayRoute, Route
from justemails.delivery.settings import DEFAULTS
from justemails.delivery.smtp import Endpoint, SmtpConnector
from justemails.domains.domain import SendingHost
from justemails.domains.watch import DomainWatch
from justemails.records import Claim, Outcome
from justemails.store import Store

SMTP_PORT = 25
_LOOK_AGAIN_S = 1.0  # the API is another process, and cannot wake us

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Relay:
    """A mail server that takes everything and brings it on, a smarthost."""

    host: str
    port: int = SMTP_PORT


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """Everything that the command's options decide.

    Args:
        ehlo_name: what we call ourselves; its address should be ``sender``'s, and lead back to it (RFC 1912 2.1).
        sender: what the DNS records of sending domains have to name.
        sources: addresses of this machine to send from, at most one of IPv4 and one of IPv6; else the system chooses.
        relay: where all mail goes; None means by MX.
        nameserver: address and port; None means the system's configuration.
        allowed: networks that are not public and may have mail hosts all the same.
    """

    ehlo_name: str
    sender: SendingHost
    sources: tuple[str, ...] = ()
    relay: Relay | None = None
    nameserver: tuple[str, int] | None = None
    allowed: tuple[Network, ...] = ()


class Worker:
    """A worker; everything that it holds is on the disk before anybody is told of it.

    Args:
        observe: called with each outcome once it is recorded.
    """

    def __init__(
        self,
        store: Store,
        settings: WorkerSettings,
        observe: Callable[[Claim, Outcome], None] = lambda claim, outcome: None,
    ) -> None:
        clock = SystemClock()
        resolver = DnsResolver(clock, settings.nameserver)
        rng = random.Random(secrets.randbits(64))  # noqa: S311  # jitter and the order of equal hosts
        delivery = replace(DEFAULTS, ehlo_name=settings.ehlo_name)
        forbids = _forbids(settings)
        route: Route = (
            RelayRoute(resolver, settings.relay.host) if settings.relay else MxRoute(resolver, rng, delivery, forbids)
        )
        connector = SmtpConnector(_endpoint(settings, forbids), settings.sources)
        self._engine = make_engine(
            store,
            clock=clock,
            route=route,
            connector=connector,
            rng=rng,
            settings=delivery,
            observe=observe,
            look_again_s=_LOOK_AGAIN_S,
        )
        self._watch = DomainWatch(store, resolver, clock, settings.sender)

    async def run(self) -> None:
        """Deliver, and look after the domains, until ``stop``; then finish what is under way."""
        watching = asyncio.create_task(self._watch.run())
        await self._engine.run()
        watching.cancel()
        await asyncio.wait({watching})

    async def run_once(self) -> None:
        """Deliver what is due now, and return when all of it has been tried."""
        await self._engine.run_once()

    def stop(self) -> None:
        """Take nothing new."""
        self._engine.stop()


def _forbids(settings: WorkerSettings) -> Forbids:
    all_but_public = forbid_all_but_public((*settings.sources, *settings.sender.addresses))

    def forbid(ip: str) -> str | None:
        if any(ip_address(ip) in network for network in settings.allowed):
            return forbid_this_machine(ip)
        return all_but_public(ip)

    return forbid


def _endpoint(settings: WorkerSettings, forbids: Forbids) -> Endpoint:
    """Return what decides, once more and last, where a connection may go."""
    relay = settings.relay
    if relay is not None:
        return lambda ip: (ip, relay.port)
    return lambda ip: None if forbids(ip) else (ip, SMTP_PORT)
