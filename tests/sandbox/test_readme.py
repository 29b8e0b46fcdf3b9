"""The README's calls are run as a reader would run them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.sandbox.harness import Client

README = Path(__file__).parents[2] / "README.md"

INTERPRETERS = {
    "sh": ["bash", "-c"],
    "js": ["node", "--input-type=module", "-e"],
    "python": [sys.executable, "-c"],
}


def sample(language: str, client: Client) -> str:
    (code,) = re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
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


def test_every_folder_that_the_readme_links_exists() -> None:
    links = re.findall(r"\]\(([\w./-]+)\)", README.read_text(encoding="utf-8"))

    assert len(links) > 5
    for link in links:
        assert (README.parent / link).exists(), link
