"""What is known about each message, from the history alone: the facts that the invariants argue with.

Nothing here judges. The ledger never asks the store or the engine, so that it cannot be wrong the way they are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from fakemx.behaviours.script import Stage
from fakemx.mx.received import Received
from justemails_contract.delivery import INITIAL, Event, Status, is_terminal
from justemails_simulation.history import (
    API,
    Accepted,
    Claimed,
    Crashed,
    Entry,
    Finished,
    InDoubt,
    LinkFailed,
    LookUpFailed,
    MailKept,
    MxDid,
    Paused,
    Resumed,
    Started,
)
from justemails_simulation.routes import PERMANENT, Route

MOST_UNDER_WAY = 20  # at one worker, CHOICE-29
MOST_TO_A_DOMAIN = 10  # of them
_ABOUT_THE_MESSAGE = (Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.CONTENT, Stage.DOT)


@dataclass(slots=True)
class Copy:
    """One copy of a message that a host kept, and whether its sender could know."""

    mail: Received
    at: datetime
    attempt: int
    connection: int
    ip: str
    answered_at: datetime | None = None  # the 2xx to the dot was said
    cut_by_host: bool = False  # the host ended the connection, or fell silent, around its answer
    cut_by_network: bool = False
    cut_by_crash: bool = False  # the worker died before it recorded the outcome


@dataclass(slots=True)
class Facts:
    """One accepted message."""

    accepted: Accepted
    at: datetime
    due_at: datetime
    status: Status = INITIAL
    delivered_at: datetime | None = None
    terminal_at: datetime | None = None
    attempts: int = 0
    lease: Claimed | None = None
    claimed_at: datetime | None = None
    route: Route = PERMANENT  # at the time of the claim
    in_doubt: InDoubt | None = None  # of the attempt under way
    refused_on: int | None = None  # the connection on which a 5xx about the message was said, in this attempt
    taken_over: bool = False  # in this attempt, from a worker that died
    deferred: bool = False  # a host, or DNS, has put it off before
    copies: list[Copy] = field(default_factory=list)

    @property
    def recipient_domain(self) -> str:
        return self.accepted.recipient.rpartition("@")[2].lower()

    def copies_of(self, attempt: int) -> Sequence[Copy]:
        return [copy for copy in self.copies if copy.attempt == attempt]


class Ledger:
    """The facts so far.

    Args:
        route_of: what DNS says now about where a domain's mail goes.
    """

    def __init__(self, route_of: Callable[[str], Route]) -> None:
        self.messages: dict[str, Facts] = {}
        self.under_way: dict[str, set[str]] = {}  # by worker
        self.last_crash: datetime | None = None
        self.paused: set[str] = set()
        self.last_pause: dict[str, datetime] = {}  # by worker
        self.working_since: datetime | None = None  # a worker has been alive since then
        self.at_work_since: dict[str, datetime] = {}  # by worker, of those that live and do not stand still
        self.link_failures: dict[str, datetime] = {}  # by the host's address, the latest
        self.failed_look_ups: dict[str, datetime] = {}  # by the name, the latest
        # By worker, and by worker and domain: when it had as much under way as it may.
        self.last_full: dict[str | tuple[str, str], datetime] = {}
        self.route_of = route_of
        # By the kind of happening; each method takes just that kind, which a dictionary cannot say.
        self._learn: Mapping[type, Callable[[Any, datetime], None]] = {
            Accepted: self._accepted,
            Claimed: self._claimed,
            InDoubt: self._in_doubt,
            Finished: self._finished,
            MxDid: self._observed,
            MailKept: self._kept,
            LookUpFailed: self._look_up_failed,
            LinkFailed: self._link_failed,
            Crashed: self._crashed,
            Started: self._started,
            Paused: self._paused,
            Resumed: self._resumed,
        }

    def take(self, entry: Entry) -> None:
        """Learn from one entry."""
        learn = self._learn.get(type(entry.happening))
        if learn is not None:
            learn(entry.happening, entry.at)

    def leases_released(self, at: datetime) -> None:
        """Learn that a process that is the only worker has made all that was leased due again."""
        for facts in self.messages.values():
            if facts.lease is not None:
                facts.lease, facts.due_at = None, at

    def under_way_to(self, worker: str, domain: str) -> int:
        """Return how many messages to a domain a worker has under way."""
        under_way = self.under_way.get(worker, ())
        return sum(self.messages[message_id].recipient_domain == domain for message_id in under_way)

    def of_sender(self, envelope_sender: str) -> Facts | None:
        """Return the message that an envelope sender belongs to: each has one of its own (CHOICE-28)."""
        local = envelope_sender.partition("@")[0]
        return self.messages.get("msg_" + local.removeprefix("b+")) if local.startswith("b+") else None

    def _accepted(self, accepted: Accepted, at: datetime) -> None:
        self.messages[accepted.message_id] = Facts(accepted, at, at)

    def _claimed(self, claim: Claimed, at: datetime) -> None:
        facts = self.messages[claim.message_id]
        facts.attempts = claim.attempt
        facts.taken_over = facts.lease is not None
        facts.lease, facts.claimed_at = claim, at
        facts.in_doubt, facts.refused_on = None, None
        facts.route = self.route_of(facts.recipient_domain)
        self.under_way.setdefault(claim.worker, set()).add(claim.message_id)

    def _in_doubt(self, note: InDoubt, _: datetime) -> None:
        facts = self.messages[note.message_id]
        facts.in_doubt = note
        if note.granted and facts.lease is not None:
            facts.lease = replace(facts.lease, lease_until=note.lease_until)

    def _finished(self, done: Finished, at: datetime) -> None:
        under_way = self.under_way.setdefault(done.worker, set())
        domain = self.messages[done.message_id].recipient_domain
        if len(under_way) >= MOST_UNDER_WAY:
            self.last_full[done.worker] = at
        if self.under_way_to(done.worker, domain) >= MOST_TO_A_DOMAIN:
            self.last_full[done.worker, domain] = at
        under_way.discard(done.message_id)
        if not done.recorded:
            return
        facts = self.messages[done.message_id]
        facts.status, facts.delivered_at = done.status, done.delivered_at
        facts.lease = None
        if is_terminal(done.status):
            facts.terminal_at = at
        elif done.due_at:
            facts.due_at = done.due_at
            facts.deferred = facts.deferred or done.outcome is Event.DEFERRED

    def _observed(self, observed: MxDid, _: datetime) -> None:
        did = observed.did
        facts = self.of_sender(did.sender)
        if facts is None:
            return
        refused = did.what == "replied" and did.code is not None and 500 <= did.code < 600
        if refused and did.stage in _ABOUT_THE_MESSAGE:
            facts.refused_on = did.connection
        for copy in facts.copies:
            if copy.connection != did.connection:
                continue
            if did.stage is Stage.DOT and did.what == "replied" and did.code is not None and did.code < 300:
                copy.answered_at = did.at
            if did.what in {"dropped", "reset", "silent"}:
                copy.cut_by_host = True

    def _kept(self, kept: MailKept, at: datetime) -> None:
        facts = self.of_sender(kept.mail.sender)
        if facts is not None:
            # What was on its way when its sender died or froze arrives all the same, and nobody hears the answer.
            alive = facts.lease is not None and facts.lease.worker not in self.paused
            alive = (
                alive
                and facts.lease is not None
                and facts.accepted.message_id in self.under_way.get(facts.lease.worker, ())
            )
            copy = Copy(kept.mail, at, facts.attempts, kept.connection, kept.ip, cut_by_crash=not alive)
            facts.copies.append(copy)

    def _look_up_failed(self, failed: LookUpFailed, at: datetime) -> None:
        self.failed_look_ups[failed.name] = at

    def _link_failed(self, failed: LinkFailed, at: datetime) -> None:
        server = failed.server
        self.link_failures[server] = at
        for facts in self.messages.values():
            if facts.lease is not None:
                for copy in facts.copies_of(facts.attempts):
                    copy.cut_by_network = copy.cut_by_network or copy.ip == server

    def _started(self, started: Started, at: datetime) -> None:
        if started.who != API:
            if not self.at_work_since:
                self.working_since = at
            self.under_way[started.who] = set()
            self.at_work_since[started.who] = at

    def _crashed(self, crash: Crashed, at: datetime) -> None:
        if crash.who != API:
            self.last_crash = at
            self._cut_copies(crash.who)
            self.under_way.pop(crash.who, None)
            self.at_work_since.pop(crash.who, None)
            self.paused.discard(crash.who)

    def _paused(self, pause: Paused, at: datetime) -> None:
        self.paused.add(pause.who)
        self.at_work_since.pop(pause.who, None)
        self.last_pause[pause.who] = self.last_crash = at
        self._cut_copies(pause.who)

    def _resumed(self, resumed: Resumed, at: datetime) -> None:
        self.paused.discard(resumed.who)
        self.last_pause[resumed.who] = self.last_crash = self.working_since = self.at_work_since[resumed.who] = at

    def _cut_copies(self, who: str) -> None:
        for message_id in self.under_way.get(who, ()):
            facts = self.messages[message_id]
            for copy in facts.copies_of(facts.attempts):
                copy.cut_by_crash = True
