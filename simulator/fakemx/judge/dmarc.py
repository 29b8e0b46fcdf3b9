"""DMARC: does what DKIM and SPF proved belong to the domain in From (RFC 7489 sections 3.1 and 6.6)?

Deliberately small: ``pct=`` and ``fo=`` are not looked at, and ``rua=`` only to see whether there is one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from publicsuffixlist import PublicSuffixList

from fakemx.dns.zones import Outcome, Zones
from fakemx.judge.dkim import DkimResult
from fakemx.judge.spf import SpfResult, ascii_domain
from fakemx.mail.parsed import from_domains

POLICIES = frozenset({"none", "quarantine", "reject"})

_REPORT_URI = re.compile(r"mailto:[^\s@,!]+@[^\s@,!]+(?:![0-9]+[kmgt]?)?")


@dataclass(frozen=True, slots=True)
class DmarcResult:
    """The outcome, what the domain asks to be done with failures, and the domain in From."""

    result: str
    reason: str
    policy: str
    domain: str


@dataclass(frozen=True, slots=True)
class _Record:
    at: str
    tags: Mapping[str, str]


def judge_dmarc(data: bytes, *, dkim: Sequence[DkimResult], spf: SpfResult, zones: Zones) -> DmarcResult:
    """Return whether the From domain is vouched for by an aligned DKIM or SPF pass."""
    domains = from_domains(data)
    if len(domains) != 1 or not domains[0]:
        return DmarcResult("permerror", "From must name exactly one address", "none", "")
    domain = ascii_domain(domains[0])  # section 6.6.1
    for name in _candidates(domain):
        found = zones.lookup(f"_dmarc.{name}", "TXT")
        if found.outcome in {Outcome.SERVFAIL, Outcome.TIMEOUT}:
            return DmarcResult("temperror", f"no answer from DNS for _dmarc.{name}", "none", domain)
        records = [text for text in found.texts if re.match(r"v\s*=\s*DMARC1\s*(?:;|$)", text)]
        if len(records) > 1:  # RFC 7489 section 6.6.3: then there is no policy
            return DmarcResult("none", f"more than one DMARC record at _dmarc.{name}", "none", domain)
        if records:
            return _apply(_Record(name, _tags(records[0])), domain, dkim, spf)
    return DmarcResult("none", f"{domain} has no DMARC record", "none", domain)


def _apply(record: _Record, domain: str, dkim: Sequence[DkimResult], spf: SpfResult) -> DmarcResult:
    policy = _policy(record, domain)
    if policy is None:
        return DmarcResult("permerror", f"the policy at _dmarc.{record.at} is not a known word", "none", domain)
    strict_dkim, strict_spf = (record.tags.get(name) == "s" for name in ("adkim", "aspf"))
    by_dkim = [one for one in dkim if _aligned(one.domain, domain, strict=strict_dkim)]
    by_spf = [spf] if _aligned(spf.domain, domain, strict=strict_spf) else []
    results = [("DKIM", one.domain, one.result) for one in by_dkim]
    results += [("SPF", one.domain, one.result) for one in by_spf]
    for how, proven, result in results:
        if result == "pass":
            return DmarcResult("pass", f"{how} passed for {proven}", policy, domain)
    if any(result == "temperror" for _, _, result in results):
        return DmarcResult("temperror", "what could have passed could not be looked up", policy, domain)
    return DmarcResult("fail", f"no DKIM or SPF pass belongs to {domain}", policy, domain)


def _policy(record: _Record, domain: str) -> str | None:
    """Return what the domain asks for; None where it cannot be told (section 6.6.3, step 6)."""
    for_itself = record.tags.get("p", "")
    for_subdomains = record.tags.get("sp", for_itself)
    if {for_itself, for_subdomains} <= POLICIES:
        return for_itself if record.at == domain else for_subdomains
    # Somebody wants reports at least: as if p=none had been there.
    reports = record.tags.get("rua", "").split(",")
    return "none" if any(_REPORT_URI.fullmatch(uri.strip()) for uri in reports) else None


def _aligned(proven: str, domain: str, *, strict: bool) -> bool:
    proven = ascii_domain(proven.lower().removesuffix("."))
    return proven == domain if strict else _organisation(proven) == _organisation(domain)


def _organisation(domain: str) -> str:
    """Return the organisational domain: one label more than the public suffix (section 3.2)."""
    return _public_suffixes().privatesuffix(domain) or domain


@cache
def _public_suffixes() -> PublicSuffixList:
    return PublicSuffixList()  # ten thousand lines to read: when the first mail is judged


def _candidates(domain: str) -> list[str]:
    # Section 6.6.3, step 3: none of the domains between the two.
    return list(dict.fromkeys([domain, _organisation(domain)]))


def _tags(record: str) -> Mapping[str, str]:
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip().lower() for name, _, value in pairs}
