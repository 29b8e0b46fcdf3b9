"""The delivery profile: the sandbox passes, and what goes wrong with the mail itself fails by the right clause."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.mutants.exchange import Asked, Change, Ground, answers, asked, set_to
from tests.conformance.mutants.serving import Straight, spoken

from justemails.domains.domain import records_of
from justemails_command.serving import ServedSandbox
from justemails_conformance.clauses import Profile, clauses
from justemails_conformance.client import BUDGET, Client, Journal, Tier
from justemails_conformance.control import Control, Mail
from justemails_conformance.declared import Declared
from justemails_conformance.delivery import DELIVERY, Deliveries
from justemails_conformance.judge import Judge
from justemails_conformance.pace import Pace
from justemails_conformance.run import Credentials, Run
from justemails_conformance.target_file import read_target
from justemails_conformance.toml_reading import TomlError
from justemails_conformance.transport import Target
from justemails_conformance.verdict import Outcome, Verdict
from justemails_sandbox.sending import SENDING_HOST


def judged(served: ServedSandbox, change: Change = lambda api, _: api, control: Control | None = None) -> Verdict:
    served.limiter.forget()
    target = Straight(change(spoken(served), Ground(served.key)))
    credentials = Credentials(served.key, "hello@yourdomain.com")
    return Judge(target, credentials, profiles=[Profile.DELIVERY], control=control or Control(served.control)).judge()


def failed(verdict: Verdict) -> list[str]:
    assert not verdict.count(Outcome.ERROR), [finding.got for finding in verdict.findings]
    return [finding.clause.id for finding in verdict.findings if finding.outcome is Outcome.FAIL]


def test_every_clause_of_the_profile_has_a_check() -> None:
    assert {*DELIVERY} == {clause.id for clause in clauses().values() if clause.profile is Profile.DELIVERY}


def test_the_sandbox_passes_and_nothing_is_left(served: ServedSandbox) -> None:
    before = served.network.behaviours()

    verdict = judged(served)

    assert [(f.clause.id, f.got) for f in verdict.findings if f.outcome is not Outcome.PASS] == []
    assert verdict.created == verdict.removed
    assert served.network.behaviours() == before


def test_without_a_control_api_everything_is_skipped_for_that_reason(served: ServedSandbox) -> None:
    credentials = Credentials(served.key, "hello@yourdomain.com")

    verdict = Judge(Target(served.api), credentials, profiles=[Profile.DELIVERY]).judge()

    assert {(f.outcome, "--control" in f.got) for f in verdict.findings} == {(Outcome.SKIP, True)}
    assert not verdict.enough


REQUESTS: dict[str, tuple[Callable[[Any], object], str]] = {
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
def test_a_mail_that_is_not_the_one_that_was_sent_is_noticed(
    name: str, served: ServedSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    act, clause = REQUESTS[name]
    if clause == "send.purpose":
        monkeypatch.setattr("justemails_conformance.delivery._ARRIVES_AT_ONCE_S", 0)  # nothing is going to arrive

    def change(request: Asked, _: Ground) -> Asked | None:
        body = request.json
        if request.operation != "send" or not isinstance(body, dict):
            return None
        act(body)
        return request.saying(body)

    assert failed(judged(served, asked(change))) == [clause]


@pytest.mark.parametrize("status", ["queued", "delivered"])
def test_a_status_that_says_what_is_not_so_is_noticed(status: str, served: ServedSandbox) -> None:
    """Delivered before it is, or although it never is; queued although it arrived."""
    assert failed(judged(served, answers("status", set_to(status=status)))) == ["product.tracking"]


@pytest.mark.parametrize(
    ("beginning", "texts", "clause"),
    [("je", ["v=DKIM1; p="], "product.dkim"), ("bounce.", ["v=spf1 -all"], "product.spf")],
)
def test_a_domain_whose_records_do_not_fit_is_noticed(
    beginning: str, texts: Sequence[str], clause: str, served: ServedSandbox
) -> None:
    """As when a server signs with another key than the one in DNS, or sends from elsewhere."""
    (domain,) = served.store.domains_named("yourdomain.com")
    names = [record.name for record in records_of(domain, SENDING_HOST) if record.name.startswith(beginning)]
    for name in names:
        served.network.zones.set(name, "TXT", texts)
    try:
        assert failed(judged(served)) == [clause]
    finally:
        for name in names:
            served.network.zones.remove(name, "TXT")


class Seen(Control):
    """A control API that sees other mail than there is."""

    def __init__(self, url: str, see: Any) -> None:
        super().__init__(url)
        self._see = see

    def mails(self, *, timeout_s: int = 0, count: int = 1, **wanted: str) -> Sequence[Mail]:
        return list(self._see(wanted, super().mails(timeout_s=timeout_s, count=count, **wanted)))


def _twice(wanted: Mapping[str, str], mails: Sequence[Mail]) -> Sequence[Mail]:
    return [*mails, *mails]


def _twice_if_it_was_put_off(wanted: Mapping[str, str], mails: Sequence[Mail]) -> Sequence[Mail]:
    return [*mails, *mails] if "@later" in wanted["to"] else mails


def _twice_if_it_has_lone_dots(wanted: Mapping[str, str], mails: Sequence[Mail]) -> Sequence[Mail]:
    return [*mails, *mails] if "@hard" in wanted["to"] else mails


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
        (_twice, ["send.purpose"]),
        (_twice_if_it_was_put_off, ["product.reliable"]),
        (_twice_if_it_has_lone_dots, ["send.request.delivered"]),
        (_never_again, ["product.tracking", "product.reliable"]),  # the first one since it is called delivered
        (_from_elsewhere, ["send.domain", "send.request.delivered"]),
        (_with_bcc, ["send.request.delivered"]),
    ],
)
def test_what_a_recipient_may_not_see_is_noticed(see: Any, clauses: list[str], served: ServedSandbox) -> None:
    assert failed(judged(served, control=Seen(served.control, see))) == clauses


@pytest.mark.parametrize(
    ("declared", "outcome"),
    [(Declared(), Outcome.INCONCLUSIVE), (Declared(retries_within_s=60), Outcome.FAIL)],
)
def test_on_a_clock_that_only_goes_a_retry_that_does_not_come_is_a_failure_where_it_is_declared(
    declared: Declared, outcome: Outcome, served: ServedSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = Seen(served.control, _never_again)
    monkeypatch.setattr(Seen, "moves_the_clock", False)
    served.limiter.forget()
    waited: list[float] = []

    verdict = Judge(
        Target(served.api),
        Credentials(served.key, "hello@yourdomain.com"),
        profiles=[Profile.DELIVERY],
        control=control,
        declared=declared,
        wait=waited.append,
    ).judge()

    assert {f.clause.id: f.outcome for f in verdict.findings}["product.reliable"] is outcome
    assert (declared.retries_within_s or 120) <= sum(waited) < 180
    assert verdict.journal.requests[Tier.READ] < BUDGET[Tier.READ]


def test_a_server_that_declares_that_it_takes_its_time_is_waited_for_that_long(served: ServedSandbox) -> None:
    asked: list[int] = []

    class Slow(Control):
        moves_the_clock = False

        def mails(self, *, timeout_s: int = 0, count: int = 1, **wanted: str) -> Sequence[Mail]:
            asked.append(timeout_s)
            return []

    run = Run(
        Client(Target(served.api), served.key, Journal()),
        Credentials(served.key, "hello@yourdomain.com"),
        1,
        Pace(lambda seconds: None),
        control=Slow(served.control),
        declared=Declared(delivers_within_s=70),
    )

    assert Deliveries(run).mails("x@example.test") == []
    assert asked == [30, 30, 10]


def test_a_target_file_declares_how_soon_a_mail_is_tried_again(tmp_path: Path) -> None:
    file = tmp_path / "target.toml"
    file.write_text("[capabilities]\nretries_within_s = 600\n")

    assert read_target(file).declared.retries_within_s == 600

    file.write_text("[capabilities]\nretries_within_s = true\n")
    with pytest.raises(TomlError, match="retries_within_s has to be a number of seconds"):
        read_target(file)
