"""Readiness, reset, events, and what was tried for a message."""

import falcon

from justemails.api import wire
from justemails.delivery.reasons import explain
from justemails.records import Attempt
from justemails_sandbox.control import reading
from justemails_sandbox.control.deps import MailDeps
from justemails_sandbox.sandbox import Sandbox

_EVENTS_AT_ONCE = 500


class Ready:
    """``GET /ready``."""

    def __init__(self, deps: MailDeps) -> None:
        self._deps = deps

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {"ready": True, "faults": [repr(fault) for fault in self._deps.network.faults]}


class Reset:
    """``POST /reset``: back to the seeded state."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        reading.body(req)
        self._sandbox.reset()
        resp.media = {"reset": True}


class EventCollection:
    """``GET /events?after=N&wait=10``: what happened, in order, waiting for more if there is nothing yet."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        given = reading.query(req, "after", "wait")
        after = reading.number(given, "after", 0, 0, 10**15)
        events = self._sandbox.events.after(after, _EVENTS_AT_ONCE, reading.wait_s(given, "wait", 0))
        resp.media = {
            "data": [
                {"number": event.number, "at": wire.timestamp(event.at), "event": event.kind, **event.details}
                for event in events
            ],
            "last": self._sandbox.events.last,
        }


class AttemptCollection:
    """``GET /messages/{id}/attempts``: each try to deliver a message."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def on_get(self, req: falcon.Request, resp: falcon.Response, message_id: str) -> None:
        if not self._sandbox.store.has_message(message_id):
            reading.missing("message")
        resp.media = {"data": [_attempt(attempt) for attempt in self._sandbox.store.attempts(message_id)]}


def _attempt(attempt: Attempt) -> dict[str, object]:
    explanation = explain(attempt)
    return {
        "number": attempt.number,
        "at": wire.timestamp(attempt.at),
        "event": attempt.event,
        "host": attempt.host,
        "ip": attempt.ip,
        "tls": attempt.tls,
        "phase": attempt.phase,
        "code": attempt.code,
        "enhanced": attempt.enhanced,
        "text": attempt.text,
        "reason": explanation.reason,
        "explanation": explanation.text,
        "transcript": attempt.transcript,
    }
