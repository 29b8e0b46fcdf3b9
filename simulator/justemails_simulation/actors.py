"""The processes of a simulation: the API, and the workers. Each can be started, killed, and started again."""

import asyncio
import random
from collections.abc import Callable
from contextvars import copy_context
from datetime import datetime
from functools import cache

from fakemx.virtual.clock import VirtualClock
from fakemx.virtual.loop import VirtualLoop
from fakemx.virtual.owner import OWNER
from justemails.api.app import App, Dependencies, create_app
from justemails.api.ids import make_new_id, make_new_secret
from justemails.api.keys import key_hash, key_hint
from justemails.api.ratelimit import RateLimiter
from justemails.delivery.assembly import make_engine
from justemails.delivery.engine import Engine
from justemails.delivery.routing import MxRoute
from justemails.mail.dkim_signature import make_ed25519_key, make_rsa_key
from justemails.pony_store import FastPonyStore
from justemails.ports import Connector, NewId, NewSecret, Resolver
from justemails.records import Account, DkimKey, Domain, Key
from justemails_contract.operations import Scope
from justemails_sandbox.seeding import DOMAIN
from justemails_simulation.clients import BURST, MAIN, READER
from justemails_simulation.history import API, Crashed, History, Paused, Resumed, Started
from justemails_simulation.parts import Parts
from justemails_simulation.worker import RecordedConnector, RecordedQueue, RecordedResolver, new_dials

_KEYS = (MAIN, READER, BURST)


class ApiProcess:
    """The API: its application, its limits in memory, and what it makes ids and secrets of."""

    def __init__(
        self,
        store: FastPonyStore,
        clock: VirtualClock,
        rng: random.Random,
        history: History,
        on_accepted: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._history = history
        self._on_accepted = on_accepted
        self.new_id: NewId = make_new_id(clock, rng.randbytes)
        self.new_secret: NewSecret = make_new_secret(rng.randbytes)
        self.app: App | None = None
        """None while it is down."""

    def start(self) -> None:
        limiter = RateLimiter(self._clock)
        self.app = create_app(
            Dependencies(self._store, self._clock, limiter, self.new_id, self.new_secret, self._on_accepted)
        )
        self._history.add(Started(API))

    def crash(self) -> None:
        self.app = None
        self._history.add(Crashed(API))

    def seed(self) -> dict[str, str]:
        """Fill the store with an account, its verified domain and a key for each client; return the secrets by name."""
        now = self._clock.now()
        account = Account(self.new_id("acc_"), "Simulation", now)
        self._store.add_account(account)
        self._store.add_domain(_domain(account.id, now))
        secrets = {}
        for name in _KEYS:
            secrets[name] = secret = self.new_secret()
            key = Key(self.new_id("key_"), account.id, name, Scope.FULL, key_hint(secret), now)
            self._store.add_key(key, key_hash(secret))
        return secrets


class WorkerProcess:
    """A worker: the reference's engine and what it holds in memory. After a crash it is made anew."""

    def __init__(
        self,
        name: str,
        parts: Parts,
        loop: VirtualLoop,
        clock: VirtualClock,
        store: FastPonyStore,
        history: History,
        resolver: Resolver,
        connector: Connector,
        rng: random.Random,
    ) -> None:
        self.name = name
        self._parts = parts
        self._loop = loop
        self._clock = clock
        self._store = store
        self._history = history
        self._resolver = resolver
        self._connector = connector
        self._rng = rng
        self._lives = 0
        self._owner = ""
        self.engine: Engine | None = None
        """None while it is dead."""

    def start(self) -> None:
        self._lives += 1
        self._owner = f"{self.name}, life {self._lives}"
        parts, dials = self._parts, new_dials()
        clock = parts.clock(self._clock)
        self._queue = RecordedQueue(self._store, self.name, self._history, dials)
        resolver = parts.resolver(RecordedResolver(self._resolver, self.name, self._history))
        self.engine = make_engine(
            self._store,
            clock=clock,
            route=MxRoute(resolver, self._rng, parts.settings),
            connector=parts.connector(RecordedConnector(self._connector, dials)),
            rng=self._rng,
            settings=parts.settings,
            queue=parts.queue(self._queue),
            engine=parts.engine,
            deliverer=parts.deliverer,
            signer=parts.signer,
        )
        self._history.add(Started(self.name))
        context = copy_context()
        context.run(OWNER.set, self._owner)
        self.task = self._loop.create_task(self.engine.run(), context=context)

    def crash(self) -> None:
        """Die at once: no task of it runs again, its connections are reset, and it can write nothing more."""
        self._queue.frozen = True
        self._loop.kill(self._owner)
        self.engine = None
        self._history.add(Crashed(self.name))

    def pause(self) -> None:
        """Stand still; time goes on for everybody else."""
        self._loop.pause(self._owner)
        self._history.add(Paused(self.name))

    def resume(self) -> None:
        if self.engine is not None:
            self._history.add(Resumed(self.name))
            self._loop.resume(self._owner)

    def wake(self) -> None:
        if self.engine is not None:
            self.engine.wake()

    async def stop(self) -> None:
        """Finish what is under way."""
        if self.engine is not None:
            self.engine.stop()
            await asyncio.wait({self.task})


@cache
def store_of_process() -> FastPonyStore:
    """Return the one store of this process; making its tables takes longer than a simulation."""
    return FastPonyStore(":memory:")


@cache
def _dkim_keys() -> tuple[DkimKey, ...]:
    return DkimKey("sim-rsa", make_rsa_key()), DkimKey("sim-ed25519", make_ed25519_key())


def _domain(account_id: str, now: datetime) -> Domain:
    # Everything but the keys, which would take longer than the simulation, is the same in each process.
    return Domain("dom_simulation", account_id, DOMAIN, "je-verify=simulation", _dkim_keys(), now, now)
