"""The lab: what a lesson holds in its hand.

    from justemails_lessons import Lab
    lab = Lab(seed=1)
    sent = lab.post("/send", {"from": lab.sender, "to": "ann@example.com", "subject": "Hi", "text": "It works."})
    lab.advance("2s")
    lab.get("/send/" + sent["id"])

Calls read like HTTP and go through the API's own application. Time stands still until ``advance`` moves it.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fakemx.behaviours.form import parse_behaviour
from fakemx.clock import EXAMPLE_INSTANT
from justemails_conformance.clauses import Profile, clauses
from justemails_conformance.judge import Judge
from justemails_conformance.reports.text import explained
from justemails_conformance.run import Credentials
from justemails_contract.operations import BASE_PATH
from justemails_lessons.asking import ask
from justemails_lessons.calls import Call, read_curl, read_fetch
from justemails_lessons.checks import Verdict, judge
from justemails_lessons.dashboard import Dashboard
from justemails_lessons.exchange import Exchange
from justemails_lessons.judging import InProcess, Judgement, Layer, as_it_is
from justemails_lessons.mail import Inbox, Mail, mails_of
from justemails_lessons.pictures.dns import Route
from justemails_lessons.pictures.network_map import NetworkMap, Way
from justemails_lessons.raw_mail import Bench, RawMail
from justemails_lessons.story import Story
from justemails_lessons.tellings import Note, Passed, lines_of, write_step
from justemails_lessons.times import write_span
from justemails_lessons.world import KEY, LessonWorld
from justemails_sandbox.durations import parse_duration
from justemails_sandbox.seeding import SENDER

if TYPE_CHECKING:
    from requests import Session


class Lab:
    """A sandbox of one's own, which says the same at every run.

    Args:
        seed: decides whatever is left to chance.
    """

    def __init__(self, seed: int = 1) -> None:
        self._world = LessonWorld(seed)
        self._seed = seed
        self._asked = 0
        self._mails: list[Mail] = []
        self._read = 0
        self.dashboard = Dashboard(self._world)
        self._bench = Bench(self._world)
        self.key = KEY
        self.sender = SENDER

    # The API.

    def post(self, path: str, body: object, key: str | None = KEY) -> Exchange:
        """POST a JSON body to a path of the API."""
        return self._ask("POST", path, body, key)

    def get(self, path: str, key: str | None = KEY) -> Exchange:
        """GET a path of the API."""
        return self._ask("GET", path, None, key)

    def delete(self, path: str, key: str | None = KEY) -> Exchange:
        """DELETE a path of the API."""
        return self._ask("DELETE", path, None, key)

    def curl(self, command: str) -> Exchange:
        """Do what a curl command says."""
        return self._make(read_curl(command, self.key))

    def node(self, script: str) -> Exchange:
        """Do what the ``fetch`` of a JavaScript says."""
        return self._make(read_fetch(script, self.key))

    @property
    def requests(self) -> "Session":
        """The library ``requests``, with this lab where its network would be."""
        from justemails_lessons.requests_in_process import session

        return session(self._make)

    # Time, and the mail internet.

    @property
    def now(self) -> datetime:
        return self._world.clock.now()

    def advance(self, span: str) -> Passed:
        """Let ``10s``, ``5m``, ``1h`` or ``4d`` pass, with everything that falls due in it."""
        world, told = self._world, len(self._world.tries)
        length = parse_duration(span)
        world.run(lambda: world.pass_time(length))
        return Passed(length, self.now, lines_of(world.tries[told:], length))

    def network(
        self, domain: str, *behaviour: str | Mapping[str, object], hosts: Sequence[Mapping[str, object]] = ()
    ) -> Note:
        """Let a domain's mail hosts behave: by a name such as ``"greylist"``, or by steps, the first that fits first.

        Args:
            hosts: where the domain has several, in the place of steps; each with ``host``, ``preference`` and so on.
        """
        match behaviour:
            case (str(name),):
                parsed = parse_behaviour({"behaviour": name})
                told = f"The mail host of {domain} {parsed.summary}."
            case steps if not hosts:
                parsed = parse_behaviour({"script": list(steps)})
                told = f"The mail host of {domain} {'; then '.join(map(write_step, steps))}."
            case _:
                parsed = parse_behaviour({"hosts": [{"script": [], **host} for host in hosts]})
                told = f"{domain} has {len(hosts)} mail hosts."
        self._world.run(lambda: self._world.loop.run_until_complete(self._world.network.set_behaviour(domain, parsed)))
        return Note(told)

    def disturb(self, span: str) -> Note:
        """Let the API's store be out of order for a while, as when its disk is full."""
        length = parse_duration(span)
        self._world.run(lambda: self._world.unsteady.disturb(length))
        return Note(f"The API cannot write for the next {write_span(length)}.")

    def set_record(self, name: str, rdtype: str, *texts: str) -> Note:
        """Set the DNS records of a name and type, as the owner of a domain does; none takes away what was set so."""
        self._world.run(lambda: self._world.network.zones.set(name, rdtype, texts))
        return Note(f"{name} has {', '.join(texts) or 'no record'} as {rdtype}.")

    def dns(self, domain: str) -> Route:
        """Ask the DNS where mail for a domain goes."""
        zones = self._world.network.zones
        records = sorted((int(text.split()[0]), text.split()[1]) for text in zones.lookup(domain, "MX").texts)
        return Route(
            domain,
            tuple((preference, host, tuple(zones.lookup(host, "A").texts)) for preference, host in records),
        )

    def inbox(self) -> Inbox:
        """Return the mail that arrived."""
        received = self._world.network.received
        for transmission in islice(received, self._read, None):  # what is new: reading a mail takes its time
            self._mails += mails_of(transmission)
        self._read = len(received)
        return Inbox(self._mails)

    def raw(self, number: int = -1) -> RawMail:
        """Return a mail that arrived as the bytes that it is; without a number the last one."""
        return self._bench.raw(number)

    def story(self, sent: Exchange) -> Story:
        """Return what has happened to a message so far."""
        tries = tuple(one for one in self._world.tries if one.message_id == sent["id"])
        return Story(sent["id"], sent["to"], datetime.fromisoformat(sent["createdAt"]), self.now, tries)

    def map(self, *sent: Exchange) -> NetworkMap:
        """Draw where messages went: the hosts of each one's domain, and what they said at its last attempt."""
        stories = [self.story(one) for one in sent]
        return NetworkMap([Way(self.dns(story.recipient.rpartition("@")[2]), story.said()) for story in stories])

    def exercise(self, number: str, **observed: object) -> Verdict:
        """Judge what an exercise brought about."""
        return judge(number, observed)

    # The judge.

    def judge(self, layer: Layer = as_it_is, *, profile: str = "core") -> Judgement:
        """Let the conformance suite judge the API below a layer that may change its answers.

        Args:
            profile: ``core`` or ``limits``; waits move the lab's clock.
        """
        server = InProcess(self._world.api, self._world.run, layer)
        profiles = [Profile(profile)]
        judge = Judge(server, self._credentials, profiles=profiles, wait=self._wait, stands_still=True, seed=self._seed)
        judgement = Judgement(judge.judge())
        self._asked += judgement.requests
        return judgement

    @cached_property
    def _credentials(self) -> Credentials:
        """What the judge is handed: besides the lab's key one of another account, and one that may send alone."""
        other = self.dashboard.add_account("Somebody")["id"]
        keys = self.dashboard.add_key("Somebody's", account=other), self.dashboard.add_key("Sends only", "send")
        return Credentials(self.key, self.sender, other_key=keys[0]["key"], restricted_key=keys[1]["key"])

    def explain(self, clause: str) -> Note:
        """Say what a clause of the API document promises, and how a server is judged by it."""
        return Note("\n".join(explained(clauses()[clause])))

    def _wait(self, seconds: float) -> None:
        self._world.run(lambda: self._world.pass_time(timedelta(seconds=seconds)))

    def close(self) -> Note:
        """Take the lab down, and say what it was."""
        requests, mails, span = self._asked, len(self.inbox()), self.now - EXAMPLE_INSTANT
        self._world.close()
        return Note(f"{requests} requests, {mails} mails that arrived, {write_span(span)} of the lab's time.")

    # How a request gets in.

    def _ask(self, method: str, path: str, body: object, key: str | None) -> Exchange:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return self._carry(method, BASE_PATH + path, headers, None if body is None else json.dumps(body), body)

    def _make(self, call: Call) -> Exchange:
        parts = urlsplit(call.url)
        if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost"}:  # [base.https] CHOICE-50
            raise ConnectionRefusedError(f"nobody listens at port 80 of {parts.hostname}")
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        return self._carry(call.method, target, call.headers, call.body, call.body and json.loads(call.body))

    def _carry(self, method: str, target: str, headers: Mapping[str, str], data: str | None, shown: object) -> Exchange:
        world = self._world
        self._asked += 1
        return world.run(lambda: ask(world.api, method, target, headers, data, shown=shown))
