"""One fake MX host: a name, its pretended addresses, and the places where it really listens.

What is said on a connection is in ``mx.session``. The ``Controller`` of aiosmtpd is not used: it starts a thread.

    >>> host = MxHost("mx.ok.test", "ok.test", Host(), ("198.18.0.1",), place)
    >>> await host.open(LoopbackListeners())
    >>> host.where("198.18.0.1")
    >>> await host.close()
"""

import asyncio
from collections.abc import Sequence

from fakemx.behaviours.playbook import Standing
from fakemx.behaviours.script import Host, Port
from fakemx.listeners import Listeners, Listening
from fakemx.mx.place import Place
from fakemx.mx.session import MxSession


class MxHost:
    """A mail host."""

    def __init__(self, name: str, domain: str, host: Host, addresses: Sequence[str], place: Place) -> None:
        """Describe the host; nothing is opened before ``open``."""
        self.name = name
        self.domain = domain
        self.host = host
        self.addresses = addresses
        self._place = place
        self._where: dict[str, tuple[str, int]] = {}
        self._listening: list[Listening] = []
        self._sessions: dict[MxSession, None] = {}  # in the order of their beginnings, so that they end in it

    def where(self, ip: str) -> tuple[str, int] | None:
        """Return where one of its addresses really is; None while the host is not open."""
        return self._where.get(ip)

    async def open(self, listeners: Listeners) -> None:
        """Listen, or swallow, or refuse."""
        for ip in self.addresses:
            match self.host.port:
                case Port.OPEN:
                    self._add(ip, await listeners.listen(self._session, ip))
                case Port.BLACKHOLE:
                    self._add(ip, await listeners.blackhole(ip))
                case Port.REFUSED:
                    self._where[ip] = listeners.refusing(ip)

    async def close(self) -> None:
        """Stop listening and end every session."""
        self._where.clear()
        listening, self._listening = self._listening, []
        await asyncio.gather(*(one.close() for one in listening))
        await asyncio.gather(*(session.cut() for session in tuple(self._sessions)))

    def _add(self, ip: str, listening: Listening) -> None:
        self._where[ip] = listening.address
        self._listening.append(listening)

    def _session(self) -> MxSession:
        standing = Standing(self.domain, self.host.label)
        return MxSession(self.name, self.host, standing, self._place, self._sessions)
