"""One connection to a fake MX: aiosmtpd's server protocol, misbehaving as its ``acting.Actor`` says.

aiosmtpd answers an exception in a handler with "500 Error", which a sender must take for a bounce. Here a bug of ours
goes to ``place.fault`` and the answer is 451, so that no bug looks like weather.

What is deliberately not here: AUTH and relaying. Commands with a bare LF are taken, and bare CR and LF in the data are
kept as they came.

    >>> protocol = MxSession("mx.ok.test", Host(), Standing("ok.test", "mx"), place, sessions={})
    >>> server = await loop.create_server(lambda: protocol, "127.0.0.1", 0)
"""

import asyncio
import re
import socket
import struct
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from aiosmtpd.smtp import MISSING, SMTP, Envelope, Session, TLSSetupException

from fakemx.behaviours.actions import Deciding, Delay, Inject, Raw, Reply, SendReport, Stage, Tarpit
from fakemx.behaviours.playbook import Standing
from fakemx.behaviours.script import Extension, Host
from fakemx.mx.acting import SILENCE_S, Actor
from fakemx.mx.capabilities import (
    extensions,
    refuse_address,
    refuse_content,
    refuse_parameters,
    size_limit,
    with_enhanced_code,
)
from fakemx.mx.certificates import server_context
from fakemx.mx.content import read_content
from fakemx.mx.place import Place
from fakemx.mx.received import Arrival
from fakemx.mx.transcript import Transcript, shown

# RFC 5321 section 4.1.2, without source routes: a mailbox, the null path, or the one name that needs no domain.
_PATH = re.compile(r'<((?:(?:[^\s<>@"]+|"(?:[^"\\]|\\.)*")@[^\s<>@"]+|postmaster)?)>', re.IGNORECASE)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_VERBS = {
    "EHLO": Stage.EHLO,
    "HELO": Stage.HELO,
    "STARTTLS": Stage.STARTTLS,
    "MAIL": Stage.MAIL,
    "RCPT": Stage.RCPT,
    "DATA": Stage.DATA,
    "QUIT": Stage.QUIT,
}
_WITHOUT_ENHANCED_CODES = frozenset({Stage.CONNECT, Stage.EHLO, Stage.HELO})  # RFC 2034 section 3


class MxSession(SMTP):
    """One connection."""

    def __init__(
        self, name: str, host: Host, standing: Standing, place: Place, sessions: dict["MxSession", None]
    ) -> None:
        """Take one connection to the host ``name``; it is in ``sessions`` for as long as it lasts."""
        # In aiosmtpd this dictionary belongs to the class, and each new session empties it for all the others.
        self.command_size_limits = defaultdict(lambda: SMTP.command_size_limit)
        super().__init__(
            _Handler(),
            data_size_limit=size_limit(host),
            enable_SMTPUTF8=True,
            hostname=name,
            ident="ESMTP",
            timeout=SILENCE_S,  # or it would break a silence
            loop=asyncio.get_running_loop(),
        )
        self.host = host
        self.place = place
        self.actor = Actor(place, host, name, standing, self)
        self.transcript = Transcript()
        self._domain = standing.domain
        self._sessions = sessions
        self._stage: Stage | None = Stage.CONNECT
        self._banner: Reply | None = None
        self._injected = ""
        self._ours = False  # what is pushed next is our own reply, not one of aiosmtpd's

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; and once more when TLS is up."""
        first = self not in self._sessions
        self._sessions[self] = None
        super().connection_made(transport)
        if first:
            self.place.sessions[self.peer_ip, self._domain] += 1
            self.actor.observe("connected")

    def connection_lost(self, error: Exception | None) -> None:
        """End."""
        self._sessions.pop(self, None)
        self.place.sessions[self.peer_ip, self._domain] -= 1
        self.actor.observe("closed")
        super().connection_lost(error)

    async def cut(self) -> None:
        """Cut the connection and wait until nothing of it runs."""
        self.end(by_reset=True)
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()
            await asyncio.gather(self._handler_coroutine, return_exceptions=True)

    # What the actor needs.

    @property
    def peer_ip(self) -> str:
        peer = self.session.peer if self.session is not None else None
        return str(peer[0]) if peer else ""

    @property
    def helo(self) -> str:
        return shown((self.session.host_name if self.session else None) or "")

    @property
    def encrypted(self) -> bool:
        return self._tls_protocol is not None

    async def say(self, text: str) -> None:
        """Send this as it is.

        Raises:
            ConnectionError: the client has hung up.
        """
        self.transcript.note("S", text.encode())
        self._writer.write(text.encode())
        await self._writer.drain()

    def end(self, *, by_reset: bool) -> None:
        """End the connection, by FIN or by RST. TLS is not closed first: that would be a word."""
        transport = self._original_transport or self.transport
        if not isinstance(transport, asyncio.Transport):
            return
        if by_reset:
            _linger_not(transport.get_extra_info("socket"))
            transport.abort()
        else:
            transport.close()

    # Where aiosmtpd has to be met halfway.

    async def _handle_client(self) -> None:
        try:
            banner = await self.actor.at_host(Stage.CONNECT)
            self._banner = banner if isinstance(banner, Reply) else None
            await super()._handle_client()
        except ConnectionError:
            pass  # the client has gone
        except Exception as ex:  # noqa: BLE001  # outside aiosmtpd's own net: note it, or nobody would
            self.place.fault(ex)
            self._writer.close()

    async def handle_exception(self, error: Exception) -> str:
        """Take note of a bug and answer "later", so that nothing is lost by it."""
        if not isinstance(error, ConnectionError):  # that is the client going away in the middle of an answer
            self.place.fault(error)
        return "451 4.3.0 internal error"

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802  # aiosmtpd's naming
        """Shake hands, or do what the host does instead."""
        if self.host.tls is None or self.encrypted or arg:
            await super().smtp_STARTTLS(arg)
            return
        answer = await self.actor.at_host(Stage.STARTTLS)
        if isinstance(answer, Reply):
            await self.answer(answer)
            return
        if isinstance(answer, Raw):
            await self._babble(answer)
            return
        self._injected = answer.text if isinstance(answer, Inject) else ""
        self.tls_context = server_context(self.host.tls, self.hostname)
        try:
            await super().smtp_STARTTLS(arg)
            self.actor.observe("tls", Stage.STARTTLS)
        except TLSSetupException:
            self.actor.observe("refused-handshake", Stage.STARTTLS)
            self.end(by_reset=False)

    async def _babble(self, raw: Raw) -> None:
        """Give the go-ahead, and answer the client's part of the handshake with what is none."""
        await self.push("220 Ready to start TLS")
        await self._reader.read(1)
        for _ in range(raw.times):
            await self.say(raw.text)
        self.actor.observe("refused-handshake", Stage.STARTTLS)
        self.end(by_reset=False)
        await self._reader.read()  # the rest of the handshake: random octets, and line ends may be among them

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  # aiosmtpd's naming
        """Take a message: aiosmtpd's own way has no moment between the first line and the last."""
        envelope = self.envelope
        if envelope is None or not envelope.rcpt_tos or arg or await self.check_helo_needed():
            if not (envelope and envelope.rcpt_tos) or arg:
                await self.push("501 Syntax: DATA" if arg else "503 Error: need RCPT command")
            return
        sender, recipients = sender_of(envelope), tuple(envelope.rcpt_tos)
        self.actor.recipients = recipients
        refusal = await self.actor.at_recipients(Stage.DATA, sender, recipients)
        if refusal is not None:
            await self.answer(refusal)
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        answer = await self._take(sender, recipients)
        self._set_post_data_state()  # type: ignore[no-untyped-call]  # aiosmtpd's
        if answer is not None:
            self._stage = Stage.DOT
            await self.answer(answer)

    async def _take(self, sender: str, recipients: tuple[str, ...]) -> Reply | None:
        """Read the message and decide on it; None: what was to be said has been said."""
        pace = _Pace(self, self.actor.concerted(Stage.CONTENT, sender, recipients))
        content = await read_content(self._reader, size_limit=size_limit(self.host), heard=pace.heard)
        self.transcript.note_data(content.size)
        if pace.answered:
            return None
        refusal = content.refusal or refuse_content(self.host, content.data)
        if refusal is not None:
            return refusal
        arrival = Arrival(
            host=self.hostname,
            peer_ip=self.peer_ip,
            helo=self.helo,
            sender=sender,
            recipients=recipients,
            data=content.data,
            transcript=self.transcript.lines,
            tls=self.encrypted,
        )
        self._stage = Stage.DOT
        return await self.actor.at_dot(arrival) or Reply(250, "2.0.0 kept")

    async def smtp_VRFY(self, arg: str) -> None:  # noqa: N802  # aiosmtpd's naming and signature
        """Answer as RFC 5321 section 3.5.3 asks of a server that does not verify; aiosmtpd repeats the argument."""
        await self.push("252 2.5.2 Cannot VRFY user")

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        # aiosmtpd's own reading leaks IndexError on hostile paths and mends broken ones; we keep what was said.
        path = _PATH.match(arg.strip())
        # An address must be able to go into a database and onto a page: no control characters, valid UTF-8.
        if path is None or _UNSAFE.search(path[0]):
            return None, None
        return path[1] or "<>", arg.strip()[path.end() :]

    async def answer(self, reply: Reply) -> None:
        """Say a reply of ours, and do what it announces."""
        self._ours = True
        await self.push(text_of(reply))

    async def push(self, status: Any) -> None:  # Any: str or bytes, by aiosmtpd's type variable
        """Answer, and write it into the transcript."""
        text = status.decode("utf-8", "replace") if isinstance(status, bytes) else str(status)
        ours, self._ours = self._ours, False
        if self._banner is not None:
            text, self._banner, ours = text_of(self._banner), None, True
        if not text:
            return  # it has been said already
        if not ours and self._offers(Extension.ENHANCED_CODES) and self._stage not in _WITHOUT_ENHANCED_CODES:
            text = with_enhanced_code(text)
        self.transcript.note("S", text.encode())
        code = text[:3]
        self.actor.observe("replied", self._stage, int(code) if code.isdigit() else None)
        if self._injected:
            text, self._injected = f"{text}\r\n{self._injected}".removesuffix("\r\n"), ""
        await super().push(text)
        await self.actor.after_reply()

    def offers(self) -> list[str]:
        """Return the lines of the answer to EHLO."""
        offered = [self.hostname, *extensions(self.host)]
        if self.host.tls is not None and not self.encrypted and self._offers(Extension.STARTTLS):
            offered.append("STARTTLS")
        return [*offered, "HELP"]

    def _offers(self, extension: Extension) -> bool:
        return extension not in self.host.without

    def _cb_client_connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super()._cb_client_connected(reader, writer)
        # aiosmtpd has no hook that sees every command line; it reads them up to LF.
        reader.readuntil = self._noting(reader.readuntil)  # type: ignore[method-assign]  # of this one reader

    def _noting(self, readuntil: Callable[[bytes], Awaitable[bytes]]) -> Callable[..., Any]:
        async def noted(separator: bytes = b"\n") -> bytes:
            line = await readuntil(separator)
            if separator == b"\n":
                self.transcript.note("C", line)
                verb = line[:8].split(b" ")[0].strip().upper().decode("ascii", "replace")
                self._stage = _VERBS.get(verb)
            return line

        return noted


class _Pace:
    """What is done while a message comes in, after its first line."""

    def __init__(self, session: MxSession, actions: list[Any]) -> None:
        self._session = session
        self._waits = [action for action in actions if isinstance(action, Delay)]
        deciding = [action for action in actions if not isinstance(action, Delay | SendReport)]
        self._action: Deciding | None = deciding[0] if deciding else None
        self._begun = False
        self.answered = False

    async def heard(self, length: int) -> None:
        """Act once, and slow down all the time."""
        clock = self._session.place.clock
        if isinstance(self._action, Tarpit):
            await clock.sleep(length / self._action.bytes_per_second)
            return
        if self._begun:
            return
        self._begun = True
        for wait in self._waits:
            await clock.sleep(wait.seconds)
        answer = await self._session.actor.carry_out(Stage.CONTENT, self._action)
        if isinstance(answer, Reply):
            self.answered = True
            await self._session.answer(answer)


class _Handler:
    """aiosmtpd's hooks: each asks the actor what happens here, and gives the honest answer otherwise."""

    async def handle_HELO(self, server: MxSession, session: Session, _envelope: Envelope, name: str) -> str:  # noqa: N802
        return await self._greet(server, session, name, Stage.HELO, f"250 {server.hostname}")

    async def handle_EHLO(  # noqa: N802
        self, server: MxSession, session: Session, _envelope: Envelope, name: str, _answer: list[str]
    ) -> list[str]:
        honest = text_of(Reply(250, "\n".join(server.offers())))
        return [await self._greet(server, session, name, Stage.EHLO, honest)]

    async def _greet(self, server: MxSession, session: Session, name: str, stage: Stage, honest: str) -> str:
        before, session.host_name = session.host_name, name  # the checks want to know it
        reply = await server.actor.at_host(stage)
        if not isinstance(reply, Reply):
            return honest
        if not 200 <= reply.code < 400:
            session.host_name = before
        return text_of(reply)

    async def handle_MAIL(  # noqa: N802
        self, server: MxSession, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> Any:  # a reply, or aiosmtpd's mark for "do as you would"
        server.actor.sender, server.actor.recipients = "" if address == "<>" else address, ()
        reply = await server.actor.at_host(Stage.MAIL)
        refusal = refuse_parameters(server.host, options) or refuse_address(server.host, address)
        if not isinstance(reply, Reply):
            return MISSING if refusal is None else text_of(refusal)
        if 200 <= reply.code < 400:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return text_of(reply)

    async def handle_RCPT(  # noqa: N802
        self, server: MxSession, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> Any:  # as above
        if address == "<>":
            return "553 5.1.3 a recipient has a name"
        server.actor.recipients = (address,)
        reply = await server.actor.at_recipients(Stage.RCPT, sender_of(envelope), (address,))
        refusal = refuse_address(server.host, address)
        if reply is None:
            return MISSING if refusal is None else text_of(refusal)
        if 200 <= reply.code < 400:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return text_of(reply)

    async def handle_QUIT(self, server: MxSession, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        reply = await server.actor.at_quit()
        return "221 2.0.0 bye" if reply is None else text_of(reply)


def sender_of(envelope: Envelope) -> str:
    """Return the reverse-path of a transaction; aiosmtpd writes the null one as ``<>``."""
    return "" if envelope.mail_from in {None, "<>"} else str(envelope.mail_from)


def text_of(reply: Reply) -> str:
    """Return a reply as it goes out, without the last line end; empty when it has gone out already."""
    return "\r\n".join(reply.lines) if reply.code else ""


def _linger_not(sock: Any) -> None:  # Any: asyncio's wrapper of a socket, or None
    """Have the system send RST at the close, instead of FIN."""
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
