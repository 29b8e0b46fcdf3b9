"""Judging a server: makes the checks, looks at everything that was said meanwhile, and cleans up."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial

from justemails_conformance import clock
from justemails_conformance.clauses import Clause, Level, Profile, clauses
from justemails_conformance.core import CORE
from justemails_conformance.evidence import BreachError, SkippedError, is_text, json_of, shown
from justemails_conformance.limits import LIMITS, Bursts
from justemails_conformance.party import Journal, Party, redacted
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
        self._secrets = {
            secret: f"<{name}>"
            for name, secret in (
                ("key", means.key),
                ("other-key", means.other_key),
                ("send-only-key", means.restricted_key),
            )
            if secret
        }

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
            for clause, check in self._checks(scene):
                if self._only(clause):
                    self._keep(verdict, self._made(clauses()[clause], check))
            for finding in _of_the_whole(verdict.journal.exchanges):
                if Profile.CORE in self._profiles and self._only(finding.clause.id):
                    self._keep(verdict, finding)
        finally:
            _clean_up(scene, verdict)
        verdict.observed = _observed(scene)
        verdict.seconds = clock.elapsed_s() - began
        self._secrets |= {made.secret: "<new key>" for made in scene.made}
        verdict.findings = [self._redacted(finding) for finding in verdict.findings]
        return verdict

    def _checks(self, scene: Scene) -> Iterator[tuple[str, Callable[[], None]]]:
        if Profile.CORE in self._profiles:
            yield from ((clause, partial(check, scene)) for clause, check in CORE.items())
        if Profile.LIMITS in self._profiles:
            bursts = Bursts(scene)
            yield from ((clause, partial(check, bursts)) for clause, check in LIMITS.items())

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
        exchange = finding.exchange and redacted(finding.exchange, self._secrets)
        texts = [finding.expected, finding.got]
        for secret, name in self._secrets.items():
            texts = [text.replace(secret, name) for text in texts]
        return Finding(finding.clause, finding.outcome, texts[0], texts[1], exchange)


def _look_for_the_api(party: Party) -> None:
    """Ask for the list of messages once: what has no JSON for that is no server of this API, or not there."""
    exchange = party.messages()
    if exchange.answer is None:
        raise UnreachableError(exchange.trouble or "no answer")
    try:
        json_of(exchange)
    except BreachError:
        kind = exchange.answer.header("Content-Type") or "no content type"
        answer = f"{exchange.answer.status} and {shown(kind)}"
        raise UnreachableError(f"GET /messages is answered with {answer}, not with JSON; is it the base URL?") from None
    if exchange.answer.status == 401:
        raise UnreachableError("GET /messages is answered with 401: is the key right?")


def _of_the_whole(exchanges: Sequence[Exchange]) -> Iterator[Finding]:
    """Judge the clauses that every answer has to obey."""
    wholes: Mapping[str, Callable[[Exchange], None]] = {
        "base.json.response": _success_is_an_object,
        "errors.always": _error_is_json,
        "errors.body": _error_has_both_members,
        "errors.body.error": lambda exchange: _error_member(exchange, "error"),
        "errors.body.message": lambda exchange: _error_member(exchange, "message"),
        "errors.500": _no_fault_of_its_own,
    }
    for clause, look in wholes.items():
        yield _first_breach(clauses()[clause], look, exchanges)


def _first_breach(clause: Clause, look: Callable[[Exchange], None], exchanges: Sequence[Exchange]) -> Finding:
    for exchange in exchanges:
        try:
            look(exchange)
        except BreachError as ex:
            return Finding(clause, Outcome.WARN if ex.warns else Outcome.FAIL, ex.expected, ex.got, ex.exchange)
    return Finding(clause, Outcome.PASS)


def _status(exchange: Exchange) -> int:
    return exchange.answer.status if exchange.answer else 0


def _success_is_an_object(exchange: Exchange) -> None:
    if not 200 <= _status(exchange) < 300:
        return
    body = json_of(exchange)
    if not isinstance(body, dict):
        raise BreachError("a JSON object", shown(body), exchange)
    kind = exchange.answer.header("Content-Type") if exchange.answer else None
    if (kind or "").partition(";")[0].strip().lower() != "application/json":
        raise BreachError("Content-Type: application/json", shown(kind), exchange, warns=True)


def _error_is_json(exchange: Exchange) -> None:
    if _status(exchange) >= 400:
        json_of(exchange)


def _error_has_both_members(exchange: Exchange) -> None:
    if _status(exchange) >= 400:
        body = _json_or_none(exchange)
        if body is not None and not (isinstance(body, dict) and {"error", "message"} <= body.keys()):
            raise BreachError("an object with error and message", shown(body), exchange)


def _error_member(exchange: Exchange, name: str) -> None:
    if _status(exchange) >= 400:
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
    if _status(exchange) >= 500:
        raise BreachError("any answer but 5xx", str(_status(exchange)), exchange)
    if exchange.answer is None:
        raise BreachError("an answer", exchange.trouble or "none", exchange)


def _observed(scene: Scene) -> dict[str, object]:
    """Return what the server does where the document is silent (``choices.md``); only of what was asked anyway."""
    asked = vars(scene)
    told: dict[str, object] = {}
    for name, key in (("full", "send"), ("created", "keys.create"), ("revocation", "keys.revoke")):
        if isinstance(exchange := asked.get(name), Exchange):
            told[f"{key}.successStatus"] = _status(exchange)
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
            if not 200 <= _status(exchange) < 300:
                continue
        verdict.removed.append(made.id)
