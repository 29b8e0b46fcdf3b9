"""Which simulated process a callback belongs to, so that one of many in the same loop can be killed."""

from contextvars import ContextVar

OWNER: ContextVar[str] = ContextVar("OWNER", default="")
"""Set it in the context that a process' first task is made with; whatever that task makes inherits it."""
