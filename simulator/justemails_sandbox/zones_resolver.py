"""The reference's Resolver port, asked in process: the fake DNS without packets, which is quicker."""

from collections.abc import Sequence

from fakemx.dns.memory import MemoryDns
from fakemx.dns.zones import Found, Outcome
from justemails.ports import DnsTemporaryError, MxRecord, NoSuchDomainError


class ZonesResolver:
    """Implements ``justemails.ports.Resolver``."""

    def __init__(self, dns: MemoryDns) -> None:
        self._dns = dns

    async def mx(self, domain: str) -> Sequence[MxRecord]:
        found = await self._look_up(domain, "MX")
        records = [text.split() for text in found.texts]
        return [MxRecord(int(preference), host.removesuffix(".") or ".") for preference, host in records]

    async def addresses(self, host: str) -> Sequence[str]:
        found = await self._look_up(host, "A")
        return found.texts or (await self._look_up(host, "AAAA")).texts

    async def txt(self, name: str) -> Sequence[str]:
        return (await self._look_up(name, "TXT")).texts

    async def _look_up(self, name: str, rdtype: str) -> Found:
        found = await self._dns.look_up(name, rdtype)
        if found.outcome is Outcome.NXDOMAIN:
            raise NoSuchDomainError
        if found.outcome not in {Outcome.FOUND, Outcome.NODATA}:
            raise DnsTemporaryError(f"the name servers failed: {found.outcome.name}")
        return found
