"""Sending domains."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from justemails.pony_store.tables import Tables, in_session, instant, instant_or_none, us, us_or_none
from justemails.records import Domain
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
                selector=domain.selector,
                private_key=domain.private_key,
                created_us=us(domain.created_at),
                verified_us=us_or_none(domain.verified_at),
            )

        self.writer.write(write)

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
        # SQL, since every send asks this.
        rows = self.database.select(
            'select verified_us from "domain" where account = $account and name = $name',
            {"account": account_id, "name": name},
        )
        return bool(rows) and rows[0] is not None

    def set_verified(self, domain_id: str, at: datetime | None) -> None:
        def write() -> None:
            row = self.entities.domain.get_for_update(id=domain_id)
            if row:
                row.verified_us = us_or_none(at)

        self.writer.write(write)

    def remove_domain(self, account_id: str, name: str) -> bool:
        def write() -> bool:
            row = self.entities.domain.get_for_update(account=account_id, name=name)
            if row:
                row.delete()
            return bool(row)

        return self.writer.write(write)


def _domain(row: Any) -> Domain:
    return Domain(
        row.id,
        row.account.id,
        row.name,
        row.token,
        row.selector,
        row.private_key,
        instant(row.created_us),
        instant_or_none(row.verified_us),
    )
