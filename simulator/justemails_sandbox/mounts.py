"""Several WSGI applications on one port, told apart by the beginning of the path."""

from collections.abc import Iterable, Mapping
from typing import Any

from justemails.http_server import WsgiApp


def mount(apps: Mapping[str, WsgiApp], otherwise: WsgiApp) -> WsgiApp:
    """Return an application that hands a request to the app whose prefix its path has, whole path and all."""

    def dispatch(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # Any: as WSGI (PEP 3333) has it
        path = environ.get("PATH_INFO", "")
        for prefix, app in apps.items():
            if path == prefix or path.startswith(prefix + "/"):
                return app(environ, start_response)
        return otherwise(environ, start_response)

    return dispatch
