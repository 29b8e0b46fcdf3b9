"""How far a judge has come: one line on a terminal, a line for each finding elsewhere."""

import os
import pty
import re
import subprocess

import pytest
from tests.conformance.typed import FROM, ONE, conform
from tests.sandbox.harness import COMMAND, Client

from justemails_command.commands.progress import Progress
from justemails_conformance.clauses import clauses
from justemails_conformance.verdict import Finding, Outcome

PASSED = Finding(clauses()["send.response.id"], Outcome.PASS)


def on_a_terminal(*arguments: str, columns: int = 60) -> str:
    """Return what the command writes to a terminal."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns)}
    started = subprocess.Popen(
        [COMMAND, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, close_fds=True
    )
    os.close(theirs)
    written = b""
    try:
        while piece := os.read(ours, 65_536):
            written += piece
    except OSError:
        pass  # how Linux says that the other side is gone
    finally:
        os.close(ours)
        started.wait(60)
    return written.decode()


def seen(written: str) -> list[str]:
    """Return the lines as they stand there in the end, whatever was written over."""
    lines = []
    for line in written.replace("\r\n", "\n").split("\n"):
        shown = ""
        for piece in line.split("\r"):
            shown = piece + shown[len(piece) :]
        lines.append(shown.rstrip())
    return lines


def test_on_a_terminal_one_line_is_rewritten_and_only_what_did_not_pass_stays(going: Client) -> None:
    written = on_a_terminal(
        *("conform", going.api, "--key", going.key, *FROM, "--unverified-from", "x@yourdomain.com"),
        *("--only", "send.*", "--only", "errors.403"),
    )

    lines = seen(written)
    assert not [line for line in lines if line.startswith("  ok ")]
    assert "  FAIL    send.request.from.domain" in lines
    assert [line for line in lines if line.startswith("  skip    errors.403")]
    assert not [line for line in lines if re.match(r"  \d+/\d+ ", line)]
    assert re.search(r"\r  1/\d+  send.request ", written)
    total = len([one for one in clauses().values() if one.profile == "core" and one.id.startswith("send.")]) + 1
    assert f"\r  {total}/{total}  " in written
    rewritten = [piece for piece in written.split("\r") if re.match(r"  \d+/\d+ ", piece)]
    assert {len(piece) for piece in rewritten} == {59}


def test_elsewhere_each_finding_has_a_line(client: Client) -> None:
    done = conform(client, *ONE)

    assert "  ok      send.response.id\n" in done.stdout
    assert "\r" not in done.stdout


@pytest.mark.parametrize(("seconds", "told"), [(4.9, ""), (5.0, "  ...     waiting 5 s, as the limits ask\n")])
def test_a_wait_that_somebody_would_wonder_at_is_told(
    seconds: float, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Progress(1).waiting(seconds)

    assert capsys.readouterr().out == told


def test_on_a_terminal_a_wait_is_told_in_the_line_that_is_rewritten(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    progress = Progress(2)

    progress.found(PASSED)
    progress.waiting(60)
    progress.found(PASSED)
    progress.end()

    written = capsys.readouterr().out
    assert "\n" not in written
    assert [piece.rstrip() for piece in written.split("\r") if piece.strip()] == [
        "  1/2  send.response.id",
        "  1/2  waiting 60 s, as the limits ask",
        "  2/2  send.response.id",
    ]
