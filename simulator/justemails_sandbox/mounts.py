"""WSGI applications around others: several on one port, one of another time, one whose changes are noted."""

from collections.abc import Callable, Iterable, Mapping
from email.utils import format_datetime
from typing import Any

from justemails.http_server import WsgiApp
from justemails.ports import Clock


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


def changing(app: WsgiApp, note_change: Callable[[], None]) -> WsgiApp:
    """Return an application whose every request but a GET is taken for one that changes something, when it is done."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # Any: as WSGI has it
        try:
            return app(environ, start_response)
        finally:
            if environ["REQUEST_METHOD"] != "GET":
                note_change()

    return serve
