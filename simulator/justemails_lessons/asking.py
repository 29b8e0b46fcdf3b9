"""One request to an application in this process, without a socket."""

from collections.abc import Mapping
from typing import Any

import falcon.testing

from justemails.http_server import WsgiApp
from justemails_lessons.exchange import Exchange

_PORT = 8025  # in the Host header, as a sandbox has it


def ask(
    app: WsgiApp, method: str, target: str, headers: Mapping[str, str], data: str | None, *, shown: object
) -> Exchange:
    """Ask an application, and return what was asked and what came back.

    Args:
        target: the path, with its query.
        shown: the body as the card shows it.
    """
    result: Any = falcon.testing.simulate_request(  # Any: generic over WSGI and ASGI
        app, method, target, headers=dict(headers), body=data, host="127.0.0.1", port=_PORT
    )
    answer = {name.title(): value for name, value in result.headers.items()}
    return Exchange(method, target, headers, shown, result.status_code, answer, result.json)
