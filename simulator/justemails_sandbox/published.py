"""The DNS records of the sandbox's domains, published in the fake DNS as their owners would do.

Records set by hand in the fake network come before these, so a record can be broken and mended there.
"""

from collections.abc import Sequence

from justemails.domains import RequiredRecord, records_of
from justemails.records import Domain
from justemails.store import DomainStore

SENDING_IP = "127.0.0.1"
"""Where the sandbox's mail comes from, truly: what its SPF records name."""


class PublishedRecords:
    """Answers for the names below the domains of a store."""

    def __init__(self, store: DomainStore) -> None:
        self._store = store
        self._records: dict[str, Sequence[RequiredRecord]] = {}  # by domain id; they never change

    def __call__(self, name: str, rdtype: str) -> Sequence[str] | None:
        """Return the texts of a record set, or None for names that are not ours."""
        if rdtype != "TXT":
            return None
        # Every record is one or two labels below its domain.
        parents = [name.split(".", labels)[-1] for labels in (1, 2) if name.count(".") > labels]
        found = {
            record.value
            for parent in parents
            for domain in self._store.domains_named(parent)
            for record in self._of(domain)
            if record.name == name
        }
        return sorted(found) or None

    def _of(self, domain: Domain) -> Sequence[RequiredRecord]:
        if domain.id not in self._records:
            self._records[domain.id] = records_of(domain, SENDING_IP)
        return self._records[domain.id]
