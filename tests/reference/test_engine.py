"""Attempts and the loop that runs them: the real store on a file, scripted servers, and time moved by hand."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from tests.reference import strict_mail
from tests.reference.support import (
    DROP,
    NOW,
    SERVFAIL,
    SILENCE,
    ScriptedConnector,
    ScriptedResolver,
    ScriptedServer,
    VirtualClock,
    make_message,
    run,
    seeded,
    settle,
)

from justemails.delivery.assembly import make_engine
from justemails.delivery.attempt import ON_KEPT_CONNECTION
from justemails.delivery.routing import MxRoute
from justemails.delivery.settings import DEFAULTS, DeliverySettings, Phase
from justemails.mail.message import compose
from justemails.pony_store import PonyStore
from justemails.ports import Connector, MxRecord, Reply
from justemails.records import Attempt, Claim, Content, Domain, Message, NewMessage, Outcome
from justemails_contract.delivery import Event, Status

STEADY = replace(DEFAULTS, jitter=0)
IP1, IP2 = "192.0.2.1", "192.0.2.2"
GREYLISTED = Reply(451, "4.7.1 come back later")

ZONE: dict[tuple[str, str], Sequence[Any] | Exception] = {  # Any: as ScriptedResolver
    ("MX", "example.com"): [MxRecord(10, "mx1.example.com"), MxRecord(20, "mx2.example.com")],
    ("A", "mx1.example.com"): [IP1],
    ("A", "mx2.example.com"): [IP2],
}
ONE_HOST = {**ZONE, ("MX", "example.com"): [MxRecord(10, "mx1.example.com")]}


class World:
    """An engine with all that it needs, for one test."""

    def __init__(
        self,
        store: PonyStore,
        zone: dict[tuple[str, str], Sequence[Any] | Exception],  # Any: as ScriptedResolver
        servers: dict[str, ScriptedServer | str],
        settings: DeliverySettings = STEADY,
        connector: Connector | None = None,
        observe: Callable[[Claim, Outcome], None] | None = None,
    ) -> None:
        self.store = store
        self.clock = VirtualClock()
        self.resolver = ScriptedResolver(zone)
        self.connector = ScriptedConnector(servers)
        self.outcomes: list[Outcome] = []
        self.make_engine = partial(
            make_engine,
            store,
            clock=self.clock,
            route=MxRoute(self.resolver, seeded(), settings),
            connector=connector or self.connector,
            rng=seeded(),
            settings=settings,
            observe=observe or (lambda claim, outcome: self.outcomes.append(outcome)),
        )
        self.engine = self.make_engine()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.engine.run())
        await settle()
        yield
        self.engine.abort()
        await task

    def message(self, number: int = 1) -> Message:
        found = self.store.message("acc_1", make_message(number).id)
        assert found
        return found

    def attempts(self, number: int = 1) -> list[Attempt]:
        return list(self.store.attempts(make_message(number).id))


@pytest.fixture(autouse=True)
def _domain(store: PonyStore, domain: Domain) -> None:
    store.add_domain(domain)


def accept(store: PonyStore, *numbers: int) -> None:
    """Accept messages that are due at once."""
    for number in numbers:
        store.accept(replace(make_message(number), created_at=NOW))


def after(world: World, seconds: float = 0, *numbers: int) -> World:
    """Accept a message, run the engine for so long, and stop it."""

    async def play() -> None:
        accept(world.store, *(numbers or (1,)))
        async with world.running():
            await world.clock.pass_time(seconds)

    run(play())
    return world


# -- outcomes


def test_a_message_is_delivered_at_once_signed_and_from_its_own_envelope(store: PonyStore) -> None:
    """CHOICE-23, CHOICE-27, CHOICE-28, CHOICE-30."""
    server = ScriptedServer()

    world = after(World(store, ZONE, {IP1: server}))

    assert (world.message().status, world.message().delivered_at) == (Status.DELIVERED, NOW)
    (taken,) = server.taken
    assert server.heard[1:3] == [
        f"MAIL FROM:<b+{make_message().id.removeprefix('msg_')}@bounce.yourdomain.com> SIZE={len(taken)}",
        "RCPT TO:<user@example.com>",
    ]
    assert strict_mail.read(taken).names[:3] == ["DKIM-Signature", "DKIM-Signature", "From"]
    (attempt,) = world.attempts()
    assert (attempt.number, attempt.at, attempt.event, attempt.phase) == (1, NOW, Event.ACCEPTED, Phase.DOT)
    assert (attempt.host, attempt.ip, attempt.code, attempt.enhanced) == ("mx1.example.com", IP1, 250, "2.0.0")
    assert attempt.transcript[0] == f"-- mx1.example.com [{IP1}]"
    assert attempt.transcript[-2:] == ("S: 250 2.0.0 taken", "C: QUIT")
    assert store.next_due() is None


def test_a_greylisted_message_is_delivered_at_the_next_attempt(store: PonyStore) -> None:
    server = ScriptedServer({"RCPT": GREYLISTED})

    async def play(world: World) -> None:
        async with world.running():
            accept(store, 1)
            world.engine.wake()
            await world.clock.pass_time(59)
            assert (world.message().status, len(world.attempts()), server.connections) == (Status.QUEUED, 1, 1)
            assert world.message().delivered_at is None
            del server.script["RCPT"]
            await world.clock.pass_time(1)

    world = World(store, ONE_HOST, {IP1: server})
    run(play(world))

    assert (world.message().status, world.message().delivered_at) == (Status.DELIVERED, NOW + timedelta(minutes=1))
    assert [attempt.event for attempt in world.attempts()] == [Event.DEFERRED, Event.ACCEPTED]
    assert [attempt.at for attempt in world.attempts()] == [NOW, NOW + timedelta(minutes=1)]


def test_a_message_that_was_taken_but_not_answered_comes_again_with_the_same_bytes(store: PonyStore) -> None:
    """CHOICE-24, RFC 1047: one copy too many, never one too few, and both with one Message-ID."""

    class Forgetful(ScriptedServer):
        async def content(self, data: bytes) -> Reply:
            self.taken.append(data)
            return await self.react("DOT")

    server = Forgetful({"DOT": DROP})

    async def play(world: World) -> None:
        accept(store, 1)
        async with world.running():
            del server.script["DOT"]
            await world.clock.pass_time(60)

    world = World(store, ONE_HOST, {IP1: server})
    run(play(world))

    assert world.message().status is Status.DELIVERED
    assert len(server.taken) == 2
    assert server.taken[0] == server.taken[1]


@pytest.mark.parametrize("phase", ["MAIL", "RCPT", "DATA", "DOT"])
def test_a_five_bounces_at_the_first_attempt_and_no_other_host_is_asked(phase: str, store: PonyStore) -> None:
    """CHOICE-22."""
    server = ScriptedServer({phase: Reply(550, "5.1.1 no such user")})

    world = after(World(store, ZONE, {IP1: server, IP2: ScriptedServer()}), timedelta(days=5).total_seconds())

    assert world.message().status is Status.BOUNCED
    assert world.message().delivered_at is None
    assert world.connector.dialled == [IP1]
    (attempt,) = world.attempts()
    assert (attempt.event, attempt.phase, attempt.code, attempt.enhanced) == (Event.REFUSED, phase, 550, "5.1.1")
    assert attempt.text == "5.1.1 no such user"


@pytest.mark.parametrize(
    ("phase", "reaction"),
    [(phase, Reply(450, "later")) for phase in ("GREETING", "MAIL", "RCPT", "DATA", "DOT")]
    + [(phase, DROP) for phase in ("GREETING", "EHLO", "MAIL", "RCPT", "DATA", "DOT")]
    + [("GREETING", Reply(554, "no")), ("EHLO", Reply(421, "busy"))],
)
def test_where_the_first_host_cannot_the_second_delivers_in_the_same_attempt(
    phase: str, reaction: Reply | str, store: PonyStore
) -> None:
    second = ScriptedServer()

    world = after(World(store, ZONE, {IP1: ScriptedServer({phase: reaction}), IP2: second}))

    assert world.message().status is Status.DELIVERED
    assert world.connector.dialled == [IP1, IP2]
    (attempt,) = world.attempts()
    assert (attempt.host, attempt.ip) == ("mx2.example.com", IP2)
    assert [line for line in attempt.transcript if line.startswith("-- mx")] == [
        f"-- mx1.example.com [{IP1}]",
        f"-- mx2.example.com [{IP2}]",
    ]


@pytest.mark.parametrize("where", ["STARTTLS", "HANDSHAKE"])
def test_where_tls_fails_the_same_host_gets_the_message_in_the_clear(where: str, store: PonyStore) -> None:
    server = ScriptedServer({"EHLO": Reply(250, "mx\nSTARTTLS"), where: DROP})

    world = after(World(store, ZONE, {IP1: server, IP2: ScriptedServer()}))

    assert world.message().status is Status.DELIVERED
    assert world.connector.dialled == [IP1, IP1]
    (attempt,) = world.attempts()
    assert (attempt.ip, attempt.tls, attempt.phase) == (IP1, False, Phase.DOT)


def test_an_attempt_tells_whether_it_was_encrypted(store: PonyStore) -> None:
    world = after(World(store, ONE_HOST, {IP1: ScriptedServer({"EHLO": Reply(250, "mx\nSTARTTLS")})}))

    assert [attempt.tls for attempt in world.attempts()] == [True]


def test_a_host_that_is_silent_does_not_keep_from_the_next(store: PonyStore) -> None:
    world = after(World(store, ZONE, {IP1: SILENCE, IP2: ScriptedServer()}), 30)

    assert world.message().status is Status.DELIVERED


def test_the_last_host_decides_what_a_deferral_tells(store: PonyStore) -> None:
    world = after(World(store, ZONE, {IP1: DROP, IP2: ScriptedServer({"RCPT": GREYLISTED})}))

    (attempt,) = world.attempts()
    assert (attempt.event, attempt.phase, attempt.code, attempt.ip) == (Event.DEFERRED, Phase.RCPT, 451, IP2)


@pytest.mark.parametrize(
    ("zone", "status", "event", "enhanced"),
    [
        ({}, Status.BOUNCED, Event.REFUSED, "5.1.2"),
        ({**ZONE, ("MX", "example.com"): [MxRecord(0, ".")]}, Status.BOUNCED, Event.REFUSED, "5.1.10"),
        ({("MX", "example.com"): [MxRecord(1, "mx1.example.com")]}, Status.BOUNCED, Event.REFUSED, "5.4.4"),
        ({**ZONE, ("MX", "example.com"): SERVFAIL}, Status.QUEUED, Event.DEFERRED, "4.4.3"),
    ],
    ids=["NXDOMAIN", "null MX", "no address", "SERVFAIL"],
)
def test_dns_alone_can_bounce_or_defer_without_a_connection(
    zone: dict[tuple[str, str], Sequence[Any] | Exception],  # Any: as ScriptedResolver
    status: Status,
    event: Event,
    enhanced: str,
    store: PonyStore,
) -> None:
    """CHOICE-22, CHOICE-29."""
    world = after(World(store, zone, {IP1: ScriptedServer()}))

    assert world.message().status is status
    assert world.connector.dialled == []
    (attempt,) = world.attempts()
    assert (attempt.event, attempt.phase, attempt.enhanced) == (event, Phase.DNS, enhanced)


def test_a_name_server_that_recovers_lets_the_message_through(store: PonyStore) -> None:
    world = World(store, {**ZONE, ("MX", "example.com"): SERVFAIL}, {IP1: ScriptedServer()})

    async def play() -> None:
        accept(store, 1)
        async with world.running():
            world.resolver.answers.update(ZONE)
            await world.clock.pass_time(60)

    run(play())

    assert world.message().status is Status.DELIVERED


def test_a_message_that_is_always_put_off_fails_after_four_days_and_never_before(store: PonyStore) -> None:
    """CHOICE-22."""
    world = World(store, ONE_HOST, {IP1: ScriptedServer({"RCPT": GREYLISTED})})

    async def play() -> None:
        accept(store, 1)
        async with world.running():
            await world.clock.pass_time(timedelta(days=3, hours=20).total_seconds())
            assert world.message().status is Status.QUEUED
            await world.clock.pass_time(timedelta(days=30).total_seconds())

    run(play())

    assert (world.message().status, world.message().delivered_at) == (Status.FAILED, None)
    attempts = world.attempts()
    assert [attempt.event for attempt in attempts] == [Event.DEFERRED] * (len(attempts) - 1) + [Event.EXPIRED]
    waits = [later.at - earlier.at for earlier, later in pairwise(attempts)]
    assert waits[:7] == [timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240)]
    assert set(waits[7:]) == {timedelta(hours=4)}
    assert timedelta(days=3, hours=20) < attempts[-1].at - NOW <= timedelta(days=4)
    assert len(world.connector.dialled) == len(attempts)


@pytest.mark.parametrize("how", ["unverified", "removed"])
def test_mail_of_a_domain_that_is_no_longer_verified_fails_without_a_connection(
    how: str, store: PonyStore, domain: Domain
) -> None:
    """CHOICE-21."""
    if how == "unverified":
        store.keep_verdict(domain.id, None, None)
    else:
        store.remove_domain("acc_1", domain.name)

    world = after(World(store, ZONE, {IP1: ScriptedServer()}))

    assert world.message().status is Status.FAILED
    assert world.connector.dialled == []
    assert world.resolver.asked == []
    (attempt,) = world.attempts()
    assert (attempt.event, attempt.phase) == (Event.WITHDRAWN, Phase.NONE)
    assert "yourdomain.com" in attempt.text


def test_a_domain_that_is_unverified_between_two_attempts_stops_the_second(store: PonyStore, domain: Domain) -> None:
    """CHOICE-21: each attempt asks again."""
    world = World(store, ONE_HOST, {IP1: ScriptedServer({"RCPT": GREYLISTED})})

    async def play() -> None:
        accept(store, 1)
        async with world.running():
            store.keep_verdict(domain.id, None, None)
            await world.clock.pass_time(60)

    run(play())

    assert world.message().status is Status.FAILED
    assert world.connector.dialled == [IP1]


# -- leases and fences


def test_before_the_final_dot_the_attempt_is_on_disk_in_doubt(store: PonyStore) -> None:
    """CHOICE-24: whoever starts after a crash can see that the message may have been taken."""
    world = World(store, ZONE, {IP1: ScriptedServer({"DOT": SILENCE})})

    async def play() -> None:
        accept(store, 1)
        async with world.running():
            (attempt,) = world.attempts()
            assert (attempt.event, attempt.phase, attempt.ip) == (None, Phase.DOT, IP1)
            assert attempt.transcript[-1] == "S: 354 go ahead"
            assert world.message().status is Status.QUEUED

    run(play())


def test_a_late_result_of_a_lost_lease_changes_nothing(store: PonyStore, caplog: pytest.LogCaptureFixture) -> None:
    server = ScriptedServer({"DOT": SILENCE})
    world = World(store, ONE_HOST, {IP1: server})

    async def play() -> None:
        accept(store, 1)
        async with world.running():
            # Another worker takes the message over, as if this one had been asleep for longer than the lease.
            store.release_leases(NOW)
            (claim,) = store.claim(NOW, NOW + timedelta(hours=1), 1)
            done = Attempt(claim.attempt, NOW, Event.REFUSED, Phase.RCPT, code=550)
            assert store.finish(claim, Outcome(Status.BOUNCED, done, None, None))
            await world.clock.pass_time(780)

    run(play())

    assert world.message().status is Status.BOUNCED
    assert world.outcomes == []
    assert "the lease was lost" in caplog.text
    assert [attempt.event for attempt in world.attempts()] == [None, Event.REFUSED]


class SlowTaker(ScriptedServer):
    """A server at which the lease of the message is lost just before the final dot."""

    def __init__(self, lose: Callable[[], object]) -> None:
        super().__init__()
        self._lose = lose

    async def command(self, line: str) -> Reply:
        if line == "DATA":
            self._lose()
        return await super().command(line)


def test_a_lease_that_is_lost_before_the_final_dot_ends_the_attempt_and_changes_nothing(
    store: PonyStore, caplog: pytest.LogCaptureFixture
) -> None:
    later = NOW + timedelta(hours=1)
    first = SlowTaker(lambda: store.release_leases(later))

    world = after(World(store, ZONE, {IP1: first, IP2: ScriptedServer()}), 6)

    assert first.taken == []
    assert world.connector.dialled == [IP1]
    assert world.outcomes == []
    assert world.message().status is Status.QUEUED
    assert world.attempts() == []
    assert store.next_due() == later
    assert "the lease was lost before the message was sent" in caplog.text


def test_an_attempt_is_cut_off_before_its_lease_ends(store: PonyStore) -> None:
    """So that nobody else can hold the message meanwhile."""

    class Endless(ScriptedResolver):
        async def mx(self, domain: str) -> Sequence[MxRecord]:
            await asyncio.get_running_loop().create_future()
            return []

    world = World(store, ZONE, {})
    world.engine = world.make_engine(route=MxRoute(Endless({}), seeded(), STEADY))

    after(world, STEADY.attempt_s)

    assert timedelta(seconds=STEADY.attempt_s) < STEADY.lease
    (outcome,) = world.outcomes
    assert (outcome.status, outcome.attempt.event) == (Status.QUEUED, Event.DEFERRED)
    assert outcome.attempt.text == "the attempt took too long"


def test_leases_that_a_crash_left_run_out_and_the_message_is_tried_again(store: PonyStore) -> None:
    accept(store, 1)
    store.claim(NOW, NOW + timedelta(hours=1), 1)
    world = World(store, ZONE, {IP1: ScriptedServer()})

    async def play() -> None:
        async with world.running():
            await world.clock.pass_time(3599)
            assert world.connector.dialled == []
            await world.clock.pass_time(1)

    run(play())

    assert world.message().status is Status.DELIVERED


# -- the loop


class Turnstile:
    """A connector that holds everybody back, and lets in as many as it is told."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[None]] = []

    async def connect(self, ip: str) -> ScriptedServer:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        await turn
        return ScriptedServer()

    async def let_in(self, count: int) -> None:
        for _ in range(count):
            self.waiting.pop(0).set_result(None)
        await settle()


def test_no_more_messages_are_under_way_than_the_settings_allow(store: PonyStore) -> None:
    async def play() -> None:
        turnstile = Turnstile()
        world = World(store, ONE_HOST, {}, replace(STEADY, concurrency=3, reuse_s=-1), turnstile)
        accept(store, *range(1, 9))
        async with world.running():
            for left in (8, 7, 6, 5, 4):
                assert (world.engine.under_way, len(turnstile.waiting)) == (3, 3)
                statuses = [world.message(number).status for number in range(1, 9)]
                assert statuses.count(Status.QUEUED) == left
                await turnstile.let_in(1)
            await turnstile.let_in(3)
            assert world.engine.under_way == 0
            assert [world.message(number).status for number in range(1, 9)] == [Status.DELIVERED] * 8

    run(play())


def to(domain: str, number: int) -> NewMessage:
    """Return a message to another domain, due at once."""
    message = replace(make_message(number), created_at=NOW)
    recipient = replace(message.content.recipient, domain=domain)
    return replace(message, content=replace(message.content, recipient=recipient))


def test_no_more_messages_to_a_domain_are_under_way_than_the_settings_allow(store: PonyStore) -> None:
    """CHOICE-29; and the crowd before it does not hold up another domain's mail."""
    zone = {**ONE_HOST, ("MX", "other.example"): [MxRecord(1, "other")], ("A", "other"): [IP2]}

    async def play() -> None:
        turnstile = Turnstile()
        world = World(store, zone, {}, replace(STEADY, per_domain=2, reuse_s=-1), turnstile)
        accept(store, *range(1, 8))
        store.accept(to("other.example", 8))
        async with world.running():
            assert world.engine.under_way == len(turnstile.waiting) == 3
            rounds = 0
            while turnstile.waiting:
                assert world.engine.under_way == len(turnstile.waiting) <= 3
                await turnstile.let_in(1)
                rounds += 1
            assert rounds == 8
            assert [world.message(number).status for number in range(1, 9)] == [Status.DELIVERED] * 8

    run(play())


# -- one connection for several messages


def test_what_waits_for_a_domain_goes_over_the_connection_that_is_open(store: PonyStore) -> None:
    """CHOICE-29; RFC 5321 4.1.1.5."""
    server = ScriptedServer()

    world = after(World(store, ONE_HOST, {IP1: server}, replace(STEADY, per_domain=1)), 0, *range(1, 6))

    assert [world.message(number).status for number in range(1, 6)] == [Status.DELIVERED] * 5
    assert server.connections == server.closed == 1
    assert [line.split(" ")[0] for line in server.heard] == [
        *("EHLO", "MAIL", "RCPT", "DATA"),
        *(("RSET", "MAIL", "RCPT", "DATA") * 4),
        "QUIT",
    ]
    assert len(set(server.taken)) == 5
    first, *others = (world.attempts(number)[0].transcript for number in range(1, 6))
    assert first[0] == f"-- mx1.example.com [{IP1}]"
    assert all(one[0] == f"-- mx1.example.com [{IP1}]{ON_KEPT_CONNECTION}" for one in others)
    assert [one[-1] == "C: QUIT" for one in (first, *others)] == [False] * 4 + [True]


def test_a_refused_recipient_is_no_reason_to_leave(store: PonyStore) -> None:
    server = ScriptedServer({"RCPT": Reply(550, "5.1.1 no such user")})

    world = after(World(store, ZONE, {IP1: server}, replace(STEADY, per_domain=1)), 0, 1, 2)

    assert [world.message(number).status for number in (1, 2)] == [Status.BOUNCED] * 2
    assert server.connections == 1
    assert server.heard[3] == "RSET"


def test_a_host_that_puts_off_is_left_and_the_next_message_begins_anew(store: PonyStore) -> None:
    first, second = ScriptedServer({"RCPT": GREYLISTED}), ScriptedServer()

    world = after(World(store, ZONE, {IP1: first, IP2: second}, replace(STEADY, per_domain=1)), 0, 1, 2)

    assert [world.message(number).status for number in (1, 2)] == [Status.DELIVERED] * 2
    assert world.connector.dialled == [IP1, IP2, IP1, IP2]  # the better host comes first again


UNWILLING = {"EHLO": Reply(550, "go away"), "HELO": Reply(550, "5.7.1 go away")}


def test_where_no_host_wants_to_be_greeted_the_message_bounces(store: PonyStore) -> None:
    """CHOICE-22: as at Postfix and Exim, which agree where there is one host."""
    world = after(World(store, ZONE, {IP1: ScriptedServer(UNWILLING), IP2: ScriptedServer(UNWILLING)}))

    assert world.message().status is Status.BOUNCED
    (attempt,) = world.attempts()
    assert (attempt.event, attempt.phase, attempt.code) == (Event.REFUSED, Phase.EHLO, 550)


@pytest.mark.parametrize(
    "other", [DROP, ScriptedServer({"GREETING": Reply(554, "no")}), ScriptedServer({"EHLO": Reply(421, "busy")})]
)
@pytest.mark.parametrize("first", [True, False])
def test_where_another_host_may_still_want_it_the_message_waits(
    other: ScriptedServer | str, first: bool, store: PonyStore
) -> None:
    servers = [ScriptedServer(UNWILLING), other]

    world = after(World(store, ZONE, dict(zip((IP1, IP2), servers if first else servers[::-1], strict=True))))

    assert world.message().status is Status.QUEUED


@pytest.mark.parametrize("reaction", [Reply(421, "4.3.2 enough"), Reply(500, "what?"), DROP])
def test_a_connection_that_will_not_take_one_more_is_replaced_within_the_attempt(
    reaction: Reply | str, store: PonyStore
) -> None:
    server = ScriptedServer({"RSET": reaction})

    world = after(World(store, ONE_HOST, {IP1: server}, replace(STEADY, per_domain=1)), 0, 1, 2)

    assert [world.message(number).status for number in (1, 2)] == [Status.DELIVERED] * 2
    assert [len(world.attempts(number)) for number in (1, 2)] == [1, 1]
    assert server.connections == server.closed == 2


@pytest.mark.parametrize("reaction", [Reply(421, "4.3.2 enough"), DROP])
def test_a_host_that_ends_the_connection_at_the_second_message_gets_it_on_a_new_one(
    reaction: Reply | str, store: PonyStore
) -> None:
    class OneEach(ScriptedServer):
        async def command(self, line: str) -> Reply:
            again = "RSET" in self.heard[-1:]
            self.script = {"MAIL": reaction} if line.startswith("MAIL") and again else {}
            return await super().command(line)

    server = OneEach()

    world = after(World(store, ONE_HOST, {IP1: server}, replace(STEADY, per_domain=1)), 0, 1, 2)

    assert [world.message(number).status for number in (1, 2)] == [Status.DELIVERED] * 2
    assert [len(world.attempts(number)) for number in (1, 2)] == [1, 1]
    assert server.connections == 2


def test_a_stop_ends_after_the_message_under_way_although_more_are_waiting(store: PonyStore) -> None:
    world = World(store, ONE_HOST, {}, replace(STEADY, per_domain=1), turnstile := Turnstile())

    async def play() -> None:
        accept(store, 1, 2)
        task = asyncio.create_task(world.engine.run())
        await settle()
        world.engine.stop()
        await turnstile.let_in(1)
        await task

    run(play())

    assert [world.message(number).status for number in (1, 2)] == [Status.DELIVERED, Status.QUEUED]


def test_one_silent_host_does_not_hold_up_other_mail(store: PonyStore) -> None:
    zone = {**ONE_HOST, ("MX", "slow.example"): [MxRecord(1, "slow")], ("A", "slow"): ["192.0.2.66"]}
    world = World(store, zone, {IP1: ScriptedServer(), "192.0.2.66": SILENCE})

    async def play() -> None:
        store.accept(to("slow.example", 1))
        accept(store, 2)
        async with world.running():
            assert [world.message(number).status for number in (1, 2)] == [Status.QUEUED, Status.DELIVERED]

    run(play())


def test_a_message_that_is_accepted_while_the_engine_waits_is_delivered_at_the_wake(store: PonyStore) -> None:
    world = World(store, ZONE, {IP1: ScriptedServer()})

    async def play() -> None:
        async with world.running():
            assert world.engine.at_rest
            accept(store, 1)
            world.engine.wake()
            assert not world.engine.at_rest
            await settle()
            assert world.message().status is Status.DELIVERED
            assert world.engine.at_rest
            assert world.engine.under_way == 0

    run(play())


def test_a_stop_takes_nothing_new_and_finishes_what_is_under_way(store: PonyStore) -> None:
    async def play() -> None:
        turnstile = Turnstile()
        world = World(store, ONE_HOST, {}, replace(STEADY, concurrency=1), turnstile)
        accept(store, 1, 2)
        task = asyncio.create_task(world.engine.run())
        await settle()
        world.engine.stop()
        await settle()
        assert not task.done()

        await turnstile.let_in(1)
        await task

        assert [world.message(number).status for number in (1, 2)] == [Status.DELIVERED, Status.QUEUED]

    run(play())


def test_a_stop_of_an_idle_engine_ends_it(store: PonyStore) -> None:
    async def play() -> None:
        world = World(store, ZONE, {})
        task = asyncio.create_task(world.engine.run())
        await settle()
        world.engine.stop()
        await task

    run(play())


def test_an_abort_cuts_short_what_is_under_way_and_leaves_its_lease(store: PonyStore) -> None:
    async def play() -> None:
        world = World(store, ONE_HOST, {IP1: SILENCE})
        accept(store, 1)
        task = asyncio.create_task(world.engine.run())
        await settle()
        assert world.engine.under_way == 1

        world.engine.abort()
        await task

        assert world.engine.under_way == 0
        assert world.message().status is Status.QUEUED
        assert store.next_due() == NOW + STEADY.lease
        assert store.release_leases(NOW) == 1
        assert store.next_due() == NOW

    run(play())


def test_a_message_that_is_not_what_was_meant_is_not_sent(
    store: PonyStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A writer that lets a header in is found out by the reader before a byte leaves."""
    server = ScriptedServer()

    def careless(message_id: str, content: Content, created_at: datetime) -> bytes:
        return b"Bcc: x@evil.example\r\n" + compose(message_id, content, created_at)

    monkeypatch.setattr("justemails.delivery.attempt.compose", careless)
    with caplog.at_level(logging.ERROR):
        world = after(World(store, ONE_HOST, {IP1: server}), timedelta(days=5).total_seconds())

    assert world.message().status is Status.FAILED
    assert not [line for line in server.heard if line.startswith("MAIL")]
    assert "bcc" in caplog.text


def test_a_fault_in_one_delivery_does_not_stop_the_others(store: PonyStore, caplog: pytest.LogCaptureFixture) -> None:
    zone = {**ONE_HOST, ("MX", "odd.example"): RuntimeError("a fault of ours")}
    world = World(store, zone, {IP1: ScriptedServer()})

    async def play() -> None:
        store.accept(to("odd.example", 1))
        accept(store, 2, 3)
        async with world.running():
            statuses = [world.message(number).status for number in (1, 2, 3)]
            assert statuses == [Status.QUEUED, Status.DELIVERED, Status.DELIVERED]
            assert store.next_due() == NOW + STEADY.retry_ladder[0]  # not tried in a circle
            (attempt,) = world.attempts(1)
            assert (attempt.event, attempt.text) == (
                Event.DEFERRED,
                "a fault of ours kept the message from being sent",
            )

    with caplog.at_level(logging.ERROR):
        run(play())

    assert "a fault of ours" in caplog.text


def test_an_observer_that_fails_does_not_stop_the_engine(store: PonyStore, caplog: pytest.LogCaptureFixture) -> None:
    def observe(claim: Claim, outcome: Outcome) -> None:
        raise RuntimeError("nobody listens")

    world = after(World(store, ONE_HOST, {IP1: ScriptedServer()}, observe=observe), 0, 1, 2)

    assert [world.message(number).status for number in (1, 2)] == [Status.DELIVERED, Status.DELIVERED]
    assert "nobody listens" in caplog.text


def test_the_observer_is_told_of_each_outcome_once_it_is_recorded(store: PonyStore) -> None:
    seen: list[tuple[Status, Status]] = []

    def observe(claim: Claim, outcome: Outcome) -> None:
        message = store.message("acc_1", claim.message_id)
        assert message
        seen.append((outcome.status, message.status))

    after(World(store, ONE_HOST, {IP1: ScriptedServer({"RCPT": GREYLISTED})}, observe=observe), 60)

    assert seen == [(Status.QUEUED, Status.QUEUED)] * 2


class Ailing:
    """A queue whose disk is full now and then."""

    def __init__(self, store: PonyStore) -> None:
        self._store = store
        self.ill = False

    def __getattr__(self, name: str) -> Any:  # Any: whatever the store has there
        method = getattr(self._store, name)

        def guarded(*arguments: Any) -> Any:
            if self.ill:
                raise sqlite3.OperationalError("database or disk is full")
            return method(*arguments)

        return guarded


def test_a_store_that_fails_pauses_the_engine_and_strands_nothing(
    store: PonyStore, caplog: pytest.LogCaptureFixture
) -> None:
    ailing = Ailing(store)
    world = World(store, ONE_HOST, {IP1: ScriptedServer()})
    world.engine = world.make_engine(queue=ailing)

    async def play() -> None:
        ailing.ill = True
        accept(store, 1)
        async with world.running():
            await world.clock.pass_time(11)
            assert world.message().status is Status.QUEUED
            paused = caplog.text.count("the delivery engine pauses")
            assert 2 <= paused <= 3  # every five seconds, not in a circle
            ailing.ill = False
            await world.clock.pass_time(5)
            assert world.message().status is Status.DELIVERED

    with caplog.at_level(logging.ERROR):
        run(play())


def test_a_result_that_cannot_be_recorded_is_tried_again_after_the_lease(
    store: PonyStore, caplog: pytest.LogCaptureFixture
) -> None:
    """CHOICE-24: the copy that this makes is the lesser evil."""
    ailing = Ailing(store)
    server = ScriptedServer()
    world = World(store, ONE_HOST, {IP1: server})
    world.engine = world.make_engine(queue=ailing)

    class FullAtTheEnd(ScriptedServer):
        async def content(self, data: bytes) -> Reply:
            ailing.ill = True
            return await super().content(data)

    world.connector.servers[IP1] = FullAtTheEnd()

    async def play() -> None:
        accept(store, 1)
        async with world.running():
            assert world.message().status is Status.QUEUED
            ailing.ill = False
            world.connector.servers[IP1] = server
            await world.clock.pass_time(3600)
            assert world.message().status is Status.DELIVERED

    with caplog.at_level(logging.ERROR):
        run(play())


# -- an attempt's outcome


@pytest.mark.parametrize(
    ("event", "status", "again"),
    [
        (Event.ACCEPTED, Status.DELIVERED, False),
        (Event.REFUSED, Status.BOUNCED, False),
        (Event.WITHDRAWN, Status.FAILED, False),
        (Event.DEFERRED, Status.QUEUED, True),
        (None, Status.QUEUED, True),  # cut off: nobody knows
    ],
)
def test_an_outcome_is_what_the_state_table_says(
    event: Event | None, status: Status, again: bool, store: PonyStore
) -> None:
    """CHOICE-03, CHOICE-44."""
    deliverer = World(store, ZONE, {}).engine._deliverer
    claim = Claim("msg_1", "acc_1", 1, 2, make_message().content, NOW)
    now: datetime = NOW + timedelta(hours=1)

    outcome = deliverer.outcome(claim, Attempt(2, NOW, event, Phase.RCPT), now)

    assert (outcome.status, outcome.attempt.event) == (status, event or Event.DEFERRED)
    assert outcome.delivered_at == (now if status is Status.DELIVERED else None)
    assert outcome.due_at == (now + timedelta(minutes=5) if again else None)
