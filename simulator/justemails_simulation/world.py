"""A whole world for one scenario: the API, its workers, their store, and a fake mail internet on a clock that jumps.

    >>> world = World(scenario)
    >>> world.run()                       # raises BrokenInvariantError at the first violation
    >>> world.counters.counts, world.trace.hash

Everything in it is the product's own: the reference's WSGI application, called between two steps of the loop; its
engine, a task for each worker; its Pony store, in memory; the fake network's DNS and MX hosts, on connections in
memory. Nothing here decides what is right: see ``invariants``.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from functools import partial
from typing import Self

from fakemx.dns.memory import MemoryDns
from fakemx.listeners import AddressListeners
from fakemx.mx.observation import Observation
from fakemx.mx.received import Received
from fakemx.network import FakeNetwork
from fakemx.virtual.clock import VirtualClock
from fakemx.virtual.dnspython import dnspython_on
from fakemx.virtual.loop import VirtualLoop
from fakemx.virtual.network import LinkFault, MemoryNetwork
from justemails.delivery.dns import DnsResolver
from justemails.delivery.smtp import SmtpConnector
from justemails.pony_store.tables import session_is_open
from justemails.ports import Resolver
from justemails_contract.delivery import is_terminal
from justemails_sandbox.published import PublishedRecords
from justemails_sandbox.zones_resolver import ZonesResolver
from justemails_simulation.actors import ApiProcess, WorkerProcess, store_of_process
from justemails_simulation.api_client import ApiClient
from justemails_simulation.clients import Clients
from justemails_simulation.counters import Counters
from justemails_simulation.history import API, DnsSaid, Entry, History, LinkFailed, MailKept, MxDid
from justemails_simulation.invariants.ends import as_expected, everything_ended
from justemails_simulation.invariants.judge import Judge
from justemails_simulation.ledger import Ledger
from justemails_simulation.parts import Parts
from justemails_simulation.routes import route_of
from justemails_simulation.scenario import Crash, DnsTrouble, Pause, Scenario
from justemails_simulation.trace import Trace
from justemails_simulation.weather import line_of, rule_of

_AFTERMATH = timedelta(days=4, hours=7)  # after the last message: giving up, a wait, a lease and an attempt
_LOOK_AGAIN = timedelta(hours=1)
_ADDRESSES = ("198.18.0.0/15", "2001:db8::/64")
_STEPS = 20_000_000  # more than any simulation takes; a loop that spins ends here


class World:
    """One simulation, to be run once.

    Args:
        scenario: what is to happen.
        parts: what the workers are made of.
        watch: told of every entry of the history, beside the invariants.
    """

    def __init__(
        self, scenario: Scenario, parts: Parts | None = None, watch: Callable[[Entry], None] = lambda entry: None
    ) -> None:
        self.scenario = scenario
        self._links = MemoryNetwork(self._rng("network"), line_of(scenario.conditions), observe=self._on_link)
        self.loop = VirtualLoop(self._links)
        self.loop.step_limit = _STEPS
        self.clock = VirtualClock(self.loop)
        self.history = History(self.clock.now)
        self.network = FakeNetwork(
            self.clock,
            domains=scenario.domains,
            listeners=AddressListeners(_ADDRESSES, blackhole_at=self._links.blackhole),
            on_mail=self._on_mail,
            observe=self._on_mx,
        )
        self.store = store_of_process()
        self.ledger = Ledger(partial(route_of, self.network.zones))
        self.judge = Judge(self.ledger)
        self.counters = Counters(self.ledger)
        self.trace = Trace()
        # The ledger comes after those that want to know how things were before.
        for reader in (self.judge, self.counters, self.ledger.take, self.trace, watch):
            self.history.read_by(reader)
        self.api = ApiProcess(self.store, self.clock, self._rng("ids"), self.history, self._wake_workers)
        self.workers: dict[str, WorkerProcess] = {}
        self._parts = parts or Parts()
        self._mail: Received | None = None
        self._logged = _Faults(self.judge)
        self._dnspython: AbstractContextManager[object] = nullcontext()
        if scenario.conditions.dns_packets:
            self._dnspython = dnspython_on(self.loop, self._rng("dnspython"))
        self._at_step: dict[int, Callable[[], None]] = {}

    def run(self) -> None:
        """Run the whole scenario.

        Raises:
            BrokenInvariantError: an invariant does not hold.
        """
        with self:
            self.advance(self.scenario.length)
            while self._unfinished():
                self.advance(_LOOK_AGAIN)
            self.finish()

    def __enter__(self) -> Self:
        """Begin: from here on it can be driven step by step, instead of by ``run``."""
        self.store.clear()
        self.loop.after_step = self._after_step
        self.loop.set_exception_handler(lambda _, context: self._fault(str(context.get("exception") or context)))
        logging.getLogger("justemails").addHandler(self._logged)
        self._dnspython.__enter__()
        self.loop.run_until_complete(self._begin())
        return self

    def __exit__(self, *_: object) -> None:
        """Take everything down, whatever state it is in."""
        self.history.close()
        self.loop.close()
        self._dnspython.__exit__(None, None, None)
        logging.getLogger("justemails").removeHandler(self._logged)

    def advance(self, span: timedelta) -> None:
        """Let time pass, with all that happens in it.

        Raises:
            BrokenInvariantError: an invariant does not hold.
        """
        self.loop.run_until_complete(self.clock.sleep(span.total_seconds()))
        self.judge.check()

    def finish(self) -> None:
        """Stop the workers and the network, and see what is left.

        Raises:
            BrokenInvariantError: an invariant does not hold.
        """
        self.loop.run_until_complete(self._end())
        self.judge.check()

    async def _begin(self) -> None:
        await self.network.start()
        self.network.zones.add_provider(PublishedRecords(self.store))
        for weather in self.scenario.weather:
            self._links.add_rule(rule_of(weather, self.network.zones))
        secrets = self.api.seed()
        self.api.start()
        self.clients = Clients(
            ApiClient(lambda: self.api.app, self.history, secrets), self.history, secrets, self.loop.call_later
        )
        for number in range(1, self.scenario.workers + 1):
            worker = self._worker(f"worker-{number}")
            self.workers[worker.name] = worker
            worker.start()
        self._plan()

    def _worker(self, name: str) -> WorkerProcess:
        return WorkerProcess(
            name,
            self._parts,
            self.loop,
            self.clock,
            self.store,
            self.history,
            self._resolver(),
            SmtpConnector(lambda ip: self.network.endpoint(ip, 25)),
            self._rng(f"{name} jitter"),
        )

    def _resolver(self) -> Resolver:
        if self.scenario.conditions.dns_packets:
            return DnsResolver(self.clock, self.network.dns_address)
        conditions = self.scenario.conditions
        dns = MemoryDns(
            self.network.zones,
            self.clock,
            rng=self._rng("dns"),
            latency=conditions.latency,
            loss=conditions.udp_loss,
            observe=lambda answer: self.history.add(DnsSaid(answer)),
        )
        return ZonesResolver(dns)

    def _plan(self) -> None:
        """Put everything that the scenario has in store on the clock."""
        scenario, clients = self.scenario, self.clients
        for number, send in enumerate(scenario.traffic, 1):
            self._at(send.at, partial(clients.patiently, partial(clients.send, send, number)))
        for call in scenario.calls:
            self._at(call.at, partial(clients.patiently, partial(clients.visit, call.visit)))
        for trouble in scenario.dns:
            self._at(trouble.since, partial(self.network.zones.set_fault, trouble.domain, trouble.fault))
            self._at(trouble.until, partial(self._mend, trouble))
        for crash in scenario.crashes:
            self._at(crash.at, partial(self.crash, crash))
        for pause in scenario.pauses:
            self._at(pause.at, partial(self.pause, pause))

    def _at(self, after: timedelta, act: Callable[[], object]) -> None:
        self.loop.call_at(after.total_seconds(), act)

    def _mend(self, trouble: DnsTrouble) -> None:
        self.network.zones.clear_fault(trouble.domain)

    # Crashes.

    def crash(self, crash: Crash) -> None:
        """Let a process die: now, or so many steps from now."""
        if crash.step is None:
            self._kill(crash)
        else:
            self._at_step[self.loop.steps + crash.step] = partial(self._kill, crash)

    def pause(self, pause: Pause) -> None:
        """Let a worker stand still: now, or so many steps from now."""
        if pause.step is None:
            self._hold(pause)
        else:
            self._at_step[self.loop.steps + pause.step] = partial(self._hold, pause)

    def _hold(self, pause: Pause) -> None:
        worker = self.workers[pause.who]
        if worker.engine is not None:
            worker.pause()
            self.loop.call_later(pause.lasts.total_seconds(), worker.resume)

    def _kill(self, crash: Crash) -> None:
        workers = [worker for worker in self.workers.values() if crash.who in {worker.name, "all"}]
        for worker in workers:
            if worker.engine is not None:
                worker.crash()
                self.loop.call_later(crash.restart_after.total_seconds(), partial(self._restart, worker))
        if crash.who in {API, "all"} and self.api.app is not None:
            self.api.crash()
            self.loop.call_later(crash.restart_after.total_seconds(), self._restart_api)

    def _restart(self, worker: WorkerProcess) -> None:
        if self.scenario.workers == 1:
            # A process that knows that it is the only worker need not wait for its dead self's leases to run out.
            self.store.release_leases(self.clock.now())
            self.ledger.leases_released(self.clock.now())
        worker.start()
        self.clients.patiently(self.clients.list)

    def _restart_api(self) -> None:
        self.api.start()
        self.clients.list()

    def _wake_workers(self) -> None:
        for worker in self.workers.values():
            worker.wake()

    # What is seen.

    def _on_mail(self, mail: Received) -> None:
        self._mail = mail

    def _on_mx(self, did: Observation) -> None:
        if did.what == "kept" and self._mail is not None:
            self.history.add(MailKept(self._mail, did.connection, self.network.addresses_of(did.host)[0]))
        self.history.add(MxDid(did))

    def _on_link(self, fault: LinkFault) -> None:
        self.history.add(LinkFailed(fault.fault, fault.server[0]))

    def _after_step(self) -> None:
        if session_is_open():
            self.judge.blame("I17", ["a database session is open between two steps"])
        for fault in self.network.faults:
            self._fault(f"the fake network: {fault!r}")
        self.judge.check()
        if self._at_step:
            self._at_step.pop(self.loop.steps, _nothing)()

    def _fault(self, text: str) -> None:
        self.judge.blame("I18", [text])

    # The end.

    def _unfinished(self) -> bool:
        if all(is_terminal(facts.status) for facts in self.ledger.messages.values()):
            return False
        self.judge.blame("I16", everything_ended(self.ledger, self.clock.now()))
        last = max((send.at for send in self.scenario.traffic), default=timedelta(0))
        return self.loop.time() < (last + _AFTERMATH).total_seconds()

    async def _end(self) -> None:
        self.clients.list()
        for message_id in self.clients.sent:
            self.clients.read(message_id)
        self.judge.blame("I16", everything_ended(self.ledger, self.clock.now()))
        self.judge.blame("expect", as_expected(self.ledger, self.scenario))
        for worker in self.workers.values():
            await worker.stop()
        await self.network.stop()
        await _passes(50)
        self.judge.blame("I15", self._left_open())

    def _left_open(self) -> list[str]:
        tasks = [task for task in self.loop.living_tasks() if task is not asyncio.current_task()]
        return [f"a connection is open: {one}" for one in self._links.open_connections()] + [
            f"a task is still there: {task.get_coro()}" for task in tasks
        ]

    def _rng(self, subsystem: str) -> random.Random:
        """Return a source of chance of its own for a subsystem; seeding by text is the same in every process."""
        return random.Random(f"{subsystem}/{self.scenario.seed}")  # noqa: S311  # not for secrets


class _Faults(logging.Handler):
    """Whatever the reference logs as an error is a fault of ours."""

    def __init__(self, judge: Judge) -> None:
        super().__init__(logging.ERROR)
        self._judge = judge

    def emit(self, record: logging.LogRecord) -> None:
        reason = f": {record.exc_info[1]!r}" if record.exc_info else ""
        self._judge.blame("I18", [record.getMessage() + reason])


def _nothing() -> None:
    """Do nothing at this step."""


async def _passes(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)  # noqa: TID251  # a pass of the loop, no time
