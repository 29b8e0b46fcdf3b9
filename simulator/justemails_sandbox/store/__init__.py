"""The reference's store, and what a sandbox asks of it beside: what people see and do by hand, whatever the account.

Pony's objects never leave this package.
"""

from justemails.pony_store import PonyStore
from justemails_sandbox.store.agenda import Agenda
from justemails_sandbox.store.desk import Desk
from justemails_sandbox.store.key_ring import KeyRing

__all__ = ["SandboxStore"]


class SandboxStore(PonyStore, Desk, Agenda, KeyRing):
    """The store of a sandbox, on one SQLite file."""
