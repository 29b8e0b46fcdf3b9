"""WSGI applications around others: several on one port, one of another time, one whose requests are noted."""

import time
from collections.abc import Iterable, Mapping
from email.utils import format_datetime
from typing import Any

from justemails.http_server import WsgiApp
from justemails.ports import Clock
from justemails_sandbox.events import EventLog


def mount(apps: Mapping[str, WsgiApp], otherwise: WsgiApp) -> WsgiApp:
    """Return an application that hands a request to the app whose prefix its path has, whole path and all."""

    def dispatch(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # Any: as WSGI (PEP 3333) has it
        path = environ.get("PATH_INFO", "")
        for prefix, app in apps.items():
            if path == prefix or path.startswith(prefix + "/"):
                return app(environ, start_response)
        return otherwise(environ, start_response)

    return dispatch


def dated(app: WsgiApp, clock: Clock) -> WsgiApp:
    """Return an application whose answers are of the time that ``clock`` tells, and not the machine's.

    A client that compares ``Date`` with the times in an answer, or with a Retry-After, finds them to agree.
    """

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # Any: as WSGI has it
        def start(line: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            return start_response(line, [*headers, ("Date", format_datetime(clock.now(), usegmt=True))], *exc_info)

        return app(environ, start)

    return serve


def logged(app: WsgiApp, events: EventLog) -> WsgiApp:
    """Return an application that notes each request of ``app`` as an event."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # Any: as WSGI has it
        began = time.perf_counter()
        status = ""

        def start(line: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            nonlocal status
            status = line
            return start_response(line, headers, *exc_info)

        answer = app(environ, start)
        events.add(
            "request",
            method=environ["REQUEST_METHOD"],
            path=environ["PATH_INFO"],
            status=int(status[:3]),
            milliseconds=round((time.perf_counter() - began) * 1000, 1),
        )
        return answer

    return serve
