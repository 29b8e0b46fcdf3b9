"""Where no network namespace can be had, the lab says what is missing."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from justemails_command.commands.lab import lab
from justemails_sandbox.lab import namespace


@pytest.fixture
def unshared(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Let the kernel refuse; return the flags that it was asked for."""
    asked: list[object] = []

    def refuse(name: str, *arguments: object) -> None:
        asked.extend([name, *arguments])
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(namespace, "_call", refuse)
    yield asked
    assert asked[0] == "unshare"


def test_a_user_is_told_of_root_and_of_user_namespaces(unshared: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)

    refused = CliRunner().invoke(lab, ["--", "true"])

    assert refused.exit_code == 3
    assert refused.stdout == ""
    assert (
        "cannot make a network namespace here (not permitted): run it as root, or allow unprivileged" in refused.stderr
    )
    assert "kernel.unprivileged_userns_clone=1" in refused.stderr


def test_root_is_told_that_the_container_forbids_it(unshared: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)

    refused = CliRunner().invoke(lab, ["--", "true"])

    assert refused.exit_code == 3
    assert "(not permitted): the container or system forbids it even to root\n" in refused.stderr


def test_another_system_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    with pytest.raises(namespace.NoNamespaceError, match="needs Linux' network namespaces, and this is darwin"):
        namespace.enter()


def test_every_address_can_be_bound_as_soon_as_it_is_there() -> None:
    """Before the kernel has looked for duplicates it refuses, which a busy machine shows once in a while."""
    code = """
import socket, sys
from justemails_sandbox.lab import namespace
try:
    namespace.enter()
except namespace.NoNamespaceError as ex:
    sys.exit(str(ex))
for number in range(1, 200):
    address = f"2001:db8::{number:x}"
    namespace.add_addresses([address])
    with socket.socket(socket.AF_INET6) as bound:
        bound.bind((address, 0))
print("all of them")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if "namespace" in done.stderr and "Traceback" not in done.stderr:
        pytest.skip(done.stderr.strip())

    assert done.stdout == "all of them\n", done.stderr
