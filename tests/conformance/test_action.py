"""The GitHub action: what stands in it is what a runner needs, and its script judges a server."""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.sandbox.harness import COMMAND, Client

PATH = Path(__file__).parents[2] / "contracts" / "action" / "action.yml"
ACTION: dict[str, Any] = yaml.safe_load(PATH.read_text("utf-8"))
STEPS: Mapping[str, dict[str, Any]] = {step["id"]: step for step in ACTION["runs"]["steps"]}
REPORTS = {"report.json", "junit.xml", "report.html", "badge.svg"}
INPUT = re.compile(r"\$\{\{ inputs\.([\w-]+) \}\}")


@dataclass(frozen=True)
class Ran:
    """What came of the judging step: its exit code, what it printed, and what it told the runner."""

    code: int
    printed: str
    outputs: Mapping[str, str]
    summary: str


def ran(workspace: Path, **inputs: str) -> Ran:
    """Run the judging step as a runner does; the suite is installed already."""
    given = {name: member["default"] for name, member in ACTION["inputs"].items()}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}
    temporary = workspace / "runner temp"
    (temporary / "justemails" / "bin").mkdir(parents=True)
    (temporary / "justemails" / "bin" / "justemails").symlink_to(COMMAND)
    output, summary, script = (temporary / name for name in ("output", "summary", "script.sh"))
    script.write_text(STEPS["judge"]["run"], "utf-8")
    expressions = {name: INPUT.fullmatch(text) for name, text in STEPS["judge"]["env"].items()}
    environment = {name: given[found[1]] for name, found in expressions.items() if found}
    assert environment.keys() == expressions.keys()
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],  # as the runner runs shell: bash
        cwd=workspace,
        env={
            "PATH": os.environ["PATH"],
            "RUNNER_TEMP": str(temporary),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    outputs = dict(line.split("=", 1) for line in output.read_text("utf-8").splitlines())
    return Ran(done.returncode, done.stdout + done.stderr, outputs, summary.read_text("utf-8"))


def test_every_input_is_used_and_every_one_that_is_used_is_there() -> None:
    used = re.findall(r"\binputs\.([\w-]+)", json.dumps(ACTION["runs"]))

    assert {*used} == {*ACTION["inputs"]}
    assert all(member["description"] for member in ACTION["inputs"].values())


def test_every_output_is_one_that_a_step_gives() -> None:
    for output in ACTION["outputs"].values():
        (step, name) = re.fullmatch(r"\$\{\{ steps\.(\w+)\.outputs\.([\w-]+) \}\}", output["value"]).groups()  # type: ignore[union-attr]  # a wrong one fails here
        assert f'"{name}=' in STEPS[step]["run"]


def test_nothing_is_put_into_a_script_and_every_variable_of_one_is_given() -> None:
    """What is interpolated is run: an input with quotes in it would be a command."""
    for step in STEPS.values():
        script = step.get("run", "")
        assert "${{" not in script
        runners = {"RUNNER_TEMP", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"}
        assert {*re.findall(r"\$\{?([A-Z]\w*)", script)} <= {*step.get("env", {})} | runners
        unquoted = re.sub(r'"[^"]*"', "", script)
        assert re.findall(r"\$[A-Za-z@{]", unquoted) == []


def test_other_actions_are_named_by_commits() -> None:
    for step in STEPS.values():
        assert "run" in step or re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])
        assert ("run" in step) is ("shell" in step)


@pytest.mark.slow
def test_a_sound_server_passes_and_the_reports_are_there(going: Client, tmp_path: Path) -> None:
    done = ran(tmp_path, base_url=going.api, key=going.key, **{"from": "hello@yourdomain.com"})

    assert done.code == 0, done.printed
    assert done.outputs == {
        "exit-code": "0",
        "folder": "justemails-report",
        "report": "justemails-report/report.json",
    }
    assert {path.name for path in (tmp_path / "justemails-report").iterdir()} == {*REPORTS, "log.txt"}
    told = json.loads((tmp_path / done.outputs["report"]).read_text())
    assert told["target"]["baseUrl"] == going.api
    assert (tmp_path / "justemails-report" / "log.txt").read_text() == done.printed
    assert "    It keeps every promise that was checked\n" in done.summary
    assert going.key not in done.printed + done.summary


def test_every_other_input_reaches_the_suite(going: Client, tmp_path: Path) -> None:
    (tmp_path / "target.toml").write_text(f'[target]\nname = "Ours"\nbase_url = "{going.api}"\n')
    clause = '[[expected]]\nclause = "send.request.from.domain"\nreason = "ticket 12"\n'
    (tmp_path / "known failures.toml").write_text(clause)

    done = ran(
        tmp_path,
        **{"from": "hello@yourdomain.com", "to": "someone@example.net"},
        key=going.key,
        unverified_from="x@yourdomain.com",
        other_key=going.key,
        send_only_key=going.key,
        control=going.control,
        target="target.toml",
        xfail="known failures.toml",
        folder="out put",
    )

    assert done.code == 1, done.printed
    assert "FAIL    send.request.from.domain  expected: ticket 12" in done.printed
    assert "FAIL    errors.403" in done.printed  # that key may do everything
    told = json.loads((tmp_path / "out put" / "report.json").read_text())
    assert told["target"] == {"baseUrl": going.api, "name": "Ours"}
    replays = {one.get("replay", "") for one in told["results"] if one["outcome"] == "fail"}
    assert all("--to someone@example.net" in replay and "--control" in replay for replay in replays)
    assert done.outputs["exit-code"] == "1"


def test_nobody_there_fails_and_leaves_no_old_report(tmp_path: Path) -> None:
    (tmp_path / "justemails-report").mkdir()
    (tmp_path / "justemails-report" / "report.json").write_text("of another run")

    done = ran(tmp_path, base_url="http://127.0.0.1:9/x", key="je_live_x", wait="0", **{"from": "a@b.example"})

    assert done.code == 3
    assert done.outputs == {"exit-code": "3", "folder": "justemails-report"}
    assert "    justemails conform: http://127.0.0.1:9/x cannot be judged" in done.summary


def test_an_input_is_a_word_whatever_stands_in_it(tmp_path: Path) -> None:
    evil = "\"; touch owned; '$(touch owned)` touch owned`"

    done = ran(tmp_path, base_url=f"--help {evil}", key=evil, to=evil, **{"from": evil})

    assert done.code == 2
    assert not (tmp_path / "owned").exists()


def test_without_a_key_it_fails_and_says_so(going: Client, tmp_path: Path) -> None:
    """As in a run for a fork, to which a CI server hands no secrets."""
    done = ran(tmp_path, base_url=going.api, **{"from": "hello@yourdomain.com"})

    assert (done.code, done.outputs["exit-code"]) == (2, "2")
    assert "Missing option '--key'" in done.summary
