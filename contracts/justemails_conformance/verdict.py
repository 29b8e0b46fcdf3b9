"""What comes of judging a server."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from justemails_conformance.clauses import Clause, Profile
from justemails_conformance.client import Journal
from justemails_conformance.transport import Exchange


class Outcome(StrEnum):
    """What came of a check."""

    PASS = "pass"  # noqa: S105  # no password
    FAIL = "fail"
    WARN = "warn"
    SKIP = "skip"  # something that it needs is missing, which the report names
    INCONCLUSIVE = "inconclusive"  # it was checked and shows nothing, for a reason that the report names
    ERROR = "error"  # our own fault


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of the check of one clause; nothing in it shows a key.

    Args:
        got: what came, or why nothing can be said.
        expected_failure: why the people behind the server know that it fails here; None: they do not.
    """

    clause: Clause
    outcome: Outcome
    expected: str = ""
    got: str = ""
    exchange: Exchange | None = None
    expected_failure: str | None = None

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASS

    @property
    def is_bad_news(self) -> bool:
        """Whether it is a failure that nobody expected, or one that was expected and is over."""
        if self.expected_failure is not None:
            return self.passed
        return self.outcome is Outcome.FAIL


@dataclass(frozen=True, slots=True)
class About:
    """What the people behind a server say of it; the report carries it as it is."""

    name: str | None = None
    version: str | None = None
    url: str | None = None
    contact: Sequence[str] = ()


@dataclass(slots=True)
class Verdict:
    """What came of a run.

    Args:
        seed: repeats it, as far as the server does its part.
        options: what was asked for on the command line, for the line that repeats it. A key stands in it by its name,
            as in ``--other-key <other-key>``; the base URL, the profile, the clauses and the seed are left out.
        everything: whether whole profiles were judged, and not some clauses of them.
    """

    base_url: str
    started: datetime
    seed: int = 0
    profiles: Sequence[Profile] = ()
    findings: list[Finding] = field(default_factory=list)
    observed: dict[str, object] = field(default_factory=dict)
    journal: Journal = field(default_factory=Journal)
    seconds: float = 0.0
    created: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    about: About = About()
    options: Sequence[str] = ()
    everything: bool = True

    def count(self, outcome: Outcome) -> int:
        return sum(finding.outcome is outcome for finding in self.findings)

    @property
    def enough(self) -> bool:
        """Whether so much was verified that the run means something: more passed than not, and something did."""
        judged = self.count(Outcome.PASS) + self.count(Outcome.FAIL) + self.count(Outcome.WARN)
        return judged > self.count(Outcome.SKIP) + self.count(Outcome.INCONCLUSIVE) and self.count(Outcome.PASS) > 0

    @property
    def verified(self) -> bool:
        """Whether the run is one to be relied on; of some clauses it is as soon as anything was seen of them."""
        if self.everything:
            return self.enough
        return any(self.count(outcome) for outcome in (Outcome.PASS, Outcome.WARN, Outcome.FAIL))

    def exit_code(self) -> int:
        """Return the exit code of a run; one that verified nothing is no success."""
        if self.count(Outcome.ERROR):
            return 4
        if any(finding.is_bad_news for finding in self.findings):
            return 1
        return 0 if self.verified else 3
