"""What the reference needs from outside: small Protocols, results from the standard library or frozen dataclasses.

Adapters satisfy them structurally and need not import this module. Time, names, connections, ids, secrets and
storage all arrive as constructor arguments; nothing else in the package touches a clock, a socket or a random
source.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

NewId = Callable[[str], str]  # a prefix ("msg_") -> a fresh id that sorts by time
NewSecret = Callable[[], str]  # -> a fresh API key


class Clock(Protocol):
    """The time, and waiting for it."""

    def now(self) -> datetime:
        """Return the time of day, aware, in UTC."""
        ...

    def monotonic_ns(self) -> int:
        """Return nanoseconds that never go backwards; only differences mean anything."""
        ...

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        """Return a context that cancels its body after ``seconds`` and raises TimeoutError."""
        ...


class DnsTemporaryError(Exception):
    """The name servers did not answer, or answered that they could not say."""


class NoSuchDomainError(Exception):
    """The name does not exist (NXDOMAIN)."""


@dataclass(frozen=True, slots=True)
class MxRecord:
    """One MX record; a ``host`` of "." is the null MX of RFC 7505."""

    preference: int
    host: str


class Resolver(Protocol):
    """DNS look-ups. An empty answer means that the name exists without such a record.

    Every method raises NoSuchDomainError or DnsTemporaryError.
    """

    async def mx(self, domain: str) -> Sequence[MxRecord]: ...

    async def addresses(self, host: str) -> Sequence[str]: ...

    async def txt(self, name: str) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Reply:
    """An SMTP reply: the code, and the text of its lines joined by newlines (RFC 5321 4.2)."""

    code: int
    text: str


class ConnectionLostError(Exception):
    """The connection could not be made, broke, or said something that is no SMTP reply."""


class SmtpConnection(Protocol):
    """An open connection to a mail server, before its greeting is read.

    Every coroutine raises ConnectionLostError; time-outs are the caller's.
    """

    async def greeting(self) -> Reply: ...

    async def command(self, line: str) -> Reply: ...

    async def start_tls(self, server_name: str) -> Reply:
        """Say STARTTLS and, after a 220, shake hands (RFC 3207); any other reply leaves the connection in the clear.

        Raises ConnectionLostError when the handshake fails, too.
        """
        ...

    async def content(self, data: bytes) -> Reply:
        """Send the message and the final dot after a 354; ``data`` ends in CRLF and is not yet dot-stuffed."""
        ...

    def quit(self) -> None:
        """Say QUIT, and do not wait for the answer, on which nothing depends."""
        ...

    def close(self) -> None: ...


class Connector(Protocol):
    """The only way out: opens connections to mail servers."""

    async def connect(self, ip: str) -> SmtpConnection:
        """Raises ConnectionLostError."""
        ...
