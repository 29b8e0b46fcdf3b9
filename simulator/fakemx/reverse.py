"""Forward-confirmed reverse DNS: does the name that a client gives belong to the address that it comes from?

Many receivers ask this (RFC 1912 section 2.1 wants every host to pass): the name has the client's address, and the
address's own name, its PTR record, leads back to the address too.
"""

from ipaddress import ip_address

from fakemx.dns.zones import Zones


def confirms(zones: Zones, ip: str, name: str) -> bool:
    """Say whether a client at ``ip`` may well call itself ``name``."""
    if ip not in _addresses(zones, name):
        return False
    pointers = zones.lookup(ip_address(ip).reverse_pointer, "PTR").texts
    return any(ip in _addresses(zones, pointer) for pointer in pointers)


def _addresses(zones: Zones, name: str) -> tuple[str, ...]:
    return zones.lookup(name, "A").texts + zones.lookup(name, "AAAA").texts
