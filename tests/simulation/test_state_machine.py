"""The API against a plain model of the document, whatever clients, the clock, crashes and the network do."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fakemx.behaviours.catalogue import CATALOGUE
from justemails_contract.delivery import is_terminal
from justemails_contract.limits import LIMITS, Tier
from justemails_sandbox.seeding import SENDER
from justemails_simulation.api_client import ApiDownError
from justemails_simulation.clients import MAIN
from justemails_simulation.scenario import Crash, Pause, Scenario
from justemails_simulation.world import World

DOMAINS = ("one.example", "two.example", "ok.test", "greylist.test")
SPANS = st.sampled_from([timedelta(seconds=1), timedelta(seconds=59), timedelta(minutes=10), timedelta(hours=5)])


class Limit:
    """At most so many in any minute."""

    def __init__(self, tier: Tier) -> None:
        self._requests = LIMITS[tier].requests
        self._passed: list[datetime] = []

    def passes(self, now: datetime) -> bool:
        self._passed = [one for one in self._passed if now - one < timedelta(minutes=1)]
        if len(self._passed) >= self._requests:
            return False
        self._passed.append(now)
        return True


class Model:
    """What the document says, as plainly as it can be said in Python."""

    def __init__(self) -> None:
        self.messages: dict[str, dict[str, str]] = {}  # id to from, to, subject, createdAt; oldest first
        self.statuses: dict[str, str] = {}  # as last seen
        self.keys: dict[str, bool] = {}  # id to whether it lives
        self.limits = {tier: Limit(tier) for tier in Tier}

    def forget_limits(self) -> None:
        self.limits = {tier: Limit(tier) for tier in Tier}  # CHOICE-15: a restart forgets the window


class Mail(RuleBasedStateMachine):
    """Everything that can be done to the product, in any order."""

    @initialize(seed=st.integers(0, 3), workers=st.sampled_from([1, 2]))
    def begin(self, seed: int, workers: int) -> None:
        self.world = World(Scenario(seed=seed, workers=workers))
        self.world.__enter__()
        self.model = Model()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            try:
                self._come_to_an_end()
            finally:
                self.world.__exit__()

    def _come_to_an_end(self) -> None:
        """With the network mended, everything is terminal after the last retry."""
        for domain in DOMAINS[:2]:
            self._change(domain, "ok")
        self.world.advance(timedelta(days=4, hours=12))
        for message_id in self.model.messages:
            status = self._call(Tier.READ, "GET", f"/send/{message_id}")
            if status == 429:
                self.world.advance(timedelta(minutes=1))
                self._call(Tier.READ, "GET", f"/send/{message_id}")
            assert is_terminal(self.world.ledger.messages[message_id].status)

    def _change(self, domain: str, name: str) -> None:
        self.world.loop.run_until_complete(self.world.network.set_behaviour(domain, CATALOGUE[name]))

    def _call(self, tier: Tier, method: str, path: str, body: object = None, *, wanted: int = 200) -> int:
        """Call the API, and hold the answer's status and body against the model."""
        expected = wanted if self.model.limits[tier].passes(self.world.clock.now()) else 429
        answer = self.world.clients.api.call(MAIN, method, path, body)
        assert answer.status == expected, answer
        self.body = answer.body
        return answer.status

    @property
    def is_up(self) -> bool:
        return self.world.api.app is not None

    @rule(local=st.sampled_from(["ann", "ben+bounce", "cat+full"]), domain=st.sampled_from(DOMAINS))
    @precondition(lambda self: self.is_up)
    def send(self, local: str, domain: str) -> None:
        recipient, subject = f"{local}@{domain}", f"Hello {len(self.model.messages)}"
        text = "Hello\n"
        if (
            self._call(Tier.SEND, "POST", "/send", {"from": SENDER, "to": recipient, "subject": subject, "text": text})
            == 200
        ):
            assert self.body["id"] not in self.model.messages
            assert {**self.body, "id": ""} == {
                "id": "",
                "status": "queued",
                "from": SENDER,
                "to": recipient,
                "createdAt": self._now(),
            }
            self.world.clients.note_accepted(self.body, subject, text)
            self.model.messages[self.body["id"]] = {
                "from": SENDER,
                "to": recipient,
                "subject": subject,
                "createdAt": self.body["createdAt"],
            }

    @rule(which=st.integers(0, 50))
    @precondition(lambda self: self.is_up and self.model.messages)
    def read(self, which: int) -> None:
        message_id = list(self.model.messages)[which % len(self.model.messages)]
        if self._call(Tier.READ, "GET", f"/send/{message_id}") == 200:
            self._compare(message_id, dict(self.body))

    @rule()
    @precondition(lambda self: self.is_up)
    def read_what_never_was(self) -> None:
        self._call(Tier.READ, "GET", "/send/msg_0000000000000000000000", wanted=404)

    @rule(page=st.integers(1, 3), per_page=st.sampled_from([1, 2, 50]))
    @precondition(lambda self: self.is_up)
    def list(self, page: int, per_page: int) -> None:
        if self._call(Tier.READ, "GET", f"/messages?page={page}&perPage={per_page}") == 200:
            newest_first = list(reversed(self.model.messages))
            assert self.body["pagination"] == {"page": page, "perPage": per_page, "total": len(newest_first)}
            assert [row["id"] for row in self.body["data"]] == newest_first[(page - 1) * per_page : page * per_page]
            for row in self.body["data"]:
                self._compare(row["id"], dict(row))

    @rule()
    @precondition(lambda self: self.is_up)
    def make_key(self) -> None:
        if self._call(Tier.KEYS, "POST", "/api-keys", {"name": "another"}) == 200:
            self.world.clients.secrets[self.body["id"]] = self.body["key"]
            self.model.keys[self.body["id"]] = True

    @rule(which=st.integers(0, 9))
    @precondition(lambda self: self.is_up and self.model.keys)
    def revoke_key(self, which: int) -> None:
        key = list(self.model.keys)[which % len(self.model.keys)]
        if self._call(Tier.KEYS, "DELETE", f"/api-keys/{key}", wanted=200 if self.model.keys[key] else 404) == 200:
            self.model.keys[key] = False
            self.world.clients.note_revoked(key)

    @rule(which=st.integers(0, 9))
    @precondition(lambda self: self.is_up and self.model.keys)
    def use_key(self, which: int) -> None:
        key = list(self.model.keys)[which % len(self.model.keys)]
        answer = self.world.clients.api.call(key, "GET", "/messages?perPage=1")
        assert answer.status in ({200, 429} if self.model.keys[key] else {401})

    @rule(span=SPANS)
    def let_time_pass(self, span: timedelta) -> None:
        self.world.advance(span)

    @rule(who=st.sampled_from(["worker-1", "api", "all"]), step=st.none() | st.integers(1, 60))
    def crash(self, who: str, step: int | None) -> None:
        self.world.crash(Crash(timedelta(0), who, timedelta(seconds=5), step))
        self.world.advance(timedelta(seconds=20))
        if who != "worker-1" and step is None:
            self.model.forget_limits()
        elif who != "worker-1":
            self.world.advance(timedelta(minutes=1))  # the step may come later than now, or never; the window is over
            self.model.forget_limits()

    @rule(step=st.none() | st.integers(1, 60))
    def stand_still(self, step: int | None) -> None:
        self.world.pause(Pause(timedelta(0), "worker-1", timedelta(hours=2), step))

    @rule(domain=st.sampled_from(DOMAINS[:2]), name=st.sampled_from(sorted(CATALOGUE)))
    def change_the_network(self, domain: str, name: str) -> None:
        self._change(domain, name)

    @invariant()
    def the_api_answers_or_is_down(self) -> None:
        if hasattr(self, "world") and not self.is_up:
            with pytest.raises(ApiDownError):
                self.world.clients.api.call(MAIN, "GET", "/messages")

    def _compare(self, message_id: str, shown: dict[str, object]) -> None:
        wanted = {"id": message_id, **self.model.messages[message_id]}
        assert {name: shown[name] for name in wanted} == wanted
        before = self.model.statuses.get(message_id, "queued")
        assert before in {"queued", shown["status"]}  # what is terminal stays
        assert (shown["deliveredAt"] is not None) == (shown["status"] == "delivered")
        self.model.statuses[message_id] = str(shown["status"])

    def _now(self) -> str:
        return self.world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


TestMail = Mail.TestCase
TestMail.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
