"""Judging a server: makes the checks, looks at everything that was said meanwhile, and cleans up."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import partial

from justemails_conformance import clock
from justemails_conformance.clauses import Clause, Level, Profile, clauses
from justemails_conformance.core import CORE
from justemails_conformance.evidence import BreachError, SkippedError, is_text, json_of, shown
from justemails_conformance.limits import LIMITS, Bursts
from justemails_conformance.party import Journal, Party
from justemails_conformance.redaction import Redaction
from justemails_conformance.scene import Means, Scene
from justemails_conformance.transport import Exchange, Target


class Outcome(StrEnum):
    """What came of a check."""

    PASS = "pass"  # noqa: S105  # no password
    FAIL = "fail"
    WARN = "warn"
    SKIP = "skip"  # something that it needs is missing, which the report names
    ERROR = "error"  # our own fault


class UnreachableError(Exception):
    """There is no server of this API to be judged; the message says what there is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of the check of one clause; nothing in it shows a key."""

    clause: Clause
    outcome: Outcome
    expected: str = ""
    got: str = ""
    exchange: Exchange | None = None


@dataclass(slots=True)
class Verdict:
    """What came of a run."""

    base_url: str
    started: datetime
    profiles: Sequence[Profile] = ()
    findings: list[Finding] = field(default_factory=list)
    observed: dict[str, object] = field(default_factory=dict)
    journal: Journal = field(default_factory=Journal)
    seconds: float = 0.0
    created: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        return sum(finding.outcome is outcome for finding in self.findings)

    @property
    def enough(self) -> bool:
        """Whether so much was verified that the run means something: more passed than not, and something did."""
        judged = self.count(Outcome.PASS) + self.count(Outcome.FAIL) + self.count(Outcome.WARN)
        return judged > self.count(Outcome.SKIP) and self.count(Outcome.PASS) > 0


class Judge:
    """Judges one server.

    Args:
        profiles: what to judge.
        only: says of a clause whether it is wanted.
        listen: told of each finding as soon as it is made.
        wait: waits for so many seconds.
    """

    def __init__(
        self,
        target: Target,
        means: Means,
        *,
        profiles: Sequence[Profile] = (Profile.CORE,),
        only: Callable[[str], bool] = lambda clause: True,
        listen: Callable[[Finding], None] = lambda finding: None,
        wait: clock.Wait = clock.wait,
    ) -> None:
        self._target = target
        self._means = means
        self._profiles = profiles
        self._only = only
        self._listen = listen
        self._wait = wait
        self._redaction = Redaction()
        for name, secret in (
            ("key", means.key),
            ("other-key", means.other_key),
            ("send-only-key", means.restricted_key),
        ):
            if secret:
                self._redaction.hide(secret, name)

    def judge(self) -> Verdict:
        """Make every check of the profiles.

        Raises:
            UnreachableError: there is nothing to be judged.
        """
        began = clock.elapsed_s()
        verdict = Verdict(self._target.base_url, clock.now(), self._profiles)
        party = Party(self._target, self._means.key, verdict.journal, self._wait)
        _look_for_the_api(party)
        scene = Scene(party, self._means, secrets.token_hex(6), self._wait)
        try:
            for clause, check in self._checks(scene, verdict.journal.exchanges):
                if self._only(clause):
                    self._keep(verdict, self._made(clauses()[clause], check))
        finally:
            _clean_up(scene, verdict)
        verdict.observed = _observed(scene)
        verdict.seconds = clock.elapsed_s() - began
        for made in scene.made:
            self._redaction.hide(made.secret, "new key")
        verdict.findings = [self._redacted(finding) for finding in verdict.findings]
        return verdict

    def _checks(self, scene: Scene, exchanges: Sequence[Exchange]) -> Iterator[tuple[str, Callable[[], None]]]:
        if Profile.CORE in self._profiles:
            yield from ((clause, partial(check, scene)) for clause, check in CORE.items())
        if Profile.LIMITS in self._profiles:
            bursts = Bursts(scene)
            yield from ((clause, partial(check, bursts)) for clause, check in LIMITS.items())
        if Profile.CORE in self._profiles:  # at the end, when everything has been said
            yield from ((clause, partial(_obeyed_by_all, look, exchanges)) for clause, look in OF_ALL.items())

    def _made(self, clause: Clause, check: Callable[[], None]) -> Finding:
        try:
            check()
        except BreachError as ex:
            outcome = Outcome.WARN if ex.warns or clause.level is Level.SHOULD else Outcome.FAIL
            return Finding(clause, outcome, ex.expected, ex.got, ex.exchange)
        except SkippedError as ex:
            return Finding(clause, Outcome.SKIP, got=str(ex))
        except Exception as ex:  # noqa: BLE001  # a fault of the suite is no verdict on the server
            return Finding(clause, Outcome.ERROR, got=f"{type(ex).__name__}: {ex}")
        return Finding(clause, Outcome.PASS)

    def _keep(self, verdict: Verdict, finding: Finding) -> None:
        verdict.findings.append(finding)
        self._listen(self._redacted(finding))

    def _redacted(self, finding: Finding) -> Finding:
        hide = self._redaction
        exchange = finding.exchange and hide.exchange(finding.exchange)
        return replace(finding, expected=hide.text(finding.expected), got=hide.text(finding.got), exchange=exchange)


def _look_for_the_api(party: Party) -> None:
    """Ask for the list of messages once: what has no JSON for that is no server of this API, or not there."""
    exchange = party.messages()
    if exchange.answer is None:
        raise UnreachableError(exchange.trouble or "no answer")
    try:
        json_of(exchange)
    except BreachError:
        kind = exchange.answer.header("Content-Type") or "no content type"
        answer = f"{exchange.status} and {shown(kind)}"
        raise UnreachableError(f"GET /messages is answered with {answer}, not with JSON; is it the base URL?") from None
    if exchange.status == 401:
        raise UnreachableError("GET /messages is answered with 401: is the key right?")


def _obeyed_by_all(look: Callable[[Exchange], None], exchanges: Sequence[Exchange]) -> None:
    for exchange in exchanges:
        look(exchange)


def _success_is_an_object(exchange: Exchange) -> None:
    if not exchange.succeeded:
        return
    body = json_of(exchange)
    if not isinstance(body, dict):
        raise BreachError("a JSON object", shown(body), exchange)
    kind = exchange.answer.header("Content-Type") if exchange.answer else None
    if (kind or "").partition(";")[0].strip().lower() != "application/json":
        raise BreachError("Content-Type: application/json", shown(kind), exchange, warns=True)


def _error_is_json(exchange: Exchange) -> None:
    if exchange.status >= 400:
        json_of(exchange)


def _error_has_both_members(exchange: Exchange) -> None:
    if exchange.status >= 400:
        body = _json_or_none(exchange)
        if body is not None and not (isinstance(body, dict) and {"error", "message"} <= body.keys()):
            raise BreachError("an object with error and message", shown(body), exchange)


def _error_member(exchange: Exchange, name: str) -> None:
    if exchange.status >= 400:
        body = _json_or_none(exchange)
        if isinstance(body, dict) and name in body and not is_text(body[name]):
            raise BreachError(f"{name}: a text that is not empty", shown(body[name]), exchange)


def _json_or_none(exchange: Exchange) -> object:
    """Return a body that is JSON; one that is none is another clause's."""
    try:
        body: object = json_of(exchange)
    except BreachError:
        return None
    return body


def _no_fault_of_its_own(exchange: Exchange) -> None:
    if exchange.status >= 500:
        raise BreachError("any answer but 5xx", str(exchange.status), exchange)
    if exchange.answer is None:
        raise BreachError("an answer", exchange.trouble or "none", exchange)


OF_ALL: Mapping[str, Callable[[Exchange], None]] = {
    "base.json.response": _success_is_an_object,
    "errors.always": _error_is_json,
    "errors.body": _error_has_both_members,
    "errors.body.error": partial(_error_member, name="error"),
    "errors.body.message": partial(_error_member, name="message"),
    "errors.500": _no_fault_of_its_own,
}
"""What every answer has to obey, by the clauses."""


def _observed(scene: Scene) -> dict[str, object]:
    """Return what the server does where the document is silent (``choices.md``); only of what was asked anyway."""
    asked = vars(scene)
    told: dict[str, object] = {}
    for name, key in (("full", "send"), ("created", "keys.create"), ("revocation", "keys.revoke")):
        if isinstance(exchange := asked.get(name), Exchange):
            told[f"{key}.successStatus"] = exchange.status
    if isinstance(listed := asked.get("listed"), Exchange):
        body = _json_or_none(listed)
        if isinstance(body, dict) and isinstance(body.get("pagination"), dict):
            told["messages.perPage"] = body["pagination"].get("perPage")
    return told


def _clean_up(scene: Scene, verdict: Verdict) -> None:
    """Revoke what was made and is left; that it fails is told, and is no breach."""
    for made in scene.made:
        verdict.created.append(made.id)
        if made not in scene.revoked:
            exchange = scene.party.revoke_key(made.id)
            if not exchange.succeeded:
                continue
        verdict.removed.append(made.id)
