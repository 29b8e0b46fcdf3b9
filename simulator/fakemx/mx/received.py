"""One mail as a fake MX received it: what was said, what came, and what a receiver would think of it.

Data only. ``mx.session`` makes the ``Arrival``, ``network`` judges it and gives it an id, ``mailbox`` keeps it.
"""

from dataclasses import dataclass
from datetime import datetime

from fakemx.judge.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail at the moment of its final dot."""

    host: str
    peer_ip: str
    helo: str
    sender: str
    """The reverse-path; empty for the null sender of RFC 5321 section 4.5.5."""
    recipients: tuple[str, ...]
    data: bytes
    """The bytes as they came, leading dots taken off (RFC 5321 section 4.5.2), every line end untouched."""
    transcript: tuple[str, ...]
    """The dialogue so far, ``C: ...`` and ``S: ...``, the data as a count, the answer to the dot not yet."""
    tls: bool


@dataclass(frozen=True, slots=True)
class Received:
    """A mail that an MX took."""

    id: str
    received_at: datetime
    host: str
    peer_ip: str
    helo: str
    sender: str
    recipients: tuple[str, ...]
    data: bytes
    transcript: tuple[str, ...]
    tls: bool
    auth: Verdict
