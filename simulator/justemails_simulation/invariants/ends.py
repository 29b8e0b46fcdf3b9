"""The invariants that look back when everything has come to an end."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from justemails_contract.delivery import Event, is_terminal
from justemails_simulation.history import Entry, Finished
from justemails_simulation.invariants.rules import GIVE_UP, HOUR, step_of
from justemails_simulation.ledger import Facts, Ledger
from justemails_simulation.scenario import Expectation, Scenario

_ENOUGH = 20  # waits, to tell chance from none
_LATEST = GIVE_UP + 6 * HOUR  # the last wait, its jitter, a lease and an attempt


class JitterIsThere:
    """I7: waits are spread, and not only within their bounds (CHOICE-22)."""

    def __init__(self) -> None:
        self._waits: list[float] = []

    def __call__(self, ledger: Ledger, entry: Entry) -> Iterator[str]:
        match entry.happening:
            case Finished(recorded=True, outcome=Event.DEFERRED, due_at=due_at) as done if due_at is not None:
                self._waits.append((due_at - entry.at) / step_of(done.attempt))
                if len(self._waits) >= _ENOUGH and max(self._waits) - min(self._waits) < 0.01:
                    yield f"the last {len(self._waits)} waits are all {self._waits[-1]:.3f} of their step: no jitter"


def everything_ended(ledger: Ledger, now: datetime) -> Iterator[str]:
    """I16: yield the messages that should be terminal by now and are not."""
    for message_id, facts in ledger.messages.items():
        if not is_terminal(facts.status) and now > facts.at + _LATEST:
            yield f"{message_id} to {facts.accepted.recipient} is still {facts.status} after {now - facts.at}"


def as_expected(ledger: Ledger, scenario: Scenario) -> Iterator[str]:
    """Yield what a scenario expects of its recipients and is not so."""
    for recipient, expectation in scenario.expect.items():
        of_recipient = [facts for facts in ledger.messages.values() if facts.accepted.recipient == recipient]
        if not of_recipient:
            yield f"{recipient}: no message was accepted for this recipient"
        yield from (f"{recipient}: {problem}" for problem in _unlike(expectation, of_recipient))


def _unlike(expectation: Expectation, messages: Sequence[Facts]) -> Iterator[str]:
    for facts in messages:
        if expectation.status is not None and facts.status is not expectation.status:
            yield f"{facts.accepted.message_id} is {facts.status}, not {expectation.status}"
        took = facts.terminal_at - facts.at if facts.terminal_at else None
        if expectation.within is not None and (took is None or took > expectation.within):
            yield f"{facts.accepted.message_id} took {_rounded(took)}, not {expectation.within} at most"
        fewest, most = expectation.copies or (0, len(facts.copies))
        if not fewest <= len(facts.copies) <= most:
            yield f"{facts.accepted.message_id} arrived {len(facts.copies)} times, not {fewest} to {most}"


def _rounded(took: timedelta | None) -> str:
    return "for ever" if took is None else str(timedelta(seconds=round(took.total_seconds())))
