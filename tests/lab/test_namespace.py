"""Where no network namespace can be had, the lab says what is missing."""

import errno
import os
import sys
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from justemails_sandbox.commands.lab import lab
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
