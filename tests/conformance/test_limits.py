"""The limits profile: the sandbox passes, and Retry-After is read; other limiters are in ``test_kills``."""

from collections.abc import Callable

import pytest

from justemails_command.serving import ServedSandbox
from justemails_conformance.clauses import Profile, clauses
from justemails_conformance.evidence import retry_after_s
from justemails_conformance.judge import Judge
from justemails_conformance.limits import LIMITS
from justemails_conformance.run import Credentials
from justemails_conformance.transport import Answer, Exchange, Request, Target
from justemails_conformance.verdict import Outcome


def test_every_clause_of_the_profile_has_a_check() -> None:
    assert {*LIMITS} == {clause.id for clause in clauses().values() if clause.profile is Profile.LIMITS}


@pytest.mark.slow
def test_the_sandbox_passes_and_nothing_is_left(served: ServedSandbox, waiting: Callable[[float], None]) -> None:
    credentials = Credentials(served.key, "hello@yourdomain.com")
    verdict = Judge(Target(served.api), credentials, profiles=[Profile.LIMITS], wait=waiting).judge()

    assert [f.clause.id for f in verdict.findings if f.outcome is not Outcome.PASS] == []
    assert verdict.created == verdict.removed
    assert len(verdict.created) == 3 + 5  # three that ask, and what a burst of ten calls makes


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("0", 0.0),
        ("60", 60.0),
        (" 7 ", 7.0),
        ("Mon, 06 Apr 2026 12:00:30 GMT", 30.0),
        ("Mon, 06 Apr 2026 11:00:00 GMT", 0.0),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("\u0661", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(told: str, seconds: float | None) -> None:
    """RFC 9110 10.2.3."""
    headers = [("Retry-After", told), ("Date", "Mon, 06 Apr 2026 12:00:00 GMT")]
    exchange = Exchange(Request("GET", "/"), Answer(429, headers, b""), None, 0.0)

    assert retry_after_s(exchange) == seconds
