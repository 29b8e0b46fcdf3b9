"""The sandbox of a lesson: the reference and a fake mail internet in one process, in memory, on a clock that jumps.

No socket, no thread that races, no look at the machine's clock. Whatever has a choice, jitter, ids, latencies, draws it
from the seed, so two runs of a lesson say the same. Only DKIM keys are made anew: they would take a place in the
project where a private key should not lie, and no lesson prints a signature.

The parts are those of ``justemails_simulation``, put together without its workers that die and its judge: a
lesson has one engine that lives. Everything runs in one thread of its own, because a notebook's kernel has an event
loop already, and two loops cannot run in one thread.

    world = LessonWorld(seed=1)
    world.run(lambda: world.pass_time(timedelta(hours=1)))
    world.tries
"""

import asyncio
import random
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from fakemx.dns.memory import MemoryDns
from fakemx.listeners import AddressListeners
from fakemx.network import FakeNetwork
from fakemx.virtual.clock import VirtualClock
from fakemx.virtual.loop import VirtualLoop
from fakemx.virtual.network import MemoryNetwork
from fakemx.virtual.rules import Line
from justemails.api.app import Dependencies, create_app
from justemails.api.ids import make_new_id, make_new_secret
from justemails.api.ratelimit import RateLimiter
from justemails.delivery.assembly import make_engine
from justemails.delivery.routing import MxRoute
from justemails.delivery.smtp import SmtpConnector
from justemails.pony_store import PonyStore
from justemails.ports import NewId, NewSecret
from justemails.records import Attempt, Claim, Outcome
from justemails.store import Store
from justemails_contract.delivery import Status
from justemails_lessons.disturbance import UnsteadyStore
from justemails_sandbox.control.app import create_administration_app
from justemails_sandbox.mounts import dated
from justemails_sandbox.published import PublishedRecords
from justemails_sandbox.seeding import complete
from justemails_sandbox.seeding import seed as seed_store
from justemails_sandbox.sending import DELIVERY
from justemails_sandbox.zones_resolver import ZonesResolver

T = TypeVar("T")

KEY = "je_live_OnlyForLessonsOnlyForLessons00000HM1hp"
"""The key of every lesson: it opens nothing but a lesson, and says so."""

_LATENCY_S = (0.01, 0.04)  # one way, as between two cities
_ADDRESSES = ("198.18.0.0/15", "2001:db8::/64")  # routed nowhere


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt to deliver a message, with when it ended and what it changed."""

    message_id: str
    recipient: str
    ended_at: datetime
    attempt: Attempt
    status: Status
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Loop:
    """Runs coroutines for the control API."""

    loop: VirtualLoop

    def run(self, coroutine: Coroutine[Any, Any, T], /) -> T:  # Any: unused slots
        return self.loop.run_until_complete(coroutine)


@dataclass(frozen=True, slots=True)
class _AdminDeps:
    """What the control API makes accounts, domains and keys with."""

    store: PonyStore
    clock: VirtualClock
    new_id: NewId
    new_secret: NewSecret
    resolver: ZonesResolver
    loop: _Loop


class LessonWorld:
    """Everything that a lesson runs on; whoever calls a method does it inside ``run``."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._thread = ThreadPoolExecutor(1, "lesson")
        self.tries: list[Try] = []
        self.run(self._open)

    def run(self, act: Callable[[], T]) -> T:
        """Do something in the world's own thread, and wait for it."""
        return self._thread.submit(act).result()

    def close(self) -> None:
        """Take everything down."""
        self.run(self._close)
        self._thread.shutdown()

    def pass_time(self, span: timedelta) -> None:
        """Let time pass, with all that falls due in it."""
        self.loop.run_until_complete(self.clock.sleep(span.total_seconds()))

    def _open(self) -> None:
        self.loop = VirtualLoop(MemoryNetwork(self._rng("network"), Line(latency=_LATENCY_S)))
        self.clock = VirtualClock(self.loop)
        self.store = PonyStore(":memory:")
        ids, secrets = self._rng("ids"), self._rng("secrets")
        self.new_id, self.new_secret = make_new_id(self.clock, ids.randbytes), make_new_secret(secrets.randbytes)
        seed_store(self.store, self.clock, self.new_id, self.new_secret, KEY)
        complete(self.store, self.clock)
        self.loop.run_until_complete(self._start())
        limiter = RateLimiter(self.clock)
        self.unsteady = UnsteadyStore(self.store, self.clock)
        store = cast(Store, self.unsteady)  # it has whatever a store has
        app = create_app(Dependencies(store, self.clock, limiter, self.new_id, self.new_secret, self.engine.wake))
        self.api = dated(app, self.clock)
        self.control = create_administration_app(
            _AdminDeps(self.store, self.clock, self.new_id, self.new_secret, self.resolver, _Loop(self.loop))
        )

    async def _start(self) -> None:
        listeners = AddressListeners(_ADDRESSES, blackhole_at=self._links().blackhole)
        self.network = FakeNetwork(self.clock, listeners=listeners)
        await self.network.start()
        self.network.zones.add_provider(PublishedRecords(self.store))
        dns = MemoryDns(self.network.zones, self.clock, rng=self._rng("dns"), latency=_LATENCY_S)
        rng = self._rng("jitter")
        self.resolver = ZonesResolver(dns)
        self.engine = make_engine(
            self.store,
            clock=self.clock,
            route=MxRoute(self.resolver, rng, DELIVERY),
            connector=SmtpConnector(lambda ip: self.network.endpoint(ip, 25)),
            rng=rng,
            settings=DELIVERY,
            observe=self._note,
        )
        self._delivering = asyncio.create_task(self.engine.run())
        # A reader who runs the first cell again drops a lab without closing it; asyncio need not complain about that.
        self._delivering._log_destroy_pending = False  # type: ignore[attr-defined]  # noqa: SLF001

    def _note(self, claim: Claim, outcome: Outcome) -> None:
        to, now = str(claim.content.recipient), self.clock.now()
        self.tries.append(Try(claim.message_id, to, now, outcome.attempt, outcome.status, outcome.due_at))

    def _close(self) -> None:
        self.loop.run_until_complete(self._stop())
        self.loop.close()
        self.store.close()

    async def _stop(self) -> None:
        self.engine.abort()
        await asyncio.wait({self._delivering})
        await self.network.stop()

    def _links(self) -> MemoryNetwork:
        assert self.loop.network is not None  # noqa: S101  # for mypy: it was given one
        return self.loop.network

    def _rng(self, subsystem: str) -> random.Random:
        """Return a source of chance of its own for a subsystem; seeding by text is the same in every process."""
        return random.Random(f"{subsystem}/{self._seed}")  # noqa: S311  # not for secrets: a lesson has none
