"""What each case came to, tried once, in a process and a private network of its own."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[2]
NEEDED = {
    "postfix": "postfix",
    "smtp-sink": "postfix",
    "opendkim-testmsg": "opendkim-tools",
    "spfquery.mail-spf-perl": "spf-tools-perl",
    "swaks": "swaks",
    "perl": "perl",
    "node": "nodejs",
}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the tables that the tests have made."""
    for line in TABLES:
        terminalreporter.write_line(line)


TABLES: list[str] = []


def _missing() -> str | None:
    programs = [f"{name} (of {package})" for name, package in NEEDED.items() if shutil.which(name) is None]
    if programs:
        return "not installed: " + ", ".join(programs)
    here = Path(__file__).parent
    packages = [
        name for name in ("mailauth", "mailparser", "nodemailer") if not (here / "node_modules" / name).exists()
    ]
    if packages:
        return "not installed: " + ", ".join(packages) + " (of npm)"
    if not [*here.glob("packages/exim4-daemon-light_*.deb")]:
        return "not fetched: the package exim4-daemon-light"
    modules = [name for name in ("Mail::DKIM", "Mail::SPF", "Net::DNS") if not _perl_has(name)]
    return "not installed: " + ", ".join(modules) + " (of Perl)" if modules else None


def _perl_has(module: str) -> bool:
    return subprocess.run(["perl", f"-M{module}", "-e", "1"], capture_output=True, check=False).returncode == 0


def _try(case: str) -> Any:  # Any: JSON
    if (reason := _missing()) is not None:
        pytest.skip(reason)
    # Not one of pytest's folders: Postfix and Exim give up root and must get in, and every pytest that starts shuts
    # those to all but their owner.
    with tempfile.TemporaryDirectory(prefix="judges-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        command = [sys.executable, "-m", "tests.judges.court", case, name]
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
        if done.returncode == 3:
            pytest.skip(done.stderr.strip())
        assert done.returncode == 0, done.stderr
        return json.loads((folder / "result.json").read_text())


@pytest.fixture(scope="session")
def mail() -> Any:  # Any: JSON
    return _try("mail")


@pytest.fixture(scope="session")
def smuggled() -> Any:  # Any: JSON
    return _try("smuggling")


@pytest.fixture(scope="session")
def met() -> Any:  # Any: JSON
    return _try("faults")
