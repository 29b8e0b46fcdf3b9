"""What these tests share: a clock moved by hand, scripted name and mail servers, and small makers."""

import asyncio
import heapq
import itertools
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from hypothesis import settings

from justemails.addresses import Address, Mailbox, parse_address
from justemails.api.errors import ApiError
from justemails.ports import ConnectionLostError, DnsTemporaryError, MxRecord, NoSuchDomainError, Reply
from justemails.records import Content, NewMessage

T = TypeVar("T")

NOW = datetime(2026, 4, 6, 12, tzinfo=UTC)  # [send.response.createdAt]
SENDER = "hello@yourdomain.com"  # [send.request.from]
RECIPIENT = "user@example.com"  # [send.request.to]

QUICK = settings(max_examples=150, deadline=None)
FEW = settings(max_examples=40, deadline=None)  # for what signs, or writes to a disk

_NS = 1_000_000_000


def make_content(**changed: Any) -> Content:  # Any: the members of Content
    members: dict[str, Any] = {
        "sender": Mailbox(parse_address(SENDER)),
        "recipient": parse_address(RECIPIENT),
        "subject": "Welcome!",
        "html": "<h1>Hello</h1>",
    }
    return Content(**{**members, **changed})


def make_message(number: int = 1, account_id: str = "acc_1", **changed: Any) -> NewMessage:  # Any: likewise
    content = make_content(**changed)
    return NewMessage(
        f"msg_{number:022d}",
        account_id,
        str(content.sender.address),
        str(content.recipient),
        content,
        NOW + timedelta(seconds=number),
    )


def mailbox(address: str, name: str | None = None) -> Mailbox:
    local, _, domain = address.rpartition("@")
    return Mailbox(Address(local, domain), name)


def seeded(seed: int = 0) -> random.Random:
    return random.Random(seed)  # noqa: S311  # jitter and order, not secrets


def read_or_refused(parse: Callable[..., T], *arguments: object) -> T | ApiError:
    """Return what a call returns, or the refusal that it ends in."""
    try:
        return parse(*arguments)
    except ApiError as ex:
        return ex


def refusal(parse: Callable[..., object], *arguments: object) -> tuple[int, str]:
    """Return the status and the message of the refusal that a call ends in."""
    refused = read_or_refused(parse, *arguments)
    assert isinstance(refused, ApiError), "nothing was refused"
    return refused.kind.status, refused.message


class VirtualClock:
    """Time that passes when a test says so; a ``justemails.ports.Clock``."""

    def __init__(self, start: datetime = NOW) -> None:
        self._start = start
        self._elapsed_ns = 0
        self._order = itertools.count()
        self._timers: list[tuple[int, int, Callable[[], None]]] = []

    def now(self) -> datetime:
        return self._start + timedelta(microseconds=self._elapsed_ns // 1000)

    def monotonic_ns(self) -> int:
        return self._elapsed_ns

    def jump_ns(self, nanoseconds: int) -> None:
        """Let time pass where nothing waits for it."""
        self._elapsed_ns += nanoseconds

    @asynccontextmanager
    async def timeout(self, seconds: float) -> AsyncIterator[None]:
        over = False

        def fire() -> None:
            if not over:
                scope.reschedule(asyncio.get_running_loop().time())

        # Rounded up to whole microseconds, as ``now`` cannot tell finer ones.
        deadline_ns = self._elapsed_ns + -(-int(seconds * 1_000_000_000) // 1000) * 1000
        heapq.heappush(self._timers, (deadline_ns, next(self._order), fire))
        async with asyncio.Timeout(None) as scope:
            try:
                yield
            finally:
                over = True

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, stopping at each timer on the way until everything it woke has come to rest."""
        end_ns = self._elapsed_ns + int(seconds * _NS)
        await settle()
        while self._timers and self._timers[0][0] <= end_ns:
            deadline_ns, _, fire = heapq.heappop(self._timers)
            self._elapsed_ns = max(self._elapsed_ns, deadline_ns)
            fire()
            await settle()
        self._elapsed_ns = end_ns


async def settle() -> None:
    """Let the event loop turn until everything that needs no time is done; nothing here waits for a socket."""
    loop = asyncio.get_running_loop()
    for _ in range(60):
        turn = loop.create_future()
        loop.call_soon(turn.set_result, None)
        await turn


def run(test: Coroutine[Any, Any, T]) -> T:
    """Run a test's coroutine; a hang is a failure, not a wait."""

    async def guarded() -> T:
        return await asyncio.wait_for(test, 30)

    return asyncio.run(guarded())


async def forever() -> Any:  # Any: it never returns
    await asyncio.get_running_loop().create_future()


class ScriptedResolver:
    """Name servers that say what they are told to; what is not told does not exist.

    An exception as an answer is raised; a missing kind of a name that is known is an empty answer.
    """

    def __init__(self, answers: Mapping[tuple[str, str], Sequence[Any] | Exception]) -> None:  # Any: one type per kind
        self.answers = dict(answers)
        self.asked: list[tuple[str, str]] = []

    async def mx(self, domain: str) -> Sequence[MxRecord]:
        answer: Sequence[MxRecord] = self._answer("MX", domain)
        return answer

    async def addresses(self, host: str) -> Sequence[str]:
        answer: Sequence[str] = self._answer("A", host)
        return answer

    async def txt(self, name: str) -> Sequence[str]:
        answer: Sequence[str] = self._answer("TXT", name)
        return answer

    def _answer(self, kind: str, name: str) -> Any:  # Any: one type per kind
        self.asked.append((kind, name))
        if (kind, name) not in self.answers:
            if any(known == name for _, known in self.answers):
                return []
            raise NoSuchDomainError
        answer = self.answers[kind, name]
        if isinstance(answer, Exception):
            raise answer
        return answer


SERVFAIL = DnsTemporaryError("the name servers failed to answer (SERVFAIL or the like)")

DROP = "drop"
SILENCE = "silence"

_GOOD = {
    "GREETING": Reply(220, "mx.example ESMTP"),
    "EHLO": Reply(250, "mx.example\nSIZE 10000000"),
    "HELO": Reply(250, "mx.example"),
    "STARTTLS": Reply(220, "go ahead"),
    "HANDSHAKE": Reply(0, ""),
    "MAIL": Reply(250, "2.1.0 fine"),
    "RCPT": Reply(250, "2.1.5 fine"),
    "DATA": Reply(354, "go ahead"),
    "DOT": Reply(250, "2.0.0 taken"),
    "RSET": Reply(250, "2.0.0 fine"),
}


class ScriptedServer:
    """A mail server in memory. Its script says, for a phase, a reply, ``DROP`` or ``SILENCE``; the rest is good."""

    def __init__(self, script: Mapping[str, Reply | str] | None = None) -> None:
        self.script = dict(script or {})
        self.connections = 0
        self.heard: list[str] = []
        self.taken: list[bytes] = []
        self.closed = 0

    async def greeting(self) -> Reply:
        return await self.react("GREETING")

    async def command(self, line: str) -> Reply:
        self.heard.append(line)
        return await self.react(line.split(maxsplit=1)[0])

    async def start_tls(self, server_name: str) -> Reply:
        self.heard.append(f"STARTTLS {server_name}")
        reply = await self.react("STARTTLS")
        if reply.code == 220:
            await self.react("HANDSHAKE")
        return reply

    async def content(self, data: bytes) -> Reply:
        reply = await self.react("DOT")
        if reply.code // 100 == 2:
            self.taken.append(data)
        return reply

    def quit(self) -> None:
        self.heard.append("QUIT")

    def close(self) -> None:
        self.closed += 1

    async def react(self, phase: str) -> Reply:
        reaction = self.script.get(phase, _GOOD[phase])
        if reaction == SILENCE:
            await forever()
        if not isinstance(reaction, Reply):
            raise ConnectionLostError("the connection was closed")
        return reaction


class ScriptedConnector:
    """The servers that can be reached, by address; a text instead of a server is ``DROP`` or ``SILENCE``."""

    def __init__(self, servers: Mapping[str, ScriptedServer | str]) -> None:
        self.servers = dict(servers)
        self.dialled: list[str] = []

    async def connect(self, ip: str) -> ScriptedServer:
        self.dialled.append(ip)
        server = self.servers.get(ip, DROP)
        if server == SILENCE:
            await forever()
        if not isinstance(server, ScriptedServer):
            raise ConnectionLostError("the connection was refused")
        server.connections += 1
        return server
