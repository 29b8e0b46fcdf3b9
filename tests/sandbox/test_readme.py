"""The README's calls are run as a reader would run them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.sandbox.harness import Client

from fakemx.behaviours.catalogue import CATALOGUE
from justemails_command.commands.simulate import simulate
from justemails_simulation.scenario_file import load_domains

README = Path(__file__).parents[2] / "README.md"

INTERPRETERS = {
    "sh": ["bash", "-c"],
    "js": ["node", "--input-type=module", "-e"],
    "python": [sys.executable, "-c"],
}


def sample(language: str, client: Client) -> str:
    _, _, section = README.read_text(encoding="utf-8").partition("\n## Send a mail\n")
    (code,) = re.findall(rf"```{language}\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
    return str(code).replace("http://127.0.0.1:8025/api/v1", client.api).replace("je_live_...", client.key)


@pytest.mark.parametrize("language", INTERPRETERS)
def test_each_sample_call_returns_an_id_and_its_mail_arrives_signed(client: Client, language: str) -> None:
    command = INTERPRETERS[language]
    if shutil.which(command[0]) is None or (language == "sh" and shutil.which("curl") is None):
        pytest.skip(f"{command[0]} or curl is not installed")

    printed = subprocess.run(
        [*command, sample(language, client)], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    mail = client.wait_for_mail("user@example.com")

    found = re.search(r"msg_\w{22}", printed)
    assert found
    assert mail["messageId"] == found[0]
    assert mail["text"] == "It works."
    assert mail["auth"]["dkim"][0]["result"] == "pass"


def test_the_sample_of_a_network_file_is_one() -> None:
    (sample,) = re.findall(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)

    assert {name: len(domain.hosts[0].steps) for name, domain in load_domains(sample).items()} == {
        "shop.example": len(CATALOGUE["greylist"].hosts[0].steps),
        "club.example": 2,
    }


def test_it_counts_the_behaviours_that_there_are() -> None:
    assert f"all {len(CATALOGUE)} of these names" in README.read_text(encoding="utf-8")


def test_the_ladder_it_shows_is_the_one_that_is_told() -> None:
    text = README.read_text(encoding="utf-8")
    (line, ladder) = re.findall(r"justemails (simulate --scenario \S+)\n```\n\n```\n(.*?)```", text, re.DOTALL)[0]
    _, *arguments = line.split()

    told = CliRunner().invoke(simulate, [*arguments[:-1], str(README.parent / arguments[-1])]).stdout.splitlines()

    shown = [rung for rung in ladder.splitlines() if rung.strip() != "..."]
    assert len(shown) > 8
    position = iter(told)
    for rung in shown:
        assert rung in position, rung


def test_every_folder_that_the_readme_links_exists() -> None:
    links = re.findall(r"\]\(([\w./-]+)\)", README.read_text(encoding="utf-8"))

    assert len(links) > 5
    for link in links:
        assert (README.parent / link).exists(), link
