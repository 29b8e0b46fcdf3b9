"""Connections to mail servers, by aiosmtplib's protocol.

Only the protocol is used, not the client around it: each phase needs its own time-out and its own line in the
transcript. The library refuses control characters in commands and discards what comes before TLS is up.

TLS is opportunistic (RFC 7435): a certificate is not looked at, since without it the mail would go in the clear.
"""

import asyncio
import contextlib
import re
import ssl
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address
from typing import TypeVar

from aiosmtplib.errors import SMTPException, SMTPResponseException
from aiosmtplib.protocol import SMTPProtocol
from aiosmtplib.response import SMTPResponse

from justemails.ports import ConnectionLostError, Reply

T = TypeVar("T")

Endpoint = Callable[[str], tuple[str, int] | None]
"""Where to really connect for a mail host's address; None: it may not be connected to."""

_LINE_START_DOT = re.compile(rb"(?m)^\.")


class SmtpConnector:
    """The only way out of the engine.

    Args:
        endpoint: decides what may be reached, and where it is: in the sandbox, the fake network's registry.
        sources: addresses of this machine to connect from, one of a family; else the system chooses.
    """

    def __init__(self, endpoint: Endpoint, sources: Sequence[str] = ()) -> None:
        self._endpoint = endpoint
        self._sources = {ip_address(source).version: (source, 0) for source in sources}
        self._tls = _unverifying_context()

    async def connect(self, ip: str) -> "Connection":
        """Open a connection to the mail server at an address.

        Raises:
            ConnectionLostError: it cannot be reached, or may not be.
        """
        endpoint = self._endpoint(ip)
        if endpoint is None:
            raise ConnectionLostError(f"{ip} is not a mail server that may be connected to")
        loop = asyncio.get_running_loop()
        try:
            source = self._sources.get(ip_address(endpoint[0]).version)
            _, protocol = await loop.create_connection(lambda: SMTPProtocol(loop), *endpoint, local_addr=source)
        except OSError as ex:
            raise ConnectionLostError(_plain(ex)) from ex
        return Connection(protocol, self._tls)


class Connection:
    """An open connection; see ``justemails.ports.SmtpConnection``."""

    def __init__(self, protocol: SMTPProtocol, tls: ssl.SSLContext) -> None:
        self._protocol = protocol
        self._tls = tls

    async def greeting(self) -> Reply:
        return await self._reply(self._protocol.read_response())

    async def command(self, line: str) -> Reply:
        return await self._reply(self._protocol.execute_command(line.encode()))

    async def start_tls(self, server_name: str) -> Reply:
        try:
            code, text = await self._protocol.start_tls(self._tls, server_name)
        except SMTPResponseException as ex:
            if ex.code < 0:  # what was said is no reply
                raise ConnectionLostError(_plain(ex)) from ex
            return _harmless(ex.code, ex.message)
        except ssl.SSLError as ex:
            raise ConnectionLostError(f"the TLS handshake failed: {ex.reason or ex}") from ex
        except (SMTPException, OSError) as ex:
            raise ConnectionLostError(_plain(ex)) from ex
        return _harmless(code, text)

    async def content(self, data: bytes) -> Reply:
        try:
            # RFC 5321 4.5.2: a line that starts with a dot gets another one.
            self._protocol.write(_LINE_START_DOT.sub(b"..", data) + b".\r\n")
        except SMTPException as ex:
            raise ConnectionLostError(_plain(ex)) from ex
        return await self._reply(self._protocol.read_response())

    def quit(self) -> None:
        with contextlib.suppress(SMTPException):  # gone already
            self._protocol.write(b"QUIT\r\n")

    def close(self) -> None:
        if self._protocol.transport is not None:
            self._protocol.transport.close()

    async def _reply(self, reply: Awaitable[SMTPResponse]) -> Reply:
        try:
            code, text = await reply
        except (SMTPException, OSError) as ex:
            raise ConnectionLostError(_plain(ex)) from ex
        return _harmless(code, text)


def _harmless(code: int, text: str) -> Reply:
    """Return a reply that can be shown to people and written to logs: a far server's words are its own."""
    return Reply(code, "".join(c if c.isprintable() or c == "\n" else "?" for c in text))


def _unverifying_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _plain(ex: Exception) -> str:
    """Say in plain words why a connection is of no use."""
    match ex:
        case ConnectionRefusedError():
            return "the connection was refused"
        case ConnectionResetError():
            return "the connection was reset"
        case SMTPException():
            return str(getattr(ex, "message", ex)).replace("Unexpected EOF received", "the connection was closed")
        case OSError():
            return f"the connection failed ({ex.strerror or ex})"
    return str(ex)
