"""From a script's actions to what happens on one connection.

Who decides: at CONNECT, EHLO, HELO, STARTTLS and MAIL the host; from RCPT on each recipient (its tag, else the host if
the recipient is at home there, else its own domain), in order, and the first whose action settles the stage decides for
all; at QUIT the last message's recipients, or the host if there was none.

The session lends its ``Wire``; nothing here knows aiosmtpd.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NoReturn, Protocol

from fakemx.behaviours.actions import (
    Action,
    Deciding,
    Delay,
    Drop,
    Inject,
    Raw,
    Reply,
    Reset,
    SendReport,
    Silence,
    Stage,
    Then,
)
from fakemx.behaviours.conditions import Check, Circumstances
from fakemx.behaviours.playbook import Standing
from fakemx.behaviours.script import Host
from fakemx.judge.verdict import Verdict
from fakemx.mx.observation import Observation, What
from fakemx.mx.place import Place
from fakemx.mx.received import Arrival

SILENCE_S = 86_400.0
_ARRIVED_S = 1.0  # by then a reply has reached the client, and a reset no longer takes it away

Answer = Reply | Inject | Raw
"""What is left to be said: a reply, or at STARTTLS something in the place of the handshake."""


class Wire(Protocol):
    """The connection, as far as an actor has to touch it."""

    @property
    def peer_ip(self) -> str: ...

    @property
    def helo(self) -> str: ...

    @property
    def encrypted(self) -> bool: ...

    async def say(self, text: str) -> None:
        """Send this as it is."""
        ...

    def end(self, *, by_reset: bool) -> None:
        """End the connection, by FIN or by RST."""
        ...


@dataclass(slots=True)
class Actor:
    """What a host does on one connection."""

    place: Place
    host: Host
    name: str
    standing: Standing
    wire: Wire
    connection: int = field(init=False)
    messages: int = 0
    sender: str = ""
    recipients: tuple[str, ...] = ()
    last: tuple[str, tuple[str, ...]] | None = None  # sender and recipients of the last message
    then: Then = Then.GO_ON  # what becomes of the connection once the reply is out

    def __post_init__(self) -> None:
        self.connection = next(self.place.connections)

    def observe(self, what: What, stage: Stage | None = None, code: int | None = None, mail: str | None = None) -> None:
        """Tell whoever watches."""
        self.place.observe(
            Observation(
                self.place.clock.now(),
                self.connection,
                self.name,
                self.wire.peer_ip,
                what,
                stage,
                self.sender,
                self.recipients,
                code,
                mail,
            )
        )

    # The stages.

    async def at_host(self, stage: Stage) -> Answer | None:
        """Do what the host does at this stage; return the answer to give, or None for an honest one."""
        actions = self.place.playbook.at_host(stage, self.standing, self._circumstances(), self._examine(None))
        return await self.carry_out(stage, await self._wait(actions))

    async def at_recipients(self, stage: Stage, sender: str, recipients: tuple[str, ...]) -> Reply | None:
        """Do what these recipients do at this stage; return as ``at_host`` does."""
        answer = await self.carry_out(stage, await self._wait(self.concerted(stage, sender, recipients)))
        return answer if isinstance(answer, Reply) else None

    async def at_dot(self, arrival: Arrival) -> Reply | None:
        """Do what the recipients do at the end of the data, keeping the mail first unless it is refused."""
        verdict = self.place.judge(arrival)
        actions = self.concerted(Stage.DOT, arrival.sender, arrival.recipients, verdict)
        self.last = arrival.sender, arrival.recipients
        if _accepts(actions):
            mail = self.place.take(arrival, verdict)
            self.messages += 1
            self.observe("kept", Stage.DOT, mail=mail)
            self._send_reports(arrival)
        answer = await self.carry_out(Stage.DOT, await self._wait(actions))
        return answer if isinstance(answer, Reply) else None

    async def at_quit(self) -> Reply | None:
        """Do what is done at the end."""
        if self.last is not None:
            return await self.at_recipients(Stage.QUIT, *self.last)
        answer = await self.at_host(Stage.QUIT)
        return answer if isinstance(answer, Reply) else None

    def concerted(
        self, stage: Stage, sender: str, recipients: Iterable[str], verdict: Verdict | None = None
    ) -> list[Action]:
        """Return what the recipients do together."""
        together: list[Action] = []
        for recipient in recipients:
            together += self.place.playbook.at_recipient(
                stage, self.standing, sender, recipient, self._circumstances(), self._examine(verdict)
            )
            if together and not isinstance(together[-1], Delay | SendReport):
                break
        return together

    async def carry_out(self, stage: Stage, action: Deciding | None) -> Answer | None:
        """Do what ends the dialogue here; what is to be answered is returned."""
        match action:
            case Silence():
                self.observe("silent", stage)
                await self.place.clock.sleep(SILENCE_S)
                await self._end(by_reset=False)
            case Drop():
                self.observe("dropped", stage)
                await self._end(by_reset=False)
            case Reset():
                self.observe("reset", stage)
                await self._end(by_reset=True)
            case Raw() if stage is not Stage.STARTTLS:
                self.observe("replied", stage)
                for _ in range(action.times):  # one at a time, so that a client that has had enough can hang up
                    await self.wire.say(action.text)
                return Reply(0)  # said already, and no yes
            case Reply(code, _, then):
                # RFC 5321 section 3.8: after 421 the server closes. At CONNECT there is nothing to go on with.
                over = code == 421 or (stage is Stage.CONNECT and code >= 400)
                self.then = Then.CLOSE if over and then is Then.GO_ON else then
                return action
            case Inject() | Raw():
                return action
        return None

    async def after_reply(self) -> None:
        """Do what a reply announced about the connection, once it is out."""
        then, self.then = self.then, Then.GO_ON
        if then is Then.RESET:
            await self.place.clock.sleep(_ARRIVED_S)
            self.observe("reset", Stage.DOT if self.last else None)
            await self._end(by_reset=True)
        if then is Then.CLOSE:
            await self._end(by_reset=False)

    # The details.

    def _circumstances(self) -> Circumstances:
        peer = self.wire.peer_ip
        sessions = self.place.sessions[peer, self.standing.domain]
        return Circumstances(self.place.clock.now(), peer, self.messages, sessions, self.wire.encrypted)

    def _examine(self, verdict: Verdict | None) -> Callable[[Check], bool]:
        if verdict is None:
            return lambda check: check is Check.HELO and not self._confirmed()
        failed = {
            Check.SPF: verdict.spf.result in {"fail", "softfail", "none"},
            Check.DKIM: not any(one.result == "pass" for one in verdict.dkim),
            Check.DMARC: verdict.dmarc.result == "fail",
        }
        return lambda check: failed[check] if check in failed else not self._confirmed()

    def _confirmed(self) -> bool:
        return self.place.confirms(self.wire.peer_ip, self.wire.helo)

    def _send_reports(self, arrival: Arrival) -> None:
        for recipient in arrival.recipients:
            for action in self.concerted(Stage.AFTER, arrival.sender, (recipient,)):
                if isinstance(action, SendReport):
                    self.place.send_report(action, arrival, recipient)

    async def _wait(self, actions: Iterable[Action]) -> Deciding | None:
        for action in actions:
            match action:
                case Delay(seconds):
                    await self.place.clock.sleep(seconds)
                case SendReport():
                    pass  # of another stage than AFTER: nothing to do
                case _:
                    return action
        return None

    async def _end(self, *, by_reset: bool) -> NoReturn:
        self.wire.end(by_reset=by_reset)
        # The loss of the connection cancels the task we are in; until then it must not say another word.
        await asyncio.get_running_loop().create_future()
        raise AssertionError


def _accepts(actions: Iterable[Action]) -> bool:
    """Say whether a mail that meets these actions at its dot is kept."""
    for action in actions:
        match action:
            case Reply(code):
                return code < 400
            case Drop(kept) | Reset(kept):
                return kept
            case Raw():
                return False
            case _:
                continue
    return True
