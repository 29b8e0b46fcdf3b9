"""The clock: what time it is, what falls due next, and moving it."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

import falcon

from justemails.api.errors import ApiError
from justemails_dashboard.pages import Pages
from justemails_dashboard.snippets import curl
from justemails_sandbox.control import CONTROL_PATH, reading
from justemails_sandbox.control.clock import FIELDS, ClockMover
from justemails_sandbox.durations import write_duration
from justemails_sandbox.sandbox import Sandbox
from justemails_sandbox.store.due_queries import DueCheck, DueMessage

PATH = "/clock"

_STEPS = (("1m", "+1 min"), ("5m", "+5 min"), ("1h", "+1 h"), ("1d", "+1 d"))
_EVENTS = 20
_USUAL = "90s"

# No browser takes these for another host. One would: two slashes, a backslash, a tab that it leaves out.
_OWN_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


@dataclass(frozen=True, slots=True)
class Coming:
    """Something that falls due; ``wait`` is how long it takes until then, as people write it."""

    at: datetime
    wait: str
    due: DueMessage | DueCheck

    @property
    def message(self) -> DueMessage | None:
        return self.due if isinstance(self.due, DueMessage) else None


class Clock:
    """``GET /clock`` and ``POST /clock``, which the header of every page sends to as well."""

    def __init__(self, sandbox: Sandbox, pages: Pages) -> None:
        self._sandbox, self._pages = sandbox, pages
        self._mover = ClockMover(sandbox)
        pages.also[PATH] = self._second

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._show(req, resp, reading.query(req, "did", "by", "state").get("by", ""))

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        form = {name: value.strip() for name, value in req.context.form.items()}
        back = own_page(form.pop("back", PATH))
        try:
            self._mover.move(form)
        except ApiError as ex:
            self._show(req, resp, form.get("advance", ""), ex.message)
            resp.status = ex.kind.status
            return
        if back == PATH:
            ((name, value),) = form.items()
            back += falcon.to_query_str({"did": name, "by": value})
        raise falcon.HTTPSeeOther(back)

    def _show(self, req: falcon.Request, resp: falcon.Response, typed: str, problem: str = "") -> None:
        url = req.prefix + CONTROL_PATH + PATH

        def call(name: str, value: str) -> str:
            return curl("POST", url, json.dumps({name: value}).encode(), with_key=False)

        did = req.get_param("did")
        was_advance = bool(problem) or did == "advance"
        self._pages.show(
            req,
            resp,
            "clock.html",
            steps=_STEPS,
            coming=self._coming(),
            next_timer=self._next_timer(),
            typed=typed if was_advance else _USUAL,
            problem=problem,
            done=call(did, typed) if did in FIELDS and not problem else None,
            calls={
                "step": call("advance", "1m"),
                "span": call("advance", typed if did == "advance" else _USUAL),
                "next": call("to", "next"),
                "run": call("mode", "real"),
                "freeze": call("mode", "virtual"),
            },
        )

    def _coming(self) -> list[Coming]:
        store, now = self._sandbox.store, self._sandbox.clock.now()
        due: list[DueMessage | DueCheck] = [*store.due_messages(_EVENTS), *store.due_domains(_EVENTS)]
        soonest = sorted(due, key=lambda one: one.at)[:_EVENTS]
        return [Coming(one.at, _wait(one.at - now), one) for one in soonest]

    def _next_timer(self) -> tuple[datetime, str] | None:
        """Return where "next event" leads to, and how long it takes until then."""
        timer = self._sandbox.loop.run(self._look())
        return (timer, _wait(timer - self._sandbox.clock.now())) if timer else None

    async def _look(self) -> datetime | None:
        return self._sandbox.clock.next_timer()

    def _second(self) -> str:
        """Return what changes once a second where the clock runs: the page shows how long everything takes."""
        now = self._sandbox.clock.now()
        return f"{now:%H%M%S}" if self._sandbox.clock.running else ""


def own_page(address: str) -> str:
    """Return the address of a page of ours, fit for a Location header; for any other address the clock's."""
    if not _OWN_PATH.fullmatch(address):
        return PATH
    path, _, query = address.partition("?")
    return quote(path) + (f"?{quote(query, safe='=&%+')}" if query else "")


def _wait(span: timedelta) -> str:
    seconds = max(0, round(span.total_seconds()))
    return f"in {write_duration(timedelta(seconds=seconds))}" if seconds else "now"
