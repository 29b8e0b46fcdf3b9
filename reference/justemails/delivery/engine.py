"""The loop that keeps mail moving: claims what is due, runs the attempts, records the outcomes.

One task per message under way, none per message that waits: due times are in the store, so a restart only reads
them again. A task that has delivered a message goes on with the next one to the same domain, over the same connection.
Runs on any event loop and any clock, without threads. Calls to the store are synchronous and short.

Why nothing is lost, and nothing is sent twice without need
-----------------------------------------------------------

Any number of engines work on one store, and any of them may die or stand still at any line of this file.

*Lease.* A claim moves a message's due time to the end of its lease. As long as it lasts, the message is not due, so no
other engine claims it. An engine that dies leaves the lease to run out, and the message is due again: nothing is lost,
and nobody has to notice the death. A lease lasts longer than the longest attempt (``settings.lease``, ``attempt_s``).

*Fence.* An engine may stand still for longer than that, and go on as if nothing had happened (a suspended laptop, a
debugger, a long collection of garbage). By then another one may have the message. So each claim gives the message
another number, its fence, and whatever is recorded for a claim is recorded only while the fence is still the claim's.

*In doubt.* SMTP has one moment that no protocol can mend (RFC 1047): between the last octet of the final dot and the
server's answer to it, only the server knows whether it has the message. Before that moment the engine asks the store
``may_send``. That checks the fence, leases the message anew, so that the answer has its full time, and writes down the
attempt without an outcome. If the answer is lost, or the engine with it, the attempt stays in the store as one that may
have delivered, and the message is sent again: a second copy is possible, a lost message is not (CHOICE-24).

    claim ──▶ connect, MAIL, RCPT, DATA ──▶ may_send? ──▶ message and dot ──▶ answer ──▶ finish
              a death here: sent once        │ no: another   a death here:               records the outcome,
              by the next claim              ▼ has it        perhaps a second copy       if the fence holds
                                           leave
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from justemails.delivery.attempt import Deliverer, DomainSession
from justemails.delivery.conversation import LeaseLostError
from justemails.delivery.settings import Phase
from justemails.due_loop import DueLoop
from justemails.ports import Clock
from justemails.records import Attempt, Claim, DomainRoom, Outcome
from justemails.store import DeliveryQueue

Observer = Callable[[Claim, Outcome], None]

_log = logging.getLogger("justemails.delivery")


class Engine:
    """Delivers what a store holds.

    Args:
        observe: told of each outcome once it is recorded.
        look_again_s: the longest wait between two looks at the store; None: ``wake`` tells of everything new.
    """

    def __init__(
        self,
        queue: DeliveryQueue,
        deliverer: Deliverer,
        clock: Clock,
        observe: Observer = lambda claim, outcome: None,
        look_again_s: float | None = None,
    ) -> None:
        self._queue = queue
        self._deliverer = deliverer
        self._settings = deliverer.settings
        self._clock = clock
        self._observe = observe
        self._loop = DueLoop("the delivery engine", clock, self._next_due, self._start_due, look_again_s)
        self._tasks: dict[asyncio.Task[None], str] = {}  # and the domain of each, in the order of their beginnings

    @property
    def under_way(self) -> int:
        """How many messages are being delivered right now."""
        return len(self._tasks)

    @property
    def at_rest(self) -> bool:
        """Whether nothing but time, or an attempt under way, can give it something to do."""
        return self._loop.at_rest

    def wake(self) -> None:
        """Look at the store again: a message was accepted, or time has moved."""
        self._loop.wake()

    async def run(self) -> None:
        """Deliver until ``stop``; then finish what is under way."""
        await self._loop.run()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def run_once(self) -> None:
        """Deliver what is due now, and return when all of it has been tried."""
        while True:
            due = self._next_due()
            if due is not None and due <= self._clock.now():
                await self._start_due()
            if not self._tasks:
                return
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    def stop(self) -> None:
        """Take nothing new; ``run`` returns once what is under way has ended."""
        self._loop.stop()

    def abort(self) -> None:
        """Stop, and cut short what is under way; its leases stay until they run out or are released."""
        self.stop()
        for task in self._tasks:
            task.cancel()

    @property
    def _free(self) -> int:
        return self._settings.concurrency - len(self._tasks)

    @property
    def _room(self) -> DomainRoom:
        return DomainRoom(self._settings.per_domain, Counter(self._tasks.values()))

    def _next_due(self) -> datetime | None:
        return self._queue.next_due(self._room) if self._free > 0 else None

    async def _start_due(self) -> None:
        now = self._clock.now()
        for claim in self._queue.claim(now, now + self._settings.lease, self._free, self._room):
            task = asyncio.create_task(self._deliver_all(claim))
            self._tasks[task] = claim.content.recipient.domain
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        self._loop.wake()
        if not task.cancelled() and task.exception():
            # Our own fault. The lease keeps the message from being tried again at once, and loses nothing.
            _log.error("a delivery failed by a fault of ours", exc_info=task.exception())

    async def _deliver_all(self, first: Claim) -> None:
        """Deliver a message, and go on with the next one to its domain while there is one and the connection lasts."""
        domain = first.content.recipient.domain

        def more() -> bool:
            due = None if self._loop.stopping else self._queue.next_due_to(domain)
            return due is not None and due <= self._clock.now()

        session = DomainSession(self._may_send, more)
        claim: Claim | None = first
        try:
            while claim is not None:
                await self._deliver(claim, session)
                claim = self._next_claim(domain) if session.conversation else None
        finally:
            session.end()

    def _next_claim(self, domain: str) -> Claim | None:
        now = self._clock.now()
        return self._queue.claim_next(now, now + self._settings.lease, domain)

    def _may_send(self, claim: Claim, attempt: Attempt) -> bool:
        return self._queue.may_send(claim, attempt, self._clock.now() + self._settings.lease)

    @staticmethod
    def _cut_short(claim: Claim, session: DomainSession, began_at: datetime, text: str) -> Attempt:
        session.end()
        so_far = session.in_doubt or Attempt(claim.attempt, began_at, None, Phase.NONE)
        return replace(so_far, text=text)

    async def _deliver(self, claim: Claim, session: DomainSession) -> None:
        began_at = self._clock.now()
        try:
            async with self._clock.timeout(self._settings.attempt_s):
                attempt = await self._deliverer.attempt(claim, session)
        except LeaseLostError:
            session.end()
            _log.warning("%s: the lease was lost before the message was sent", claim.message_id)
            return
        except TimeoutError:
            attempt = self._cut_short(claim, session, began_at, "the attempt took too long")
        except Exception:  # noqa: BLE001  # logged
            # Put off like any other, so that it comes to an end some day, and is not tried in a circle meanwhile.
            _log.exception("%s: an attempt failed by a fault of ours", claim.message_id)
            attempt = self._cut_short(claim, session, began_at, "a fault of ours kept the message from being sent")
        outcome = self._deliverer.outcome(claim, attempt, self._clock.now())
        if self._queue.finish(claim, outcome):
            self._observe(claim, outcome)
        else:
            _log.warning("%s: the lease was lost, the outcome %s is dropped", claim.message_id, outcome.status)
