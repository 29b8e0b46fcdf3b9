"""What becomes of mail that was accepted: the delivery engine, the fake internet that takes it, and the inbox.

One event loop, in a thread of its own, runs the engine, the domain watch and the fake network. The engine's only way
out is the network's registry. Importing this module loads DNS, SMTP and cryptography, which take longer than all that
the API needs: a sandbox does it when its API answers already.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from random import Random

from fakemx.behaviours.script import Behaviour
from fakemx.clock import MovableClock
from fakemx.dns.sockets import DnsSockets
from fakemx.mx.received import Received
from fakemx.network import FakeNetwork
from justemails.delivery.assembly import make_engine
from justemails.delivery.dns import DnsResolver
from justemails.delivery.routing import MxRoute
from justemails.delivery.smtp import SmtpConnector
from justemails.domains.watch import DomainWatch
from justemails.records import Claim, Outcome
from justemails_sandbox.events import EventLog
from justemails_sandbox.inbox import Inbox
from justemails_sandbox.loop_thread import LoopThread
from justemails_sandbox.published import PublishedRecords
from justemails_sandbox.sending import DELIVERY, SENDING_HOST
from justemails_sandbox.store import SandboxStore
from justemails_sandbox.timekeeper import Timekeeper

_DRAIN_S = 10

_log = logging.getLogger("justemails.sandbox")


class MailSide:
    """Delivers what a store holds to a fake network, from the moment it is made.

    Args:
        inbox: the file that keeps the mails that arrive.
        dns: where the fake name server listens.
        domains: who behaves how, beside the catalogue's domains.
        rng: draws the retry jitter and the order of equal mail hosts.
        note_outcome: called with each attempt's outcome, once it is recorded.
    """

    def __init__(
        self,
        *,
        store: SandboxStore,
        clock: MovableClock,
        events: EventLog,
        inbox: str,
        dns: DnsSockets,
        domains: Mapping[str, Behaviour],
        rng: Random,
        note_outcome: Callable[[Claim, Outcome], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._events = events
        self._rng = rng
        self._note_outcome = note_outcome
        self.inbox = Inbox(inbox)
        self.loop = LoopThread("justemails-engine")
        self.loop.run(self._start(dns, domains))

    def close(self) -> None:
        """Finish what is under way, for ten seconds at most, and close everything."""
        try:
            self.loop.run(self._drain(), _DRAIN_S)
        except TimeoutError:
            _log.warning("some deliveries did not end in %s s; they go on at the next start", _DRAIN_S)
        self.loop.run(self._close())
        self.loop.close()
        self.inbox.close()

    def reset(self, seed: Callable[[], None]) -> None:
        """Stop working, forget every mail, give the network back its start, and begin anew on what ``seed`` leaves."""
        self.loop.run(self._reset(seed))

    def wake(self) -> None:
        """Have the engine look for what is due; from any thread."""
        self.loop.call_soon(self.engine.wake)

    async def _start(self, dns: DnsSockets, domains: Mapping[str, Behaviour]) -> None:
        self.network = FakeNetwork(self._clock, domains=domains, on_mail=self._on_mail, dns_sockets=dns)
        self.network.zones.add_provider(PublishedRecords(self._store))
        await self.network.start()
        self.resolver = DnsResolver(self._clock, self.network.dns_address)
        # One for good: a reset, which makes other workers, may come while it moves the clock.
        self.timekeeper = Timekeeper(self._clock, lambda: (self.engine, self.watch), lambda: self.loop.heard)
        self._start_working()

    def _start_working(self) -> None:
        # The folder's lock says that no other worker is alive, so every lease is one of a process that died.
        self._store.release_leases(self._clock.now())
        self.engine = make_engine(
            self._store,
            clock=self._clock,
            route=MxRoute(self.resolver, self._rng, DELIVERY),
            connector=SmtpConnector(lambda ip: self.network.endpoint(ip, 25)),
            rng=self._rng,
            settings=DELIVERY,
            observe=self._note_outcome,
        )
        self.watch = DomainWatch(self._store, self.resolver, self._clock, SENDING_HOST)
        self._delivering = asyncio.create_task(self.engine.run())
        self._watching = asyncio.create_task(self.watch.run())

    async def _drain(self) -> None:
        """Take nothing new, and return when all that can end by itself has ended."""
        if self._clock.running:
            self.engine.stop()
            await asyncio.wait({self._delivering})
        else:  # who waits for a clock that stands still waits for ever
            await self.timekeeper.settle()

    async def _close(self) -> None:
        await self._stop_working()
        await self.network.stop()

    async def _stop_working(self) -> None:
        self._watching.cancel()
        self.engine.abort()
        await asyncio.wait({self._delivering, self._watching})

    async def _reset(self, seed: Callable[[], None]) -> None:
        await self._stop_working()
        self.inbox.clear()
        seed()
        await self.network.reset()
        self._start_working()

    def _on_mail(self, received: Received) -> None:
        for mail_id, recipient in zip(self.inbox.add(received), received.recipients, strict=True):
            self._events.add("mail", id=mail_id, to=recipient, host=received.host)
