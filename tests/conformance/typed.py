"""``justemails conform`` as it is typed: called in this process, or in one of its own."""

import os
import subprocess
from collections.abc import Mapping

from click.testing import CliRunner, Result
from tests.sandbox.harness import COMMAND, Client

from justemails_command.cli import command

FROM = ("--from", "hello@yourdomain.com")
ONE = ("--only", "send.response.id")
"""A clause that takes three requests."""


def run(*arguments: str, code: int = 0, environment: Mapping[str, str] | None = None) -> Result:
    """Call the command, of which an exit code is expected; a process of its own would take half a second more."""
    unset = dict.fromkeys(name for name in os.environ if name.startswith("JUSTEMAILS_"))
    done = CliRunner(catch_exceptions=False).invoke(command, arguments, env={**unset, **(environment or {})})
    assert done.exit_code == code, done.output
    return done


def conform(client: Client, *arguments: str, code: int = 0) -> Result:
    """Have a sandbox judged by a key that may do everything."""
    return run("conform", client.api, "--key", client.key, *FROM, *arguments, code=code)


def in_a_process(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the program, of which an exit code is expected."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JUSTEMAILS_")}
    done = subprocess.run(
        [COMMAND, *arguments], capture_output=True, text=True, timeout=120, check=False, env=environment
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done
