"""Where a domain's mail goes: RFC 5321 5.1 (MX, implicit MX, no loops) and RFC 7505 (null MX)."""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import groupby

from justemails.delivery.reach import Forbids, forbid_this_machine
from justemails.delivery.settings import DeliverySettings
from justemails.ports import DnsTemporaryError, MxRecord, NoSuchDomainError, Resolver


@dataclass(frozen=True, slots=True)
class Target:
    """One address of one mail host."""

    host: str
    ip: str


@dataclass(frozen=True, slots=True)
class NoRoute:
    """Why there is nowhere to go; ``permanent`` when DNS itself says so."""

    permanent: bool
    enhanced: str
    text: str


Route = Callable[[str], Awaitable[Sequence[Target] | NoRoute]]
"""A recipient's domain -> where to try, best first, or why there is nowhere."""


@dataclass(frozen=True, slots=True)
class MxRoute:
    """The way by MX records; a ``Route``.

    Args:
        rng: shuffles hosts of equal preference.
        settings: our own name, and how many addresses to try.
        forbids: the addresses that may not be mail hosts.
    """

    resolver: Resolver
    rng: random.Random
    settings: DeliverySettings
    forbids: Forbids = forbid_this_machine

    async def __call__(self, domain: str) -> Sequence[Target] | NoRoute:
        """Ask DNS."""
        try:
            records = await self.resolver.mx(domain)
        except NoSuchDomainError:
            return NoRoute(True, "5.1.2", f"the domain {domain} does not exist")
        except DnsTemporaryError as ex:
            # Never on to the address records: a domain whose MX cannot be read now may have one.
            return NoRoute(False, "4.4.3", f"the mail hosts of {domain} cannot be looked up now: {ex}")
        if any(record.host == "." for record in records):
            return NoRoute(True, "5.1.10", f"the domain {domain} accepts no mail (null MX)")
        others = _better_than(records, self.settings.ehlo_name)
        if records and not others:
            return _leads(domain, "back to this machine")
        # RFC 5321 5.1: without any MX record, the domain itself is the mail host.
        hosts = _by_preference(others, self.rng) if records else [domain]
        return await self._addresses_of(hosts, domain)

    async def _addresses_of(self, hosts: Sequence[str], domain: str) -> Sequence[Target] | NoRoute:
        targets: list[Target] = []
        forbidden: str | None = None
        temporary: DnsTemporaryError | None = None
        for host in hosts:
            try:
                addresses = await self.resolver.addresses(host)
            except NoSuchDomainError:
                continue
            except DnsTemporaryError as ex:
                temporary = ex
                continue
            leads = {ip: self.forbids(ip) for ip in addresses}
            forbidden = next(filter(None, leads.values()), forbidden)
            targets += [Target(host, ip) for ip in addresses if not leads[ip]]
            if len(targets) >= self.settings.most_addresses:
                break
        if targets:
            return targets[: self.settings.most_addresses]
        if temporary:
            text = f"the addresses of {domain}'s mail hosts cannot be looked up now: {temporary}"
            return NoRoute(False, "4.4.3", text)
        if forbidden:
            return _leads(domain, forbidden)
        return NoRoute(True, "5.4.4", f"no mail host of {domain} has an address")


@dataclass(frozen=True, slots=True)
class RelayRoute:
    """The way through one mail server that takes it from there, a smarthost; a ``Route``.

    Args:
        host: its name, or its address.
    """

    resolver: Resolver
    host: str

    async def __call__(self, domain: str) -> Sequence[Target] | NoRoute:
        """Return the relay, whatever the domain. That it cannot be found is our trouble, and never permanent."""
        try:
            ip_address(self.host)
        except ValueError:
            pass
        else:
            return [Target(self.host, self.host)]
        try:
            addresses = await self.resolver.addresses(self.host)
        except (NoSuchDomainError, DnsTemporaryError) as ex:
            return NoRoute(False, "4.4.3", f"the relay {self.host} cannot be looked up: {str(ex) or 'no such name'}")
        if not addresses:
            return NoRoute(False, "4.4.4", f"the relay {self.host} has no address")
        return [Target(self.host, ip) for ip in addresses]


def _leads(domain: str, where: str) -> NoRoute:
    return NoRoute(True, "5.4.6", f"the mail hosts of {domain} lead {where}")


def _better_than(records: Sequence[MxRecord], own_name: str) -> Sequence[MxRecord]:
    """Return the hosts that are better than we are, if we are among them (RFC 5321 5.1): others would come back."""
    own = [record.preference for record in records if record.host.lower() == own_name.lower()]
    return [record for record in records if not own or record.preference < min(own)]


def _by_preference(records: Sequence[MxRecord], rng: random.Random) -> list[str]:
    """Return host names, lowest preference first, equal ones in random order (RFC 5321 5.1)."""
    hosts: list[str] = []
    ordered = sorted(records, key=lambda record: (record.preference, record.host))
    for _, group in groupby(ordered, key=lambda record: record.preference):
        equals = [record.host for record in group]
        rng.shuffle(equals)
        hosts += equals
    return hosts
