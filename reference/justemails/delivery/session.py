"""One conversation with one mail server: greeting, EHLO or HELO, MAIL, RCPT, DATA, the message, QUIT."""

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


@dataclass(slots=True)
class Conversation:
    """A conversation under way.

    Args:
        before_dot: called when only the message itself is left to send; False means that it must not be.
    """

    clock: Clock
    settings: DeliverySettings
    envelope: Envelope
    data: bytes
    before_dot: Callable[[list[str]], bool]
    transcript: list[str] = field(default_factory=list)
    _phase: Phase = Phase.CONNECT

    async def run(self, connector: Connector, ip: str) -> Ending:
        """Talk to the server at ``ip`` until the message is taken or refused, or the connection is of no use.

        Raises:
            LeaseLostError: ``before_dot`` said so.
        """
        connection: SmtpConnection | None = None
        try:
            self._enter(Phase.CONNECT)
            async with self.clock.timeout(self.settings.connect_s):
                connection = await connector.connect(ip)
            return await self._talk(connection)
        except ConnectionLostError as ex:
            return self._lost(str(ex))
        except TimeoutError:
            return self._lost("no answer in time")
        finally:
            if connection:
                connection.close()

    async def _talk(self, connection: SmtpConnection) -> Ending:
        settings = self.settings
        reply = await self._hear(Phase.GREETING, connection.greeting(), settings.greeting_s)
        ending = self._judge(reply)
        if not ending:
            ending = await self._introduce(connection)
        for phase, line, limit_s in (
            (Phase.MAIL, f"MAIL FROM:<{self.envelope.sender}>", settings.command_s),
            (Phase.RCPT, f"RCPT TO:<{self.envelope.recipient}>", settings.command_s),
            (Phase.DATA, "DATA", settings.data_s),
        ):
            if not ending:
                ending = self._judge(await self._say(phase, connection, line, limit_s))
        if not ending:
            ending = await self._send_message(connection)
        self._quit(connection)
        return ending

    async def _introduce(self, connection: SmtpConnection) -> Ending | None:
        name, limit_s = self.settings.ehlo_name, self.settings.command_s
        reply = await self._say(Phase.EHLO, connection, f"EHLO {name}", limit_s)
        if reply.code // 100 in (4, 5) and reply.code != 421:
            # RFC 5321 4.1.1.1; Postfix and Exim fall back on 4xx too.
            reply = await self._say(Phase.EHLO, connection, f"HELO {name}", limit_s)
        return self._judge(reply)

    async def _send_message(self, connection: SmtpConnection) -> Ending:
        self._enter(Phase.DOT)
        if not self.before_dot(self.transcript):
            raise LeaseLostError
        self.transcript.append(f"C: <{len(self.data)} bytes>")
        reply = await self._hear(Phase.DOT, connection.content(self.data), self.settings.content_s)
        return self._judge(reply) or Ending(Verdict.GO_ON, Phase.DOT, reply, reply.text)

    def _quit(self, connection: SmtpConnection) -> None:
        """Say goodbye. The message's fate is settled, so the answer is not waited for; Postfix does the same."""
        self.transcript.append("C: QUIT")
        connection.quit()

    async def _say(self, phase: Phase, connection: SmtpConnection, line: str, limit_s: float) -> Reply:
        self._enter(phase)
        self.transcript.append(f"C: {line}")
        return await self._hear(phase, connection.command(line), limit_s)

    async def _hear(self, phase: Phase, reply: Awaitable[Reply], limit_s: float) -> Reply:
        self._enter(phase)
        async with self.clock.timeout(limit_s):
            heard = await reply
        first, *more = heard.text.split("\n")
        self.transcript += [f"S: {heard.code} {first}", *(f"S:     {line}" for line in more)]
        return heard

    def _judge(self, reply: Reply) -> Ending | None:
        verdict = classify(self._phase, reply)
        return None if verdict is Verdict.GO_ON else Ending(verdict, self._phase, reply, reply.text)

    def _lost(self, text: str) -> Ending:
        self.transcript.append(f"-- {text}")
        return Ending(Verdict.NEXT_HOST, self._phase, None, text)

    def _enter(self, phase: Phase) -> None:
        self._phase = phase
