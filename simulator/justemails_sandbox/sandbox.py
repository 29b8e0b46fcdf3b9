"""The composition root: a store and the API on it, an engine and a fake internet. HTTP comes on top in ``served``.

What the API needs is there when a sandbox is made. The rest (``mail_side``) is loaded by ``start``: until then, whoever
asks for a part of it waits. Whoever serves the API meets the engine only in the database and at the clock.
"""

import random
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from fakemx.clock import EXAMPLE_INSTANT, MovableClock
from fakemx.dns.sockets import bind
from justemails.api.app import Dependencies, create_app
from justemails.api.ids import make_new_id, make_new_secret
from justemails.api.keys import key_hash
from justemails.api.ratelimit import RateLimiter
from justemails.clock import SystemClock
from justemails.http_server import WsgiApp
from justemails.records import Claim, Key, Outcome
from justemails_contract.delivery import INITIAL, is_terminal
from justemails_sandbox.data_folder import DataFolder, State
from justemails_sandbox.events import EventLog, LoggedEvent
from justemails_sandbox.request_log import RequestLog
from justemails_sandbox.seeding import complete, seed, seed_anew
from justemails_sandbox.settings import SandboxSettings
from justemails_sandbox.store import SandboxStore

if TYPE_CHECKING:  # what ``start`` loads
    from fakemx.network import FakeNetwork
    from justemails.delivery.dns import DnsResolver
    from justemails.delivery.engine import Engine
    from justemails_sandbox.inbox import Inbox
    from justemails_sandbox.loop_thread import LoopThread
    from justemails_sandbox.mail_side import MailSide
    from justemails_sandbox.timekeeper import Timekeeper

_LOOPBACK = "127.0.0.1"


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
        self.limiter = RateLimiter(self.clock)
        self.new_id = make_new_id(self.clock)
        self.new_secret = make_new_secret()
        # Jitter and the order of equal hosts: nobody gains by guessing them.
        self.rng = random.Random(settings.seed if settings.seed is not None else secrets.randbits(64))  # noqa: S311
        with self.store.together():
            self.key = seed(self.store, self.clock, self.new_id, self.new_secret, settings.key, state.key)
        self._dns = bind(_LOOPBACK)
        self._mail: Future[MailSide] = Future()
        self.remember()

    def start(self) -> None:
        """Load the mail side, open the fake network, and begin to deliver."""
        try:
            mail = self._make_mail_side()
        except BaseException as ex:
            self._mail.set_exception(ex)  # for whom waits for it
            raise
        self._mail.set_result(mail)
        mail.wake()  # a message that was accepted meanwhile found nobody to wake

    def stop(self) -> None:
        """Finish what is under way, for ten seconds at most, and close everything."""
        self._mail.result().close()
        self.remember()
        self.store.close()
        self.folder.close()

    def reset(self) -> None:
        """Go back to the seeded state: no mail, no message, one account, one domain, one key; the time stays."""
        self._mail.result().reset(self._seed_anew)

    @property
    def dns_address(self) -> tuple[str, int]:
        """Where the fake DNS listens, over UDP and TCP."""
        return self._dns.address

    # Parts of the mail side, for whom asks for them by name; each waits until ``start`` has made them.

    @property
    def inbox(self) -> "Inbox":
        return self._mail.result().inbox

    @property
    def loop(self) -> "LoopThread":
        return self._mail.result().loop

    @property
    def network(self) -> "FakeNetwork":
        return self._mail.result().network

    @property
    def resolver(self) -> "DnsResolver":
        return self._mail.result().resolver

    @property
    def engine(self) -> "Engine":
        return self._mail.result().engine

    @property
    def timekeeper(self) -> "Timekeeper":
        return self._mail.result().timekeeper

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
        if self._accepted and self._mail.done():
            self._mail.result().wake()

    def _note_accepted(self) -> None:
        self._accepted = True

    def _make_mail_side(self) -> "MailSide":
        from justemails_sandbox.mail_side import MailSide

        complete(self.store, self.clock)
        return MailSide(
            store=self.store,
            clock=self.clock,
            events=self.events,
            inbox=self.folder.inbox,
            dns=self._dns,
            domains=self.settings.domains,
            rng=self.rng,
            note_outcome=self.note_outcome,
        )

    def _seed_anew(self) -> None:
        self.limiter.forget()
        self.requests.clear()
        self.events.forget()
        self.key = seed_anew(self.store, self.clock, self.new_id, self.new_secret, self.key)

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
