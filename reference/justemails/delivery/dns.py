"""DNS look-ups by dnspython, with its exceptions translated in one place."""

from collections.abc import Sequence
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

from justemails.ports import Clock, DnsTemporaryError, MxRecord, NoSuchDomainError

_LOOKUP_S = 15.0
_TRY_S = 5.0  # as resolv.conf(5) has it; dnspython's two seconds are less than a slow server takes


class DnsResolver:
    """Look-ups at given name servers, or at the system's.

    Args:
        clock: times the look-ups.
        nameserver: an address and a port; None means the system's own configuration.
    """

    def __init__(self, clock: Clock, nameserver: tuple[str, int] | None = None) -> None:
        self._clock = clock
        self._resolver = dns.asyncresolver.Resolver(configure=nameserver is None)
        if nameserver:
            self._resolver.nameservers = [nameserver[0]]
            self._resolver.port = nameserver[1]
        self._resolver.use_search_by_default = False
        self._resolver.lifetime = _LOOKUP_S * 2  # the clock's own time-out comes first
        self._resolver.timeout = _TRY_S

    async def mx(self, domain: str) -> Sequence[MxRecord]:
        """Return the MX records of a domain."""
        answer = await self._look_up(domain, dns.rdatatype.MX)
        return [
            MxRecord(rdata.preference, rdata.exchange.to_text(omit_final_dot=rdata.exchange != dns.name.root))
            for rdata in answer
        ]

    async def addresses(self, host: str) -> Sequence[str]:
        """Return the IPv4 addresses of a host or, where it has none, the IPv6 ones."""
        found = [rdata.to_text() for rdata in await self._look_up(host, dns.rdatatype.A)]
        return found or [rdata.to_text() for rdata in await self._look_up(host, dns.rdatatype.AAAA)]

    async def txt(self, name: str) -> Sequence[str]:
        """Return the TXT records of a name, the strings of each joined (RFC 6376 3.6.2.2)."""
        answer = await self._look_up(name, dns.rdatatype.TXT)
        return [b"".join(rdata.strings).decode("utf-8", "replace") for rdata in answer]

    async def _look_up(self, name: str, kind: dns.rdatatype.RdataType) -> Sequence[Any]:  # Any: one type per kind
        try:
            async with self._clock.timeout(_LOOKUP_S):
                return list(await self._resolver.resolve(name, kind))
        except dns.resolver.NXDOMAIN:
            raise NoSuchDomainError from None
        except dns.resolver.NoAnswer:
            return []
        except dns.resolver.NoNameservers:
            raise DnsTemporaryError("the name servers failed to answer (SERVFAIL or the like)") from None
        except (dns.exception.Timeout, TimeoutError):
            raise DnsTemporaryError("the name servers did not answer in time") from None
        except dns.exception.DNSException as ex:
            raise DnsTemporaryError(str(ex) or type(ex).__name__) from None
