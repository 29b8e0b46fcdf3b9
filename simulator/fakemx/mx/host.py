"""One fake MX host: a name, a pretended address, and the loopback port where it really listens.

What is said on a connection is in ``mx.session``. The ``Controller`` of aiosmtpd is not used: it starts a thread.

    >>> host = MxHost("mx.ok.test", "ok.test", "198.18.0.1", place)
    >>> await host.open()
    >>> host.port
    >>> await host.close()
"""

import asyncio

from fakemx.mx.session import MxSession, Place

LOOPBACK = "127.0.0.1"


class MxHost:
    """A mail host: its name, its pretended address, and the loopback port where it really is."""

    def __init__(self, name: str, domain: str, ip: str, place: Place) -> None:
        """Describe the host; nothing is opened before ``open``."""
        self.name = name
        self.domain = domain
        self.ip = ip
        self._place = place
        self._server: asyncio.Server | None = None
        self._sessions: set[MxSession] = set()

    @property
    def port(self) -> int | None:
        """The real port on loopback; None while the host is not open."""
        if self._server is None:
            return None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def open(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, LOOPBACK, 0)

    def _session(self) -> MxSession:
        return MxSession(self.name, self.domain, self._place, self._sessions)

    async def close(self) -> None:
        """Stop listening and end every session."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        await asyncio.gather(*(session.end() for session in tuple(self._sessions)))
        await server.wait_closed()
