"""Where a domain's mail goes: RFC 5321 5.1 (MX, implicit MX, no loops) and RFC 7505 (null MX)."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import groupby

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


async def find_targets(domain: str, resolver: Resolver, rng: random.Random, most: int) -> Sequence[Target] | NoRoute:
    """Return where to try, best first, or why there is nowhere."""
    try:
        records = await resolver.mx(domain)
    except NoSuchDomainError:
        return NoRoute(True, "5.1.2", f"the domain {domain} does not exist")
    except DnsTemporaryError as ex:
        # Never on to the address records: a domain whose MX cannot be read now may have one.
        return NoRoute(False, "4.4.3", f"the mail hosts of {domain} cannot be looked up now: {ex}")
    if any(record.host == "." for record in records):
        return NoRoute(True, "5.1.10", f"the domain {domain} accepts no mail (null MX)")
    # RFC 5321 5.1: without any MX record, the domain itself is the mail host.
    hosts = _by_preference(records, rng) if records else [domain]
    return await _addresses_of(hosts, domain, resolver, most)


def _by_preference(records: Sequence[MxRecord], rng: random.Random) -> list[str]:
    """Return host names, lowest preference first, equal ones in random order (RFC 5321 5.1)."""
    hosts: list[str] = []
    ordered = sorted(records, key=lambda record: (record.preference, record.host))
    for _, group in groupby(ordered, key=lambda record: record.preference):
        equals = [record.host for record in group]
        rng.shuffle(equals)
        hosts += equals
    return hosts


async def _addresses_of(hosts: Sequence[str], domain: str, resolver: Resolver, most: int) -> Sequence[Target] | NoRoute:
    targets: list[Target] = []
    loops = False
    temporary: DnsTemporaryError | None = None
    for host in hosts:
        try:
            addresses = await resolver.addresses(host)
        except NoSuchDomainError:
            continue
        except DnsTemporaryError as ex:
            temporary = ex
            continue
        loops = loops or any(_is_this_machine(ip) for ip in addresses)
        targets += [Target(host, ip) for ip in addresses if not _is_this_machine(ip)]
        if len(targets) >= most:
            break
    if targets:
        return targets[:most]
    if temporary:
        return NoRoute(False, "4.4.3", f"the addresses of {domain}'s mail hosts cannot be looked up now: {temporary}")
    if loops:
        # RFC 5321 5.1; also what keeps a stranger's DNS from pointing us at our own services.
        return NoRoute(True, "5.4.6", f"the mail hosts of {domain} lead back to this machine")
    return NoRoute(True, "5.4.4", f"no mail host of {domain} has an address")


def _is_this_machine(ip: str) -> bool:
    address = ip_address(ip)
    return address.is_loopback or address.is_unspecified
