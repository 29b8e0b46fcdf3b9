"""Judging a server: makes the checks, looks at everything that was said meanwhile, and cleans up."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from random import SystemRandom
from types import MappingProxyType

from justemails_conformance import clock, contract, core, delivery, everything, fuzz, limits, security
from justemails_conformance.checks import Check
from justemails_conformance.clauses import Clause, Level, Profile, clauses
from justemails_conformance.client import Client, Tier, quoted
from justemails_conformance.control import Control, ControlError, Made
from justemails_conformance.declared import Declared
from justemails_conformance.equipment import equip
from justemails_conformance.evidence import BreachError, InconclusiveError, SkippedError, json_of, shown
from justemails_conformance.observed import observed
from justemails_conformance.pace import Pace
from justemails_conformance.redaction import Redaction
from justemails_conformance.run import Credentials, Run
from justemails_conformance.transport import Answer, Exchange, Target
from justemails_conformance.verdict import Finding, Outcome, Verdict

CHECKS: Mapping[Profile, Callable[[Run], Mapping[str, Check]]] = {
    Profile.CORE: core.checks,
    Profile.LIMITS: limits.checks,
    Profile.DELIVERY: delivery.checks,
    Profile.SECURITY: security.checks,
    Profile.FUZZ: fuzz.checks,
}
"""Who makes the checks of a profile; in this order."""

_FAULTS_TOLD = 2
_A_REST_S = 61.0  # after which an earlier run counts against no limit; on a clock that is moved it costs nothing
_SECRET = 16  # characters; what is shorter is no secret, and may stand in any text


class UnreachableError(Exception):
    """There is no server of this API to be judged; the message says what there is."""


class Judge:
    """Judges one server.

    Args:
        profiles: what to judge.
        only: says of a clause whether it is wanted.
        listen: told of each finding as soon as it is made.
        on_wait: told how long there is going to be a wait.
        expected: why some clauses are known to fail.
        declared: what the server says of itself.
        control: what is around the server, where it can be reached; it moves the server's clock instead of waiting.
        wait: waits for so many seconds, where no control moves the clock.
        stands_still: whether the server's clock goes on by such waits alone.
        seed: decides everything that is drawn; another one at every run where none is given.
    """

    def __init__(
        self,
        target: Target,
        credentials: Credentials,
        *,
        profiles: Sequence[Profile] = (Profile.CORE,),
        only: Callable[[str], bool] = lambda clause: True,
        listen: Callable[[Finding], None] = lambda finding: None,
        on_wait: Callable[[float], None] = lambda seconds: None,
        expected: Mapping[str, str] = MappingProxyType({}),
        control: Control | None = None,
        declared: Declared = Declared(),  # noqa: B008  # frozen
        wait: clock.Wait = clock.wait,
        stands_still: bool = False,
        seed: int | None = None,
    ) -> None:
        self._target = target
        self._credentials = credentials
        self._profiles = profiles
        self._only = only
        self._listen = listen
        self._control = control
        self._declared = declared
        self._expected = expected
        if control is not None and control.moves_the_clock:
            self._pace = Pace(control.advance, stands_still=control.clock_stands_still)
        else:
            self._pace = Pace(wait, on_wait, stands_still=stands_still)
        self._seed = SystemRandom().randrange(10**9) if seed is None else seed
        self._redaction = Redaction()
        for name, secret in (
            ("key", credentials.key),
            ("other-key", credentials.other_key),
            ("send-only-key", credentials.restricted_key),
        ):
            if secret:
                self._redaction.hide(secret, name)
        for name, text in security.near_misses(credentials.key).items():
            if len(text) >= _SECRET:
                self._redaction.hide(text, f"key {name}")

    def judge(self) -> Verdict:
        """Make every check of the profiles.

        Raises:
            UnreachableError: there is nothing to be judged.
        """
        began = clock.elapsed_s()
        verdict = Verdict(self._target.base_url, clock.now(), self._seed, self._profiles)
        if self._control is not None and self._control.moves_the_clock:
            self._pace.wait(_A_REST_S)
        client = Client(self._target, self._credentials.key, verdict.journal, self._pace)
        try:
            before = _look_for_the_api(client)
        except UnreachableError as ex:
            raise UnreachableError(self._redaction.text(str(ex))) from None
        run = Run(client, self._credentials, self._seed, self._pace, before, self._control, self._declared)
        try:
            equip(run, self._redaction)
            for clause, check in self._checks(run, verdict):
                if self._only(clause):
                    self._keep(verdict, _once_told(_made(clauses()[clause], check), verdict))
        finally:
            _clean_up(run, verdict)
        verdict.seconds = clock.elapsed_s() - began
        for made in run.made:
            if made.secret not in self._redaction.names:
                self._redaction.hide(made.secret, "new key")
        verdict.findings = [self._redacted(finding) for finding in verdict.findings]
        verdict.observed = {name: self._redaction.value(value) for name, value in observed(run).items()}
        verdict.created, verdict.removed = (
            [*map(self._redaction.text, ids)] for ids in (verdict.created, verdict.removed)
        )
        return verdict

    def _checks(self, run: Run, verdict: Verdict) -> Iterator[tuple[str, Check]]:
        for profile, checks in CHECKS.items():
            if profile in self._profiles:
                yield from checks(run).items()
        if Profile.CORE in self._profiles:
            yield from core.last_checks(run).items()
            yield from everything.checks(verdict.journal.exchanges).items()
            yield from contract.checks(verdict.journal.exchanges, verdict.findings).items()

    def _keep(self, verdict: Verdict, finding: Finding) -> None:
        finding = replace(finding, expected_failure=self._expected.get(finding.clause.id))
        verdict.findings.append(finding)
        self._listen(self._redacted(finding))

    def _redacted(self, finding: Finding) -> Finding:
        hide = self._redaction
        exchange = finding.exchange and hide.exchange(finding.exchange)
        return replace(finding, expected=hide.text(finding.expected), got=hide.text(finding.got), exchange=exchange)


def _made(clause: Clause, check: Check) -> Finding:
    try:
        check()
    except BreachError as ex:
        outcome = Outcome.FAIL if clause.level is Level.MUST and not ex.warns else Outcome.WARN
        return Finding(clause, outcome, ex.expected, ex.got, ex.exchange)
    except SkippedError as ex:
        return Finding(clause, Outcome.SKIP, got=str(ex))
    except (InconclusiveError, ControlError) as ex:
        return Finding(clause, Outcome.INCONCLUSIVE, got=str(ex))
    except Exception as ex:  # noqa: BLE001  # a fault of the suite is no verdict on the server
        return Finding(clause, Outcome.ERROR, got=f"{type(ex).__name__}: {ex}")
    return Finding(clause, Outcome.PASS)


def _once_told(finding: Finding, verdict: Verdict) -> Finding:
    """Return a finding; where a server fails at whatever is bad, [errors.500] tells it and not every clause."""
    if not _is_fault(finding) or finding.clause.id == "errors.500" or finding.clause.profile is not Profile.CORE:
        return finding
    told = sum(_is_fault(earlier) for earlier in verdict.findings)
    return finding if told < _FAULTS_TOLD else Finding(finding.clause, Outcome.SKIP, got="needs errors.500")


def _is_fault(finding: Finding) -> bool:
    return finding.outcome is Outcome.FAIL and finding.exchange is not None and finding.exchange.status >= 500


def _look_for_the_api(client: Client) -> Exchange:
    """Return the list of messages: what has no JSON for that is no server of this API, or not there."""
    exchange = client.messages()
    if exchange.answer is None:
        raise UnreachableError(exchange.trouble or "no answer")
    try:
        json_of(exchange)
    except BreachError:
        raise UnreachableError(f"GET /messages is answered with {_no_json(exchange.status, exchange.answer)}") from None
    if exchange.status == 401:
        raise UnreachableError("GET /messages is answered with 401: is the key right?")
    if exchange.status == 429:
        raise UnreachableError("GET /messages is answered with 429, before and after the wait that it asks for")
    return exchange


def _no_json(status: int, answer: Answer) -> str:
    """Say what came instead of JSON, and what to do."""
    if 300 <= status < 400:
        elsewhere = shown(answer.header("Location") or "nowhere")
        return f"{status}, which leads to {elsewhere} and is not followed; is that the base URL?"
    if answer.truncated:
        return f"{status} and more than a megabyte; is it the base URL?"
    kind = shown(answer.header("Content-Type") or "no content type")
    return f"{status} and {kind}, not with JSON; is it the base URL?"


def _clean_up(run: Run, verdict: Verdict) -> None:
    """Revoke what was made and is left; that it fails is told, and is no breach."""
    with suppress(ControlError):
        run.at_end.close()
    for made in run.made:
        verdict.created.append(made.id)
        if made in run.revoked or _revoke(run.client, made):
            verdict.removed.append(made.id)


def _revoke(client: Client, made: Made) -> bool:
    """Have a key revoke itself, which costs our own no call; where it may not, we do."""
    try:
        return _revoked(client, made)
    except InconclusiveError:  # nothing is answered any more
        return False


def _revoked(client: Client, made: Made) -> bool:
    itself = client.with_key(made.secret).try_once(Tier.KEYS, "DELETE", f"/api-keys/{quoted(made.id)}")
    return itself.succeeded or client.revoke_key(made.id).succeeded
