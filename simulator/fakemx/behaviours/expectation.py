"""What to expect of a behaviour, found by playing it: one attempt an hour for four days.

The catalogue says its expected classes itself and a test compares; this is for scripts that a user writes.
The sender played here is a patient and correct one, not any product's schedule: it takes the hosts by their
preference, never itself, falls back from EHLO to HELO, tries the next host after anything temporary, and
gives up at once only for a 5xx at MAIL or later, or when DNS itself says no. A script that refuses for three
days is "deferred then delivered" here and may well be "failed" at a sender that gives up sooner. Its message
is an ordinary one: small, ASCII, and right in every check.

    >>> expect(parse_behaviour({"script": [{"at": "RCPT", "reply": "450 later"}]}))     # Expected.FAILED
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from fakemx.behaviours.actions import Action, Delay, Inject, Reply, Stage, Tarpit
from fakemx.behaviours.conditions import Circumstances, OverRate
from fakemx.behaviours.decision import settles
from fakemx.behaviours.playbook import Playbook, Standing
from fakemx.behaviours.script import Behaviour, Expected, Extension, Host, Port
from fakemx.dns.zones import DnsFault

ATTEMPTS = 97
INTERVAL = timedelta(hours=1)
ORDINARY_BYTES = 2_000
PATIENCE_S = (300, 600)  # RFC 5321 section 4.5.3.2: for a reply, and for the one to the final dot
NOTHING = 999  # stands for what is no answer
_START = datetime(2000, 1, 1, tzinfo=UTC)  # any moment: only differences count
_DOMAIN = "played.test"
_SENDER, _RECIPIENT = "a@own.test", f"ann@{_DOMAIN}"

PERMANENT_FAULTS = frozenset({DnsFault.NXDOMAIN, DnsFault.NULL_MX})
HARMLESS_FAULTS = frozenset({DnsFault.TRUNCATED, DnsFault.SLOW, DnsFault.GARBAGE, DnsFault.WRONG_ID})


class _Outcome(Enum):
    ACCEPTED = auto()
    DEFERRED = auto()
    REFUSED = auto()


def expect(behaviour: Behaviour) -> Expected:
    """Return what becomes of a message that meets this behaviour."""
    if behaviour.dns_fault in PERMANENT_FAULTS:
        return Expected.BOUNCED
    if behaviour.dns_fault is not None and behaviour.dns_fault not in HARMLESS_FAULTS:
        return Expected.FAILED
    sender = _Sender(behaviour)
    for number in range(ATTEMPTS if _changes(behaviour) else 1):
        outcome = sender.attempt(number * INTERVAL)
        if outcome is _Outcome.ACCEPTED:
            return Expected.DEFERRED_THEN_DELIVERED if number else Expected.DELIVERED
        if outcome is _Outcome.REFUSED:
            return Expected.BOUNCED
    return Expected.FAILED


def in_dns(host: Host, age: timedelta) -> bool:
    """Say whether a host stands in DNS so long after its domain was first looked up."""
    age_s = age.total_seconds()
    return host.from_s <= age_s and (host.until_s is None or age_s < host.until_s)


def _changes(behaviour: Behaviour) -> bool:
    """Say whether a second attempt can end otherwise than the first."""
    return any(
        host.from_s
        or host.until_s is not None
        or any(step.times or step.for_seconds or isinstance(step.when, OverRate) for step in host.steps)
        for host in behaviour.hosts
    )


class _Sender:
    """The sender, and what the hosts remember of it."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._book = Playbook({_DOMAIN: behaviour}, {})

    def attempt(self, age: timedelta) -> _Outcome:
        hosts = [host for host in self._behaviour.hosts if in_dns(host, age) and host.address.reachable]
        if not hosts:
            return _Outcome.REFUSED
        for host in sorted(hosts, key=lambda host: host.preference):
            outcome = self._try(host, _START + age)
            if outcome is not _Outcome.DEFERRED:
                return outcome
        return _Outcome.DEFERRED

    def _try(self, host: Host, now: datetime) -> _Outcome:
        if host.port is not Port.OPEN:
            return _Outcome.DEFERRED
        circumstances = Circumstances(now, "192.0.2.1")
        if not self._greet(host, circumstances):
            return _Outcome.DEFERRED
        if host.tls is not None and Extension.STARTTLS not in host.without:
            # A handshake that fails is followed by one attempt in the clear.
            circumstances = replace(circumstances, tls=self._code(host, Stage.STARTTLS, circumstances) < 300)
        if host.size_limit is not None and host.size_limit < ORDINARY_BYTES:
            return _Outcome.REFUSED
        for stage in (Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.CONTENT, Stage.DOT):
            code = self._code(host, stage, circumstances)
            if code >= 400:
                return _Outcome.REFUSED if 500 <= code < 600 else _Outcome.DEFERRED
        return _Outcome.ACCEPTED

    def _greet(self, host: Host, circumstances: Circumstances) -> bool:
        if self._code(host, Stage.CONNECT, circumstances) >= 400:
            return False
        code = self._code(host, Stage.EHLO, circumstances)
        if 400 <= code < 600 and code != 421:
            code = self._code(host, Stage.HELO, circumstances)
        return code < 400

    def _code(self, host: Host, stage: Stage, circumstances: Circumstances) -> int:
        """Return what the sender hears at a stage, or NOTHING."""
        where = Standing(_DOMAIN, host.label)
        if stage in {Stage.CONNECT, Stage.EHLO, Stage.HELO, Stage.STARTTLS, Stage.MAIL}:
            actions = self._book.at_host(stage, where, circumstances)
        else:
            actions = self._book.at_recipient(stage, where, _SENDER, _RECIPIENT, circumstances)
        return _heard(actions, PATIENCE_S[stage is Stage.DOT])


def _heard(actions: Sequence[Action], patience_s: float) -> int:
    waited_s = 0.0
    for action in actions:
        match action:
            case Delay(seconds):
                waited_s += seconds
            case Reply(code) if waited_s < patience_s:
                return code
            case Tarpit() | Inject():
                break
            case _ if settles(action):
                return NOTHING
    return 250 if waited_s < patience_s else NOTHING
