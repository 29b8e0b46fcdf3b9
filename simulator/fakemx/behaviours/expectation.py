"""What to expect of a behaviour, found by playing it: one attempt an hour for four days.

The catalogue says its expected classes itself and a test compares; this is for scripts that a user writes.
The sender played here is a patient and correct one, not any product's schedule, so a script that refuses
for three days is "deferred then delivered" here and may well be "failed" at a sender that gives up sooner.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from fakemx.behaviours.script import Delay, Expected, Reply, Sight, Stage, Step, decide, first_sight
from fakemx.dns.zones import DnsFault

ATTEMPTS = 97
INTERVAL = timedelta(hours=1)
_START = datetime(2000, 1, 1, tzinfo=UTC)  # any moment: only differences count
_DIALOGUE = (Stage.CONNECT, Stage.EHLO, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT)


class _Outcome(Enum):
    ACCEPTED = auto()
    DEFERRED = auto()
    REFUSED = auto()


def expect(steps: Sequence[Step], *, listens: bool = True, dns_fault: DnsFault | None = None) -> Expected:
    """Return what becomes of a message that meets these steps."""
    if dns_fault in {DnsFault.NXDOMAIN, DnsFault.NULL_MX}:
        return Expected.BOUNCED
    if dns_fault in {DnsFault.SERVFAIL, DnsFault.TIMEOUT} or not listens:
        return Expected.FAILED
    sights = {stage: first_sight(steps, _START) for stage in _DIALOGUE}
    for attempt in range(ATTEMPTS):
        outcome = _attempt(steps, sights, _START + attempt * INTERVAL)
        if outcome is _Outcome.ACCEPTED:
            return Expected.DEFERRED_THEN_DELIVERED if attempt else Expected.DELIVERED
        if outcome is _Outcome.REFUSED:
            return Expected.BOUNCED
    return Expected.FAILED


def _attempt(steps: Sequence[Step], sights: dict[Stage, Sight], now: datetime) -> _Outcome:
    for stage in _DIALOGUE:
        actions, sights[stage] = decide(steps, stage, sights[stage], now)
        match actions[-1:]:
            case (Reply(code=code),) if code >= 400:
                # A refusal of the connection or of EHLO says nothing about this message: it only defers.
                early = stage in {Stage.CONNECT, Stage.EHLO}
                return _Outcome.REFUSED if code >= 500 and not early else _Outcome.DEFERRED
            case (Reply(),) | (Delay(),) | ():
                continue
            case _:
                return _Outcome.DEFERRED
    return _Outcome.ACCEPTED
