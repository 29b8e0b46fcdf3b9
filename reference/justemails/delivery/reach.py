"""Which addresses may not be mail hosts, whatever DNS says: a stranger's zone must not point us at our own services.

An IPv4 address can hide in an IPv6 one (mapped, NAT64, 6to4); it is looked at as what it is.
"""

from collections.abc import Callable, Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

Forbids = Callable[[str], str | None]
"""An address -> where it leads, if mail may not go there; it fits after "lead"."""

_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052 2.1


def forbid_this_machine(ip: str) -> str | None:
    """Forbid what is this very machine (RFC 5321 5.1: mail must not go in circles)."""
    address = _as_it_is(ip)
    return "back to this machine" if address.is_loopback or address.is_unspecified else None


def forbid_all_but_public(own: Collection[str] = ()) -> Forbids:
    """Return what forbids every address that is not of the public internet, and this machine's own."""

    def forbid(ip: str) -> str | None:
        address = _as_it_is(ip)
        if ip in own or forbid_this_machine(ip):
            return "back to this machine"
        if not address.is_global or address.is_multicast:
            return "to addresses that are not public"
        return None

    return forbid


def _as_it_is(ip: str) -> IPv4Address | IPv6Address:
    address = ip_address(ip)
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address
