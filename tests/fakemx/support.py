"""What these tests share: a clock moved by hand, a small correct sender, and a guard against hanging."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar

import aiosmtplib

from fakemx.network import FakeNetwork

T = TypeVar("T")

SENDER = "a@own.test"
MAIL = b"From: a@own.test\r\nTo: ann@ok.test\r\nSubject: hello\r\n\r\nhello\r\n"


class HandClock:
    """A clock that stands still until it is advanced; with ``jumps``, whoever sleeps moves it."""

    def __init__(self, *, jumps: bool = False) -> None:
        self.time = datetime(2030, 1, 1, tzinfo=UTC)
        self.slept: list[float] = []
        self._jumps = jumps
        self._sleepers: list[tuple[datetime, asyncio.Future[None]]] = []
        self._came = asyncio.Event()

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self._jumps:
            self.advance(seconds)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.time + timedelta(seconds=seconds), woken))
        self._came.set()
        await woken

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        due = [woken for when, woken in self._sleepers if when <= self.time]
        self._sleepers = [(when, woken) for when, woken in self._sleepers if when > self.time]
        for woken in due:
            if not woken.done():
                woken.set_result(None)

    async def someone_sleeps(self) -> None:
        while not any(not woken.done() for _, woken in self._sleepers):
            self._came.clear()
            await self._came.wait()


def run(test: Coroutine[Any, Any, T]) -> T:
    """Run a test's coroutine; a hang is a failure, not a wait."""

    async def guarded() -> T:
        try:
            return await asyncio.wait_for(test, 30)
        finally:
            for raw in Raw.opened:
                raw.writer.close()
            Raw.opened.clear()

    return asyncio.run(guarded())


def where(network: FakeNetwork, domain: str) -> tuple[str, int] | None:
    """Find the real endpoint of a domain's best MX, as a sender would; None when it has none."""
    mx = network.zones.lookup(domain, "MX").texts
    address = network.zones.lookup(mx[0].split()[1], "A").texts if mx else ()
    return network.endpoint(address[0], 25) if address else None


async def attempt(network: FakeNetwork, recipient: str, mail: bytes = MAIL, sender: str = SENDER) -> str:
    """Try to deliver once; return how far it came and what was said there, like ``RCPT 450``."""
    endpoint = where(network, recipient.rpartition("@")[2])
    if endpoint is None:
        return "no MX"
    client = aiosmtplib.SMTP(
        hostname=endpoint[0], port=endpoint[1], local_hostname="out.own.test", timeout=20, start_tls=False
    )
    stage = "CONNECT"
    try:
        await client.connect()
        stage = "EHLO"
        await client.ehlo()
        stage = "MAIL"
        await client.mail(sender)
        stage = "RCPT"
        await client.rcpt(recipient)
        stage = "DATA"
        code, _ = await client.data(mail)
    except aiosmtplib.SMTPResponseException as ex:
        return f"{stage} {ex.code}"
    except aiosmtplib.SMTPServerDisconnected:
        return f"{stage} dropped"
    except aiosmtplib.SMTPConnectError:
        return f"{stage} refused"
    else:
        await client.quit()
        return f"{stage} {code}"
    finally:
        client.close()


class Raw:
    """A connection on which anything can be said."""

    opened: ClassVar[list["Raw"]] = []

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.opened.append(self)

    @classmethod
    async def to(cls, network: FakeNetwork, domain: str) -> "Raw":
        endpoint = where(network, domain)
        assert endpoint is not None
        return cls(*await asyncio.open_connection(*endpoint))

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> str:
        """Read one answer, its last line if it has several; empty when the connection has ended."""
        while True:
            line = (await self.reader.readline()).decode()
            if line[3:4] != "-":
                return line.rstrip("\r\n")

    async def ask(self, line: str) -> str:
        await self.say(line.encode() + b"\r\n")
        return await self.answer()

    async def rest(self) -> bytes:
        return await self.reader.read()

    async def close(self) -> None:
        self.writer.close()
        await asyncio.gather(self.writer.wait_closed(), return_exceptions=True)

    async def until_data(self, recipient: str = "ann@ok.test") -> None:
        await self.answer()
        for line in ("EHLO out.own.test", f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{recipient}>"):
            answer = await self.ask(line)
            assert answer.startswith("250"), answer
        assert (await self.ask("DATA")).startswith("354")
