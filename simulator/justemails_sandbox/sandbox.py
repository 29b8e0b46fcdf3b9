"""The composition root: a server, an engine, a store and a fake internet, joined.

Two kinds of threads meet only in the databases and at the clock: waitress' serve the API and the control API;
one event loop runs the delivery engine and the fake network. The engine's only way out is the network's registry.

    sandbox = Sandbox(SandboxSettings())
    sandbox.start()
    requests.get(sandbox.api + "/messages", headers={"Authorization": "Bearer " + sandbox.key})
    sandbox.stop()
"""

import asyncio
import logging
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from fakemx.clock import EXAMPLE_INSTANT, MovableClock
from fakemx.network import FakeNetwork
from fakemx.received import Received
from justemails.app import Dependencies, create_app, is_quick
from justemails.clock import SystemClock
from justemails.delivery.attempt import Deliverer
from justemails.delivery.engine import Engine
from justemails.delivery.settings import DEFAULTS
from justemails.delivery.signing import Signer
from justemails.dns import DnsResolver
from justemails.http_server import HttpServer, WsgiApp
from justemails.ids import make_new_id, make_new_secret
from justemails.pony_store import PonyStore
from justemails.ratelimit import RateLimiter
from justemails.records import Claim, Outcome
from justemails.smtp import SmtpConnector
from justemails_contract.delivery import INITIAL, Status
from justemails_contract.operations import BASE_PATH
from justemails_sandbox.control.app import CONTROL_PATH, create_control_app
from justemails_sandbox.data_folder import DataFolder, State
from justemails_sandbox.events import EventLog, LoggedEvent
from justemails_sandbox.inbox import Inbox
from justemails_sandbox.loop_thread import LoopThread
from justemails_sandbox.mounts import mount
from justemails_sandbox.published import PublishedRecords
from justemails_sandbox.seeding import seed
from justemails_sandbox.settings import SandboxSettings
from justemails_sandbox.timekeeper import Timekeeper

_DRAIN_S = 10

_log = logging.getLogger("justemails.sandbox")


class Sandbox:
    """A running sandbox.

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
        self.store = PonyStore(self.folder.store)
        self.inbox = Inbox(self.folder.inbox)
        self.limiter = RateLimiter(self.clock)
        self.new_id = make_new_id(self.clock)
        self.new_secret = make_new_secret()
        # Jitter and the order of equal hosts: nobody gains by guessing them.
        self.rng = random.Random(settings.seed if settings.seed is not None else secrets.randbits(64))  # noqa: S311
        self.key = seed(self.store, self.clock, self.new_id, self.new_secret, settings.key or state.key)
        self.loop = LoopThread("justemails-engine")

    def start(self) -> None:
        """Open every port and begin to deliver; return when the API answers.

        Raises:
            OSError: the port is taken.
        """
        self._http = HttpServer(self._make_app(), self.settings.host, self.settings.port, is_quick, self._together)
        self.loop.run(self._start_loop_side())
        self.remember()
        self._http_thread = threading.Thread(target=self._http.run, name="justemails-http", daemon=True)
        self._http_thread.start()

    def stop(self) -> None:
        """Finish what is under way, for ten seconds at most, and close everything."""
        self._http.stop()
        self._http_thread.join()
        try:
            self.loop.run(self._stop_loop_side(), _DRAIN_S)
        except TimeoutError:
            _log.warning("some deliveries did not end in %s s; they go on at the next start", _DRAIN_S)
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
    def url(self) -> str:
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        return f"http://{host}:{self._http.port}"

    @property
    def port(self) -> int:
        return self._http.port

    @property
    def api(self) -> str:
        return self.url + BASE_PATH

    @property
    def control(self) -> str:
        return self.url + CONTROL_PATH

    def _make_app(self) -> WsgiApp:
        deps = Dependencies(
            self.store,
            self.clock,
            self.limiter,
            self.new_id,
            self.new_secret,
            self._note_accepted,
        )
        control = create_control_app(self)
        return mount({BASE_PATH: self._logged(create_app(deps))}, otherwise=control)

    def _note_accepted(self) -> None:
        self._accepted = True

    @contextmanager
    def _together(self) -> Iterator[None]:
        """Handle requests in one transaction; the engine is told of new messages once they can be seen."""
        self._accepted = False
        with self.store.together():
            yield
        if self._accepted:
            self.loop.call_soon(self.engine.wake)

    async def _start_loop_side(self) -> None:
        self.network = FakeNetwork(self.clock, on_mail=self._on_mail)
        self.network.zones.add_provider(PublishedRecords(self.store))
        await self.network.start()
        self.resolver = DnsResolver(self.clock, ("127.0.0.1", self.network.dns_port))
        self._start_engine()

    def _start_engine(self) -> None:
        # The folder's lock says that no other worker is alive, so every lease is one of a process that died.
        self.store.release_leases(self.clock.now())
        connector = SmtpConnector(lambda ip: self.network.endpoint(ip, 25))
        signer = Signer(self.store)
        deliverer = Deliverer(self.clock, self.resolver, connector, signer, self.rng, DEFAULTS)
        self.engine = Engine(self.store, deliverer, self.clock, self._on_outcome)
        self.timekeeper = Timekeeper(self.clock, self.engine)
        self._delivering = asyncio.create_task(self.engine.run())

    async def _stop_loop_side(self) -> None:
        self.engine.stop()
        await self._delivering
        await self.network.stop()

    async def _reset(self) -> None:
        self.engine.abort()
        await self._delivering
        self.store.clear()
        self.inbox.clear()
        self.limiter.forget()
        await self.network.reset()
        self.key = seed(self.store, self.clock, self.new_id, self.new_secret, self.key)
        self._start_engine()

    def _logged(self, app: WsgiApp) -> WsgiApp:
        def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # Any: as WSGI has it
            began = time.perf_counter()
            status = ""

            def start(line: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
                nonlocal status
                status = line
                return start_response(line, headers, *exc_info)

            answer = app(environ, start)
            self.events.add(
                "request",
                method=environ["REQUEST_METHOD"],
                path=environ["PATH_INFO"],
                status=int(status[:3]),
                milliseconds=round((time.perf_counter() - began) * 1000, 1),
            )
            return answer

        return serve

    def _on_mail(self, received: Received) -> None:
        for mail_id, recipient in zip(self.inbox.add(received), received.recipients, strict=True):
            self.events.add("mail", id=mail_id, to=recipient, host=received.host)

    def _on_outcome(self, claim: Claim, outcome: Outcome) -> None:
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
        if outcome.status is not Status.QUEUED:
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
