"""Rendering pages: the templates, what every page shows, and the live part of a page.

A template extends ``base.html`` and may have a block ``live``: what changes by itself. Its section asks for itself once
a second, with the number of the state that it shows; while that has not changed the answer is 204.
"""

import json
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import falcon
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from justemails.api import wire
from justemails.api.errors import ApiError
from justemails_dashboard.polls import page_of
from justemails_dashboard.strangers_text import visible
from justemails_sandbox.sandbox import Sandbox

_HERE = Path(__file__).parent
STATIC = _HERE / "static"

NAVIGATION = (
    ("/", "Home"),
    ("/messages", "Messages"),
    ("/inbox", "Inbox"),
    ("/domains", "Domains"),
    ("/keys", "Keys"),
    ("/network", "Network"),
    ("/limits", "Limits"),
    ("/clock", "Clock"),
    ("/requests", "Requests"),
    ("/docs", "API docs"),
)

STATUS_SIGNS = {"queued": "\u25f7", "delivered": "\u2713", "bounced": "\u2717", "failed": "\u26a0"}
"""A sign for each status, beside its word and its colour."""


class Pages:
    """Renders the pages of one sandbox."""

    def __init__(self, sandbox: Sandbox, token: str) -> None:
        self._sandbox = sandbox
        self.also: dict[str, Callable[[], str]] = {}
        """By the path of a page: what its state is made of beside what happens, such as the time."""

        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(token=token, navigation=NAVIGATION, signs=STATUS_SIGNS)
        self._environment.filters.update(timestamp=wire.timestamp, ago=self._ago, json=_readable, visible=visible)
        # Here rather than imported by each template: a block that is rendered alone sees no import of its template.
        self._macros: Any = self._environment.get_template("macros.html").module
        self._environment.globals["m"] = self._macros

    def state_of(self, path: str) -> str:
        """Return what changes whenever something has happened that the page could show."""
        state = f"{self._sandbox.events.last}.{self._sandbox.changes}"
        return f"{state}.{self.also[path]()}" if path in self.also else state

    def show(
        self, req: falcon.Request, resp: falcon.Response, template: str, *, at: str | None = None, **shown: Any
    ) -> None:
        """Answer with a page, or with its live part alone where that is asked for.

        Args:
            at: the page's own path, where it is shown in answer to a form that was sent to another.
            shown: what the template needs beside what every page has.
        """
        found = self._environment.get_template(template)
        path = at or req.path
        context = {
            "path": path,
            "shown_at": req.relative_uri if req.method == "GET" else path,
            "live": page_of(path, req.params, state=req.context.state),
            "now": self._sandbox.clock.now(),
            "clock_runs": self._sandbox.clock.running,
            **shown,
        }
        if "state" in req.params:
            # The time in the header goes along: it may have been moved from elsewhere.
            face = self._macros.face(context["now"], context["clock_runs"], moved=True)
            text = "".join([*found.blocks["live"](found.new_context(context)), face])
        else:
            text = found.render(context)
        resp.content_type = falcon.MEDIA_HTML
        resp.text = text

    def show_problem(self, req: falcon.Request, resp: falcon.Response, problem: ApiError) -> None:
        """Answer with a page that says what is wrong and what would pass."""
        resp.status = problem.kind.status
        resp.content_type = falcon.MEDIA_HTML
        meaning = HTTPStatus(problem.kind.status).phrase
        page = self._environment.get_template("problem.html")
        resp.text = page.render(path=req.path, meaning=meaning, message=problem.message)

    def _ago(self, moment: datetime) -> str:
        """Return how long ago a moment of the sandbox's clock was, in its greatest unit, of minutes at the least."""
        seconds = (self._sandbox.clock.now() - moment).total_seconds()
        for length, unit in ((86400, "d"), (3600, "h"), (60, "min")):
            if seconds >= length:
                return f"{seconds // length:.0f} {unit} ago"
        return "now"


def _readable(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
