"""What the simulation costs: hours of the clock that jumps in a second of this machine, and deliveries a second.

The same work over loopback sockets stands beside it: the reference's application takes the mails, its engine delivers
them, the fake network's DNS answers packets and its hosts check what arrives. Only the loop, and where the hosts stand,
differ; the simulation also checks every invariant after every event, and hashes them all.
"""

import asyncio
import random
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import falcon.testing
from tests.benchmarks.report import Row
from tests.benchmarks.settings import Settings

from fakemx.clock import MovableClock
from fakemx.network import FakeNetwork
from justemails.api.app import Dependencies, create_app
from justemails.api.ids import make_new_id, make_new_secret
from justemails.api.ratelimit import RateLimiter
from justemails.delivery.assembly import make_engine
from justemails.delivery.dns import DnsResolver
from justemails.delivery.routing import MxRoute
from justemails.delivery.smtp import SmtpConnector
from justemails.pony_store import FastPonyStore
from justemails.records import Claim, Outcome
from justemails_contract.delivery import Status
from justemails_contract.limits import LIMITS, Tier
from justemails_contract.operations import BASE_PATH
from justemails_sandbox.published import PublishedRecords
from justemails_sandbox.seeding import SENDER, complete, seed
from justemails_sandbox.sending import DELIVERY
from justemails_simulation.generate import generate
from justemails_simulation.runner import Run
from justemails_simulation.runner import run as play
from justemails_simulation.scenario import Conditions, Scenario, Send

_BURST = LIMITS[Tier.SEND].requests  # mails a minute
_SEEDS = 3


class BrokenRunError(AssertionError):
    """A run did not do what was to be measured."""


def run(settings: Settings, _folder: Path) -> list[Row]:
    """Measure deliveries both ways, then hours."""
    mails = settings.deliveries
    simulated = max(_simulated(mails) for _ in range(settings.rounds))
    loopback = max(asyncio.run(_loopback(mails)) for _ in range(settings.rounds))
    waiting = _checked(play(_one_that_waits()))
    searched = [_checked(play(generate(number, days=5, messages=50))) for number in range(1, _SEEDS + 1)]
    searched_h = sum(one.simulated_s for one in searched) / 3600
    searched_s = sum(one.seconds for one in searched)
    note = f"{mails} mails, twenty at once, DNS in packets"
    return [
        Row("simulation: deliveries in memory / over loopback sockets", round(simulated / loopback, 2), "x"),
        Row("simulation: deliveries in memory", round(simulated), "mails/s", note=f"{note}, invariants checked"),
        Row("simulation: the same over loopback sockets", round(loopback), "mails/s", note=note),
        Row(
            "simulation: one message refused for four days",
            round(waiting.simulated_s / 3600 / waiting.seconds),
            "hours/s",
            note=f"{waiting.simulated_s / 3600:.0f} hours in {waiting.seconds:.2f} s",
        ),
        Row(
            "simulation: fifty messages, faults and crashes",
            round(searched_h / searched_s),
            "hours/s",
            note=f"{_SEEDS} scenarios of five days in {searched_s:.1f} s",
        ),
    ]


def _checked(one: Run) -> Run:
    if one.violation is not None:
        raise BrokenRunError(one.violation)
    return one


def _one_that_waits() -> Scenario:
    return Scenario(traffic=(Send(timedelta(0), "user@full.test"),), length=timedelta(days=4, hours=8))


def _simulated(mails: int) -> float:
    sends = (Send(timedelta(minutes=number // _BURST), "user@ok.test") for number in range(mails))
    conditions = Conditions(latency=(0.0, 0.0), dns_packets=True)
    length = timedelta(minutes=mails // _BURST + 1)
    began = time.perf_counter()
    one = _checked(play(Scenario(traffic=tuple(sends), conditions=conditions, length=length)))
    seconds = time.perf_counter() - began
    if one.messages != mails:
        raise BrokenRunError(f"of {mails} mails {one.messages} were accepted")
    return mails / seconds


async def _loopback(mails: int) -> float:
    clock, store = MovableClock(), FastPonyStore(":memory:")
    new_id, new_secret = make_new_id(clock), make_new_secret()
    secret = seed(store, clock, new_id, new_secret, None)
    complete(store, clock)
    done = asyncio.Event()
    delivered = 0

    def count(_: Claim, outcome: Outcome) -> None:
        nonlocal delivered
        delivered += outcome.status is Status.DELIVERED
        if delivered == mails:
            done.set()

    async with FakeNetwork(clock) as network:
        network.zones.add_provider(PublishedRecords(store))
        rng = random.Random(1)  # noqa: S311  # jitter and the order of hosts
        engine = make_engine(
            store,
            clock=clock,
            route=MxRoute(DnsResolver(clock, network.dns_address), rng, DELIVERY),
            connector=SmtpConnector(lambda ip: network.endpoint(ip, 25)),
            rng=rng,
            settings=DELIVERY,
            observe=count,
        )
        unlimited = {tier: replace(limit, requests=mails + 1) for tier, limit in LIMITS.items()}
        app = create_app(Dependencies(store, clock, RateLimiter(clock, unlimited), new_id, new_secret, engine.wake))
        began = time.perf_counter()
        delivering = asyncio.create_task(engine.run())
        for number in range(mails):
            body = {"from": SENDER, "to": "user@ok.test", "subject": f"Hello {number}", "text": "Hello\n"}
            result = falcon.testing.simulate_request(
                app, "POST", f"{BASE_PATH}/send", headers={"Authorization": f"Bearer {secret}"}, json=body
            )
            if result.status_code != 200:
                raise BrokenRunError(result.text)
            if number % _BURST == _BURST - 1:
                await asyncio.sleep(0)  # noqa: TID251  # a pass of the loop, as the simulation has between minutes
        async with asyncio.timeout(120):  # noqa: TID251  # a guard, not a measurement
            await done.wait()
        seconds = time.perf_counter() - began
        if len(network.received) != mails or network.faults:
            raise BrokenRunError(f"{len(network.received)} of {mails} mails arrived; faults: {network.faults}")
        engine.stop()
        await delivering
    store.close()
    return mails / seconds
