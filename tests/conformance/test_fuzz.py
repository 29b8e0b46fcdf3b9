"""The fuzz profile: two servers that are right pass, broken ones are noticed, and whoever cannot tell says so."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

import pytest
from tests.conformance import micro
from tests.conformance.conftest import remembered
from tests.conformance.micro import Answer, RefusedError, Service
from tests.conformance.mutants.serving import Waiting
from tests.sandbox.harness import COMMAND

from justemails_command.serving import ServedSandbox
from justemails_conformance import fuzz
from justemails_conformance.clauses import Profile, clauses
from justemails_conformance.client import BUDGET, Tier
from justemails_conformance.fuzz import operations
from justemails_conformance.judge import Judge
from justemails_conformance.reports.json_report import as_json
from justemails_conformance.reports.text import told
from justemails_conformance.run import UNKNOWN_KEY_ID, Credentials
from justemails_conformance.transport import Exchange, Target
from justemails_conformance.verdict import Finding, Outcome, Verdict

SENDER = f"hello@{micro.VERIFIED}"


def judged(kind: type[Service] = Service, *only: str, seed: int = 1, time: Waiting | None = None) -> Verdict:
    """Judge a server by some clauses of the profile, or by all."""
    with mock.patch.object(operations, "cases", remembered()):
        return judged_afresh(kind, *only, seed=seed, time=time)


def judged_afresh(kind: type[Service], *only: str, seed: int, time: Waiting | None = None) -> Verdict:
    """Judge a server with everything drawn anew."""
    time = time or Waiting()
    with mock.patch.object(micro, "Service", kind), micro.serving(time.now_s) as (base_url, key):
        judge = Judge(
            Target(base_url),
            Credentials(key, SENDER),
            profiles=[Profile.FUZZ],
            only=lambda clause: not only or clause in only,
            wait=time.wait,
            seed=seed,
        )
        return judge.judge()


def not_passed(verdict: Verdict) -> list[tuple[str, Outcome, str]]:
    return [(one.clause.id, one.outcome, one.got) for one in verdict.findings if one.outcome is not Outcome.PASS]


@pytest.fixture(scope="module")
def verdict() -> Verdict:
    """What comes of the other server, which is right in its own way."""
    return judged()


def test_every_clause_of_the_profile_has_a_check() -> None:
    assert list(fuzz.CLAUSES) == [clause.id for clause in clauses().values() if clause.profile is Profile.FUZZ]


@pytest.mark.usefixtures("drawn_once")
def test_the_sandbox_passes_and_nothing_is_left(served: ServedSandbox, waiting: Callable[[float], None]) -> None:
    credentials = Credentials(served.key, "hello@yourdomain.com")
    verdict = Judge(Target(served.api), credentials, profiles=[Profile.FUZZ], wait=waiting, seed=1).judge()

    assert not_passed(verdict) == []
    assert verdict.created == verdict.removed
    assert len(verdict.created) == 2
    assert verdict.observed["fuzz.send.accepted"] in range(10, 60)
    assert verdict.observed["fuzz.keys.create.accepted"] == 1


def test_a_server_that_nobody_made_for_it_passes(verdict: Verdict) -> None:
    assert not_passed(verdict) == []


def test_the_report_says_how_much_was_tried(verdict: Verdict) -> None:
    told = as_json(verdict)["observed"]

    assert {told[f"fuzz.{one}.cases"] for one in ("send", "status", "messages")} == {60}
    assert all(told[f"{clause}.429"] == told[f"{clause}.unanswered"] == 0 for clause in fuzz.CLAUSES)
    assert told["fuzz.story.cases"] >= 20


def test_it_keeps_within_what_a_key_may_ask_in_a_minute(verdict: Verdict) -> None:
    requests = verdict.journal.requests

    assert all(requests[tier] < BUDGET[tier] for tier in Tier)
    assert requests[Tier.KEYS] == 8
    assert verdict.observed["fuzz.story.cases"] == sum(requests.values()) - 185 - 1  # and one look whether it is there


def test_no_key_is_revoked_but_what_was_made_here(verdict: Verdict) -> None:
    revoked = [one.request.path for one in verdict.journal.exchanges if one.request.method == "DELETE"]

    assert {path.removeprefix("/api-keys/") for path in revoked} >= set(verdict.created)
    assert all(UNKNOWN_KEY_ID in path or path.endswith(tuple(verdict.created)) for path in revoked)


def test_the_key_that_was_handed_in_is_not_revoked_even_where_it_is_given_as_a_new_one() -> None:
    class GivesTheSame(Service):
        def _create(self, _: str, body: bytes) -> Answer:
            super()._create(_, body)
            return 201, {"id": "1", "name": "x", "key": self.key, "createdAt": self._time()}

    exchanges = judged(GivesTheSame).journal.exchanges

    assert not [one for one in exchanges if one.request.method == "DELETE" and one.request.path == "/api-keys/1"]


def test_mail_goes_to_nobody(verdict: Verdict) -> None:
    """RFC 2606: the names are reserved."""
    bodies = [one.request.body or b"" for one in verdict.journal.exchanges]

    domains = set(re.findall(rb'"to": "[^"]*@([\w.-]+)"', b" ".join(bodies)))
    assert domains - {micro.VERIFIED.encode()} <= {
        b"example.com",
        b"example.org",
        b"example.net",
        b"mail.example.com",
    }


@pytest.mark.slow
def test_the_same_seed_asks_the_same_and_another_one_asks_something_else(verdict: Verdict) -> None:
    again = judged_afresh(Service, seed=1)
    other = judged_afresh(Service, "fuzz.messages", seed=3)

    assert asked(again) == asked(verdict)
    assert asked(other) != asked(judged(Service, "fuzz.messages"))


def test_a_clause_asks_the_same_alone_as_among_others(verdict: Verdict) -> None:
    alone = asked(judged(Service, "fuzz.messages"))

    assert len(alone) == 61
    assert all(one in asked(verdict) for one in alone)


def asked(verdict: Verdict) -> list[tuple[str, str, bytes | None]]:
    """Return all requests, with the ids of keys left out, which the server draws."""
    requests = [one.request for one in verdict.journal.exchanges]
    ids = "|".join(verdict.created)
    return [(one.method, re.sub(ids, "<id>", one.path) if ids else one.path, one.body) for one in requests]


class OpenWhereTheDocumentIs(Service):
    """Takes a repeated mail for the same one, lists little, leaves out what may be absent, and adds what it likes."""

    def _send(self, _: str, body: bytes) -> Answer:
        members = micro._object(body)
        for message in self._messages.values():
            if message.get("body") == members:
                return 200, {name: message[name] for name in ("id", "status", "from", "to", "createdAt")}
        status, said = super()._send(_, body)
        self._messages[said["id"]]["body"] = members
        return status, {**said, "extra": {}}

    def _as_it_is_now(self, message_id: str) -> Mapping[str, Any]:
        shown = super()._as_it_is_now(message_id)
        return {"deliveredAt": None, **{name: value for name, value in shown.items() if name != "body"}}

    def _list(self, _: str, __: bytes) -> Answer:
        status, said = super()._list(_, __)
        said["data"] = said["data"][:2]
        said["pagination"] |= {"perPage": 2, "total": len(self._messages)}
        return status, said

    def _list_keys(self, _: str, __: bytes) -> Answer:
        status, said = super()._list_keys(_, __)
        return status, {"data": [{"id": one["id"], "name": one["name"], "scopes": []} for one in said["data"]]}


def test_a_server_may_do_as_it_likes_where_the_document_is_silent() -> None:
    assert not_passed(judged(OpenWhereTheDocumentIs)) == []


# Servers that are broken


class NoOtherScript(Service):
    """500 for a subject that is not ASCII."""

    def _send(self, _: str, body: bytes) -> Answer:
        if not str(micro._object(body).get("subject", "")).isascii():
            raise RefusedError(500, "oops", "UnicodeEncodeError")
        return super()._send(_, body)


class TripsOverTypes(Service):
    """500 for a subject that is no text."""

    def _send(self, _: str, body: bytes) -> Answer:
        if not isinstance(micro._object(body).get("subject", ""), str):
            raise RefusedError(500, "oops", "TypeError")
        return super()._send(_, body)


class TripsOverOctets(Service):
    """500 for a body that is no JSON."""

    def _send(self, _: str, body: bytes) -> Answer:
        try:
            return super()._send(_, body)
        except RefusedError as ex:
            if ex.answer[0] != 400:
                raise
            raise RefusedError(500, "oops", "JSONDecodeError") from ex


class ForgetsAMember(Service):
    """No createdAt where a text is given."""

    def _send(self, _: str, body: bytes) -> Answer:
        status, said = super()._send(_, body)
        if "text" in micro._object(body):
            del said["createdAt"]
        return status, said


class TakesAnything(Service):
    """Takes an html that is no text."""

    def _send(self, _: str, body: bytes) -> Answer:
        members = dict(micro._object(body))
        if not isinstance(members.get("html", ""), str):
            members["html"] = str(members["html"])
        return super()._send(_, json.dumps(members).encode())


class LosesLetters(Service):
    """Writes subjects in ASCII."""

    def _send(self, _: str, body: bytes) -> Answer:
        status, said = super()._send(_, body)
        message = self._messages[said["id"]]
        message["subject"] = message["subject"].encode("ascii", "replace").decode()
        return status, said


class KnowsEverything(Service):
    """Has a message for every id."""

    def _status(self, message_id: str, _: bytes) -> Answer:
        if message_id in self._messages:
            return super()._status(message_id, _)
        members = {"id": message_id, "status": "queued", "from": SENDER, "to": "a@b.example", "subject": ""}
        return 200, {**members, "createdAt": self._time()}


class LosesMessages(Service):
    """Has no message for longer than for its answer."""

    def _status(self, message_id: str, _: bytes) -> Answer:
        raise RefusedError(404, "no_such_thing", "There is no such message.")


class CountsPages(Service):
    """500 for a page before the first one."""

    def answer(self, method: str, path: str, authorization: str, body: bytes) -> Answer:
        if re.search(r"[?&]page=-\d", path):
            raise RefusedError(500, "oops", "ValueError")
        return super().answer(method, path, authorization, body)


class TripsOverNames(Service):
    """500 for a key whose name is not ASCII."""

    def _create(self, _: str, body: bytes) -> Answer:
        if not str(micro._object(body).get("name", "")).isascii():
            raise RefusedError(500, "oops", "UnicodeEncodeError")
        return super()._create(_, body)


class NamesNothing(Service):
    """Makes a key whatever the name is."""

    def _create(self, _: str, body: bytes) -> Answer:
        return super()._create(_, b'{"name": "x"}')


class TripsOverParameters(Service):
    """500 for a list of keys with parameters."""

    def answer(self, method: str, path: str, authorization: str, body: bytes) -> Answer:
        if path.startswith("/api-keys?"):
            raise RefusedError(500, "oops", "TypeError")
        return super().answer(method, path, authorization, body)


class RevokesNothing(Service):
    """Revokes keys that there are not."""

    def _revoke(self, key_id: str, _: bytes) -> Answer:
        self._keys.pop(key_id, None)
        return 200, {"deleted": True}


class Resurrects(Service):
    """A revoked key works again after it was refused twice."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        super().__init__(now_s)
        self._revoked: dict[str, dict[str, Any]] = {}
        self._refused: dict[str, int] = {}

    def _revoke(self, key_id: str, _: bytes) -> Answer:
        if key_id in self._keys:
            self._revoked[key_id] = self._keys[key_id]
        return super()._revoke(key_id, _)

    def _authenticated(self, authorization: str) -> dict[str, Any]:
        for key_id, key in self._revoked.items():
            if authorization.endswith(key["key"]):
                self._refused[key_id] = self._refused.get(key_id, 0) + 1
                if self._refused[key_id] > 2:
                    return key
        return super()._authenticated(authorization)


class GoesBack(Service):
    """A message that was delivered is queued again when it is looked at for the third time."""

    def _as_it_is_now(self, message_id: str) -> Mapping[str, Any]:
        message = self._messages[message_id]
        message["looks"] = message.get("looks", 0) + 1
        shown = {name: value for name, value in super()._as_it_is_now(message_id).items() if name != "looks"}
        return {**shown, "status": "queued"} if message["looks"] > 2 else shown


class ListsAsQueued(Service):
    """Every message is queued for ever in the list."""

    def _list(self, _: str, __: bytes) -> Answer:
        status, said = super()._list(_, __)
        return status, {**said, "data": [{**item, "status": "queued"} for item in said["data"]]}


class BouncesLate(Service):
    """What was delivered at one look is bounced at the next, and in the list."""

    def _as_it_is_now(self, message_id: str) -> Mapping[str, Any]:
        message = self._messages[message_id]
        if message["status"] == "delivered":
            message["status"] = "bounced"
        return super()._as_it_is_now(message_id)


class IsDeliveredAgain(Service):
    """deliveredAt is the time of the look."""

    def _as_it_is_now(self, message_id: str) -> Mapping[str, Any]:
        shown = super()._as_it_is_now(message_id)
        return {**shown, "deliveredAt": self._time()} if shown["status"] == "delivered" else shown


class ForgetsKeys(Service):
    """Lists the first key alone."""

    def _list_keys(self, _: str, __: bytes) -> Answer:
        status, said = super()._list_keys(_, __)
        return status, {"data": said["data"][:1]}


class CountsAPage(Service):
    """The total is what a page of three has."""

    def _list(self, _: str, __: bytes) -> Answer:
        status, said = super()._list(_, __)
        said["data"] = said["data"][-3:]
        said["pagination"]["total"] = len(said["data"])
        return status, said


class SwapsAddresses(Service):
    """Repeats the sender as the recipient."""

    def _send(self, _: str, body: bytes) -> Answer:
        status, said = super()._send(_, body)
        return status, {**said, "from": said["to"], "to": said["from"]}


class Renames(Service):
    """Gives every key the same name."""

    def _create(self, _: str, body: bytes) -> Answer:
        status, said = super()._create(_, body)
        return status, {**said, "name": "key"}


BROKEN = [
    (NoOtherScript, "fuzz.send", "any answer but 5xx"),
    (TripsOverTypes, "fuzz.send", "any answer but 5xx"),
    (TripsOverOctets, "fuzz.send", "any answer but 5xx"),
    (ForgetsAMember, "fuzz.send", "a body as document.yaml has it"),
    (TakesAnything, "fuzz.send", "a refusal (4xx) of a body whose html is no text"),
    (KnowsEverything, "fuzz.status", "a refusal (4xx) of an id that names nothing"),
    (CountsPages, "fuzz.messages", "any answer but 5xx"),
    (TripsOverNames, "fuzz.keys.create", "any answer but 5xx"),
    (NamesNothing, "fuzz.keys.create", "a refusal (4xx) of a body"),
    (TripsOverParameters, "fuzz.keys.list", "any answer but 5xx"),
    (RevokesNothing, "fuzz.keys.revoke", "a refusal (4xx) of an id that names no key"),
    (LosesLetters, "fuzz.story", "subject: "),
    (LosesMessages, "fuzz.story", "a success"),
    (KnowsEverything, "fuzz.story", "404 for an id that names nothing"),
    (Resurrects, "fuzz.story", "401 for a key that is revoked, which was refused before"),
    (GoesBack, "fuzz.story", 'status: "delivered", as it was before'),
    (ListsAsQueued, "fuzz.story", 'status: "delivered" for '),
    (IsDeliveredAgain, "fuzz.story", "deliveredAt: "),
    (ForgetsKeys, "fuzz.story", "the new key"),
    (CountsAPage, "fuzz.story", "total: "),
    (SwapsAddresses, "fuzz.story", "from: "),
    (Renames, "fuzz.story", "name: "),
]


@pytest.mark.parametrize(("kind", "clause", "expected"), BROKEN)
def test_a_broken_server_is_noticed(kind: type[Service], clause: str, expected: str) -> None:
    finding = finding_of(kind, clause)

    assert finding.outcome is Outcome.WARN
    assert finding.expected.startswith(expected)
    assert isinstance(finding.exchange, Exchange)


def test_a_bounce_may_come_after_delivery() -> None:
    """No sentence calls "delivered" the last word (CHOICE-25)."""
    assert finding_of(BouncesLate, "fuzz.story").outcome is Outcome.PASS


@pytest.mark.parametrize("kind", [LosesLetters, LosesMessages])
def test_what_was_sent_is_looked_at_afterwards(kind: type[Service]) -> None:
    _, finding = judged(kind, "fuzz.send", "fuzz.status").findings

    assert finding.outcome is Outcome.WARN


def test_a_story_is_told_by_the_steps_that_matter() -> None:
    finding = finding_of(GoesBack, "fuzz.story")

    assert re.fullmatch(
        r'"queued"; the story: send "[^"]+" > (look at message \d+ > )+look at message \d+', finding.got
    ), finding.got


def test_what_was_drawn_is_shown_in_ascii() -> None:
    verdict = judged(NoOtherScript, "fuzz.send")

    (finding,) = verdict.findings
    assert all(line.isascii() and line.isprintable() for line in told(verdict.base_url, finding))
    assert json.dumps(as_json(verdict)["results"], ensure_ascii=False).isascii()


def test_octets_that_were_drawn_are_shown_in_ascii() -> None:
    lines = list(told("http://server.example", finding_of(TripsOverOctets, "fuzz.send")))

    assert len(lines) > 4
    assert all(line.isascii() and line.isprintable() for line in lines)


def finding_of(kind: type[Service], clause: str) -> Finding:
    (finding,) = judged(kind, clause).findings
    return finding


# Servers that leave nothing to judge


class RefusesAll(Service):
    """429 for whatever is asked, but for the first look whether it is there."""

    asked = 0

    def answer(self, method: str, path: str, authorization: str, body: bytes) -> Answer:
        self.asked += 1
        if self.asked == 1:
            return super().answer(method, path, authorization, body)
        raise RefusedError(429, "slow_down", "Too many requests.", Retry_After="60")


class RefusesSome(Service):
    """429 for one request of so many."""

    one_of = 8
    asked = 0

    def answer(self, method: str, path: str, authorization: str, body: bytes) -> Answer:
        self.asked += 1
        if self.asked % self.one_of == 0:
            raise RefusedError(429, "slow_down", "Too many requests.", Retry_After="1")
        return super().answer(method, path, authorization, body)


class RefusesFew(RefusesSome):
    one_of = 25


class HangsUp(Service):
    """Closes the connection for one mail in a few."""

    asked = 0

    def _send(self, _: str, body: bytes) -> Answer:
        self.asked += 1
        if self.asked > 20:
            raise ConnectionAbortedError
        return super()._send(_, body)


def test_a_server_that_answers_429_to_all_else_shows_nothing_and_is_not_waited_for_long() -> None:
    time = Waiting()

    verdict = judged(RefusesAll, time=time)

    assert {one.outcome for one in verdict.findings} == {Outcome.INCONCLUSIVE}
    assert verdict.findings[0].got == "6 of 6 answers were 429"
    assert time.now_s() - 1000 < 600
    assert not verdict.enough


def test_a_tenth_of_429_is_too_much_and_a_few_are_counted() -> None:
    (some,) = judged(RefusesSome, "fuzz.messages").findings
    few = judged(RefusesFew, "fuzz.messages")

    assert some.outcome is Outcome.INCONCLUSIVE
    assert re.fullmatch(r"6 of \d+ answers were 429", some.got)
    assert not_passed(few) == []
    assert few.observed["fuzz.messages.429"] == 2


def test_a_server_that_hangs_up_on_many_shows_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    finding = finding_of(HangsUp, "fuzz.send")

    assert finding.outcome is Outcome.INCONCLUSIVE
    assert finding.got == "0 of 26 answers were 429, and 6 did not come"


class SaysAnything(Service):
    """Answers with what nobody expects, in turn."""

    said: ClassVar[list[Any]] = [
        None,
        [[]],
        {"data": [1, {"id": [1], "status": {}}], "pagination": {"total": True}},
        {"id": "\ud800", "key": "je_\ud800", "status": "delivered", "createdAt": "9999-12-31T23:59:60Z"},
        {"id": "a/../b?x#y", "key": "je_\r\nX: y", "status": {}, "createdAt": "0001-01-01T00:00:00+23:59"},
    ]
    asked = 0

    def answer(self, method: str, path: str, authorization: str, body: bytes) -> Answer:
        self.asked += 1
        status, said = super().answer(method, path, authorization, body)
        return (status, self.said[self.asked % len(self.said)]) if self.asked % 4 == 0 else (status, said)


def test_whatever_a_server_says_is_its_fault_and_not_ours() -> None:
    verdict = judged(SaysAnything)

    assert {one.outcome for one in verdict.findings} <= {Outcome.PASS, Outcome.WARN}
    assert json.dumps(as_json(verdict)).isascii()


# As it is used


def test_without_the_libraries_it_says_how_to_get_them() -> None:
    with mock.patch.object(fuzz, "find_spec", return_value=None):
        verdict = judged()

    assert {(one.outcome, one.got) for one in verdict.findings} == {
        (Outcome.SKIP, "needs pip install 'justemails[fuzz]'")
    }


@pytest.mark.slow
def test_the_command_writes_nothing_to_the_current_folder(tmp_path: Path) -> None:
    time = Waiting()
    with micro.serving(time.now_s) as (base_url, key):
        options = ("--key", key, "--from", SENDER, "--profile", "fuzz", "--only", "fuzz.keys.*", "--only", "fuzz.story")
        done = subprocess.run(
            [COMMAND, "conform", base_url, *options],
            cwd=tmp_path,
            env={**os.environ, "PYTHONWARNINGS": "error"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert re.search("ok +fuzz.story", done.stdout)
    assert list(tmp_path.iterdir()) == []
