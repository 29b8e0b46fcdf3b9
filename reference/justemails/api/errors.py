"""The one error that a caller can cause, and the one body that every error is told in [errors.body].

Who must act decides the kind of error: the caller gets an ApiError; a far mail server's refusal is an event of
the delivery state table, not an exception; our own faults propagate, are logged, and become a 500.
"""

import json
from collections.abc import Mapping

from justemails_contract import errors
from justemails_contract.errors import ErrorKind

OUR_FAULT = "Something went wrong on our side. Please try again."
"""The message of every 500: nothing internal, and what to do [errors.500]."""

_BY_STATUS = {kind.status: kind for kind in (*errors.DOCUMENTED, *errors.TRANSPORT)}


class ApiError(Exception):
    """A request that is refused, with the row of the error table that says how."""

    def __init__(self, kind: ErrorKind, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.headers = headers or {}


def kind_of(status: int, otherwise: ErrorKind) -> ErrorKind:
    """Return the row of an HTTP status, whoever answers with it."""
    return _BY_STATUS.get(status, otherwise)


def error_body(code: str, message: str) -> bytes:
    """Return the JSON body of every error, from the API and from the HTTP server alike [errors.body]."""
    return json.dumps({"error": code, "message": message}).encode()
