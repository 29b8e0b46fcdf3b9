"""How a server stands with what the document promises: the clauses of level M, and no others."""

from dataclasses import dataclass

from justemails_conformance.clauses import Level, clauses
from justemails_conformance.reports.wording import is_expected
from justemails_conformance.verdict import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Tally:
    """How many promises there are, and what became of them.

    Args:
        promised: all of the profiles, judged or not.
        kept: a warning beside it breaks no promise.
        expected: how many of the broken ones are known to their people.
    """

    promised: int
    kept: int
    broken: int
    expected: int

    @property
    def judged(self) -> int:
        return self.kept + self.broken


def tally(verdict: Verdict) -> Tally:
    """Count the promises of a run."""
    of_profiles = [one for one in clauses().values() if one.level is Level.MUST and one.profile in verdict.profiles]
    musts = [finding for finding in verdict.findings if finding.clause.level is Level.MUST]
    return Tally(
        promised=max(len(of_profiles), len(musts)),
        kept=sum(finding.outcome in {Outcome.PASS, Outcome.WARN} for finding in musts),
        broken=sum(finding.outcome is Outcome.FAIL for finding in musts),
        expected=sum(is_expected(finding) for finding in musts),
    )


def headline(verdict: Verdict) -> str:
    """Say in a sentence what came of a run."""
    count = tally(verdict)
    if count.broken:
        which = {0: "", count.broken: ", as expected"}.get(count.expected, f", {count.expected} of them as expected")
        return f"It breaks {count.broken} of {promises(count.judged)}{which}"
    if errors := verdict.count(Outcome.ERROR):
        return f"The suite itself failed at {errors} of its checks"
    if not verdict.verified:
        return "Too little could be verified for a verdict"
    over = sum(finding.passed and finding.is_bad_news for finding in verdict.findings)
    if over:
        return f"It keeps every promise that was checked, so --xfail is out of date: {over} of its failures are over"
    return "It keeps every promise that was checked"


def promises(count: int) -> str:
    """Return a number of promises in words."""
    return f"{count} promise{'' if count == 1 else 's'}"
