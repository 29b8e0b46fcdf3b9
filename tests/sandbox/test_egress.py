"""Nothing leaves loopback: by the registry of the fake network, and by the fence behind it."""

import subprocess
import sys
import textwrap

import pytest

from justemails_command.serving import ServedSandbox
from justemails_sandbox.egress import is_loopback


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('192.0.2.1', 25), 1)",
        "socket.create_connection(('example.com', 25), 1)",
        "socket.socket().connect(('0.0.0.0', 25))",
        "socket.socket().connect_ex(('192.0.2.1', 25))",
        "socket.socket(socket.AF_INET6).connect(('::ffff:192.0.2.1', 25))",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.53', 53))",
        "socket.getaddrinfo('example.com', 25)",
        "asyncio.run(asyncio.open_connection('192.0.2.1', 25))",
        "__import__('smtplib').SMTP('192.0.2.1', timeout=1)",
    ],
)
def test_the_fence_refuses_every_way_out(attempt: str) -> None:
    code = f"""
        import asyncio, socket
        from justemails_sandbox.egress import EgressError, forbid_leaving_loopback
        forbid_leaving_loopback()
        try:
            {attempt}
        except EgressError:
            print("refused")
    """
    told = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=30, check=False
    )

    assert told.stdout == "refused\n", told.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", "::ffff:127.0.0.1", None, ""])
def test_loopback_is_let_through(host: str | None) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["192.0.2.1", "0.0.0.0", "::", "example.com", "127.0.0.1.example.com", "127.1", "2130706433", "64:ff9b::7f00:1"],  # noqa: S104
)
def test_anything_else_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_the_registry_names_only_ports_of_the_fake_network(sandbox: ServedSandbox) -> None:
    assert sandbox.network.endpoint("192.0.2.1", 25) is None
    assert sandbox.network.endpoint("127.0.0.1", 25) is None
    assert sandbox.network.endpoint("198.18.0.1", 80) is None
    there = sandbox.network.endpoint("198.18.0.1", 25)
    assert there is not None
    assert there[0] == "127.0.0.1"
