"""What a start loads, and what is there when the sandbox says that it is ready."""

import re
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import cache_from_source, find_spec
from pathlib import Path

import pytest
from tests.api.harness import MAIL, Answer
from tests.sandbox.harness import request

from justemails_command.serving import ServedSandbox
from justemails_sandbox.settings import SandboxSettings

ROOT = Path(__file__).parents[2]

# Each prints the names of the modules that are loaded at last.
HELP = """
import sys
from justemails_command.cli import command
command(["--help"], standalone_mode=False)
print(*sorted(sys.modules))
"""
READY = """
import os, sys
import justemails_command.cli, justemails_command.commands.sandbox
from justemails_command.serving import ServedSandbox
from justemails_sandbox.settings import SandboxSettings

def ready():
    print(*sorted(sys.modules), flush=True)
    os._exit(0)

ServedSandbox(SandboxSettings()).start(ready)
"""

LOADED_BY_HELP = {"justemails_command", "justemails_command.cli"}

# What the API stands on, and what a sandbox prints and keeps. The rest comes later: DNS, SMTP, signatures, the fake
# network, the catalogue, the control API, the dashboard, and YAML, Jinja2, Swagger and cryptography with them.
LOADED_WHEN_READY = set(Path(__file__).with_name("loaded_when_ready.txt").read_text().split())

NEEDED_BY_HELP = {"click"}
NEEDED_WHEN_READY = {"click", "falcon", "idna", "pony", "waitress"}


def loaded(code: str) -> list[str]:
    return subprocess.check_output([sys.executable, "-c", code], text=True, cwd="/").splitlines()[-1].split()


def ours(modules: list[str]) -> set[str]:
    return {name for name in modules if re.match(r"(justemails|fakemx)", name)}


def of_others(modules: list[str]) -> set[str]:
    """Return the top-level packages that are neither ours nor Python's."""
    tops = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names
    tops.discard("cython_runtime")  # no package: a compiled module makes it up
    return {name for name in tops if not re.match(r"(justemails|fakemx|_|sitecustomize)", name)}


@pytest.mark.parametrize(
    ("code", "modules", "packages"),
    [(HELP, LOADED_BY_HELP, NEEDED_BY_HELP), (READY, LOADED_WHEN_READY, NEEDED_WHEN_READY)],
    ids=["help", "ready"],
)
def test_a_start_loads_what_it_needs_and_nothing_more(code: str, modules: set[str], packages: set[str]) -> None:
    found = loaded(code)

    assert of_others(found) == packages
    assert ours(found) == modules


@pytest.mark.parametrize("package", sorted(NEEDED_WHEN_READY | {"cryptography", "dkim", "dns", "jinja2", "yaml"}))
def test_what_is_installed_has_its_byte_code(package: str) -> None:
    """Where PYTHONDONTWRITEBYTECODE is set, Python would otherwise compile it at every start."""
    found = find_spec(package)

    assert found is not None
    assert found.origin is not None
    modules = Path(found.origin).parent.rglob("*.py")
    assert [module for module in modules if not Path(cache_from_source(str(module))).exists()] == []


def test_make_compiles_our_own_packages_before_every_command() -> None:
    said = subprocess.check_output(["make", "--dry-run", "--always-make", "sandbox"], text=True, cwd=ROOT)

    compiled = [line for line in said.splitlines() if "-m compileall" in line]
    assert any(line.endswith("reference simulator contracts") for line in compiled)


def test_the_api_answers_before_the_rest_is_loaded_and_nothing_asked_meanwhile_is_lost() -> None:
    sandbox = ServedSandbox(SandboxSettings())
    answers: list[Answer] = []
    with ThreadPoolExecutor() as pool:
        others: list[Future[Answer]] = []

        def ask() -> None:
            others.extend(pool.submit(request, "GET", url) for url in (f"{sandbox.control}/ready", sandbox.url))
            answers.append(request("POST", f"{sandbox.api}/send", MAIL, sandbox.key))

        sandbox.start(ready=ask)
        try:
            (mail,) = request("GET", f"{sandbox.control}/inbox/wait?timeout=10").json["data"]
            answers += [other.result() for other in others]
        finally:
            sandbox.stop()

    assert [answer.status for answer in answers] == [200, 200, 200]
    assert mail["messageId"] == answers[0].json["id"]
    assert [one["result"] for one in mail["auth"]["dkim"]] == ["pass", "pass"]
