"""Octets that no HTTP library would send, and the answers to them, one after the other on the same connection.

The requests are wrong on purpose, so nothing here looks at them. The answers are read by the library, like any other.
Time and size are not watched here: whoever connects does that.
"""

import http.client
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import cast

_MORE_S = 1.0  # how long a further answer may take to begin, once the first one has ended


class _Stream:
    """What comes from a connection: the library closes what it has read an answer from, and this stays open."""

    def __init__(self, its_socket: socket.socket) -> None:
        file = its_socket.makefile("rb")
        self.read: Callable[..., bytes] = file.read
        self.readline: Callable[..., bytes] = file.readline

    def makefile(self, mode: str) -> "_Stream":
        return self

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


def responses(its_socket: socket.socket, octets: bytes, method: str) -> Iterator[http.client.HTTPResponse]:
    """Send octets, and yield each answer; it has to be read before the next one is asked for.

    Raises:
        OSError, http.client.HTTPException: the first answer does not come, or is none. After it, the end of the
            connection is the end of the answers.
    """
    with suppress(ConnectionError):  # who refuses early may close before it has read all, and its answer is there
        its_socket.sendall(octets)
    stream = _Stream(its_socket)
    yield _begun(stream, method)
    its_socket.settimeout(_MORE_S)
    with suppress(OSError, http.client.HTTPException):
        while True:
            yield _begun(stream, method)


def _begun(stream: _Stream, method: str) -> http.client.HTTPResponse:
    # The library wants no more of a socket than the file that it makes.
    response = http.client.HTTPResponse(cast(socket.socket, stream), method=method)
    response.begin()
    return response
