"""The delivery profile: the sandbox passes, and what goes wrong with the mail itself fails by the right clause."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pytest
from tests.conformance.mutants import Change, Changing

from justemails.domains import records_of
from justemails.http_server import WsgiApp
from justemails_conformance.clauses import Profile, clauses
from justemails_conformance.control import Control, Mail
from justemails_conformance.delivery import DELIVERY
from justemails_conformance.judge import Judge
from justemails_conformance.scene import Means
from justemails_conformance.transport import Target
from justemails_conformance.verdict import Outcome, Verdict
from justemails_sandbox.sending import SENDING_HOST
from justemails_sandbox.served import ServedSandbox
from justemails_sandbox.settings import SandboxSettings


@dataclass
class Bent(ServedSandbox):
    """A sandbox whose requests and answers can be changed on their way."""

    settings: SandboxSettings = field(default_factory=lambda: SandboxSettings(virtual=True))
    change_request: Any = None
    change_answer: Change | None = None

    def __post_init__(self) -> None:
        super().__init__(self.settings)

    def make_api(self) -> WsgiApp:
        app = super().make_api()

        def serve(environ: dict[str, Any], start_response: Any) -> Any:
            if self.change_request and environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"].endswith("/send"):
                body = json.loads(environ["wsgi.input"].read())
                self.change_request(body)
                data = json.dumps(body).encode()
                environ |= {"wsgi.input": BytesIO(data), "CONTENT_LENGTH": str(len(data))}
            answering = app if self.change_answer is None else Changing(app, self.change_answer)
            return answering(environ, start_response)

        return serve


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Bent]:
    made = Bent()
    made.start()
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def straight(sandbox: Bent) -> Iterator[None]:
    """Nothing is left bent for the next test."""
    yield
    sandbox.change_request = sandbox.change_answer = None


def judged(sandbox: Bent, control: Control | None = None) -> Verdict:
    sandbox.limiter.forget()
    means = Means(sandbox.key, "hello@yourdomain.com")
    control = control or Control(sandbox.control)
    return Judge(Target(sandbox.api), means, profiles=[Profile.DELIVERY], control=control).judge()


def failed(verdict: Verdict) -> list[str]:
    assert not verdict.count(Outcome.ERROR), [finding.got for finding in verdict.findings]
    return [finding.clause.id for finding in verdict.findings if finding.outcome is Outcome.FAIL]


def test_every_clause_of_the_profile_has_a_check() -> None:
    assert {*DELIVERY} == {clause.id for clause in clauses().values() if clause.profile is Profile.DELIVERY}


def test_the_sandbox_passes_and_nothing_is_left(sandbox: Bent) -> None:
    before = sandbox.network.behaviours()

    verdict = judged(sandbox)

    assert [(f.clause.id, f.got) for f in verdict.findings if f.outcome is not Outcome.PASS] == []
    assert verdict.created == verdict.removed
    assert sandbox.network.behaviours() == before


def test_without_a_control_api_everything_is_skipped_for_that_reason(sandbox: Bent) -> None:
    means = Means(sandbox.key, "hello@yourdomain.com")

    verdict = Judge(Target(sandbox.api), means, profiles=[Profile.DELIVERY]).judge()

    assert {(f.outcome, "--control" in f.got) for f in verdict.findings} == {(Outcome.SKIP, True)}
    assert not verdict.enough


REQUESTS = {
    "the text is lost": (lambda body: body.pop("text", None) if "html" in body else None, "send.request.delivered"),
    "the HTML is lost": (lambda body: body.pop("html", None) if "text" in body else None, "send.request.delivered"),
    "the reply address is lost": (lambda body: body.pop("replyTo", None), "send.request.delivered"),
    "the extra header is lost": (lambda body: body.pop("headers", None), "send.request.delivered"),
    "letters outside ASCII are lost": (
        lambda body: body.update(subject=body["subject"].encode("ascii", "replace").decode()),
        "send.request.delivered",
    ),
    "lines of a text are joined": (
        lambda body: body.update(text=body["text"].replace("\n.\n", "\n")) if "text" in body else None,
        "send.request.delivered",
    ),
    "it goes to somebody else": (
        lambda body: body.update(to="x@else.test") if "@full" in body["to"] else None,
        "send.purpose",
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_mail_that_is_not_the_one_that_was_sent_is_noticed(name: str, sandbox: Bent) -> None:
    sandbox.change_request, clause = REQUESTS[name]

    assert failed(judged(sandbox)) == [clause]


def _always(status: str) -> Change:
    def change(one: Any) -> None:
        if one.method == "GET" and one.path.startswith("/send/") and one.status == 200:
            one.body["status"] = status

    return change


ANSWERS = {"queued": ["product.tracking"], "delivered": ["product.tracking", "product.reliable"]}


@pytest.mark.parametrize("status", ANSWERS)
def test_a_status_that_says_what_is_not_so_is_noticed(status: str, sandbox: Bent) -> None:
    """Delivered before it is, or although it never is; queued although it arrived."""
    sandbox.change_answer = _always(status)

    assert failed(judged(sandbox)) == ANSWERS[status]


@pytest.mark.parametrize(
    ("beginning", "texts", "clause"),
    [("je", ["v=DKIM1; p="], "product.dkim"), ("bounce.", ["v=spf1 -all"], "product.spf")],
)
def test_a_domain_whose_records_do_not_fit_is_noticed(
    beginning: str, texts: Sequence[str], clause: str, sandbox: Bent
) -> None:
    """As when a server signs with another key than the one in DNS, or sends from elsewhere."""
    (domain,) = sandbox.store.domains_named("yourdomain.com")
    names = [record.name for record in records_of(domain, SENDING_HOST) if record.name.startswith(beginning)]
    for name in names:
        sandbox.network.zones.set(name, "TXT", texts)
    try:
        assert failed(judged(sandbox)) == [clause]
    finally:
        for name in names:
            sandbox.network.zones.remove(name, "TXT")


class Seen(Control):
    """A control API that sees other mail than there is."""

    def __init__(self, url: str, see: Any) -> None:
        super().__init__(url)
        self._see = see

    def mails(self, *, timeout_s: int = 0, count: int = 1, **wanted: str) -> Sequence[Mail]:
        return list(self._see(wanted, super().mails(timeout_s=timeout_s, count=count, **wanted)))


def _twice(wanted: Mapping[str, str], mails: Sequence[Mail]) -> Sequence[Mail]:
    return [*mails, *mails]


def _never_again(wanted: Mapping[str, str], mails: Sequence[Mail]) -> Sequence[Mail]:
    return [] if "@later" in wanted["to"] else mails


def _from_elsewhere(wanted: Mapping[str, str], mails: Sequence[Mail]) -> Sequence[Mail]:
    return [{**mail, "headers": {**mail["headers"], "From": "hello@shared.example"}} for mail in mails]


def _with_bcc(wanted: Mapping[str, str], mails: Sequence[Mail]) -> Sequence[Mail]:
    told = "@encoded" in wanted["to"]
    return [{**mail, "headers": {**mail["headers"], "Bcc": "x@example.com"}} if told else mail for mail in mails]


@pytest.mark.parametrize(
    ("see", "clauses"),
    [
        (_twice, ["send.purpose", "send.request.delivered", "product.reliable"]),
        (_never_again, ["product.reliable"]),
        (_from_elsewhere, ["send.domain", "send.request.delivered"]),
        (_with_bcc, ["send.request.delivered"]),
    ],
)
def test_what_a_recipient_may_not_see_is_noticed(see: Any, clauses: list[str], sandbox: Bent) -> None:
    assert failed(judged(sandbox, Seen(sandbox.control, see))) == clauses


def test_on_a_clock_that_only_goes_a_retry_that_does_not_come_is_inconclusive(
    sandbox: Bent, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = Seen(sandbox.control, _never_again)
    monkeypatch.setattr(Seen, "moves_the_clock", False)
    monkeypatch.setattr("justemails_conformance.delivery._PATIENCE_S", 2)
    means = Means(sandbox.key, "hello@yourdomain.com")

    verdict = Judge(
        Target(sandbox.api), means, profiles=[Profile.DELIVERY], control=control, wait=lambda seconds: None
    ).judge()

    assert {f.clause.id: f.outcome for f in verdict.findings}["product.reliable"] is Outcome.INCONCLUSIVE
