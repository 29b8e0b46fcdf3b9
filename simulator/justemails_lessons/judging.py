"""The conformance suite on a server in this process: the reference as it is, or below a layer that changes answers.

A layer is a function of a lesson's reader. It is told the method, the path and the answer of the reference, its status
and its body, and returns the status and the body that go out:

    def layer(method, path, status, body):
        if path == "/messages":
            body["pagination"]["total"] += 1
        return status, body

A body that is a text goes out as a page of HTML, and everything else as JSON.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import falcon.testing

from justemails.http_server import WsgiApp
from justemails_conformance.reports.tally import headline
from justemails_conformance.reports.text import told
from justemails_conformance.transport import Answer, Exchange, Request, Target
from justemails_conformance.verdict import Finding, Outcome, Verdict

Layer = Callable[[str, str, int, Any], tuple[int, Any]]  # Any: JSON
_BASE_URL = "http://127.0.0.1:8025/api/v1"  # where a sandbox would be, so that the lines to paste work there

Run = Callable[[Callable[[], Answer]], Answer]


def as_it_is(method: str, path: str, status: int, body: Any) -> tuple[int, Any]:  # Any: JSON
    """Change nothing."""
    return status, body


class InProcess(Target):
    """A server in this process, with the address that a sandbox has.

    Args:
        run: calls a function where the server may be called.
    """

    def __init__(self, app: WsgiApp, run: Run, layer: Layer) -> None:
        super().__init__(_BASE_URL)
        self._app, self._run, self._layer = app, run, layer

    def ask(self, request: Request) -> Exchange:
        """Send a request and read its answer."""
        return Exchange(request, self._run(lambda: self._answered(request)), None, 0.0)

    def _answered(self, request: Request) -> Answer:
        result: Any = falcon.testing.simulate_request(  # Any: generic over WSGI and ASGI
            self._app, request.method, self.path + request.path, headers=dict(request.headers), body=request.body
        )
        headers = {name.title(): value for name, value in result.headers.items()}
        path = request.path.partition("?")[0]
        status, body = self._layer(request.method, path, result.status_code, json.loads(result.content or b"null"))
        content = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        if isinstance(body, str):
            headers["Content-Type"] = "text/html"
        return Answer(status, [*(headers | {"Content-Length": str(len(content.encode()))}).items()], content.encode())


@dataclass(frozen=True)
class Judgement:
    """What the suite made of a server; as text, what the command prints."""

    verdict: Verdict

    @cached_property
    def findings(self) -> Mapping[str, Finding]:
        """What came of each clause that was judged, by its id."""
        return {finding.clause.id: finding for finding in self.verdict.findings}

    def ids(self, outcome: str) -> list[str]:
        """Return the clauses that came out as ``pass``, ``fail``, ``warn`` or ``skip``."""
        return [clause for clause, finding in self.findings.items() if finding.outcome is Outcome(outcome)]

    @property
    def observed(self) -> Mapping[str, object]:
        """What the server does where the document is silent."""
        return self.verdict.observed

    @property
    def requests(self) -> int:
        """How many requests it took."""
        return sum(self.verdict.journal.requests.values())

    @property
    def left_behind(self) -> set[str]:
        """The ids of the keys that the suite made and did not revoke."""
        return {*self.verdict.created} - {*self.verdict.removed}

    @property
    def exit_code(self) -> int:
        """What a shell is told: 0 where every promise was kept, 1 where one was broken."""
        return self.verdict.exit_code()

    @property
    def headline(self) -> str:
        return headline(self.verdict)

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for finding in self.verdict.findings:
            if finding.outcome in {Outcome.FAIL, Outcome.WARN}:
                yield from told(self.verdict.base_url, finding)
                yield ""
        yield self.headline
        counts = {outcome: self.verdict.count(outcome) for outcome in Outcome}
        yield ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
