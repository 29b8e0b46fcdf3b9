"""What each case came to, tried once, in a process and a private network of its own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from tests.judges import exim

_ROOT = Path(__file__).parents[2]
_HERE = Path(__file__).parent
_NODE = 20  # what the packages of npm ask for


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the tables that the tests have made."""
    for line in TABLES:
        terminalreporter.write_line(line)


TABLES: list[str] = []


def _missing(case: str) -> str | None:
    if os.getuid() != 0:
        return "Postfix runs for root only"
    lacks = [f"{name} (of {package})" for name, package in _PROGRAMS[case].items() if shutil.which(name) is None]
    if case == "faults" and exim.package() is None:
        lacks.append(f"the package {exim.PACKAGE}")
    if case == "mail":
        lacks += [f"{name} (of Perl)" for name in ("Mail::DKIM", "Mail::SPF", "Net::DNS") if not _perl_has(name)]
        modules = ("libmime", "mailauth", "mailparser", "nodemailer")
        lacks += [f"{name} (of npm)" for name in modules if not (_HERE / "node_modules" / name).exists()]
        lacks += [] if _has_node() else [f"Node.js {_NODE} or newer"]
    return "not there: " + ", ".join(lacks) if lacks else None


_PROGRAMS = {
    "mail": {
        "postfix": "postfix",
        "opendkim-testmsg": "opendkim-tools",
        "spfquery.mail-spf-perl": "spf-tools-perl",
        "swaks": "swaks",
        "perl": "perl",
    },
    "smuggling": {"postfix": "postfix"},
    "faults": {"postfix": "postfix", "smtp-sink": "postfix"},
}


def _has_node() -> bool:
    if shutil.which("node") is None:
        return False
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    return int(said.removeprefix("v").partition(".")[0]) >= _NODE


def _perl_has(module: str) -> bool:
    if shutil.which("perl") is None:
        return False
    return subprocess.run(["perl", f"-M{module}", "-e", "1"], capture_output=True, check=False).returncode == 0


def _try(case: str) -> Any:  # Any: JSON
    if (reason := _missing(case)) is not None:
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
