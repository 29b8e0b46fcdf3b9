"""``justemails conform``, ``explain`` and ``clauses``, as they are typed."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conformance.hostile import hangs, says, server
from tests.sandbox.harness import COMMAND, Client, client_of, in_process

from justemails_sandbox.settings import SandboxSettings

FROM = ("--from", "hello@yourdomain.com")


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with in_process(SandboxSettings()) as sandbox:
        yield client_of(sandbox)


def run(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_the_sandbox_passes_and_the_report_says_so(client: Client, tmp_path: Path) -> None:
    report = tmp_path / "report.json"

    done = run(
        *("conform", client.api, "--key", client.key, *FROM, "--unverified-from", "x@unverified.example"),
        *("--json", str(report)),
    )

    assert re.search(r"^78 pass, 0 fail, 0 warn, 7 skip, 0 inconclusive, 0 error$", done.stdout, re.MULTILINE)
    told = json.loads(report.read_text())
    assert told["summary"] == {"pass": 78, "fail": 0, "warn": 0, "skip": 7, "inconclusive": 0, "error": 0}
    assert told["cleanup"] == {"created": 2, "removed": 2, "left": []}
    assert client.key not in report.read_text() + done.stdout


def test_a_broken_promise_is_exit_code_one(client: Client) -> None:
    options = ("--unverified-from", "x@yourdomain.com", "--only", "send.request.from.domain")

    done = run("conform", client.api, "--key", client.key, *FROM, *options, code=1)

    assert "FAIL  send.request.from.domain (M)" in done.stdout
    assert "expected  422" in done.stdout


def test_a_port_that_nobody_serves_is_exit_code_three_and_one_line() -> None:
    with server(hangs) as base_url:
        pass

    done = run("conform", base_url, "--key", "je_live_x", *FROM, code=3)

    assert done.stderr == f"justemails conform: {base_url} cannot be judged: the connection was refused\n"


def test_a_server_of_something_else_is_exit_code_three_and_one_line() -> None:
    with server(says(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi")) as base_url:
        done = run("conform", base_url, "--key", "je_live_x", *FROM, code=3)

    assert done.stderr.count("\n") == 1
    assert "not with JSON" in done.stderr


def test_a_key_that_does_not_work_is_exit_code_three(client: Client) -> None:
    assert "is the key right?" in run("conform", client.api, "--key", "je_live_x", *FROM, code=3).stderr


def test_what_was_skipped_is_no_success(client: Client) -> None:
    """A run that verified nothing never ends with 0."""
    options = ("--only", "errors.403")

    run("conform", client.api, "--key", client.key, *FROM, *options, code=3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("conform", "ftp://x", "--key", "k", *FROM), "no base URL like"),
        (("conform", "http://x/", "--key", "k", *FROM, "--only", "no.such"), "justemails clauses lists them"),
        (("conform", "http://x/", "--key", "k"), "--from"),
        (("conform", "http://x/", "--key", "k", *FROM, "--profile", "none"), "there are core, limits"),
        (("explain", "no.such"), "justemails clauses lists them"),
    ],
)
def test_wrong_usage_is_exit_code_two_and_says_what_would_pass(arguments: tuple[str, ...], words: str) -> None:
    assert words in run(*arguments, code=2).stderr


def test_a_clause_is_explained() -> None:
    assert run("explain", "send.response.id").stdout.splitlines() == [
        "send.response.id",
        "  promise  `id` names the message: `msg_abc123`. *example*",
        "  level    M: a breach fails the server",
        "  profile  core",
        "  check    id is a text that is not empty, and three sends have three, two of them to the same recipient",
    ]
    assert "not checked" in run("explain", "errors.409").stdout


def test_every_clause_is_listed() -> None:
    lines = run("clauses").stdout.splitlines()

    assert len(lines) > 100
    assert "M  core       send.response.id" in lines
