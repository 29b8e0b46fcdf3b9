"""What the parts of the control API that are about mail and its hosts need: a sandbox has it, and a lab."""

from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

from fakemx.network import FakeNetwork
from justemails_sandbox.events import EventLog
from justemails_sandbox.inbox import Inbox

T = TypeVar("T")


class Loop(Protocol):
    """Runs coroutines for callers in other threads."""

    def run(self, coroutine: Coroutine[Any, Any, T], /) -> T: ...  # Any: unused slots


class Surroundings(Protocol):
    """The mail that arrived, and the hosts that took it."""

    @property
    def inbox(self) -> Inbox: ...
    @property
    def events(self) -> EventLog: ...
    @property
    def network(self) -> FakeNetwork: ...
    @property
    def loop(self) -> Loop: ...
