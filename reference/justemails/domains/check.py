"""Whether a sending domain's records are there (CHOICE-20), and what follows from it (CHOICE-21).

Records are checked by meaning, not by equal text: tags are parsed, strings joined, order and space ignored.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from justemails.domains.domain import RequiredRecord, SendingHost, records_of
from justemails.ports import Clock, DnsTemporaryError, NoSuchDomainError, Resolver
from justemails.records import Domain
from justemails.store import DomainStore

CHECKED_EVERY = timedelta(days=1)
UNKNOWN_AGAIN = timedelta(hours=1)


class RecordState(StrEnum):
    """What DNS says about one record."""

    OK = "ok"
    MISSING = "missing"
    WRONG = "wrong"
    UNKNOWN = "unknown"  # the name servers did not say


@dataclass(frozen=True, slots=True)
class CheckedRecord:
    """What became of one record: its state, and the reason in plain words."""

    record: RequiredRecord
    state: RecordState
    reason: str


async def check(domain: Domain, sender: SendingHost, resolver: Resolver) -> Sequence[CheckedRecord]:
    """Look every record of a domain up and judge it."""
    records = records_of(domain, sender)
    return await asyncio.gather(*(_check_record(record, sender, resolver) for record in records))


async def verify(
    domain: Domain, sender: SendingHost, resolver: Resolver, store: DomainStore, clock: Clock
) -> Sequence[CheckedRecord]:
    """Check a domain's records, keep the verdict, and when to look again.

    A name server that does not answer changes nothing: the last verdict stands.
    """
    checked = await check(domain, sender, resolver)
    states = {one.state for one in checked if one.record.required}
    now = clock.now()
    if states == {RecordState.OK}:
        store.keep_verdict(domain.id, domain.verified_at or now, now + CHECKED_EVERY)
    elif RecordState.UNKNOWN in states:
        store.keep_verdict(domain.id, domain.verified_at, now + UNKNOWN_AGAIN if domain.verified else None)
    else:
        store.keep_verdict(domain.id, None, None)
    return checked


async def _check_record(record: RequiredRecord, sender: SendingHost, resolver: Resolver) -> CheckedRecord:
    try:
        if record.type == "MX":
            return _judge_mx(record, [mx.host for mx in await resolver.mx(record.name)])
        return _judge_txt(record, sender, await resolver.txt(record.name))
    except NoSuchDomainError:
        return _missing(record)
    except DnsTemporaryError as ex:
        return CheckedRecord(record, RecordState.UNKNOWN, str(ex))


def _missing(record: RequiredRecord) -> CheckedRecord:
    return CheckedRecord(record, RecordState.MISSING, f"no such {record.type} record at {record.name}")


def _judge_mx(record: RequiredRecord, hosts: Sequence[str]) -> CheckedRecord:
    """Any host that takes mail will do: whose it is, is for the owner to say."""
    if not hosts:
        return _missing(record)
    if "." in hosts:
        return CheckedRecord(record, RecordState.WRONG, f"a null MX at {record.name}: no mail server takes bounces")
    return CheckedRecord(record, RecordState.OK, "found")


def _judge_txt(record: RequiredRecord, sender: SendingHost, found: Sequence[str]) -> CheckedRecord:
    candidates = [text for text in found if _is_of_purpose(record, text)]
    if not candidates:
        return _missing(record)
    if len(candidates) > 1 and record.purpose != "ownership":
        return CheckedRecord(record, RecordState.WRONG, f"more than one such TXT record at {record.name}")
    if any(_means(record, sender, text) for text in candidates):
        return CheckedRecord(record, RecordState.OK, "found")
    return CheckedRecord(record, RecordState.WRONG, f"found {candidates[0]!a} at {record.name}")


def _is_of_purpose(record: RequiredRecord, text: str) -> bool:
    """Say whether a TXT record is of this kind at all: other ones may stand beside it."""
    match record.purpose:
        case "ownership":
            return text.strip().startswith("je-verify=")
        case "spf":
            return text.split()[:1] == ["v=spf1"]
        case "dkim":
            return "p" in tags(text)
    return tags(text).get("v") == "DMARC1"


def _means(record: RequiredRecord, sender: SendingHost, text: str) -> bool:
    match record.purpose:
        case "ownership":
            return text.strip() == record.value
        case "spf":
            return all(_allows(text, ip_address(ip)) for ip in sender.addresses)
        case "dkim":
            wanted, found = tags(record.value), tags(text)
            # RFC 6376 3.6.1: v= and k= have defaults
            return (found.get("p"), found.get("v", "DKIM1"), found.get("k", "rsa")) == (
                wanted["p"],
                "DKIM1",
                wanted["k"],
            )
    return "p" in tags(text)


def _allows(text: str, ip: IPv4Address | IPv6Address) -> bool:
    """Say whether an SPF record names an address by ip4 or ip6: the first term that fits decides (RFC 7208 4.6.2).

    What other records say, by include or the like, is theirs to change, and not looked at.
    """
    for term in text.split()[1:]:
        mechanism = term.lstrip("+-~?").lower()
        if mechanism == "all":
            break  # what stands behind it is never looked at (RFC 7208 5.1)
        kind, _, network = mechanism.partition(":")
        if kind == f"ip{ip.version}" and _is_in(ip, network):
            return term[0] not in "-~?"
    return False


def _is_in(ip: IPv4Address | IPv6Address, network: str) -> bool:
    try:
        return ip in ip_network(network, strict=False)
    except ValueError:
        return False


def tags(text: str) -> dict[str, str]:
    """Return the tags of a ``name=value; name=value`` record, without white space (RFC 6376 3.2)."""
    pairs = (part.partition("=") for part in text.split(";") if "=" in part)
    return {name.strip(): "".join(value.split()) for name, _, value in pairs}
