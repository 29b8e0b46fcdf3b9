"""Where DNS says that a domain's mail goes: RFC 5321 5.1 and RFC 7505, read a second time.

The reference has its own reading, with packets, time-outs and caps. This one is straight from the zones, so that
the two can be held against each other.
"""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from itertools import groupby

from fakemx.dns.zones import DnsFault, Outcome, Zones

# What a resolver cannot see through, however long it tries.
_BROKEN = frozenset({DnsFault.SERVFAIL, DnsFault.TIMEOUT, DnsFault.REFUSED, DnsFault.LAME})


class Fate(StrEnum):
    """What DNS alone decides about a message."""

    OPEN = "open"  # there are hosts to ask
    PERMANENT = "permanent"  # there is nobody to ask, for good
    TEMPORARY = "temporary"  # DNS cannot say now


@dataclass(frozen=True, slots=True)
class Route:
    """The addresses of a domain's mail hosts, a group for each preference, best first; and all names to look up."""

    fate: Fate
    groups: tuple[tuple[str, ...], ...] = ()
    names: frozenset[str] = frozenset()


PERMANENT, TEMPORARY = Route(Fate.PERMANENT), Route(Fate.TEMPORARY)


def route_of(zones: Zones, domain: str) -> Route:
    """Return where mail for ``domain`` goes now."""
    if zones.fault_of(domain) in _BROKEN:
        return TEMPORARY
    found = zones.lookup(domain, "MX")
    if found.outcome is Outcome.NXDOMAIN:
        return PERMANENT
    if found.outcome not in {Outcome.FOUND, Outcome.NODATA}:
        return TEMPORARY
    records = sorted((int(text.split()[0]), text.split()[1].removesuffix(".")) for text in found.texts)
    if any(not host for _, host in records):
        return PERMANENT  # RFC 7505: the null MX
    if not records:
        records = [(0, domain)]  # RFC 5321 5.1: the implicit MX
    groups = [
        tuple(ip for _, host in group for ip in _addresses(zones, host))
        for _, group in groupby(records, key=lambda record: record[0])
    ]
    names = frozenset({domain, *(host for _, host in records)})
    reachable = tuple(group for group in groups if group)
    if reachable:
        return Route(Fate.OPEN, reachable, names)
    broken = any(zones.fault_of(host) in _BROKEN for _, host in records)
    return Route(Fate.TEMPORARY if broken else Fate.PERMANENT, names=names)


def _addresses(zones: Zones, host: str) -> tuple[str, ...]:
    if zones.fault_of(host) in _BROKEN:
        return ()
    texts = zones.lookup(host, "A").texts or zones.lookup(host, "AAAA").texts
    return tuple(ip for ip in texts if not ip_address(ip).is_loopback)
