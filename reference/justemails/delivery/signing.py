"""The sending domain's part of a delivery: its DKIM signatures, and the envelope sender that SPF is judged by."""

from collections.abc import Callable
from functools import lru_cache, partial

from justemails.domains.domain import bounce_domain
from justemails.mail.dkim_signature import SigningKey, sign
from justemails.records import Claim
from justemails.store import DomainStore

_PARSED_KEYS = 256


class Signer:
    """Signs for the domains of a store."""

    def __init__(self, domains: DomainStore) -> None:
        self._domains = domains
        self._parse = lru_cache(_PARSED_KEYS)(SigningKey)  # by selector and PEM

    def for_claim(self, claim: Claim) -> Callable[[bytes], bytes] | None:
        """Return what signs a claimed message, or None when its domain may no longer be sent from."""
        domain = self._domains.domain(claim.account_id, claim.content.sender.address.domain)
        if domain is None or not domain.verified:
            return None
        keys = [self._parse(key.selector, key.private_key) for key in domain.dkim_keys]
        return partial(sign, domain=domain.name, keys=keys)

    def envelope_sender(self, claim: Claim) -> str:
        """Return an address of its own for each message (VERP), below the sending domain for SPF's sake."""
        local = "b+" + claim.message_id.removeprefix("msg_")
        return f"{local}@{bounce_domain(claim.content.sender.address.domain)}"
