"""Sending domains: how one is made, and the DNS records that its owner is asked for (CHOICE-20).

Whether they are there is asked in ``domain_check``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from justemails.addresses import MAX_DOMAIN, AddressError, parse_domain
from justemails.mail.dkim_signature import SigningKey, make_ed25519_key, make_rsa_key
from justemails.ports import Clock, NewId
from justemails.records import DkimKey, Domain


@dataclass(frozen=True, slots=True)
class SendingHost:
    """What the records of a domain have to name.

    Args:
        addresses: where mail comes from.
        bounces_to: the mail host that takes what receivers send back (CHOICE-25).
    """

    addresses: tuple[str, ...]
    bounces_to: str


def bounce_domain(domain: str) -> str:
    """Return the domain of the envelope sender, whose SPF record speaks for the sending domain."""
    return f"bounce.{domain}"


@dataclass(frozen=True, slots=True)
class RequiredRecord:
    """A record that the owner of a domain is asked to set."""

    purpose: str
    type: str
    name: str
    value: str
    required: bool


def make_domain(account_id: str, name: str, clock: Clock, new_id: NewId) -> Domain:
    """Return a new, unverified domain with its own token and DKIM keys.

    Raises:
        AddressError: ``name`` is no domain name; the message fits after "The 'domain' field".
    """
    domain_id = new_id("dom_")
    made = Domain(
        id=domain_id,
        account_id=account_id,
        name=parse_domain(name),
        token=new_id("je-verify="),
        dkim_keys=make_dkim_keys(domain_id),
        created_at=clock.now(),
    )
    room = MAX_DOMAIN - max(len(prefix) for prefix in _prefixes(made))
    if len(made.name) > room:
        raise AddressError(f"must have at most {room} characters, so that its DNS records have names")
    return made


def make_dkim_keys(domain_id: str) -> tuple[DkimKey, ...]:
    """Return new keys that sign for a domain, in the order of their signatures."""
    # Different for each account that has the domain, so that their keys can stand side by side.
    selector = "je" + re.sub(r"[^a-z0-9]", "", domain_id.lower())[-8:]
    # RSA first: who looks at one signature only takes the first, and knows RSA (RFC 8463 6).
    return DkimKey(f"{selector}r", make_rsa_key()), DkimKey(f"{selector}e", make_ed25519_key())


def _prefixes(domain: Domain) -> Sequence[str]:
    return ("_justemails.", "bounce.", "_dmarc.", *(f"{key.selector}._domainkey." for key in domain.dkim_keys))


def records_of(domain: Domain, sender: SendingHost) -> Sequence[RequiredRecord]:
    """Return the records that make a domain's mail verifiable, the required ones first."""
    bounce = bounce_domain(domain.name)
    return (
        RequiredRecord("ownership", "TXT", f"_justemails.{domain.name}", domain.token, required=True),
        *(
            RequiredRecord(
                "dkim",
                "TXT",
                f"{key.selector}._domainkey.{domain.name}",
                SigningKey(key.selector, key.private_key).record,
                required=True,
            )
            for key in domain.dkim_keys
        ),
        RequiredRecord("spf", "TXT", bounce, _spf(sender), required=True),
        # Without it receivers that ask whether the sender's domain can be answered refuse the mail.
        RequiredRecord("bounce", "MX", bounce, f"10 {sender.bounces_to}", required=True),
        RequiredRecord("dmarc", "TXT", f"_dmarc.{domain.name}", "v=DMARC1; p=none", required=False),
    )


def _spf(sender: SendingHost) -> str:
    terms = (f"ip{ip_address(ip).version}:{ip}" for ip in sender.addresses)
    return f"v=spf1 {' '.join(terms)} -all"
