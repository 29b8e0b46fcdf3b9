"""``justemails conform`` as it is typed, in a process of its own."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.sandbox.harness import COMMAND, Client

FROM = ("--from", "hello@yourdomain.com")
ONE = ("--only", "send.response.id")
"""A clause that takes three requests."""


def run(
    *arguments: str, code: int = 0, environment: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command, of which an exit code is expected."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("JUSTEMAILS_")}
    done = subprocess.run(
        [COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**given, **(environment or {})},
        cwd=cwd,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def conform(client: Client, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Have a sandbox judged by the key that it was made with."""
    return run("conform", client.api, "--key", client.key, *FROM, *arguments, code=code)
