"""What the README says about judging a server is so."""

import re
from pathlib import Path

import yaml
from click.testing import CliRunner
from tests.conformance.mutants import MUTANTS
from tests.conformance.mutants.serving import Grounds, serving
from tests.conformance.typed import run
from tests.sandbox.harness import Client

from justemails_command.cli import command
from justemails_conformance.clauses import Profile
from justemails_conformance.expected_failures import read_expected_failures

README = Path(__file__).parents[2] / "README.md"
SECTION = README.read_text("utf-8").partition("## Judge another server\n")[2].partition("\n## ")[0]


def block(language: str, containing: str) -> str:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", SECTION, re.DOTALL | re.MULTILINE)
    (found,) = [text for kind, text in blocks if kind == language and containing in text]
    return str(found)


def test_the_lines_for_a_sandbox_judge_it(client: Client) -> None:
    line = block("", "sandbox --port").splitlines()[1]
    for told, is_ in {
        "http://127.0.0.1:8025/api/v1": client.api,
        "http://127.0.0.1:8025/sandbox/v1": client.control,
        "je_live_...": client.key,
        "--profile all": "--profile core,delivery",  # all of them are judged elsewhere
    }.items():
        assert told in line
        line = line.replace(told, is_)

    assert "It keeps every promise that was checked" in run(*line.split()[1:]).stdout


def test_every_option_that_it_names_is_one() -> None:
    named = {*re.findall(r"(?<![\w-])--[a-z][a-z-]+", SECTION)}

    helped = "".join(CliRunner().invoke(command, [one, "--help"]).stdout for one in ("conform", "sandbox", "lab"))
    assert len(named) > 15
    assert [one for one in sorted(named) if not re.search(rf"{one}\b", helped)] == []


def test_every_profile_has_a_row() -> None:
    assert re.findall(r"^\| `(\w+)`", SECTION, re.MULTILINE) == [*Profile]


def test_the_failure_it_shows_is_one_that_is_told() -> None:
    (mutant,) = [one for one in MUTANTS if one.name == "a subject is escaped for HTML"]
    with Grounds() as grounds:
        base = grounds.base(mutant.profiles)
        with serving(mutant.change(base.api, base.ground)) as base_url:
            options = (
                "--key",
                base.credentials.key,
                "--from",
                base.credentials.sender,
                "--only",
                "status.response.subject",
            )
            told = run("conform", base_url, *options, code=1).stdout

    def alike(text: str) -> str:
        return re.sub(r"msg_\w+|\b[0-9a-f]{12}\b|(?<=:)\d{4,5}(?=/)", "X", text)

    for line in block("", "FAIL  status").splitlines():
        pattern = ".*".join(re.escape(part) for part in alike(line).split("..."))
        assert re.search(f"^{pattern}$", alike(told), re.MULTILINE), line


def test_the_file_of_known_failures_is_one(tmp_path: Path) -> None:
    (tmp_path / "known.toml").write_text(block("toml", "[[expected]]"))

    assert [*read_expected_failures(tmp_path / "known.toml")] == ["status.response.subject"]


def test_the_workflow_uses_inputs_and_outputs_that_the_action_has() -> None:
    action = yaml.safe_load((README.parent / "contracts" / "action" / "action.yml").read_text("utf-8"))
    steps = yaml.safe_load(block("yml", "uses:"))

    (used,) = [step for step in steps if "contracts/action" in step.get("uses", "")]
    assert {*used["with"]} <= {*action["inputs"]}
    outputs = re.findall(rf"steps\.{used['id']}\.outputs\.([\w-]+)", str(steps))
    assert outputs
    assert {*outputs} <= {*action["outputs"]}
