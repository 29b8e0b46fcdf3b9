"""What DNS says of the fake network's hosts: derived from who stands where now, never stored.

    mx.DOMAIN                an address of its own, and an MX record of DOMAIN
    DOMAIN itself            when its host has no label: an address and no MX record (RFC 5321 section 5.1)
    alias of a host          real.mx.DOMAIN, which the CNAME mx.DOMAIN leads to
    N.N.N.N.in-addr.arpa     the names that ``confirm`` was told of

A host may stand in DNS for some time only, counted from when its domain was first looked up.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from fakemx.behaviours.expectation import in_dns
from fakemx.behaviours.script import Address, Host
from fakemx.dns.zones import normal
from fakemx.listeners import LOOPBACK
from fakemx.mx.host import MxHost

_REAL = "real."


class Directory:
    """A provider for ``Zones``.

    Args:
        now: the time.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._domains: dict[str, tuple[MxHost, ...]] = {}
        self._by_name: dict[str, MxHost] = {}
        self._first_looked_up: dict[str, datetime] = {}

    def set(self, domain: str, hosts: Sequence[MxHost]) -> None:
        """Let a domain have these hosts."""
        self.remove(domain)
        self._domains[domain] = tuple(hosts)
        self._by_name |= {host.name: host for host in hosts}

    def remove(self, domain: str) -> tuple[MxHost, ...]:
        """Forget a domain, and return the hosts that it had."""
        hosts = self._domains.pop(domain, ())
        for host in hosts:
            self._by_name.pop(host.name, None)
        self._first_looked_up.pop(domain, None)
        return hosts

    @property
    def domains(self) -> Mapping[str, tuple[MxHost, ...]]:
        """A copy of who is where, by domain."""
        return dict(self._domains)

    def hosts(self) -> Iterator[MxHost]:
        """Go through all hosts."""
        return iter(self._by_name.values())

    def __call__(self, name: str, rdtype: str) -> Sequence[str] | None:
        """Return the records of a name; None: it is not ours."""
        name = normal(name)
        if name in self._domains and rdtype == "MX":
            return self._mx(name)
        host = self._by_name.get(name) or self._by_name.get(name.removeprefix(_REAL))
        if host is not None:
            return _of_host(host, name, rdtype)
        return () if name in self._domains else None

    def _mx(self, domain: str) -> Sequence[str]:
        now = self._now()
        age = now - self._first_looked_up.setdefault(domain, now)
        return [
            f"{host.host.preference} {_target(host)}."
            for host in self._domains[domain]
            if host.host.label and in_dns(host.host, age)
        ]


def name_of(domain: str, host: Host) -> str:
    """Return a host's name."""
    return f"{host.label}.{domain}" if host.label else domain


def _target(host: MxHost) -> str:
    return host.addresses[0] if host.host.address is Address.LITERAL else host.name


def _of_host(host: MxHost, name: str, rdtype: str) -> Sequence[str] | None:
    address = host.host.address
    if address in {Address.NONE, Address.LITERAL}:
        return None
    real = name.startswith(_REAL) and name != host.name
    if real and address is not Address.ALIAS:
        return None
    if address is Address.ALIAS and not real:
        return [f"{_REAL}{host.name}."] if rdtype == "CNAME" else ()
    if address is Address.SELF:
        return [LOOPBACK] if rdtype == "A" else ()
    version = {"A": False, "AAAA": True}.get(rdtype)
    return [] if version is None else [ip for ip in host.addresses if (":" in ip) is version]
