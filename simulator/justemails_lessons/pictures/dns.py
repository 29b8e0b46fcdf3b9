"""Where DNS says that mail for a domain goes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Route:
    """The MX records of a domain, best first: preference, host, the host's addresses."""

    domain: str
    records: tuple[tuple[int, str, tuple[str, ...]], ...]

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names of the mail hosts, best first."""
        return tuple(host.removesuffix(".") for _, host, _ in self.records)

    def __repr__(self) -> str:
        if not self.records:
            return f"{self.domain} has no MX record"
        lines = [
            f"{self.domain}  MX {preference}  {host.removesuffix('.')}" + (f"  ->  {', '.join(ips)}" if ips else "")
            for preference, host, ips in self.records
        ]
        return "\n".join(lines)
