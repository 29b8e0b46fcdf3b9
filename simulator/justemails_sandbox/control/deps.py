"""What parts of the control API need: a sandbox has all of it, others have a part."""

from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

from fakemx.network import FakeNetwork
from justemails.ports import Clock, NewId, NewSecret, Resolver
from justemails.store import Store
from justemails_sandbox.events import EventLog
from justemails_sandbox.inbox import Inbox

T = TypeVar("T")


class Loop(Protocol):
    """Runs coroutines for callers in other threads."""

    def run(self, coroutine: Coroutine[Any, Any, T], /) -> T: ...  # Any: unused slots


class MailDeps(Protocol):
    """The mail that arrived, and the hosts that took it."""

    @property
    def inbox(self) -> Inbox: ...
    @property
    def events(self) -> EventLog: ...
    @property
    def network(self) -> FakeNetwork: ...
    @property
    def loop(self) -> Loop: ...


class AdminDeps(Protocol):
    """Where accounts, their domains and their keys are made."""

    @property
    def store(self) -> Store: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def new_id(self) -> NewId: ...
    @property
    def new_secret(self) -> NewSecret: ...
    @property
    def resolver(self) -> Resolver: ...
    @property
    def loop(self) -> Loop: ...
