"""The queue of deliveries: due times, leases with a fence, and what each attempt came to."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pony.orm import min as pony_min

from justemails.pony_store import content_json
from justemails.pony_store.tables import Tables, in_session, instant, instant_or_none, us, us_or_none
from justemails.records import Attempt, Claim, DomainRoom, Outcome
from justemails.store import ANY_DOMAIN
from justemails_contract.delivery import Event


class Deliveries(Tables):
    """Implements ``justemails.store.DeliveryQueue``."""

    def claim(self, now: datetime, lease_until: datetime, most: int, room: DomainRoom = ANY_DOMAIN) -> Sequence[Claim]:
        def write() -> Sequence[Claim]:
            busy, claims = Counter(room.busy), list[Claim]()
            # Each round but the last fills a domain, which the next one leaves out: there are few.
            while len(claims) < most and (rows := self._due(now, DomainRoom(room.limit, busy), most - len(claims))):
                for row in rows:
                    if busy[row.recipient_domain] < room.limit:
                        busy[row.recipient_domain] += 1
                        claims.append(leased(row, lease_until))
            return claims

        return self.writer.write(write)

    def claim_next(self, now: datetime, lease_until: datetime, domain: str) -> Claim | None:
        def write() -> Claim | None:
            now_us = us(now)
            due = self.entities.message.select(
                lambda m: m.recipient_domain == domain and m.due_us is not None and m.due_us <= now_us
            )
            row = due.order_by(lambda m: (m.due_us, m.id)).first()
            return leased(row, lease_until) if row else None

        return self.writer.write(write)

    def _due(self, now: datetime, room: DomainRoom, most: int) -> Sequence[Any]:  # Pony entities
        now_us, full = us(now), room.full
        due = self.entities.message.select(lambda m: m.due_us is not None and m.due_us <= now_us)
        if full:
            due = due.filter(lambda m: m.recipient_domain not in full)
        rows: Sequence[Any] = due.order_by(lambda m: (m.due_us, m.id)).limit(most)[:]
        return rows

    @in_session
    def next_due(self, room: DomainRoom = ANY_DOMAIN) -> datetime | None:
        full = room.full
        if not full:
            return instant_or_none(pony_min(m.due_us for m in self.entities.message))
        return instant_or_none(pony_min(m.due_us for m in self.entities.message if m.recipient_domain not in full))

    @in_session
    def next_due_to(self, domain: str) -> datetime | None:
        return instant_or_none(pony_min(m.due_us for m in self.entities.message if m.recipient_domain == domain))

    def may_send(self, claim: Claim, attempt: Attempt, lease_until: datetime) -> bool:
        def write() -> bool:
            row = self._leased_row(claim)
            if row is None:
                return False
            row.due_us = us(lease_until)
            self._put_attempt(claim.message_id, attempt)
            return True

        return self.writer.write(write)

    def finish(self, claim: Claim, outcome: Outcome) -> bool:
        def write() -> bool:
            row = self._leased_row(claim)
            if row is None:
                return False
            row.status = outcome.status.value
            row.delivered_us = us_or_none(outcome.delivered_at)
            row.due_us = us_or_none(outcome.due_at)
            row.leased = False
            self._put_attempt(claim.message_id, outcome.attempt)
            return True

        return self.writer.write(write)

    def release_leases(self, now: datetime) -> int:
        def write() -> int:
            rows = list(self.entities.message.select(lambda m: m.leased))
            for row in rows:
                row.leased = False
                row.due_us = us(now)
            return len(rows)

        return self.writer.write(write)

    @in_session
    def attempts(self, message_id: str) -> Sequence[Attempt]:
        rows = self.entities.attempt.select(lambda a: a.message_id == message_id)
        return [_attempt(row) for row in rows.order_by(lambda a: a.number)]

    @in_session
    def has_message(self, message_id: str) -> bool:
        return bool(self.entities.message.exists(id=message_id))

    def _leased_row(self, claim: Claim) -> Any:  # a Pony entity, or None
        """Return the claimed row, if the lease is still this claim's: the fence tells."""
        row = self.entities.message.get_for_update(id=claim.message_id)
        return row if row and row.leased and row.fence == claim.fence else None

    def _put_attempt(self, message_id: str, attempt: Attempt) -> None:
        row = self.entities.attempt.get(message_id=message_id, number=attempt.number)
        values = {
            "at_us": us(attempt.at),
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
            self.entities.attempt(message_id=message_id, number=attempt.number, **values)


def leased(row: Any, lease_until: datetime) -> Claim:
    """Lease a message: a new fence tells this lease from every other one."""
    row.fence += 1
    row.attempts += 1
    row.leased = True
    row.due_us = us(lease_until)
    content = content_json.load(row.content)
    return Claim(row.id, row.account.id, row.fence, row.attempts, content, instant(row.created_us))


def _attempt(row: Any) -> Attempt:
    return Attempt(
        row.number,
        instant(row.at_us),
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
