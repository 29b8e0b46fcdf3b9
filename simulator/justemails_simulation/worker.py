"""One simulated worker process: the reference's own engine, on ports that write down what it does with them.

``crash`` is a kill -9: its tasks never run again, not even a ``finally``; its connections are reset; and what it can
write to is frozen, so that nothing of it is kept after that instant.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial

from justemails.ports import Connector, DnsTemporaryError, MxRecord, Reply, Resolver, SmtpConnection
from justemails.records import Attempt, Claim, DomainRoom, Outcome
from justemails.store import ANY_DOMAIN, DeliveryQueue
from justemails_contract.delivery import Event
from justemails_simulation.history import Claimed, Finished, History, InDoubt, LookUpFailed

Dials = dict[asyncio.Task[object] | None, list[str]]
"""The addresses dialled so far in the attempt that a task makes."""


class FrozenStoreError(Exception):
    """A dead worker tried to use the store."""


class RecordedConnector:
    """A connector that notes each address, by the task that dials it, or asks it for one more message."""

    def __init__(self, inner: Connector, dials: Dials) -> None:
        self._inner = inner
        self._dials = dials

    async def connect(self, ip: str) -> SmtpConnection:
        note = partial(self._note, ip)
        note()
        return RecordedConnection(await self._inner.connect(ip), note)

    def _note(self, ip: str) -> None:
        self._dials[asyncio.current_task()].append(ip)


class RecordedConnection:
    """A connection that tells when it is used for one more message: that counts as asking the host."""

    def __init__(self, inner: SmtpConnection, note: Callable[[], None]) -> None:
        self._inner = inner
        self._note = note

    async def greeting(self) -> Reply:
        return await self._inner.greeting()

    async def command(self, line: str) -> Reply:
        if line == "RSET":
            self._note()
        return await self._inner.command(line)

    async def start_tls(self, server_name: str) -> Reply:
        return await self._inner.start_tls(server_name)

    async def content(self, data: bytes) -> Reply:
        return await self._inner.content(data)

    def quit(self) -> None:
        self._inner.quit()

    def close(self) -> None:
        self._inner.close()


class RecordedResolver:
    """A resolver whose failures are written down: who was not told of a host cannot ask it."""

    def __init__(self, inner: Resolver, worker: str, history: History) -> None:
        self._inner = inner
        self._worker = worker
        self._history = history

    async def mx(self, domain: str) -> Sequence[MxRecord]:
        with self._noting(domain):
            return await self._inner.mx(domain)

    async def addresses(self, host: str) -> Sequence[str]:
        with self._noting(host):
            return await self._inner.addresses(host)

    async def txt(self, name: str) -> Sequence[str]:
        with self._noting(name):
            return await self._inner.txt(name)

    @contextmanager
    def _noting(self, name: str) -> Iterator[None]:
        try:
            yield
        except DnsTemporaryError:
            self._history.add(LookUpFailed(self._worker, name))
            raise


class RecordedQueue:
    """The store's queue as one worker sees it: everything goes into the history, and it can be frozen."""

    def __init__(self, inner: DeliveryQueue, worker: str, history: History, dials: Dials) -> None:
        self._inner = inner
        self._worker = worker
        self._history = history
        self._dials = dials
        self.frozen = False

    def claim(self, now: datetime, lease_until: datetime, most: int, room: DomainRoom = ANY_DOMAIN) -> Sequence[Claim]:
        claims = self._thawed().claim(now, lease_until, most, room)
        for claim in claims:
            self._claimed(claim, lease_until)
        return claims

    def claim_next(self, now: datetime, lease_until: datetime, domain: str) -> Claim | None:
        claim = self._thawed().claim_next(now, lease_until, domain)
        if claim is not None:
            self._claimed(claim, lease_until)
        return claim

    def _claimed(self, claim: Claim, lease_until: datetime) -> None:
        self._history.add(Claimed(self._worker, claim.message_id, claim.fence, claim.attempt, lease_until))

    def next_due(self, room: DomainRoom = ANY_DOMAIN) -> datetime | None:
        return self._thawed().next_due(room)

    def next_due_to(self, domain: str) -> datetime | None:
        return self._thawed().next_due_to(domain)

    def may_send(self, claim: Claim, attempt: Attempt, lease_until: datetime) -> bool:
        granted = self._thawed().may_send(claim, attempt, lease_until)
        self._history.add(InDoubt(self._worker, claim.message_id, claim.attempt, granted, lease_until))
        return granted

    def finish(self, claim: Claim, outcome: Outcome) -> bool:
        recorded = self._thawed().finish(claim, outcome)
        attempt = outcome.attempt
        self._history.add(
            Finished(
                self._worker,
                claim.message_id,
                claim.attempt,
                attempt.event or Event.DEFERRED,
                outcome.status,
                attempt.phase,
                attempt.code,
                attempt.text,
                attempt.transcript,
                outcome.due_at,
                outcome.delivered_at,
                tuple(self._dials.pop(asyncio.current_task(), ())),
                recorded,
            )
        )
        return recorded

    def release_leases(self, now: datetime) -> int:
        return self._thawed().release_leases(now)

    def attempts(self, message_id: str) -> Sequence[Attempt]:
        return self._thawed().attempts(message_id)

    def has_message(self, message_id: str) -> bool:
        return self._thawed().has_message(message_id)

    def _thawed(self) -> DeliveryQueue:
        if self.frozen:
            raise FrozenStoreError(f"{self._worker} is dead")
        return self._inner


def new_dials() -> Dials:
    """Return an empty record of dials."""
    return defaultdict(list)
