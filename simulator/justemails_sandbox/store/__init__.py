"""The reference's store, and what a sandbox asks of it beside: what people see and do by hand, whatever the account.

Pony's objects never leave this package.
"""

from justemails.pony_store import FastPonyStore
from justemails_sandbox.store.due_queries import DueQueries
from justemails_sandbox.store.key_queries import KeyQueries
from justemails_sandbox.store.message_admin import MessageAdmin

__all__ = ["SandboxStore"]


class SandboxStore(FastPonyStore, MessageAdmin, DueQueries, KeyQueries):
    """The store of a sandbox, on one SQLite file."""
