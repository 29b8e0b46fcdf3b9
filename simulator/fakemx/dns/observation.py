"""What the fake DNS said, for whoever watches."""

from dataclasses import dataclass

from fakemx.dns.zones import Outcome


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """One question, and what became of it."""

    name: str
    rdtype: str
    outcome: Outcome
    texts: tuple[str, ...]
    front: str  # memory, udp or tcp
