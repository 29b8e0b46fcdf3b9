"""The lab: what a lesson holds in its hand.

    from justemails_lessons import Lab
    lab = Lab(seed=1)
    sent = lab.post("/send", {"from": lab.sender, "to": "ann@example.com", "subject": "Hi", "text": "It works."})
    lab.advance("2s")
    lab.get("/send/" + sent["id"])

Calls read like HTTP and go through the API's own application. Time stands still until ``advance`` moves it.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fakemx.behaviours.form import parse_behaviour
from fakemx.clock import EXAMPLE_INSTANT
from justemails_contract.operations import BASE_PATH
from justemails_lessons.asking import ask
from justemails_lessons.calls import Call, read_curl, read_fetch
from justemails_lessons.checks import Verdict, judge
from justemails_lessons.dashboard import Dashboard
from justemails_lessons.exchange import Exchange
from justemails_lessons.mail import Inbox, mails_of
from justemails_lessons.pictures.dns import Route
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
        self._asked = 0
        self.dashboard = Dashboard(self._world)
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

    def network(self, domain: str, *behaviour: str | Mapping[str, object]) -> Note:
        """Let a domain's mail host behave: by a name such as ``"greylist"``, or by steps, the first that fits first."""
        match behaviour:
            case (str(name),):
                parsed = parse_behaviour({"behaviour": name})
                does = parsed.summary
            case steps:
                parsed = parse_behaviour({"script": list(steps)})
                does = "; then ".join(map(write_step, steps))
        self._world.run(lambda: self._world.loop.run_until_complete(self._world.network.set_behaviour(domain, parsed)))
        return Note(f"The mail host of {domain} {does}.")

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
        return Inbox([mail for received in self._world.network.received for mail in mails_of(received)])

    def story(self, sent: Exchange) -> Story:
        """Return what has happened to a message so far."""
        tries = tuple(one for one in self._world.tries if one.message_id == sent["id"])
        return Story(sent["id"], sent["to"], datetime.fromisoformat(sent["createdAt"]), self.now, tries)

    def exercise(self, number: str, **observed: object) -> Verdict:
        """Judge what an exercise brought about."""
        return judge(number, observed)

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
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        return self._carry(call.method, target, call.headers, call.body, call.body and json.loads(call.body))

    def _carry(self, method: str, target: str, headers: Mapping[str, str], data: str | None, shown: object) -> Exchange:
        world = self._world
        self._asked += 1
        return world.run(lambda: ask(world.api, method, target, headers, data, shown=shown))
