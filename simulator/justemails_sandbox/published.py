"""The DNS records of the sandbox's sender and of its domains, published in the fake DNS as their owners would do.

Records set by hand in the fake network come before these, so a record can be broken and mended there.
"""

from collections.abc import Sequence
from ipaddress import ip_address

from justemails.domains.domain import RequiredRecord, records_of
from justemails.records import Domain
from justemails.store import DomainStore
from justemails_sandbox.sending import SENDING_HOST, SENDING_IP, SENDING_NAME

# The sender's name leads to its address and the address to the name, as receivers want (RFC 1912 section 2.1).
_SENDER = {
    (SENDING_NAME, "A"): SENDING_IP,
    (ip_address(SENDING_IP).reverse_pointer, "PTR"): f"{SENDING_NAME}.",
}


class PublishedRecords:
    """Answers for the sender's name and address, and for the names below the domains of a store."""

    def __init__(self, store: DomainStore) -> None:
        self._store = store
        self._records: dict[tuple[str, int], Sequence[RequiredRecord]] = {}  # by domain id and number of its keys

    def __call__(self, name: str, rdtype: str) -> Sequence[str] | None:
        """Return the texts of a record set, or None for names that are not ours."""
        if (own := _SENDER.get((name, rdtype))) is not None:
            return [own]
        # Every record is one or two labels below its domain.
        parents = [name.split(".", labels)[-1] for labels in (1, 2) if name.count(".") > labels]
        found = {
            _in_zone(record)
            for parent in parents
            for domain in self._store.domains_named(parent)
            for record in self._of(domain)
            if (record.name, record.type) == (name, rdtype)
        }
        return sorted(found) or None

    def _of(self, domain: Domain) -> Sequence[RequiredRecord]:
        version = domain.id, len(domain.dkim_keys)  # nothing else of them changes
        if version not in self._records:
            self._records[version] = records_of(domain, SENDING_HOST)
        return self._records[version]


def _in_zone(record: RequiredRecord) -> str:
    """Return a record's data as a zone has it: names end in a dot there."""
    return f"{record.value}." if record.type == "MX" else record.value
