"""What a fake mail server can do at a moment of the SMTP dialogue: the stages, and the actions.

Data only. Which action comes when is in ``decision``; what each does to a real connection is in ``mx.acting``.

    >>> Reply(550, "5.1.1 no such user here")
    >>> Reply(250, "2.0.0 kept", then=Then.RESET)      # accepted, and then the connection is reset
    >>> Raw("999 what\\r\\n")
"""

from dataclasses import dataclass
from enum import Enum, StrEnum, auto


class Stage(StrEnum):
    """A moment of the SMTP dialogue at which a server may misbehave."""

    CONNECT = "CONNECT"  # before the banner
    EHLO = "EHLO"
    HELO = "HELO"
    STARTTLS = "STARTTLS"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"  # the command, before 354
    CONTENT = "CONTENT"  # while the message comes in, after its first line
    DOT = "DOT"  # the end of the data
    AFTER = "AFTER"  # once the message was accepted, behind the scenes
    QUIT = "QUIT"


BEFORE_RCPT = frozenset({Stage.CONNECT, Stage.EHLO, Stage.HELO, Stage.STARTTLS, Stage.MAIL})
"""The stages at which nobody knows yet whom the mail is for, so the host itself decides."""


class Then(Enum):
    """What becomes of the connection after a reply."""

    GO_ON = auto()
    CLOSE = auto()
    RESET = auto()  # a second later: a reset that overtakes the reply would take it away


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer this. A 2xx accepts in these words; a 421, and any refusal at CONNECT, ends the connection.

    At CONTENT the answer comes before its time, in the middle of the message; the rest of the message is read
    and thrown away, and gets no answer of its own.
    """

    code: int
    text: str = ""
    then: Then = Then.GO_ON

    @property
    def lines(self) -> tuple[str, ...]:
        """The reply as its lines go over the wire, without line ends (RFC 5321 section 4.2.1)."""
        texts = self.text.split("\n")
        last = f"{self.code} {texts[-1]}".rstrip()
        return *(f"{self.code}-{text}" for text in texts[:-1]), last


@dataclass(frozen=True, slots=True)
class Raw:
    """Say what is no SMTP reply, so many times over, and go on as after a refusal.

    At STARTTLS the go-ahead is given first, and this comes where the handshake should be; then the connection ends.
    """

    text: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Drop:
    """End the connection (FIN) without a word. At DOT the mail is kept first: the lost reply of RFC 1047."""

    kept: bool = True


@dataclass(frozen=True, slots=True)
class Reset:
    """Like ``Drop``, by a reset (RST)."""

    kept: bool = True


@dataclass(frozen=True, slots=True)
class Silence:
    """Say nothing for a day, then end the connection. At DOT the mail is kept first, as with ``Drop``."""


@dataclass(frozen=True, slots=True)
class Delay:
    """Wait, then go on. At DOT, a mail that is accepted in the end is kept before the wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Tarpit:
    """At CONTENT: read no faster than this, so that the sender feels a small window."""

    bytes_per_second: int


@dataclass(frozen=True, slots=True)
class Inject:
    """At STARTTLS: send this in clear with the go-ahead, in one write, and only then shake hands."""

    text: str


class ReportKind(StrEnum):
    """What comes back to the sender of a mail that was accepted."""

    FAILURE = "failure"  # RFC 3464: it could not be delivered after all
    DELAYED = "delayed"  # RFC 3464: a warning; it is still on its way
    COMPLAINT = "complaint"  # RFC 5965: the recipient called it spam
    OUT_OF_OFFICE = "out-of-office"  # RFC 3834: not a bounce
    FORGED = "forged"  # a failure report about a mail that nobody sent


@dataclass(frozen=True, slots=True)
class SendReport:
    """At AFTER: send a report to the mail's return path, so many seconds later."""

    kind: ReportKind
    after_s: float


Action = Reply | Raw | Drop | Reset | Silence | Delay | Tarpit | Inject | SendReport

Deciding = Reply | Raw | Drop | Reset | Silence | Tarpit | Inject
"""The actions that settle a stage; the others leave it to the next step."""
