"""Sending domains."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pony.orm import min as pony_min

from justemails.pony_store.tables import Tables, in_session, instant, instant_or_none, us, us_or_none
from justemails.records import DkimKey, Domain
from justemails.store import DuplicateError


class Domains(Tables):
    """Implements ``justemails.store.DomainStore``."""

    def add_domain(self, domain: Domain) -> None:
        def write() -> None:
            if self.entities.domain.get(account=domain.account_id, name=domain.name):
                raise DuplicateError(domain.name)
            self.entities.domain(
                id=domain.id,
                account=domain.account_id,
                name=domain.name,
                token=domain.token,
                created_us=us(domain.created_at),
                verified_us=us_or_none(domain.verified_at),
                check_us=us_or_none(domain.check_at),
            )
            self._write_dkim_keys(domain.id, domain.dkim_keys)

        self.writer.write(write)

    def add_dkim_keys(self, domain_id: str, keys: Sequence[DkimKey]) -> None:
        self.writer.write(lambda: self._write_dkim_keys(domain_id, keys))

    @in_session
    def domain(self, account_id: str, name: str) -> Domain | None:
        row = self.entities.domain.get(account=account_id, name=name)
        return _domain(row) if row else None

    @in_session
    def domains(self, account_id: str) -> Sequence[Domain]:
        rows = self.entities.domain.select(lambda d: d.account.id == account_id)
        return [_domain(row) for row in rows.order_by(lambda d: d.name)]

    @in_session
    def domains_named(self, name: str) -> Sequence[Domain]:
        rows = self.entities.domain.select(lambda d: d.name == name)
        return [_domain(row) for row in rows.order_by(lambda d: d.id)]

    @in_session
    def is_verified(self, account_id: str, name: str) -> bool:
        row = self.entities.domain.get(account=account_id, name=name)
        return bool(row) and row.verified_us is not None

    def keep_verdict(self, domain_id: str, verified_at: datetime | None, check_at: datetime | None) -> None:
        def write() -> None:
            row = self.entities.domain.get_for_update(id=domain_id)
            if row:
                row.verified_us = us_or_none(verified_at)
                row.check_us = us_or_none(check_at)

        self.writer.write(write)

    @in_session
    def next_check(self) -> datetime | None:
        return instant_or_none(pony_min(d.check_us for d in self.entities.domain))

    @in_session
    def due_checks(self, now: datetime) -> Sequence[Domain]:
        now_us = us(now)
        rows = self.entities.domain.select(lambda d: d.check_us is not None and d.check_us <= now_us)
        return [_domain(row) for row in rows.order_by(lambda d: (d.check_us, d.id))]

    def remove_domain(self, account_id: str, name: str) -> bool:
        def write() -> bool:
            row = self.entities.domain.get_for_update(account=account_id, name=name)
            if row:
                row.delete()
            return bool(row)

        return self.writer.write(write)

    def _write_dkim_keys(self, domain_id: str, keys: Sequence[DkimKey]) -> None:
        for position, key in enumerate(keys):
            self.entities.dkim_key(
                domain=domain_id, position=position, selector=key.selector, private_key=key.private_key
            )


def _domain(row: Any) -> Domain:
    return Domain(
        row.id,
        row.account.id,
        row.name,
        row.token,
        tuple(DkimKey(key.selector, key.private_key) for key in sorted(row.dkim_keys, key=lambda key: key.position)),
        instant(row.created_us),
        instant_or_none(row.verified_us),
        instant_or_none(row.check_us),
    )
