"""One conversation with one mail server: greeting, EHLO or HELO, STARTTLS, MAIL, RCPT, DATA, the message, QUIT."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from justemails.delivery.classify import Verdict, classify
from justemails.delivery.settings import DeliverySettings, Phase
from justemails.ports import Clock, ConnectionLostError, Connector, Reply, SmtpConnection


class LeaseLostError(Exception):
    """The message is somebody else's by now: it must not be sent, nor tried at another host."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who it is from and to, in SMTP's sense; texts of the form local@domain."""

    sender: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How a conversation ended: at which phase, by which reply (None: the connection was lost)."""

    verdict: Verdict
    phase: Phase
    reply: Reply | None
    text: str
    tls: bool = False

    @property
    def without_tls_it_may_work(self) -> bool:
        """Whether it was TLS that failed, and not the server."""
        return self.phase is Phase.STARTTLS and self.reply is None


@dataclass(slots=True)
class Conversation:
    """A conversation under way.

    Args:
        message: makes the bytes to send; called once the recipient is accepted.
        before_dot: called when only the message itself is left to send; False means that it must not be.
        encrypt: whether to use TLS where it is offered.
    """

    clock: Clock
    settings: DeliverySettings
    envelope: Envelope
    message: Callable[[], bytes]
    before_dot: Callable[[list[str]], bool]
    transcript: list[str] = field(default_factory=list)
    encrypt: bool = True
    _phase: Phase = Phase.CONNECT
    _tls: bool = False

    async def run(self, connector: Connector, host: str, ip: str) -> Ending:
        """Talk to the server at ``ip`` until the message is taken or refused, or the connection is of no use.

        Args:
            host: the server's name, which TLS tells it (RFC 6066 3).

        Raises:
            LeaseLostError: ``before_dot`` said so.
        """
        connection: SmtpConnection | None = None
        try:
            self._enter(Phase.CONNECT)
            async with self.clock.timeout(self.settings.connect_s):
                connection = await connector.connect(ip)
            return await self._talk(connection, host)
        except ConnectionLostError as ex:
            return self._lost(str(ex))
        except TimeoutError:
            return self._lost("no answer in time")
        finally:
            if connection:
                connection.close()

    async def _talk(self, connection: SmtpConnection, host: str) -> Ending:
        reply = await self._hear(Phase.GREETING, connection.greeting(), self.settings.greeting_s)
        ending = (
            self._judge(reply)
            or await self._introduce(connection, host)
            or await self._say(Phase.MAIL, connection, f"MAIL FROM:<{self.envelope.sender}>")
            or await self._say(Phase.RCPT, connection, f"RCPT TO:<{self.envelope.recipient}>")
            or await self._send_message(connection)
        )
        self._quit(connection)
        return ending

    async def _introduce(self, connection: SmtpConnection, host: str) -> Ending | None:
        reply = await self._greet(connection)
        ending = self._judge(reply)
        if ending or not self.encrypt or "STARTTLS" not in _extensions(reply):
            return ending
        reply = await self._ask(Phase.STARTTLS, "STARTTLS", connection.start_tls(host), self.settings.tls_s)
        if reply.code != 220:
            # It cannot now. Opportunistic means that the mail goes all the same (RFC 7435), except after a 421.
            return self._judge(reply) if reply.code == 421 else None
        self._tls = True
        self.transcript.append("-- TLS")
        # RFC 3207 4.2: what was learned before is forgotten.
        return self._judge(await self._greet(connection))

    async def _greet(self, connection: SmtpConnection) -> Reply:
        reply = await self._command(Phase.EHLO, connection, f"EHLO {self.settings.ehlo_name}")
        if reply.code // 100 in (4, 5) and reply.code != 421:
            # RFC 5321 4.1.1.1; Postfix and Exim fall back on 4xx too.
            reply = await self._command(Phase.EHLO, connection, f"HELO {self.settings.ehlo_name}")
        return reply

    async def _send_message(self, connection: SmtpConnection) -> Ending:
        message = self.message()
        ending = await self._say(Phase.DATA, connection, "DATA", self.settings.data_s)
        if ending:
            return ending
        self._enter(Phase.DOT)
        if not self.before_dot(self.transcript):
            raise LeaseLostError
        content = connection.content(message)
        reply = await self._ask(Phase.DOT, f"<{len(message)} bytes>", content, self.settings.content_s)
        return self._judge(reply) or self._ended(Verdict.GO_ON, reply)

    def _quit(self, connection: SmtpConnection) -> None:
        """Say goodbye. The message's fate is settled, so the answer is not waited for; Postfix does the same."""
        self.transcript.append("C: QUIT")
        connection.quit()

    async def _say(
        self, phase: Phase, connection: SmtpConnection, line: str, limit_s: float | None = None
    ) -> Ending | None:
        return self._judge(await self._command(phase, connection, line, limit_s))

    async def _command(
        self, phase: Phase, connection: SmtpConnection, line: str, limit_s: float | None = None
    ) -> Reply:
        return await self._ask(phase, line, connection.command(line), limit_s or self.settings.command_s)

    async def _ask(self, phase: Phase, line: str, reply: Awaitable[Reply], limit_s: float) -> Reply:
        self.transcript.append(f"C: {line}")
        return await self._hear(phase, reply, limit_s)

    async def _hear(self, phase: Phase, reply: Awaitable[Reply], limit_s: float) -> Reply:
        self._enter(phase)
        async with self.clock.timeout(limit_s):
            heard = await reply
        first, *more = heard.text.split("\n")
        self.transcript += [f"S: {heard.code} {first}", *(f"S:     {line}" for line in more)]
        return heard

    def _judge(self, reply: Reply) -> Ending | None:
        verdict = classify(self._phase, reply)
        return None if verdict is Verdict.GO_ON else self._ended(verdict, reply)

    def _ended(self, verdict: Verdict, reply: Reply) -> Ending:
        return Ending(verdict, self._phase, reply, reply.text, self._tls)

    def _lost(self, text: str) -> Ending:
        self.transcript.append(f"-- {text}")
        return Ending(Verdict.NEXT_HOST, self._phase, None, text, self._tls)

    def _enter(self, phase: Phase) -> None:
        self._phase = phase


def _extensions(reply: Reply) -> set[str]:
    """Return the keywords of a reply to EHLO (RFC 5321 4.1.1.1): the first word of each line after the first."""
    return {line.split(" ")[0].upper() for line in reply.text.split("\n")[1:]}
