"""The map of the fake internet: domains, the hosts that take their mail, and what those do.

Not all the catalogue's domains at once: those that were set by hand, and those that mail went to lately. Drawn from
what behaviours say and not from DNS: looking a domain up begins its time (``Directory``), and a look must not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fakemx.behaviours.catalogue import DOMAINS
from fakemx.behaviours.expectation import HARMLESS_FAULTS
from fakemx.behaviours.script import Behaviour, Expected, Host, Port
from fakemx.directory import name_of
from fakemx.dns.zones import CATCHALL_MX, looks_like_a_mail_domain
from justemails_dashboard.steps import DNS_FAULTS, host_in_words
from justemails_sandbox.events import LoggedEvent

_LATELY = 12
_BY_HAND = 100

_CATCHALL = Behaviour("", "accepts everything, like any domain that was not set", Expected.DELIVERED)


@dataclass(frozen=True, slots=True)
class MapHost:
    """A host of a domain.

    Args:
        preference: of its MX record; None: there is no MX record, the domain's own address is meant.
        lines: what it does out of the ordinary.
        is_reached: whether a connection to it is answered, once DNS has led there.
    """

    name: str
    preference: int | None
    lines: Sequence[str]
    is_reached: bool


@dataclass(frozen=True, slots=True)
class MapDomain:
    """A domain and where its mail goes.

    Args:
        behaviour: its name; empty: nothing is said of it, so it accepts everything.
        dns: what is wrong with it in DNS, or None.
        back: what it does again when what was set by hand is taken back; None: nothing was.
    """

    name: str
    behaviour: str
    summary: str
    expected: Expected
    dns: str | None
    hosts: Sequence[MapHost]
    back: str | None


def at_start(given: Mapping[str, Behaviour]) -> Mapping[str, Behaviour]:
    """Return who behaves how at the start: the catalogue's domains, and those that the sandbox was given."""
    return {**DOMAINS, **given}


def draw(
    behaviours: Mapping[str, Behaviour], given: Mapping[str, Behaviour], events: Iterable[LoggedEvent]
) -> tuple[Sequence[MapDomain], int]:
    """Return the map, and how many domains that were set by hand it leaves out.

    Args:
        given: the behaviours that the sandbox was started with, beside the catalogue's.
        events: the newest first.
    """
    ready = at_start(given)
    by_hand = {domain: None for domain, behaviour in behaviours.items() if ready.get(domain) != behaviour}
    lately = [domain for domain in _lately(events) if looks_like_a_mail_domain(domain)]
    chosen = [*reversed(by_hand)][:_BY_HAND]
    # Of very many that were given at the start, the first will do.
    names = [*dict.fromkeys([*chosen, *lately, *list(given)[:_BY_HAND]])]
    domains = [
        _domain(name, behaviours.get(name, _CATCHALL), _back(name, ready) if name in by_hand else None)
        for name in names
    ]
    return domains, max(0, len(by_hand) - _BY_HAND)


def one_domain(name: str, behaviours: Mapping[str, Behaviour]) -> MapDomain:
    """Return a single domain of the map."""
    return _domain(name, behaviours.get(name, _CATCHALL), None)


def _lately(events: Iterable[LoggedEvent]) -> Sequence[str]:
    domains: dict[str, None] = {}
    for event in events:
        if event.kind in {"attempt", "mail"}:
            domains.setdefault(str(event.details["to"]).rpartition("@")[2].lower())
        if len(domains) == _LATELY:
            break
    return list(domains)


def _domain(name: str, behaviour: Behaviour, back: str | None) -> MapDomain:
    fault = behaviour.dns_fault
    is_found = fault is None or fault in HARMLESS_FAULTS
    hosts = [_host(name, host, is_found) for host in sorted(behaviour.hosts, key=lambda host: host.preference)]
    if behaviour is _CATCHALL:
        hosts = [MapHost(CATCHALL_MX, 10, (), is_reached=True)]
    said = DNS_FAULTS[fault] if fault else None if hosts else "neither an MX record nor an address"
    return MapDomain(name, behaviour.name, behaviour.summary, behaviour.expected, said, hosts, back)


def _host(domain: str, host: Host, is_found: bool) -> MapHost:  # noqa: FBT001
    is_reached = is_found and host.port is Port.OPEN and host.address.reachable
    return MapHost(name_of(domain, host), host.preference if host.label else None, host_in_words(host), is_reached)


def _back(name: str, ready: Mapping[str, Behaviour]) -> str:
    return ready[name].name if name in ready else "accepting"
