"""The core profile: the reference passes, and what is told of a failure; what fails is in ``test_kills``."""

from collections import Counter
from functools import partial
from typing import Any

import pytest
from tests.conformance.conftest import advance
from tests.conformance.hostile import hangs, says, server
from tests.conformance.mutants.exchange import Asked, Change, Ground, Said, answers, said, without
from tests.conformance.mutants.serving import _dated, serving, spoken

from justemails.api.keys import issue_key
from justemails.records import Account
from justemails_command.serving import ServedSandbox
from justemails_conformance import contract
from justemails_conformance.clauses import Profile, clauses
from justemails_conformance.core import CORE, ENDING
from justemails_conformance.everything import OF_ALL
from justemails_conformance.judge import Judge, UnreachableError
from justemails_conformance.reports.json_report import as_json
from justemails_conformance.reports.text import told
from justemails_conformance.run import Credentials
from justemails_conformance.transport import Target
from justemails_conformance.verdict import Outcome, Verdict
from justemails_contract.operations import Scope


def judged(served: ServedSandbox, change: Change = lambda api, _: api, **credentials: str) -> Verdict:
    served.limiter.forget()
    with serving(change(_dated(spoken(served), served), Ground(served.key))) as base_url:
        given = Credentials(served.key, "hello@yourdomain.com", unverified="x@unverified.example", **credentials)
        return Judge(Target(base_url), given, wait=partial(advance, served)).judge()


def test_every_clause_of_the_profile_has_a_check_and_no_other_has() -> None:
    core = {clause.id for clause in clauses().values() if clause.profile is Profile.CORE}

    assert {*CORE} | {*ENDING} | {*OF_ALL} | {*contract.checks([], [])} == core


def test_the_reference_passes_with_few_requests_and_leaves_nothing_behind(served: ServedSandbox) -> None:
    verdict = judged(served)

    assert [f.clause.id for f in verdict.findings if f.outcome is not Outcome.PASS] == [
        "status.account",
        "messages.filters",
        "messages.account",
        "keys.list.account",
        "keys.revoke.account",
        "errors.403",
        "base.https",
    ]
    requests = verdict.journal.requests
    assert sum(requests.values()) <= 60
    assert max(key_calls(verdict).values()) <= 9
    assert verdict.journal.unexpected_429 == 0
    assert verdict.created == verdict.removed != []
    assert verdict.enough


def test_with_more_keys_more_is_judged(served: ServedSandbox) -> None:
    other = Account(served.new_id("acc"), "Another", served.clock.now())
    served.store.add_account(other)
    keys = {
        "restricted_key": issued(served, served.store.accounts()[0].id, Scope.SEND),
        "other_key": issued(served, other.id, Scope.FULL),
    }

    verdict = judged(served, lambda api, _: api, **keys)

    assert [f.clause.id for f in verdict.findings if f.outcome is not Outcome.PASS] == [
        "messages.filters",
        "base.https",
    ]
    assert sum(verdict.journal.requests.values()) <= 66


def key_calls(verdict: Verdict) -> Counter[str]:
    """Return how often each key, or none, was used for the management of keys."""
    asked = [exchange.request for exchange in verdict.journal.exchanges]
    return Counter(r.headers.get("Authorization", "") for r in asked if r.path.startswith("/api-keys"))


def issued(served: ServedSandbox, account_id: str, scope: Scope) -> str:
    """Return a new key."""
    return issue_key(served.store, account_id, "x", scope, served.clock, served.new_id, served.new_secret)[1]


def test_a_failure_tells_the_promise_what_was_expected_and_how_to_see_it_again(served: ServedSandbox) -> None:
    verdict = judged(served, answers("send", without("id")))

    (finding,) = [one for one in verdict.findings if one.outcome is Outcome.FAIL]
    text = "\n".join(told(verdict.base_url, finding))
    assert "`id` names the message" in text
    assert "expected  id: a text that is not empty" in text
    assert "no member id, but createdAt, from, status, to" in text
    assert f'curl -i -X POST {verdict.base_url}/send -H "Authorization: Bearer $JUSTEMAILS_KEY"' in text


def test_no_key_is_in_the_report(served: ServedSandbox) -> None:
    verdict = judged(served, said(_errors_echo_the_key))

    report = str(as_json(verdict))
    assert served.key not in report
    assert "<key>" in report
    assert "je_live_" not in report.replace("je_live_0", "").replace("je_live_abc123", "").replace("`je_live_`", "")


def _errors_echo_the_key(asked: Asked, answer: Said) -> Said | None:
    return answer.saying({"error": asked.authorization}) if answer.status >= 400 else None


def test_a_key_that_is_echoed_by_what_is_no_such_server_is_not_shown() -> None:
    key = "je_live_0123456789abcdefghijklmnopqrstuv"
    deed = says(f"HTTP/1.1 302 Found\r\nLocation: /{key}\r\nContent-Length: 0\r\n\r\n".encode())

    with server(deed) as base_url, pytest.raises(UnreachableError, match='leads to "/<key>"'):
        Judge(Target(base_url), Credentials(key, "a@b.example")).judge()


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        (hangs, "no (whole )?answer (with)?in"),
        (
            says(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<html>hi</html>"),
            "not with JSON",
        ),
        (says(b"SSH-2.0-OpenSSH_9.2\r\n"), "no HTTP"),
        (
            says(b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\nContent-Length: 0\r\n\r\n"),
            'leads to "http://elsewhere.example/" and is not followed',
        ),
        (says(b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + b" " * 2_000_000), "more than a megabyte"),
    ],
)
def test_what_is_no_such_server_is_said_in_one_line(deed: Any, words: str) -> None:
    with server(deed) as base_url:
        judge = Judge(
            Target(base_url, deadline_s=0.2 if deed is hangs else 2.0), Credentials("je_live_x", "a@b.example")
        )
        with pytest.raises(UnreachableError, match=words) as caught:
            judge.judge()

    assert "\n" not in str(caught.value)
