"""Everything that is kept, on Pony: reads in the caller's thread, writes through one writer.

No session spans an await or outlives a method. Queries are Pony's generators and lambdas, never strings: Pony
runs string queries as Python code.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pony.orm import db_session, desc
from pony.orm import min as pony_min

from justemails.pony_store import content_json
from justemails.pony_store.entities import open_database
from justemails.pony_store.writer import GroupWriter, Session, Writer
from justemails.records import (
    Account,
    Attempt,
    Claim,
    Domain,
    Key,
    Message,
    MessageFilter,
    NewMessage,
    Outcome,
)
from justemails.store import DuplicateError
from justemails_contract.delivery import INITIAL, Event, Status
from justemails_contract.operations import Scope

T = TypeVar("T")

F = TypeVar("F", bound=Callable[..., object])

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _in_session(method: F) -> F:
    """Run a method in a session of its own; Pony's decorator, with its type."""
    wrapped: F = db_session(method)
    return wrapped


class PonyStore:
    """The store on one SQLite file.

    Args:
        path: the file; it and its tables are made where they are missing.
        make_writer: how writes share commits.
    """

    def __init__(self, path: str, make_writer: Callable[[Session], Writer] = GroupWriter) -> None:
        self._database, self._entities = open_database(path)
        self._accept_sql = _insert_sql(self._database, self._entities.message)
        self._writer = make_writer(lambda: db_session(immediate=True))

    def close(self) -> None:
        """Write what is under way, and let go of the file."""
        self._writer.close()
        self._database.disconnect()

    # -- accounts

    def add_account(self, account: Account) -> None:
        def write() -> None:
            self._entities.account(id=account.id, name=account.name, created_us=_us(account.created_at))

        self._write(write)

    @_in_session
    def account(self, account_id: str) -> Account | None:
        row = self._entities.account.get(id=account_id)
        return _account(row) if row else None

    @_in_session
    def accounts(self) -> Sequence[Account]:
        return [_account(row) for row in self._entities.account.select().order_by(lambda a: a.id)]

    # -- keys

    def add_key(self, key: Key, secret_hash: str) -> None:
        def write() -> None:
            if self._entities.key.get(secret_hash=secret_hash):
                raise DuplicateError(key.hint)
            self._entities.key(
                id=key.id,
                account=key.account_id,
                name=key.name,
                scope=key.scope,
                hint=key.hint,
                secret_hash=secret_hash,
                created_us=_us(key.created_at),
            )

        self._write(write)

    @_in_session
    def key_by_hash(self, secret_hash: str) -> Key | None:
        row = self._entities.key.get(secret_hash=secret_hash)
        return _key(row) if row and row.revoked_us is None else None

    def keys(self, account_id: str) -> Sequence[Key]:
        self._write(lambda: None)  # waits for the touches before this call, so that lastUsed is up to date
        with db_session:
            rows = self._entities.key.select(lambda k: k.account.id == account_id and k.revoked_us is None)
            return [_key(row) for row in rows.order_by(lambda k: desc(k.id))]

    def revoke_key(self, account_id: str, key_id: str, at: datetime) -> bool:
        def write() -> bool:
            row = self._entities.key.get_for_update(id=key_id)
            if not row or row.account.id != account_id or row.revoked_us is not None:
                return False
            row.revoked_us = _us(at)
            return True

        return self._write(write)

    def touch_key(self, key_id: str, at: datetime) -> None:
        self._writer.write_later(self._touch_many, (key_id, at))

    def _touch_many(self, touches: Sequence[tuple[str, datetime]]) -> Sequence[None]:
        for key_id, at in dict(touches).items():
            row = self._entities.key.get(id=key_id)
            if row:
                row.last_used_us = _us(at)
        return [None] * len(touches)

    # -- domains

    def add_domain(self, domain: Domain) -> None:
        def write() -> None:
            if self._entities.domain.get(account=domain.account_id, name=domain.name):
                raise DuplicateError(domain.name)
            self._entities.domain(
                id=domain.id,
                account=domain.account_id,
                name=domain.name,
                token=domain.token,
                selector=domain.selector,
                private_key=domain.private_key,
                created_us=_us(domain.created_at),
                verified_us=_us_or_none(domain.verified_at),
            )

        self._write(write)

    @_in_session
    def domain(self, account_id: str, name: str) -> Domain | None:
        row = self._entities.domain.get(account=account_id, name=name)
        return _domain(row) if row else None

    @_in_session
    def domains(self, account_id: str) -> Sequence[Domain]:
        rows = self._entities.domain.select(lambda d: d.account.id == account_id)
        return [_domain(row) for row in rows.order_by(lambda d: d.name)]

    @_in_session
    def domains_named(self, name: str) -> Sequence[Domain]:
        rows = self._entities.domain.select(lambda d: d.name == name)
        return [_domain(row) for row in rows.order_by(lambda d: d.id)]

    @_in_session
    def is_verified(self, account_id: str, name: str) -> bool:
        row = self._entities.domain.get(account=account_id, name=name)
        return bool(row and row.verified_us is not None)

    def set_verified(self, domain_id: str, at: datetime | None) -> None:
        def write() -> None:
            row = self._entities.domain.get_for_update(id=domain_id)
            if row:
                row.verified_us = _us_or_none(at)

        self._write(write)

    def remove_domain(self, account_id: str, name: str) -> bool:
        def write() -> bool:
            row = self._entities.domain.get_for_update(account=account_id, name=name)
            if row:
                row.delete()
            return bool(row)

        return self._write(write)

    # -- messages

    def accept(self, message: NewMessage) -> None:
        created_us = _us(message.created_at)
        content = message.content
        row: dict[str, object] = {
            "id": message.id,
            "account": message.account_id,
            "status": INITIAL.value,
            "sender_text": message.sender_text,
            "recipient_text": message.recipient_text,
            "sender_address": str(content.sender.address),
            "recipient_address": str(content.recipient),
            "subject": content.subject,
            "created_us": created_us,
            "delivered_us": None,
            "due_us": created_us,
            "leased": False,
            "fence": 0,
            "attempts": 0,
            "content": content_json.dump(content),
        }
        self._writer.write(self._accept_many, row)

    def _accept_many(self, rows: Sequence[dict[str, object]]) -> Sequence[None]:
        last: dict[object, int] = {}
        for account_id in sorted({str(row["account"]) for row in rows}):
            account = self._entities.account.get_for_update(id=account_id)
            last[account_id] = account.message_count
            account.message_count += sum(row["account"] == account_id for row in rows)
        for row in rows:
            last[row["account"]] += 1
            row["seq"] = last[row["account"]]
        sql, names = self._accept_sql
        # One statement for the batch, on Pony's own connection: a dozen times quicker than an object a row.
        self._database.get_connection().cursor().executemany(sql, [[row[name] for name in names] for row in rows])
        return [None] * len(rows)

    @_in_session
    def message(self, account_id: str, message_id: str) -> Message | None:
        row = self._entities.message.get(id=message_id)
        return _message(row) if row and row.account.id == account_id else None

    @_in_session
    def page(self, account_id: str, wanted: MessageFilter, page: int, per_page: int) -> tuple[Sequence[Message], int]:
        rows = self._entities.message.select(lambda m: m.account.id == account_id)
        if wanted.is_empty:
            total = self._entities.account[account_id].message_count
            newest = total - (page - 1) * per_page
            oldest = newest - per_page
            rows = rows.filter(lambda m: m.seq > oldest and m.seq <= newest).order_by(lambda m: desc(m.seq))
            return [_message(row) for row in rows], total
        rows = _narrowed(rows, wanted)
        total = rows.count()
        found = rows.order_by(lambda m: desc(m.seq)).limit(per_page, offset=(page - 1) * per_page)
        return [_message(row) for row in found], total

    # -- delivery

    def claim(self, now: datetime, lease_until: datetime, most: int) -> Sequence[Claim]:
        def write() -> Sequence[Claim]:
            now_us = _us(now)
            due = self._entities.message.select(lambda m: m.due_us is not None and m.due_us <= now_us)
            claims = []
            for row in due.order_by(lambda m: (m.due_us, m.id)).limit(most):
                row.fence += 1
                row.attempts += 1
                row.leased = True
                row.due_us = _us(lease_until)
                claims.append(
                    Claim(
                        row.id,
                        row.account.id,
                        row.fence,
                        row.attempts,
                        content_json.load(row.content),
                        _instant(row.created_us),
                    )
                )
            return claims

        return self._write(write)

    @_in_session
    def next_due(self) -> datetime | None:
        return _instant_or_none(pony_min(m.due_us for m in self._entities.message))

    def note_in_doubt(self, claim: Claim, attempt: Attempt) -> bool:
        def write() -> bool:
            if self._leased_row(claim) is None:
                return False
            self._put_attempt(claim.message_id, attempt)
            return True

        return self._write(write)

    def finish(self, claim: Claim, outcome: Outcome) -> bool:
        def write() -> bool:
            row = self._leased_row(claim)
            if row is None:
                return False
            row.status = outcome.status.value
            row.delivered_us = _us_or_none(outcome.delivered_at)
            row.due_us = _us_or_none(outcome.due_at)
            row.leased = False
            self._put_attempt(claim.message_id, outcome.attempt)
            return True

        return self._write(write)

    def release_leases(self, now: datetime) -> int:
        def write() -> int:
            rows = list(self._entities.message.select(lambda m: m.leased))
            for row in rows:
                row.leased = False
                row.due_us = _us(now)
            return len(rows)

        return self._write(write)

    @_in_session
    def attempts(self, message_id: str) -> Sequence[Attempt]:
        rows = self._entities.attempt.select(lambda a: a.message_id == message_id)
        return [_attempt(row) for row in rows.order_by(lambda a: a.number)]

    @_in_session
    def has_message(self, message_id: str) -> bool:
        return bool(self._entities.message.exists(id=message_id))

    def _leased_row(self, claim: Claim) -> Any:  # a Pony entity, or None
        """Return the claimed row, if the lease is still this claim's: the fence tells."""
        row = self._entities.message.get_for_update(id=claim.message_id)
        return row if row and row.leased and row.fence == claim.fence else None

    def _put_attempt(self, message_id: str, attempt: Attempt) -> None:
        row = self._entities.attempt.get(message_id=message_id, number=attempt.number)
        values = {
            "at_us": _us(attempt.at),
            "event": attempt.event.value if attempt.event else "",
            "phase": attempt.phase,
            "host": attempt.host,
            "ip": attempt.ip,
            "tls": attempt.tls,
            "code": attempt.code,
            "enhanced": attempt.enhanced,
            "text": attempt.text,
            "transcript": json.dumps(attempt.transcript),
        }
        if row:
            row.set(**values)
        else:
            self._entities.attempt(message_id=message_id, number=attempt.number, **values)

    # -- all of it

    def clear(self) -> None:
        """Forget everything."""

        def write() -> None:
            entities = self._entities
            for entity in (
                entities.attempt,
                entities.message,
                entities.domain,
                entities.key,
                entities.account,
            ):
                entity.select().delete(bulk=True)

        self._write(write)

    def _write(self, work: Callable[[], T]) -> T:
        result: T | DuplicateError = self._writer.write(_run_each, work)
        if isinstance(result, DuplicateError):
            raise result
        return result


def _run_each(works: Sequence[Callable[[], Any]]) -> Sequence[Any]:
    """Run each piece of work; one that refuses is answered with its refusal, and the rest goes on."""
    results: list[Any] = []  # Any: each work has a result type of its own, restored by ``PonyStore._write``
    for work in works:
        try:
            results.append(work())
        except DuplicateError as ex:
            results.append(ex)
    return results


def _insert_sql(database: Any, entity: Any) -> tuple[str, Sequence[str]]:
    """Return an INSERT for an entity's table in the database's own spelling, and the attributes in its order."""
    attributes = [attribute for attribute in entity._attrs_ if attribute.column]
    provider = database.provider
    columns = ", ".join(provider.quote_name(attribute.column) for attribute in attributes)
    marks = ", ".join({"qmark": "?"}.get(provider.paramstyle, "%s") for _ in attributes)
    table = provider.quote_name(entity._table_)
    # Names come from the entity's own definition, values are bound.
    return f"INSERT INTO {table} ({columns}) VALUES ({marks})", [attribute.name for attribute in attributes]  # noqa: S608


def _narrowed(rows: Any, wanted: MessageFilter) -> Any:  # Pony queries
    if wanted.status is not None:
        status = str(wanted.status)
        rows = rows.filter(lambda m: m.status == status)
    if wanted.sender is not None:
        sender = wanted.sender
        rows = rows.filter(lambda m: m.sender_address == sender)
    if wanted.recipient is not None:
        recipient = wanted.recipient
        rows = rows.filter(lambda m: m.recipient_address == recipient)
    if wanted.subject is not None:
        subject = wanted.subject.lower()
        rows = rows.filter(lambda m: subject in m.subject.lower())
    if wanted.created_after is not None:
        after_us = _us(wanted.created_after)
        rows = rows.filter(lambda m: m.created_us >= after_us)
    if wanted.created_before is not None:
        before_us = _us(wanted.created_before)
        rows = rows.filter(lambda m: m.created_us < before_us)
    return rows


def _us(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


def _us_or_none(instant: datetime | None) -> int | None:
    return None if instant is None else _us(instant)


def _instant(us: int) -> datetime:
    return _EPOCH + us * _MICROSECOND


def _instant_or_none(us: int | None) -> datetime | None:
    return None if us is None else _instant(us)


def _account(row: Any) -> Account:
    return Account(row.id, row.name, _instant(row.created_us))


def _key(row: Any) -> Key:
    return Key(
        row.id,
        row.account.id,
        row.name,
        Scope(row.scope),
        row.hint,
        _instant(row.created_us),
        _instant_or_none(row.last_used_us),
    )


def _domain(row: Any) -> Domain:
    return Domain(
        row.id,
        row.account.id,
        row.name,
        row.token,
        row.selector,
        row.private_key,
        _instant(row.created_us),
        _instant_or_none(row.verified_us),
    )


def _message(row: Any) -> Message:
    return Message(
        row.id,
        Status(row.status),
        row.sender_text,
        row.recipient_text,
        row.subject,
        _instant(row.created_us),
        _instant_or_none(row.delivered_us),
    )


def _attempt(row: Any) -> Attempt:
    return Attempt(
        row.number,
        _instant(row.at_us),
        Event(row.event) if row.event else None,
        row.phase,
        row.host,
        row.ip,
        row.tls,
        row.code,
        row.enhanced,
        row.text,
        tuple(json.loads(row.transcript or "[]")),
    )
