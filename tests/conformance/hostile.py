"""Servers that mean harm, each on a port of its own, for one exchange."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Deed = Callable[[socket.socket, threading.Event], None]
"""What a server does with a connection, until it is told that the test is over."""


@contextmanager
def server(deed: Deed) -> Iterator[str]:
    """Serve, and give the base URL; whatever the server still does then is ended."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                connection, _ = listening.accept()
                with connection:
                    if over.is_set():
                        return
                    connection.settimeout(5)
                    with suppress(OSError):  # the other side has had enough, as it should
                        deed(connection, over)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/api/v1"
        finally:
            over.set()
            with suppress(OSError), socket.create_connection(listening.getsockname()):
                pass  # so that it stops waiting for somebody else
            thread.join()


def says(data: bytes) -> Deed:
    """Answer with these octets, and close."""

    def deed(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65_536)
        connection.sendall(data)

    return deed


def goes_on(begin: bytes, piece: bytes, pause_s: float = 0.0) -> Deed:
    """Answer with a beginning, and then with a piece for ever."""

    def deed(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65_536)
        connection.sendall(begin)
        while not over.wait(pause_s):
            connection.sendall(piece)

    return deed


def hangs(connection: socket.socket, over: threading.Event) -> None:
    """Take the connection and say nothing."""
    over.wait()
