"""The library ``requests`` with the lab where the network would be: every other part of it is real."""

import json
from collections.abc import Callable
from http import HTTPStatus
from io import BytesIO
from typing import Any

import requests
from requests.adapters import BaseAdapter

from justemails_lessons.calls import Call
from justemails_lessons.exchange import Exchange

Make = Callable[[Call], Exchange]


def session(make: Make) -> requests.Session:
    """Return a session whose requests are all made by ``make``."""
    made = requests.Session()
    made.trust_env = False
    for scheme in ("https://", "http://"):
        made.mount(scheme, _InProcess(make))
    return made


class _InProcess(BaseAdapter):
    def __init__(self, make: Make) -> None:
        super().__init__()
        self._make = make

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:  # Any: for a network
        headers = {name: str(value) for name, value in request.headers.items()}
        # Another body would be a file or a stream, and the lessons send neither.
        data = request.body.decode() if isinstance(request.body, bytes) else None
        url = str(request.url)
        try:
            exchange = self._make(Call(str(request.method), url, headers, data))
        except ConnectionRefusedError as ex:
            raise requests.ConnectionError(ex, request=request) from ex
        return _response(exchange, request, url)

    def close(self) -> None:
        """Do nothing: nothing is open."""


def _response(exchange: Exchange, request: requests.PreparedRequest, url: str) -> requests.Response:
    response = requests.Response()
    response.status_code, response.reason = exchange.status, HTTPStatus(exchange.status).phrase
    response.headers.update(exchange.headers)
    response.raw = BytesIO(json.dumps(exchange.json).encode())
    response.request, response.url = request, url
    return response
