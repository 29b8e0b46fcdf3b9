"""What a fake MX did, told at the moment it does it.

A mail that was kept shows what arrived; this shows the rest: what each host said for which envelope, and where
it said nothing. "kept" comes before the reply to the dot, as a mail is kept before it is acknowledged.

    >>> network = FakeNetwork(clock, observe=seen.append)
    >>> [(one.host, one.code) for one in seen if one.what == "replied" and one.stage is Stage.RCPT]
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from fakemx.behaviours.actions import Stage

What = Literal[
    "connected",
    "replied",  # with the code; None when what was said is no reply
    "dropped",
    "reset",
    "silent",
    "tls",  # the handshake succeeded
    "refused-handshake",  # it failed, at either side
    "kept",  # with the id of the mail
    "closed",  # the connection has ended, by whomever
]


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that a host did."""

    at: datetime
    connection: int
    """The number of the connection in its network, from 1."""
    host: str
    peer_ip: str
    what: What
    stage: Stage | None = None
    sender: str = ""
    recipients: tuple[str, ...] = ()
    code: int | None = None
    mail_id: str | None = None


def nobody_looks(_observation: Observation) -> None:
    """Observe nothing."""
