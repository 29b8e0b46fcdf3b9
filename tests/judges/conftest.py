"""What each case came to, tried once, in a process and a private network of its own."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_PATIENCE_S = 500
_ROOT = Path(__file__).parents[2]
NEEDED = {
    "postfix": "postfix",
    "smtp-sink": "postfix",
    "opendkim-testmsg": "opendkim-tools",
    "spfquery.mail-spf-perl": "spf-tools-perl",
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
    if not (here / "node_modules" / "mailauth").exists():
        return "not installed: mailauth and mailparser (npm)"
    if not [*here.glob("packages/exim4-daemon-light_*.deb")]:
        return "not fetched: the package exim4-daemon-light"
    perl = subprocess.run(["perl", "-MMail::DKIM", "-MMail::SPF", "-e", "1"], capture_output=True, check=False)
    return "not installed: Mail::DKIM or Mail::SPF (of Perl)" if perl.returncode else None


def _try(case: str, folder: Path) -> Any:  # Any: JSON
    if (reason := _missing()) is not None:
        pytest.skip(reason)
    folder.chmod(0o755)
    command = [sys.executable, "-m", "tests.judges.court", case, str(folder)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    if done.returncode == 3:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "result.json").read_text())


@pytest.fixture(scope="session")
def mail(tmp_path_factory: pytest.TempPathFactory) -> Any:  # Any: JSON
    return _try("mail", tmp_path_factory.mktemp("mail"))


@pytest.fixture(scope="session")
def smuggled(tmp_path_factory: pytest.TempPathFactory) -> Any:  # Any: JSON
    return _try("smuggling", tmp_path_factory.mktemp("smuggling"))


@pytest.fixture(scope="session")
def met(tmp_path_factory: pytest.TempPathFactory) -> Any:  # Any: JSON
    return _try("faults", tmp_path_factory.mktemp("faults"))
