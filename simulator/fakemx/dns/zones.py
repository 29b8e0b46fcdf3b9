"""The data of the fake DNS and what it says about a name.

No packets and no sockets: those are in ``dns.answer`` and ``dns.server``.

Whom a question is put to, in this order:

1. the faults set for the name's domain or a domain above it: a broken domain is broken whatever records it
   has;
2. the records set here by hand, and then each provider in the order they were added. The first that has
   records of the type answers. If some source knows the name and none has the type, that is NODATA (RFC
   2308 section 2.2);
3. the catch-all: every other name that looks like a mail domain has ``MX 10 mx.catchall.test.`` and nothing
   else;
4. otherwise the name does not exist.

    >>> zones = Zones()
    >>> zones.set("example.com", "TXT", ["v=spf1 -all"])
    >>> zones.add_provider(lambda name, rdtype: ["p=..."] if name.endswith("._domainkey.own.test") else None)
    >>> zones.set_fault("broken.test", DnsFault.SERVFAIL)
    >>> zones.lookup("other.example", "MX").texts       # ("10 mx.catchall.test.",)

A TXT record is written as its plain text, unquoted; it is cut into strings of 255 bytes here. Every other
record is written as in a zone file, and its names are absolute with or without the final dot.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.CNAME import CNAME
from dns.rdtypes.ANY.TXT import TXT

CATCHALL_MX = "mx.catchall.test"
SLOW_S = 3.0
"""How late a slow name server answers: well within what resolvers wait in all, and beyond their first try."""
MAX_CNAMES = 8

Provider = Callable[[str, str], Sequence[str] | None]
"""(name, type) -> the records. Empty: the name has none of that type. None: I do not know that name."""

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# RFC 6761 and 6762: names that never have mail. ``arpa`` too: there is no reverse DNS here.
_NEVER_MAIL = frozenset({"arpa", "invalid", "local", "localhost", "onion"})


class DnsFault(StrEnum):
    """A way for a domain to be broken in DNS."""

    NXDOMAIN = "nxdomain"  # it and all below it do not exist
    SERVFAIL = "servfail"
    TIMEOUT = "timeout"  # no answer ever
    TRUNCATED = "truncated"  # over UDP only TC=1, so the answer has to be fetched over TCP
    NULL_MX = "nullmx"  # its MX is ``0 .`` (RFC 7505); the rest is as it was
    REFUSED = "refused"
    LAME = "lame"  # the server knows nothing of the domain that was delegated to it, and says so with no answer at all
    SLOW = "slow"  # every answer comes SLOW_S late
    GARBAGE = "garbage"  # over UDP comes what is no DNS message; TCP is right
    WRONG_ID = "wrongid"  # over UDP the answer carries another id, as a forged one would; TCP is right


class ProviderError(Exception):
    """A provider raised, or gave what cannot be a record: a bug on our side, never a verdict on somebody's mail."""


class Outcome(Enum):
    """What kind of answer a question has."""

    FOUND = auto()
    NODATA = auto()
    NXDOMAIN = auto()
    SERVFAIL = auto()
    TIMEOUT = auto()


_BROKEN = {
    DnsFault.NXDOMAIN: Outcome.NXDOMAIN,
    DnsFault.SERVFAIL: Outcome.SERVFAIL,
    DnsFault.TIMEOUT: Outcome.TIMEOUT,
}


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to one question: the aliases passed through, and the records at their end."""

    outcome: Outcome
    records: tuple[dns.rdata.Rdata, ...] = ()
    aliases: tuple[tuple[dns.name.Name, CNAME], ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The records as in a zone file, TXT as its plain text."""
        return tuple(
            b"".join(record.strings).decode("utf-8", "replace") if isinstance(record, TXT) else record.to_text()
            for record in self.records
        )


class Zones:
    """Every record there is."""

    def __init__(self) -> None:
        """Start with the catch-all only."""
        self._records: dict[str, dict[str, tuple[str, ...]]] = {}
        self._providers: list[Provider] = []
        self._faults: dict[str, DnsFault] = {}
        self._ttls: dict[str, int] = {}

    def set(self, name: str, rdtype: str, records: Sequence[str]) -> None:
        """Let a name have exactly these records of a type. The name is then ours: its other types are NODATA.

        Raises:
            ValueError: a record that cannot be read.
        """
        for text in records:
            _rdata(rdtype.upper(), text)
        self._records.setdefault(normal(name), {})[rdtype.upper()] = tuple(records)

    def remove(self, name: str, rdtype: str | None = None) -> None:
        """Take back what ``set`` did, for one type or for the whole name."""
        types = self._records.get(normal(name), {})
        if rdtype is not None:
            types.pop(rdtype.upper(), None)
        if rdtype is None or not types:
            self._records.pop(normal(name), None)

    def add_provider(self, provider: Provider) -> None:
        """Ask this function too, with the name in small letters and without its final dot."""
        self._providers.append(provider)

    def set_fault(self, domain: str, fault: DnsFault) -> None:
        """Break a domain and all below it."""
        self._faults[normal(domain)] = fault

    def clear_fault(self, domain: str) -> None:
        """Mend a domain."""
        self._faults.pop(normal(domain), None)

    @property
    def faults(self) -> Mapping[str, DnsFault]:
        """A copy of the faults, by domain."""
        return dict(self._faults)

    def fault_of(self, name: str) -> DnsFault | None:
        """Return the fault of the nearest broken domain at or above a name."""
        return next((self._faults[domain] for domain in _at_and_above(name) if domain in self._faults), None)

    def set_ttl(self, domain: str, seconds: int) -> None:
        """Let answers about a domain, and all below it, be remembered for so long; 0, the usual, is not at all."""
        self._ttls[normal(domain)] = seconds

    def ttl_of(self, name: str) -> int:
        """Return how long an answer about a name may be remembered, in seconds."""
        return next((self._ttls[domain] for domain in _at_and_above(name) if domain in self._ttls), 0)

    def lookup(self, name: str, rdtype: str) -> Found:
        """Answer one question, following aliases (RFC 1034 section 3.6.2).

        Raises:
            ProviderError: a provider has a bug. Nothing that can be asked raises anything.
        """
        aliases: list[tuple[dns.name.Name, CNAME]] = []
        current = normal(name)
        while True:
            found = self._at(current, rdtype.upper())
            if found.outcome is not Outcome.NODATA or rdtype.upper() == "CNAME":
                return Found(found.outcome, found.records, tuple(aliases))
            alias = self._at(current, "CNAME").records
            if not alias or not isinstance(alias[0], CNAME):
                return Found(found.outcome, (), tuple(aliases))
            aliases.append((dns.name.from_text(current), alias[0]))
            current = normal(alias[0].target.to_text())
            if len(aliases) > MAX_CNAMES:
                return Found(Outcome.SERVFAIL)  # what a resolver says of a loop, which this may be

    def _at(self, name: str, rdtype: str) -> Found:
        fault = self.fault_of(name)
        if fault in _BROKEN:
            return Found(_BROKEN[fault])
        null_mx = fault is DnsFault.NULL_MX and rdtype == "MX" and name in self._faults
        try:
            texts = ("0 .",) if null_mx else self._texts(name, rdtype)
            records = tuple(_rdata(rdtype, text) for text in texts or ())
        except Exception as ex:
            raise ProviderError(f"the provider of {name} {rdtype}: {type(ex).__name__}: {ex}") from ex
        if records:
            return Found(Outcome.FOUND, records)
        return Found(Outcome.NXDOMAIN if texts is None else Outcome.NODATA)

    def _texts(self, name: str, rdtype: str) -> Sequence[str] | None:
        known = False
        for source in (self._by_hand, *self._providers):
            texts = source(name, rdtype)
            if texts:
                return texts
            known = known or texts is not None
        if known:
            return ()
        if looks_like_a_mail_domain(name):
            return (f"10 {CATCHALL_MX}.",) if rdtype == "MX" else ()
        return None

    def _by_hand(self, name: str, rdtype: str) -> Sequence[str] | None:
        if name in self._records:
            return self._records[name].get(rdtype, ())
        # RFC 8020: a name with names below it exists, though it has nothing itself.
        return () if any(other.endswith("." + name) for other in self._records) else None


def normal(name: str) -> str:
    """Return a name as it is kept here: small letters, no final dot."""
    return name.lower().removesuffix(".")


def _at_and_above(name: str) -> Iterator[str]:
    labels = normal(name).split(".")
    return (".".join(labels[start:]) for start in range(len(labels)))


def looks_like_a_mail_domain(name: str) -> bool:
    """Say whether the catch-all takes mail for a name: a host name of two labels or more, not reserved."""
    labels = normal(name).split(".")
    return (
        len(labels) >= 2
        and len(name) <= 253
        and labels[-1] not in _NEVER_MAIL
        and not labels[-1].isdigit()
        and all(_LABEL.fullmatch(label) for label in labels)
    )


def _rdata(rdtype: str, text: str) -> dns.rdata.Rdata:
    try:
        kind = dns.rdatatype.from_text(rdtype)
        if kind == dns.rdatatype.TXT:
            data = text.encode()
            strings = [data[start : start + 255] for start in range(0, len(data), 255)] or [b""]
            return TXT(dns.rdataclass.IN, kind, strings)
        return dns.rdata.from_text(dns.rdataclass.IN, kind, text, origin=dns.name.root, relativize=False)
    except dns.exception.DNSException as ex:
        raise ValueError(f"not a {rdtype} record: {text!r} ({type(ex).__name__})") from ex
