"""Connections to mail servers over real sockets, to servers that write as they like."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import pytest

from justemails.delivery.smtp import Connection, SmtpConnector
from justemails.ports import ConnectionLostError, Reply

T = TypeVar("T")


def with_server(pieces: Sequence[bytes], ask: Callable[[Connection], Awaitable[T]]) -> T:
    """Connect to a server that writes these pieces one by one and then waits, and ask it something."""

    served = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)  # noqa: TID251  # a pass of the loop: each piece goes out by itself
        await reader.read()
        writer.close()
        await writer.wait_closed()
        served.set()

    async def play() -> T:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()
        connection = await SmtpConnector(lambda ip: (ip, address[1])).connect("127.0.0.1")
        try:
            return await asyncio.wait_for(ask(connection), 30)
        finally:
            connection.close()
            await served.wait()
            server.close()
            await server.wait_closed()

    return asyncio.run(play())


REPLY = b"250-mx.example greets you\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250 STARTTLS\r\n"
READ = Reply(250, "mx.example greets you\nSIZE 1000\n8BITMIME\nSTARTTLS")


@pytest.mark.parametrize(
    "pieces",
    [
        [REPLY],
        [REPLY[at : at + 1] for at in range(len(REPLY))],
        [REPLY[:21], REPLY[21:40], REPLY[40:]],
        re.split(rb"(?<=\n)", REPLY)[:-1],
    ],
    ids=["at once", "octet by octet", "in the middle of lines", "line by line"],
)
def test_a_reply_is_read_whole_however_it_is_cut(pieces: Sequence[bytes]) -> None:
    """RFC 5321 4.2.1: a reply goes on while a hyphen follows its code, and TCP knows no lines."""
    assert with_server(pieces, lambda connection: connection.greeting()) == READ


def test_a_long_line_is_read_whole() -> None:
    """RFC 5321 4.5.3.1.5 has 512 octets; servers with much to say write more."""
    line = b"250 " + b"x" * 600 + b"\r\n"

    assert with_server([line], lambda connection: connection.greeting()) == Reply(250, "x" * 600)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (b"250-one\r\n550 two\r\n", Reply(550, "one\ntwo")),
        (b"550-one\r\n250 two\r\n", Reply(250, "one\ntwo")),
        (b"999 odd\r\n", Reply(999, "odd")),
        (b"250\r\n", Reply(250, "")),
        (b"250 bare line feed\n", Reply(250, "bare line feed")),
    ],
)
def test_a_reply_that_is_nearly_one_counts_by_the_code_of_its_last_line(said: bytes, read: Reply) -> None:
    """RFC 5321 4.2.1 wants one code in all lines; what a code outside of 2xx to 5xx means is for ``classify``."""
    assert with_server([said], lambda connection: connection.greeting()) == read


@pytest.mark.parametrize("said", [b"hello\r\n", b"\xff\xfe\r\n", b"\r\n", b"OK 250\r\n"])
def test_what_is_no_reply_ends_the_connection(said: bytes) -> None:
    with pytest.raises(ConnectionLostError):
        with_server([said, b""], lambda connection: connection.greeting())


def test_a_reply_is_shown_without_what_a_terminal_would_obey() -> None:
    assert with_server([b"250 \x1b[31mred\x07\r\n"], lambda connection: connection.greeting()) == Reply(
        250, "?[31mred?"
    )
