"""The store's port, split by who asks. Results are frozen dataclasses of ``justemails.records``.

Every method is one short synchronous transaction; one that writes returns after its commit is on disk. Inside
``Store.together`` the commit comes at the end of all.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from justemails.records import (
    Account,
    Attempt,
    Claim,
    DkimKey,
    Domain,
    DomainRoom,
    Key,
    Message,
    MessageFilter,
    NewMessage,
    Outcome,
)

ANY_DOMAIN = DomainRoom()


class UnusableStoreError(Exception):
    """What is kept cannot be read by this version; the message says what to do."""


class DuplicateError(Exception):
    """What was to be added is there already."""


class AccountStore(Protocol):
    def add_account(self, account: Account) -> None: ...

    def account(self, account_id: str) -> Account | None: ...

    def accounts(self) -> Sequence[Account]: ...


class KeyStore(Protocol):
    def add_key(self, key: Key, secret_hash: str) -> None:
        """Raises DuplicateError: this very key is known already, live or revoked."""
        ...

    def key_by_hash(self, secret_hash: str) -> Key | None:
        """Return the live key with this hash."""
        ...

    def keys(self, account_id: str) -> Sequence[Key]:
        """Return the live keys of an account, newest first."""
        ...

    def revoke_key(self, account_id: str, key_id: str, at: datetime) -> bool:
        """End a key for good. False: the account has no such live key."""
        ...

    def touch_key(self, key_id: str, at: datetime) -> None:
        """Note that a key was used."""
        ...


class DomainStore(Protocol):
    def add_domain(self, domain: Domain) -> None:
        """Raises DuplicateError: the account has the domain already."""
        ...

    def add_dkim_keys(self, domain_id: str, keys: Sequence[DkimKey]) -> None:
        """Give a domain that was added without keys those that sign for it."""
        ...

    def domain(self, account_id: str, name: str) -> Domain | None: ...

    def domains(self, account_id: str) -> Sequence[Domain]: ...

    def domains_named(self, name: str) -> Sequence[Domain]:
        """Return the domains of this name, whatever the account."""
        ...

    def is_verified(self, account_id: str, name: str) -> bool: ...

    def keep_verdict(self, domain_id: str, verified_at: datetime | None, check_at: datetime | None) -> None:
        """Note since when a domain is verified (None: it is not), and when to look again (None: when asked to)."""
        ...

    def next_check(self) -> datetime | None:
        """Return when the next domain's records are to be looked at."""
        ...

    def due_checks(self, now: datetime) -> Sequence[Domain]:
        """Return the domains whose records are to be looked at by now."""
        ...

    def remove_domain(self, account_id: str, name: str) -> bool: ...


class MessageStore(Protocol):
    def accept(self, message: NewMessage) -> None:
        """Keep a message, queued and due now, in one transaction."""
        ...

    def message(self, account_id: str, message_id: str) -> Message | None: ...

    def page(self, account_id: str, wanted: MessageFilter, page: int, per_page: int) -> tuple[Sequence[Message], int]:
        """Return one page of an account's messages, newest first, and how many match in all."""
        ...


class DeliveryQueue(Protocol):
    def claim(self, now: datetime, lease_until: datetime, most: int, room: DomainRoom = ANY_DOMAIN) -> Sequence[Claim]:
        """Lease up to ``most`` messages that are due and whose domain has room, the longest due first."""
        ...

    def claim_next(self, now: datetime, lease_until: datetime, domain: str) -> Claim | None:
        """Lease the message to a recipient's domain that has been due longest, if there is one."""
        ...

    def next_due(self, room: DomainRoom = ANY_DOMAIN) -> datetime | None:
        """Return when the next message whose domain has room falls due: by schedule, or as its lease runs out."""
        ...

    def next_due_to(self, domain: str) -> datetime | None:
        """Return when the next message to a recipient's domain falls due."""
        ...

    def may_send(self, claim: Claim, attempt: Attempt, lease_until: datetime) -> bool:
        """Record that the attempt is in doubt from here on, lease the message anew, and say whether it may be sent.

        False: its lease was lost to another one, and nothing changed.
        """
        ...

    def finish(self, claim: Claim, outcome: Outcome) -> bool:
        """Record how an attempt ended and drop the lease. False: the lease is no longer ours; nothing changed."""
        ...

    def release_leases(self, now: datetime) -> int:
        """Make every leased message due now; for a process that knows that it is the only worker."""
        ...

    def attempts(self, message_id: str) -> Sequence[Attempt]: ...

    def has_message(self, message_id: str) -> bool: ...


class Store(AccountStore, KeyStore, DomainStore, MessageStore, DeliveryQueue, Protocol):
    """Everything that is kept."""

    def together(self) -> AbstractContextManager[None]:
        """Put everything that this thread reads and writes into one transaction, committed at the end.

        Raises:
            Exception: what kept a write, or the commit, from succeeding; nothing of it all is kept then.
        """
        ...
