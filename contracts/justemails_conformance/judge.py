"""Judging a server: makes the checks, looks at everything that was said meanwhile, and cleans up."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from random import SystemRandom

from justemails_conformance import clock, core, everything, fuzz, limits
from justemails_conformance.checks import Check
from justemails_conformance.clauses import Clause, Level, Profile, clauses
from justemails_conformance.evidence import BreachError, InconclusiveError, SkippedError, json_of, shown
from justemails_conformance.observed import observed
from justemails_conformance.party import Party
from justemails_conformance.redaction import Redaction
from justemails_conformance.scene import Means, Scene
from justemails_conformance.transport import Target
from justemails_conformance.verdict import Finding, Outcome, Verdict

CHECKS: Mapping[Profile, Callable[[Scene], Mapping[str, Check]]] = {
    Profile.CORE: core.checks,
    Profile.LIMITS: limits.checks,
    Profile.FUZZ: fuzz.checks,
}
"""Who makes the checks of a profile; in this order."""


class UnreachableError(Exception):
    """There is no server of this API to be judged; the message says what there is."""


class Judge:
    """Judges one server.

    Args:
        profiles: what to judge.
        only: says of a clause whether it is wanted.
        listen: told of each finding as soon as it is made.
        wait: waits for so many seconds.
        seed: decides everything that is drawn; another one at every run where none is given.
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
        seed: int | None = None,
    ) -> None:
        self._target = target
        self._means = means
        self._profiles = profiles
        self._only = only
        self._listen = listen
        self._wait = wait
        self._seed = SystemRandom().randrange(10**9) if seed is None else seed
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
        verdict = Verdict(self._target.base_url, clock.now(), self._seed, self._profiles)
        party = Party(self._target, self._means.key, verdict.journal, self._wait)
        _look_for_the_api(party)
        scene = Scene(party, self._means, self._seed, self._wait)
        try:
            for clause, check in self._checks(scene, verdict):
                if self._only(clause):
                    self._keep(verdict, _made(clauses()[clause], check))
        finally:
            _clean_up(scene, verdict)
        verdict.observed = observed(scene)
        verdict.seconds = clock.elapsed_s() - began
        for made in scene.made:
            self._redaction.hide(made.secret, "new key")
        verdict.findings = [self._redacted(finding) for finding in verdict.findings]
        return verdict

    def _checks(self, scene: Scene, verdict: Verdict) -> Iterator[tuple[str, Check]]:
        for profile, checks in CHECKS.items():
            if profile in self._profiles:
                yield from checks(scene).items()
        if Profile.CORE in self._profiles:
            yield from everything.checks(verdict.journal.exchanges).items()

    def _keep(self, verdict: Verdict, finding: Finding) -> None:
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
    except InconclusiveError as ex:
        return Finding(clause, Outcome.INCONCLUSIVE, got=str(ex))
    except Exception as ex:  # noqa: BLE001  # a fault of the suite is no verdict on the server
        return Finding(clause, Outcome.ERROR, got=f"{type(ex).__name__}: {ex}")
    return Finding(clause, Outcome.PASS)


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


def _clean_up(scene: Scene, verdict: Verdict) -> None:
    """Revoke what was made and is left; that it fails is told, and is no breach."""
    for made in scene.made:
        verdict.created.append(made.id)
        if made not in scene.revoked:
            exchange = scene.party.revoke_key(made.id)
            if not exchange.succeeded:
                continue
        verdict.removed.append(made.id)
