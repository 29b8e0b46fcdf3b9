"""Asks for one clause, counts what comes, and gives up where there is nothing to judge.

A limiter that refuses what is drawn makes every server look right: a refusal is always allowed. So each 429 is counted,
and so is each request that nobody answers. Where they are a tenth, the check shows nothing.
"""

from dataclasses import dataclass

from justemails_conformance.client import Client, Tier
from justemails_conformance.evidence import BreachError, InconclusiveError, retry_after_s
from justemails_conformance.fuzz.escaped import in_ascii
from justemails_conformance.run import Run
from justemails_conformance.transport import Exchange

_LONGEST_WAIT_S = 61.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that the server took."""

    id: str
    sender: str
    to: str
    subject: str


class Asking:
    """The requests of one clause.

    Args:
        planned: how many there will be.
    """

    def __init__(self, run: Run, clause: str, planned: int) -> None:
        self._run = run
        self._planned = planned
        self._tried = run.tried[clause] = {"cases": 0, "accepted": 0, "429": 0, "unanswered": 0}
        self._refused_just_now = False
        self._silence: Exchange | None = None

    @property
    def cases(self) -> int:
        return self._tried["cases"]

    def ask(
        self, tier: Tier, method: str, path: str, body: bytes | None = None, *, client: Client | None = None
    ) -> Exchange | None:
        """Return an exchange that can be judged; None: it was a 429, or twice no answer came.

        Raises:
            InconclusiveError: there are too many of those already.
        """
        asked = client or self._run.client
        exchange = asked.ask_once(tier, method, path, body)
        if exchange.answer is None and not exchange.late:
            exchange = asked.ask_once(tier, method, path, body)  # a single lost connection is nobody's fault
        self._tried["cases"] += 1
        self._tried["accepted"] += exchange.succeeded
        if exchange.answer is None:
            self._tried["unanswered"] += 1
            self._silence = exchange
        elif exchange.status == 429:
            self._tried["429"] += 1
            self._rest(exchange)
        else:
            self._refused_just_now = False
            return exchange
        self._give_up_from(self._planned)
        return None

    def finish(self) -> None:
        """End without a breach in what was answered.

        Raises:
            InconclusiveError: too little was.
            BreachError: something was not, while its neighbours were.
        """
        self._give_up_from(self.cases)
        if self._silence is not None:
            raise BreachError("an answer", self._silence.trouble or "none", in_ascii(self._silence))

    def _rest(self, refusal: Exchange) -> None:
        """Wait as long as the refusal says, unless that did not help the last time."""
        if not self._refused_just_now:
            told_s = retry_after_s(refusal)
            self._run.pace.wait(_LONGEST_WAIT_S if told_s is None else min(told_s, _LONGEST_WAIT_S))
        self._refused_just_now = True

    def _give_up_from(self, cases: int) -> None:
        refused, silent = self._tried["429"], self._tried["unanswered"]
        if 0 < cases <= 10 * (refused + silent):
            words = f"{refused} of {self.cases} answers were 429"
            raise InconclusiveError(f"{words}, and {silent} did not come" if silent else words)
