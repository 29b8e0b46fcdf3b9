"""Sending domains: the DNS records that prove one, and the check that they are there (CHOICE-20).

Records are checked by meaning, not by equal text: tags are parsed, strings joined, order and space ignored.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile

from justemails.addresses import parse_domain
from justemails.dkim_signature import SigningKey, make_private_key
from justemails.ports import Clock, DnsTemporaryError, NewId, NoSuchDomainError, Resolver
from justemails.records import Domain
from justemails.store import DomainStore


def bounce_domain(domain: str) -> str:
    """Return the domain of the envelope sender, whose SPF record speaks for the sending domain."""
    return f"bounce.{domain}"


class RecordState(StrEnum):
    """What DNS says about one record."""

    OK = "ok"
    MISSING = "missing"
    WRONG = "wrong"
    UNKNOWN = "unknown"  # the name servers did not say


@dataclass(frozen=True, slots=True)
class RequiredRecord:
    """A record that the owner of a domain is asked to set."""

    purpose: str
    type: str
    name: str
    value: str
    required: bool


@dataclass(frozen=True, slots=True)
class CheckedRecord:
    """What became of one record: its state, and the reason in plain words."""

    record: RequiredRecord
    state: RecordState
    reason: str


def make_domain(account_id: str, name: str, clock: Clock, new_id: NewId) -> Domain:
    """Return a new, unverified domain with its own token and DKIM key.

    Raises:
        AddressError: ``name`` is no domain name; the message fits after "The 'domain' field".
    """
    domain_id = new_id("dom_")
    return Domain(
        id=domain_id,
        account_id=account_id,
        name=parse_domain(name),
        token=new_id("je-verify="),
        # Different for each account that has the domain, so that their keys can stand side by side.
        selector="je" + re.sub(r"[^a-z0-9]", "", domain_id.lower())[-8:],
        private_key=make_private_key(),
        created_at=clock.now(),
    )


def records_of(domain: Domain, sending_ip: str) -> Sequence[RequiredRecord]:
    """Return the records that make a domain's mail verifiable, the required ones first."""
    bounce = bounce_domain(domain.name)
    return (
        RequiredRecord("ownership", "TXT", f"_justemails.{domain.name}", domain.token, required=True),
        RequiredRecord(
            "dkim",
            "TXT",
            f"{domain.selector}._domainkey.{domain.name}",
            SigningKey(domain.private_key).record,
            required=True,
        ),
        RequiredRecord("spf", "TXT", bounce, f"v=spf1 ip4:{sending_ip} -all", required=True),
        RequiredRecord("dmarc", "TXT", f"_dmarc.{domain.name}", "v=DMARC1; p=none", required=False),
    )


async def check(domain: Domain, sending_ip: str, resolver: Resolver) -> Sequence[CheckedRecord]:
    """Look every record of a domain up and judge it."""
    records = records_of(domain, sending_ip)
    return await asyncio.gather(*(_check_record(record, resolver) for record in records))


async def verify(
    domain: Domain, sending_ip: str, resolver: Resolver, store: DomainStore, clock: Clock
) -> Sequence[CheckedRecord]:
    """Check a domain's records and keep the verdict.

    A name server that does not answer changes nothing: the last verdict stands.
    """
    checked = await check(domain, sending_ip, resolver)
    states = {one.state for one in checked if one.record.required}
    if states == {RecordState.OK}:
        store.set_verified(domain.id, domain.verified_at or clock.now())
    elif RecordState.UNKNOWN not in states:
        store.set_verified(domain.id, None)
    return checked


async def _check_record(record: RequiredRecord, resolver: Resolver) -> CheckedRecord:
    try:
        found = await resolver.txt(record.name)
    except NoSuchDomainError:
        found = []
    except DnsTemporaryError as ex:
        return CheckedRecord(record, RecordState.UNKNOWN, str(ex))
    candidates = [text for text in found if _is_of_purpose(record, text)]
    if not candidates:
        return CheckedRecord(record, RecordState.MISSING, f"no such TXT record at {record.name}")
    if len(candidates) > 1 and record.purpose != "ownership":
        return CheckedRecord(record, RecordState.WRONG, f"more than one such TXT record at {record.name}")
    if any(_means(record, text) for text in candidates):
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


def _means(record: RequiredRecord, text: str) -> bool:
    match record.purpose:
        case "ownership":
            return text.strip() == record.value
        case "spf":
            # What stands behind "all" is never looked at (RFC 7208 5.1).
            before_all = takewhile(lambda term: term.lstrip("+-~?").lower() != "all", text.split())
            return record.value.split()[1] in before_all
        case "dkim":
            wanted, found = tags(record.value), tags(text)
            return (
                found.get("p") == wanted["p"] and found.get("v", "DKIM1") == "DKIM1" and found.get("k", "rsa") == "rsa"
            )
    return "p" in tags(text)


def tags(text: str) -> dict[str, str]:
    """Return the tags of a ``name=value; name=value`` record, without white space (RFC 6376 3.2)."""
    pairs = (part.partition("=") for part in text.split(";") if "=" in part)
    return {name.strip(): "".join(value.split()) for name, _, value in pairs}
