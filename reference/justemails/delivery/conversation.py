"""One conversation with one mail server: greeting, EHLO or HELO, STARTTLS, then one message after another, and QUIT."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from justemails.delivery.classify import Verdict, classify, enhanced_code
from justemails.delivery.routing import Target
from justemails.delivery.settings import DeliverySettings, Phase
from justemails.ports import Clock, ConnectionLostError, Connector, Reply, SmtpConnection

_NS = 1_000_000_000


class LeaseLostError(Exception):
    """The message is somebody else's by now: it must not be sent, nor tried at another host."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who it is from and to, in SMTP's sense; texts of the form local@domain."""

    sender: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Sending:
    """A message to be sent.

    Args:
        message: makes its bytes; called when a server is ready for it.
        may_send: asked when only the message itself is left to send; False means that it must not be.
    """

    envelope: Envelope
    message: Callable[[], bytes]
    may_send: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a conversation, or a message's part of it, ended.

    Args:
        phase: where.
        reply: what the server said last; None: the connection was lost, or we saw by ourselves that it will not do.
        enhanced: the RFC 3463 code of the reason, the server's or ours.
    """

    verdict: Verdict
    phase: Phase
    reply: Reply | None
    text: str
    tls: bool = False
    enhanced: str | None = None

    @property
    def without_tls_it_may_work(self) -> bool:
        """Whether it was TLS that failed, and not the server."""
        return self.phase is Phase.STARTTLS and self.reply is None

    @property
    def unwilling(self) -> bool:
        """Whether the server refuses for good to be greeted, by EHLO and by HELO."""
        return self.phase is Phase.EHLO and self.reply is not None and self.reply.code // 100 == 5

    @property
    def of_the_connection_alone(self) -> bool:
        """Whether the server had enough of the connection, and not of the message, of which it has read nothing yet."""
        gone = self.reply is None or self.reply.code == 421
        return self.phase in (Phase.MAIL, Phase.RCPT) and self.verdict is Verdict.NEXT_HOST and gone


@dataclass(slots=True)
class Conversation:
    """A conversation under way.

    Args:
        target: whom with; TLS tells the server its name (RFC 6066 3).
        encrypt: whether to use TLS where it is offered.
        transcript: what was said, for the message under way; another message brings another one.
    """

    clock: Clock
    settings: DeliverySettings
    connector: Connector
    target: Target
    encrypt: bool = True
    transcript: list[str] = field(default_factory=list)
    _phase: Phase = Phase.CONNECT
    _tls: bool = False
    _extensions: Mapping[str, str] = field(default_factory=dict)
    _connection: SmtpConnection | None = None
    _since_ns: int = 0
    _may_speak: bool = False  # a reply was heard, and it was no 354

    async def open(self) -> Ending | None:
        """Connect and introduce ourselves; None: the server is ready for a message."""
        self._since_ns = self.clock.monotonic_ns()
        return await self._or_lost(self._open())

    async def send(self, sending: Sending) -> Ending:
        """Send one message.

        Raises:
            LeaseLostError: ``may_send`` said so.
        """
        ending = await self._or_lost(self._send(sending))
        assert ending is not None  # noqa: S101  # for mypy: a message always comes to an end
        return ending

    async def again(self, transcript: list[str]) -> bool:
        """Say whether the server is ready for one more message, with a transcript of its own (RFC 5321 4.1.1.5)."""
        self.transcript = transcript
        age_s = (self.clock.monotonic_ns() - self._since_ns) / _NS
        return age_s <= self.settings.reuse_s and await self._or_lost(self._reset()) is None

    def end(self) -> None:
        """Leave, with a QUIT where one may be said.

        Its answer is not waited for, since the message's fate is settled; Postfix does the same. After a 354 whatever
        is said is mail data, also the word QUIT (RFC 5321 4.1.1.4).
        """
        if self._connection is None:
            return
        if self._may_speak:
            self.transcript.append("C: QUIT")
            self._connection.quit()
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _or_lost(self, talk: Awaitable[Ending | None]) -> Ending | None:
        try:
            return await talk
        except ConnectionLostError as ex:
            return self._lost(str(ex))
        except TimeoutError:
            return self._lost("no answer in time")

    async def _open(self) -> Ending | None:
        self._phase = Phase.CONNECT
        async with self.clock.timeout(self.settings.connect_s):
            self._connection = await self.connector.connect(self.target.ip)
        reply = await self._hear(Phase.GREETING, self._connection.greeting(), self.settings.greeting_s)
        return self._judge(reply) or await self._introduce(self._connection)

    async def _introduce(self, connection: SmtpConnection) -> Ending | None:
        ending = await self._greet(connection)
        if ending or not self.encrypt or "STARTTLS" not in self._extensions:
            return ending
        shaken = connection.start_tls(self.target.host)
        reply = await self._ask(Phase.STARTTLS, "STARTTLS", shaken, self.settings.tls_s)
        if reply.code != 220:
            # It cannot now. Opportunistic means that the mail goes all the same (RFC 7435), except after a 421.
            return self._judge(reply) if reply.code == 421 else None
        self._tls = True
        self.transcript.append("-- TLS")
        # RFC 3207 4.2: what was learned before is forgotten.
        return await self._greet(connection)

    async def _greet(self, connection: SmtpConnection) -> Ending | None:
        reply = await self._command(Phase.EHLO, connection, f"EHLO {self.settings.ehlo_name}")
        self._extensions = _extensions(reply)
        if reply.code // 100 in (4, 5) and reply.code != 421:
            # RFC 5321 4.1.1.1; Postfix and Exim fall back on 4xx too.
            reply = await self._command(Phase.EHLO, connection, f"HELO {self.settings.ehlo_name}")
            self._extensions = {}
        return self._judge(reply)

    async def _send(self, sending: Sending) -> Ending:
        assert self._connection is not None  # noqa: S101  # for mypy: ``open`` came first
        connection, envelope, data = self._connection, sending.envelope, sending.message()
        self._phase = Phase.MAIL
        return (
            self._unfit(data)
            or await self._say(Phase.MAIL, connection, f"MAIL FROM:<{envelope.sender}>{self._mail_parameters(data)}")
            or await self._say(Phase.RCPT, connection, f"RCPT TO:<{envelope.recipient}>")
            or await self._say(Phase.DATA, connection, "DATA", self.settings.data_s)
            or await self._send_data(connection, data, sending.may_send)
        )

    def _unfit(self, data: bytes) -> Ending | None:
        """Say why the server cannot take a message, going by what it said of itself; it is not even asked then."""
        limit = self._extensions.get("SIZE", "")
        if limit.isdecimal() and 0 < int(limit) < len(data):  # RFC 1870 3: 0 is no limit
            return self._refuse("5.3.4", f"the message has {len(data)} octets, and {self.target.host} takes {limit}")
        # RFC 6531 3.1: an address beyond ASCII is in the message too, and nobody may rewrite it on the way.
        if not data.isascii() and not self._extensions.keys() >= {"SMTPUTF8", "8BITMIME"}:
            return self._refuse("5.6.7", f"an address is beyond ASCII, and {self.target.host} does not offer SMTPUTF8")
        return None

    def _mail_parameters(self, data: bytes) -> str:
        size = f" SIZE={len(data)}" if "SIZE" in self._extensions else ""
        return size if data.isascii() else f"{size} BODY=8BITMIME SMTPUTF8"

    async def _send_data(self, connection: SmtpConnection, data: bytes, may_send: Callable[[], bool]) -> Ending:
        self._phase = Phase.DOT
        if not may_send():
            raise LeaseLostError
        sending = connection.content(data)
        reply = await self._ask(Phase.DOT, f"<{len(data)} bytes>", sending, self.settings.content_s)
        return self._judge(reply) or self._ended(Verdict.GO_ON, reply)

    async def _reset(self) -> Ending | None:
        assert self._connection is not None  # noqa: S101  # for mypy: ``open`` came first
        reply = await self._command(Phase.MAIL, self._connection, "RSET", self.settings.reset_s)
        return None if reply.code == 250 else self._ended(Verdict.NEXT_HOST, reply)

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
        self._phase, self._may_speak = phase, False
        async with self.clock.timeout(limit_s):
            heard = await reply
        self._may_speak = heard.code != 354
        first, *more = heard.text.split("\n")
        self.transcript += [f"S: {heard.code} {first}", *(f"S:     {line}" for line in more)]
        return heard

    def _judge(self, reply: Reply) -> Ending | None:
        verdict = classify(self._phase, reply)
        return None if verdict is Verdict.GO_ON else self._ended(verdict, reply)

    def _ended(self, verdict: Verdict, reply: Reply) -> Ending:
        return Ending(verdict, self._phase, reply, reply.text, self._tls, enhanced_code(reply))

    def _refuse(self, enhanced: str, text: str) -> Ending:
        self.transcript.append(f"-- {text}")
        return Ending(Verdict.REFUSED, self._phase, None, text, self._tls, enhanced)

    def _lost(self, text: str) -> Ending:
        self.transcript.append(f"-- {text}")
        self._close()
        return Ending(Verdict.NEXT_HOST, self._phase, None, text, self._tls)


def _extensions(reply: Reply) -> Mapping[str, str]:
    """Return what a reply to EHLO offers (RFC 5321 4.1.1.1): keyword and parameter of each line after the first."""
    lines = (line.partition(" ") for line in reply.text.split("\n")[1:])
    return {keyword.upper(): parameter for keyword, _, parameter in lines}
