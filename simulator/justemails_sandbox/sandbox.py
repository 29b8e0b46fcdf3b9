"""The composition root: an engine, a store and a fake internet, joined. HTTP comes on top in ``served``.

One event loop, in a thread of its own, runs the delivery engine and the fake network. Whoever serves the API meets it
only in the database and at the clock. The engine's only way out is the network's registry.
"""

import asyncio
import logging
import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from fakemx.clock import EXAMPLE_INSTANT, MovableClock
from fakemx.mx.received import Received
from fakemx.network import FakeNetwork
from justemails.api_keys import key_hash
from justemails.app import Dependencies, create_app
from justemails.clock import SystemClock
from justemails.delivery.attempt import Deliverer
from justemails.delivery.engine import Engine
from justemails.delivery.routing import MxRoute
from justemails.delivery.signing import Signer
from justemails.dns import DnsResolver
from justemails.domain_watch import DomainWatch
from justemails.http_server import WsgiApp
from justemails.ids import make_new_id, make_new_secret
from justemails.ratelimit import RateLimiter
from justemails.records import Claim, Key, Outcome
from justemails.smtp import SmtpConnector
from justemails_contract.delivery import INITIAL, is_terminal
from justemails_sandbox.data_folder import DataFolder, State
from justemails_sandbox.events import EventLog, LoggedEvent
from justemails_sandbox.inbox import Inbox
from justemails_sandbox.loop_thread import LoopThread
from justemails_sandbox.published import PublishedRecords
from justemails_sandbox.request_log import RequestLog
from justemails_sandbox.seeding import seed
from justemails_sandbox.sending import DELIVERY, SENDING_HOST
from justemails_sandbox.settings import SandboxSettings
from justemails_sandbox.store import SandboxStore
from justemails_sandbox.timekeeper import Timekeeper

_DRAIN_S = 10

_log = logging.getLogger("justemails.sandbox")


class Sandbox:
    """A sandbox without its HTTP server.

    Args:
        settings: what it is started with.
        listen: told of every event, from any thread.
    """

    def __init__(self, settings: SandboxSettings, listen: Callable[[LoggedEvent], None] = lambda event: None) -> None:
        self.settings = settings
        self.folder = DataFolder(settings.data)
        state = self.folder.read()
        self.clock = MovableClock(_start_of(settings, state.time), running=not settings.virtual)
        self.events = EventLog(self.clock, listen)
        self.requests = RequestLog()
        self.changes = 0
        self.store = SandboxStore(self.folder.store)
        self.inbox = Inbox(self.folder.inbox)
        self.limiter = RateLimiter(self.clock)
        self.new_id = make_new_id(self.clock)
        self.new_secret = make_new_secret()
        # Jitter and the order of equal hosts: nobody gains by guessing them.
        self.rng = random.Random(settings.seed if settings.seed is not None else secrets.randbits(64))  # noqa: S311
        self.key = seed(self.store, self.clock, self.new_id, self.new_secret, settings.key, state.key)
        self.loop = LoopThread("justemails-engine")

    def start(self) -> None:
        """Open the fake network and begin to deliver."""
        self.loop.run(self._start_loop_side())
        self.remember()

    def stop(self) -> None:
        """Finish what is under way, for ten seconds at most, and close everything."""
        try:
            self.loop.run(self._drain(), _DRAIN_S)
        except TimeoutError:
            _log.warning("some deliveries did not end in %s s; they go on at the next start", _DRAIN_S)
        self.loop.run(self._close_loop_side())
        self.loop.close()
        self.remember()
        self.store.close()
        self.inbox.close()
        self.folder.close()

    def reset(self) -> None:
        """Go back to the seeded state: no mail, no message, one account, one key; the time stays."""
        self.loop.run(self._reset())

    def remember(self) -> None:
        """Keep what the next start needs to know."""
        self.folder.write(State(self.key, self.clock.now().isoformat()))

    @property
    def own_key(self) -> Key | None:
        """The sandbox's own key as the store has it; None, once it is revoked."""
        return self.store.key_by_hash(key_hash(self.key))

    def renew_key(self) -> None:
        """Have a key of its own that works: another one, if the last one was revoked."""
        self.key = seed(self.store, self.clock, self.new_id, self.new_secret, None, self.key)
        self.remember()

    def note_change(self) -> None:
        """Count a change that is no event, such as a domain that was added."""
        self.changes += 1

    def make_api(self) -> WsgiApp:
        """Return the reference's own application, on this sandbox's store and clock."""
        return create_app(
            Dependencies(self.store, self.clock, self.limiter, self.new_id, self.new_secret, self._note_accepted)
        )

    @contextmanager
    def together(self) -> Iterator[None]:
        """Handle requests in one transaction; the engine is told of new messages once they can be seen."""
        self._accepted = False
        with self.store.together():
            yield
        if self._accepted:
            self.loop.call_soon(self.engine.wake)

    def _note_accepted(self) -> None:
        self._accepted = True

    async def _start_loop_side(self) -> None:
        self.network = FakeNetwork(self.clock, domains=self.settings.domains, on_mail=self._on_mail)
        self.network.zones.add_provider(PublishedRecords(self.store))
        await self.network.start()
        self.resolver = DnsResolver(self.clock, self.network.dns_address)
        # One for good: a reset, which makes other workers, may come while it moves the clock.
        self.timekeeper = Timekeeper(self.clock, lambda: (self.engine, self.watch), lambda: self.loop.heard)
        self._start_engine()

    def _start_engine(self) -> None:
        # The folder's lock says that no other worker is alive, so every lease is one of a process that died.
        self.store.release_leases(self.clock.now())
        connector = SmtpConnector(lambda ip: self.network.endpoint(ip, 25))
        signer = Signer(self.store)
        route = MxRoute(self.resolver, self.rng, DELIVERY)
        deliverer = Deliverer(self.clock, route, connector, signer, self.rng, DELIVERY)
        self.engine = Engine(self.store, deliverer, self.clock, self.note_outcome)
        self.watch = DomainWatch(self.store, self.resolver, self.clock, SENDING_HOST)
        self._delivering = asyncio.create_task(self.engine.run())
        self._watching = asyncio.create_task(self.watch.run())

    async def _drain(self) -> None:
        """Take nothing new, and return when all that can end by itself has ended."""
        if self.clock.running:
            self.engine.stop()
            await asyncio.wait({self._delivering})
        else:  # who waits for a clock that stands still waits for ever
            await self.timekeeper.settle()

    async def _close_loop_side(self) -> None:
        await self._stop_working()
        await self.network.stop()

    async def _stop_working(self) -> None:
        self._watching.cancel()
        self.engine.abort()
        await asyncio.wait({self._delivering, self._watching})

    async def _reset(self) -> None:
        await self._stop_working()
        self.store.clear()
        self.inbox.clear()
        self.limiter.forget()
        self.requests.clear()
        self.events.forget()
        await self.network.reset()
        self.key = seed(self.store, self.clock, self.new_id, self.new_secret, None, self.key)
        self._start_engine()

    def _on_mail(self, received: Received) -> None:
        for mail_id, recipient in zip(self.inbox.add(received), received.recipients, strict=True):
            self.events.add("mail", id=mail_id, to=recipient, host=received.host)

    def note_outcome(self, claim: Claim, outcome: Outcome) -> None:
        """Tell all who listen what an attempt came to, once that is recorded."""
        attempt = outcome.attempt
        self.events.add(
            "attempt",
            messageId=claim.message_id,
            to=str(claim.content.recipient),
            attempt=attempt.number,
            outcome=attempt.event,
            phase=attempt.phase,
            host=attempt.host,
            code=attempt.code,
            text=attempt.text,
            next=outcome.due_at and outcome.due_at.isoformat(),
        )
        if is_terminal(outcome.status):
            self.events.add(
                "transition",
                messageId=claim.message_id,
                to=str(claim.content.recipient),
                **{"from": INITIAL, "status": outcome.status},
            )


def _start_of(settings: SandboxSettings, remembered: datetime | None) -> datetime:
    """Return when the clock starts: never before the last run ended, so that time does not go backwards."""
    start = EXAMPLE_INSTANT if settings.virtual else SystemClock().now()
    return max(start, remembered) if remembered else start
