"""A client that calls the API's own WSGI application in process, between two steps of the loop.

It reads answers strictly: what is not as the document says is a fault, not a surprise to be lived with.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import falcon.testing

from justemails.api.app import App
from justemails.api.auth import find_operation
from justemails_contract.operations import BASE_PATH
from justemails_simulation.history import Called, History

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class ApiDownError(Exception):
    """Nobody answers: the API has crashed and not yet started again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API answered; ``body`` is the JSON object."""

    status: int
    body: Mapping[str, Any]  # Any: JSON
    retry_after_s: int | None


class ApiClient:
    """Calls the API with named keys, and writes each call into the history.

    Args:
        app: the application that runs now; None: none does.
        secrets: the keys' secrets by name.
    """

    def __init__(self, app: Callable[[], App | None], history: History, secrets: Mapping[str, str]) -> None:
        self._app = app
        self._history = history
        self._secrets = secrets

    def call(self, key: str, method: str, path: str, body: object = None, operation: str | None = None) -> Answer:
        """Call an operation.

        Args:
            key: the name of the key to use.
            operation: how the history is to call it; by default by its name in the contract.

        Raises:
            ApiDownError: nobody answers.
        """
        app = self._app()
        if app is None:
            raise ApiDownError
        headers = {"Authorization": f"Bearer {self._secrets[key]}"}
        result = falcon.testing.simulate_request(app, method, BASE_PATH + path, headers=headers, json=body)
        found = find_operation(method, BASE_PATH + path.partition("?")[0])
        retry_after = result.headers.get("retry-after")
        answer = Answer(result.status_code, result.json, int(retry_after) if retry_after else None)
        name = operation or (found.name if found else f"{method} {path}")
        self._history.add(Called(key, found.tier if found else None, name, answer.status, answer.retry_after_s))
        return answer


def instant(text: str | None) -> datetime | None:
    """Read a time of the API.

    Raises:
        ValueError: it is not written as the document shows it.
    """
    if text is None:
        return None
    if not _TIMESTAMP.fullmatch(text):
        raise ValueError(f"{text!r} is no time like 2026-04-06T12:00:00Z")
    return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
