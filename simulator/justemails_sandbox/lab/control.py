"""The control API within a lab: the mail that arrived, and how hosts behave; time is not to be moved there.

A judge that runs in the lab beside the server under judgement finds it by ``JUSTEMAILS_CONTROL``.
"""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from fakemx.mx.received import Received
from fakemx.network import FakeNetwork
from justemails.http_server import HttpServer
from justemails.ports import Clock
from justemails_sandbox.control import CONTROL_PATH
from justemails_sandbox.control.app import create_mail_control_app
from justemails_sandbox.events import EventLog
from justemails_sandbox.inbox import Inbox

T = TypeVar("T")

VARIABLE = "JUSTEMAILS_CONTROL"
PORT = 8026  # of a network that nobody else is in


class _RunningLoop:
    """The loop that runs already, for other threads."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def run(self, coroutine: Coroutine[Any, Any, T], /) -> T:  # Any: unused slots
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


class LabMailDeps:
    """What a lab shows of itself; made on the loop that its network is going to run on."""

    def __init__(self, clock: Clock, inbox_path: str) -> None:
        self.inbox = Inbox(inbox_path)
        self.events = EventLog(clock)
        self.loop = _RunningLoop()
        self.network: FakeNetwork

    def keep(self, received: Received) -> None:
        """Keep a mail that arrived."""
        self.network.received.append(received)
        for mail_id, recipient in zip(self.inbox.add(received), received.recipients, strict=True):
            self.events.add("mail", id=mail_id, to=recipient, host=received.host)


@contextmanager
def serving(deps: LabMailDeps) -> Iterator[str]:
    """Serve the control API, and give its base URL."""
    server = HttpServer(create_mail_control_app(deps), "127.0.0.1", PORT)
    thread = threading.Thread(target=server.run, name="justemails-control", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}{CONTROL_PATH}"
    finally:
        server.stop()
        thread.join()
        deps.inbox.close()
