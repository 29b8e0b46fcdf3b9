"""A server that nobody made for this suite passes: what it checks is the document, and not the reference's ways."""

import ast
import sys
from pathlib import Path
from types import ModuleType
from unittest import mock
from urllib.parse import urlsplit

import pytest
from tests.conformance import broken_mta, micro, micro_mta
from tests.conformance.hostile import hangs, server
from tests.conformance.mutants.serving import Waiting

from justemails_conformance.clauses import Profile
from justemails_conformance.judge import Judge
from justemails_conformance.run import Credentials
from justemails_conformance.transport import Target
from justemails_conformance.verdict import Finding, Outcome, Verdict


def judged(profile: Profile) -> Verdict:
    waiting = Waiting()
    with micro.serving(waiting.now_s) as (base_url, key):
        credentials = Credentials(key, f"hello@{micro.VERIFIED}", unverified="x@unverified.example")
        return Judge(Target(base_url), credentials, profiles=[profile], wait=waiting.wait).judge()


def test_it_passes_the_core_profile_and_what_it_chooses_otherwise_is_a_warning_or_observed() -> None:
    verdict = judged(Profile.CORE)

    assert [(f.clause.id, f.got) for f in verdict.findings if f.outcome in {Outcome.FAIL, Outcome.ERROR}] == []
    assert [f.clause.id for f in verdict.findings if f.outcome is Outcome.WARN] == [
        "send.response.id.prefix",
        "messages.data.more",
        "keys.create.response.id.prefix",
    ]
    assert verdict.observed["send.successStatus"] == 202
    assert verdict.observed["keys.create.successStatus"] == 201


def test_it_passes_the_limits_profile() -> None:
    assert [(f.clause.id, f.got) for f in judged(Profile.LIMITS).findings if f.outcome is not Outcome.PASS] == []


@pytest.mark.parametrize(
    ("program", "others"),
    [
        (micro, set()),
        (micro_mta, {"dkim", "dns.exception", "dns.resolver", "tests.conformance.micro"}),
        (broken_mta, {"tests.conformance.micro_mta"}),
    ],
)
def test_it_uses_nothing_but_the_standard_library_and_what_is_no_code_of_ours(
    program: ModuleType, others: set[str]
) -> None:
    tree = ast.parse(Path(str(program.__file__)).read_text("utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}

    assert {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names} == others


def over_https(base_url: str, port_of: str) -> Target:
    """Return the server as if it spoke TLS, at the port of some URL."""
    target = Target(base_url)
    target.base_url = f"https://{urlsplit(port_of).netloc}{urlsplit(base_url).path}"
    return target


def judged_over_https(*, plain_http_too: bool) -> Finding:
    time = Waiting()
    with micro.serving(time.now_s) as (base_url, key), server(hangs) as nobody:
        target = over_https(base_url, base_url if plain_http_too else nobody)
        judge = Judge(target, Credentials(key, f"hello@{micro.VERIFIED}"), only=lambda clause: clause == "base.https")
        with mock.patch("justemails_conformance.core.asking._PLAIN_DEADLINE_S", 0.2):
            (finding,) = judge.judge().findings
    return finding


def test_an_api_that_is_served_over_plain_http_too_breaks_a_promise() -> None:
    """[base.https]"""
    assert judged_over_https(plain_http_too=True).outcome is Outcome.FAIL
    assert judged_over_https(plain_http_too=False).outcome is Outcome.PASS
