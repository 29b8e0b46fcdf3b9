"""One connection to a fake MX: aiosmtpd's server protocol, misbehaving as the playbook says.

Who decides: at CONNECT, EHLO and MAIL the behaviour of the host's own domain; at RCPT, DATA and DOT the
behaviour of each recipient (its tag, else its domain), in order, and the first that says anything but
"wait" decides for all; at QUIT that of the last message's recipients, or the host's if there was none.

aiosmtpd answers an exception in a handler with "500 Error", which a sender must take for a bounce. Here a
bug of ours goes to ``place.report`` and the answer is 451, so that no bug looks like weather.

What is deliberately not here: TLS, AUTH, relaying and reverse DNS. Commands with a bare LF are taken, and
bare CR and LF in the data are kept as they came.

    >>> protocol = MxSession("mx.ok.test", "ok.test", place, sessions=set())
    >>> server = await loop.create_server(lambda: protocol, "127.0.0.1", 0)
"""

import asyncio
import re
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from aiosmtpd.smtp import MISSING, SMTP, Envelope, Session

from fakemx.behaviours.playbook import Playbook
from fakemx.behaviours.script import Action, Delay, Drop, Reply, Silence, Stage
from fakemx.clock_port import Clock
from fakemx.mx.received import Arrival

DATA_LIMIT = 32 * 1024 * 1024
SILENCE_S = 86_400.0
# RFC 5321 section 4.1.2, without source routes: a mailbox, the null path, or the one name that needs no domain.
_PATH = re.compile(r'<((?:(?:[^\s<>@"]+|"(?:[^"\\]|\\.)*")@[^\s<>@"]+|postmaster)?)>', re.IGNORECASE)
TRANSCRIPT_LINES = 1_000  # of a session; older lines are forgotten, so that nobody can fill our memory


@dataclass(frozen=True, slots=True)
class Place:
    """What a host has from its network."""

    clock: Clock
    playbook: Playbook
    take: Callable[[Arrival], None]
    """Keep a mail. It is called before the answer: what is acknowledged is kept."""
    report: Callable[[Exception], None]
    """Take note of a bug of ours."""


class MxSession(SMTP):
    """One connection."""

    def __init__(self, name: str, domain: str, place: Place, sessions: set["MxSession"]) -> None:
        """Take one connection to the host ``name`` of ``domain``; it is in ``sessions`` for as long as it lasts."""
        # In aiosmtpd this dictionary belongs to the class, and each new session empties it for all the others.
        self.command_size_limits = defaultdict(lambda: SMTP.command_size_limit)
        super().__init__(
            _Handler(),
            data_size_limit=DATA_LIMIT,
            enable_SMTPUTF8=True,
            hostname=name,
            ident="ESMTP",
            timeout=SILENCE_S,  # or it would break a silence
            loop=asyncio.get_running_loop(),
        )
        self._domain = domain
        self.place = place
        self._sessions = sessions
        self._transcript: deque[str] = deque(maxlen=TRANSCRIPT_LINES)
        self._data_bytes = 0
        self._banner: Reply | None = None
        self._last: tuple[str, tuple[str, ...]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """End."""
        self._sessions.discard(self)
        super().connection_lost(error)

    async def end(self) -> None:
        """Cut the connection and wait until nothing of it runs."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()
            await asyncio.gather(self._handler_coroutine, return_exceptions=True)

    # What each stage does.

    async def at_host(self, stage: Stage) -> Reply | None:
        """Do what the host does at this stage; return the answer to give, or None for an honest one."""
        actions = self.place.playbook.at_host(stage, self._peer_ip, self._domain, self.place.clock.now())
        return await self._carry_out(stage, await self._wait(actions))

    async def at_recipients(self, stage: Stage, sender: str, recipients: Iterable[str]) -> Reply | None:
        """Do what these recipients do at this stage; return as ``at_host`` does."""
        return await self._carry_out(stage, await self._wait(self._concerted(stage, sender, recipients)))

    async def at_dot(self, arrival: Arrival) -> Reply | None:
        """Do what the recipients do at the end of the data, keeping the mail unless it is refused."""
        self._last = arrival.sender, arrival.recipients
        action = await self._wait(self._concerted(Stage.DOT, arrival.sender, arrival.recipients))
        if not (isinstance(action, Reply) and action.code >= 400):
            self.place.take(arrival)
        return await self._carry_out(Stage.DOT, action)

    async def at_quit(self) -> Reply | None:
        """Do what is done at the end."""
        if self._last is None:
            return await self.at_host(Stage.QUIT)
        return await self.at_recipients(Stage.QUIT, *self._last)

    def arrival(self, envelope: Envelope) -> Arrival:
        """Describe the mail whose data has just ended."""
        self._note_data()
        return Arrival(
            host=self.hostname,
            peer_ip=self._peer_ip,
            helo=_shown((self.session.host_name if self.session else None) or ""),
            sender=sender_of(envelope),
            recipients=tuple(envelope.rcpt_tos),
            data=envelope.original_content or b"",
            transcript=tuple(self._transcript),
            tls=False,
        )

    @property
    def _peer_ip(self) -> str:
        peer = self.session.peer if self.session is not None else None
        return str(peer[0]) if peer else ""

    def _concerted(self, stage: Stage, sender: str, recipients: Iterable[str]) -> list[Action]:
        together: list[Action] = []
        now = self.place.clock.now()
        for recipient in recipients:
            together += self.place.playbook.at_recipient(stage, self._peer_ip, sender, recipient, now)
            if together and not isinstance(together[-1], Delay):
                break
        return together

    async def _wait(self, actions: Iterable[Action]) -> Reply | Drop | Silence | None:
        for action in actions:
            if not isinstance(action, Delay):
                return action
            await self.place.clock.sleep(action.seconds)
        return None

    async def _carry_out(self, stage: Stage, action: Reply | Drop | Silence | None) -> Reply | None:
        match action:
            case Silence():
                await self.place.clock.sleep(SILENCE_S)
                await self._hang_up(politely=False)
            case Drop():
                await self._hang_up(politely=False)
            # RFC 5321 section 3.8: after 421 the server closes. At CONNECT there is nothing to go on with.
            case Reply(code) if code == 421 or (stage is Stage.CONNECT and code >= 400):
                await self.push(str(action))
                await self._hang_up(politely=True)
            case Reply():
                return action
        return None

    async def _hang_up(self, *, politely: bool) -> None:
        if isinstance(self.transport, asyncio.Transport):
            if politely:
                self.transport.close()
            else:
                self.transport.abort()
        # The loss of the connection cancels the task we are in; until then it must not say another word.
        await asyncio.get_running_loop().create_future()

    # Where aiosmtpd has to be met halfway.

    async def _handle_client(self) -> None:
        try:
            self._banner = await self.at_host(Stage.CONNECT)
            await super()._handle_client()
        except ConnectionError:
            pass  # the client has gone
        except Exception as ex:  # noqa: BLE001  # outside aiosmtpd's own net: note it, or nobody would
            self.place.report(ex)
            self._writer.close()

    async def handle_exception(self, error: Exception) -> str:
        """Take note of a bug and answer "later", so that nothing is lost by it."""
        if not isinstance(error, ConnectionError):  # that is the client going away in the middle of an answer
            self.place.report(error)
        return "451 4.3.0 internal error"

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  # aiosmtpd's naming
        """Act at the DATA command, which has no hook; with no recipients the answer is aiosmtpd's."""
        if self.envelope is not None and self.envelope.rcpt_tos and not arg:
            sender, recipients = sender_of(self.envelope), tuple(self.envelope.rcpt_tos)
            reply = await self.at_recipients(Stage.DATA, sender, recipients)
            if reply is not None:
                await self.push(str(reply))
                return
        await super().smtp_DATA(arg)

    async def smtp_VRFY(self, arg: str) -> None:  # noqa: N802  # aiosmtpd's naming and signature
        """Answer as RFC 5321 section 3.5.3 asks of a server that does not verify; aiosmtpd repeats the argument."""
        await self.push("252 2.5.2 Cannot VRFY user")

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        # aiosmtpd's own reading leaks IndexError on hostile paths and mends broken ones; we keep what was said.
        path = _PATH.match(arg.strip())
        # An address must be able to go into a database and onto a page: no control characters, valid UTF-8.
        if path is None or re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", path[0]):
            return None, None
        return path[1] or "<>", arg.strip()[path.end() :]

    async def push(self, status: Any) -> None:  # Any: str or bytes, by aiosmtpd's type variable
        """Answer, and write it into the transcript."""
        if self._banner is not None:
            status, self._banner = str(self._banner), None
        self._note_data()
        self._note("S", status if isinstance(status, bytes) else str(status).encode("utf-8", "replace"))
        await super().push(status)

    def _cb_client_connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super()._cb_client_connected(reader, writer)
        # aiosmtpd has no hook that sees every command line. It reads commands up to LF and data up to CRLF.
        reader.readuntil = self._noting(reader.readuntil)  # type: ignore[method-assign]  # of this one reader

    def _noting(self, readuntil: Callable[[bytes], Awaitable[bytes]]) -> Callable[..., Any]:
        async def noted(separator: bytes = b"\n") -> bytes:
            line = await readuntil(separator)
            if separator == b"\n":
                self._note("C", line)
            else:
                self._data_bytes += len(line)
            return line

        return noted

    def _note(self, who: str, line: bytes) -> None:
        self._transcript.append(f"{who}: {_shown(line.decode('utf-8', 'replace').rstrip())}")

    def _note_data(self) -> None:
        if self._data_bytes:
            self._transcript.append(f"C: ({self._data_bytes} bytes of data)")
            self._data_bytes = 0


class _Handler:
    """aiosmtpd's hooks: each asks the session what happens here, and gives the honest answer otherwise."""

    async def handle_HELO(self, server: MxSession, session: Session, _envelope: Envelope, name: str) -> str:  # noqa: N802
        reply = await server.at_host(Stage.EHLO)
        if reply is None or reply.code < 400:
            session.host_name = name
        return f"250 {server.hostname}" if reply is None else str(reply)

    async def handle_EHLO(  # noqa: N802
        self, server: MxSession, session: Session, _envelope: Envelope, name: str, answer: list[str]
    ) -> list[str]:
        reply = await server.at_host(Stage.EHLO)
        if reply is None or reply.code < 400:
            session.host_name = name
        return answer if reply is None else [str(reply)]

    async def handle_MAIL(  # noqa: N802
        self, server: MxSession, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> Any:  # a reply, or aiosmtpd's mark for "do as you would"
        reply = await server.at_host(Stage.MAIL)
        if reply is None:
            return MISSING
        if reply.code < 400:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return str(reply)

    async def handle_RCPT(  # noqa: N802
        self, server: MxSession, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> Any:  # as above
        if address == "<>":
            return "553 5.1.3 a recipient has a name"
        reply = await server.at_recipients(Stage.RCPT, sender_of(envelope), (address,))
        if reply is None:
            return MISSING
        if reply.code < 400:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return str(reply)

    async def handle_DATA(self, server: MxSession, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        reply = await server.at_dot(server.arrival(envelope))
        return "250 2.0.0 kept" if reply is None else str(reply)

    async def handle_QUIT(self, server: MxSession, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        reply = await server.at_quit()
        return "221 2.0.0 bye" if reply is None else str(reply)


def sender_of(envelope: Envelope) -> str:
    """Return the reverse-path of a transaction; aiosmtpd writes the null one as ``<>``."""
    return "" if envelope.mail_from in {None, "<>"} else str(envelope.mail_from)


def _shown(text: str) -> str:
    return re.sub(
        r"[\x00-\x1f\x7f\ud800-\udfff]",
        lambda match: f"\\x{ord(match[0]):02x}",
        text,
    )
