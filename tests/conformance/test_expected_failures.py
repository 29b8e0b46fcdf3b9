"""Expected failures: known ones fail no run, and one that is over does."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.conformance.typed import conform
from tests.sandbox.harness import Client

from justemails_command.commands.conform import conform as command
from justemails_conformance.expected_failures import read_expected_failures

BREAKS = ("--unverified-from", "x@yourdomain.com", "--only", "send.request.from.domain")
"""Makes a sound server look as if it took mail from a domain that is not verified."""

KNOWN = '[[expected]]\nclause = "send.request.from.domain"\nreason = "ticket 12"\n'


def written(folder: Path, text: str) -> str:
    path = folder / "known.toml"
    path.write_text(text, "utf-8")
    return str(path)


def test_each_expectation_is_read_with_its_reason(tmp_path: Path) -> None:
    text = KNOWN + '[[expected]]\nclause = "limits.send"\nreason = "one proxy for all"\n'

    assert read_expected_failures(Path(written(tmp_path, text))) == {
        "send.request.from.domain": "ticket 12",
        "limits.send": "one proxy for all",
    }
    assert read_expected_failures(Path(written(tmp_path, ""))) == {}


WRONG = {
    "no TOML": ("[[expected]", "it is no TOML"),
    "another table": ("[known]", "the file knows no 'known'; it may have expected"),
    "one table": ('[expected]\nclause = "limits.send"', "tables that begin with [[expected]]"),
    "another key": ('[[expected]]\nid = "limits.send"', "[[expected]] knows no 'id'; it may have clause, reason"),
    "no clause": ('[[expected]]\nreason = "x"', "[[expected]] clause has to be a text"),
    "no reason": ('[[expected]]\nclause = "limits.send"', "the reason of limits.send has to be a text"),
    "an empty reason": ('[[expected]]\nclause = "limits.send"\nreason = " "', "the reason of limits.send has to be"),
    "an unknown clause": (
        '[[expected]]\nclause = "limits.sned"\nreason = "x"',
        "called limits.sned; justemails clauses",
    ),
    "an unchecked clause": ('[[expected]]\nclause = "errors.409"\nreason = "x"', "no clause that is checked is called"),
    "one twice": (KNOWN + KNOWN, "send.request.from.domain is expected twice"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_exit_code_two_and_one_line(name: str, tmp_path: Path) -> None:
    text, words = WRONG[name]
    path = written(tmp_path, text)

    result = CliRunner().invoke(command, ["http://127.0.0.1:9", "--key", "k", "--from", "x@y.z", "--xfail", path])

    assert result.exit_code == 2
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert line.startswith(f"Error: Invalid value for '--xfail': {path}: ")
    assert words in line


def test_a_known_failure_fails_no_run_and_is_told_as_known(client: Client, tmp_path: Path) -> None:
    report = tmp_path / "report.json"

    done = conform(client, *BREAKS, "--xfail", written(tmp_path, KNOWN), "--json", str(report))

    assert "  FAIL    send.request.from.domain  expected: ticket 12\n" in done.stdout
    assert "  known     ticket 12\n" in done.stdout
    assert "It breaks 1 of 1 promise, as expected\n" in done.stdout
    (result,) = json.loads(report.read_text())["results"]
    assert (result["outcome"], result["expectedFailure"]) == ("fail", "ticket 12")


def test_a_failure_beside_a_known_one_fails_the_run(client: Client, tmp_path: Path) -> None:
    also = ("--only", "errors.403", "--send-only-key", client.key)

    done = conform(client, *BREAKS, *also, "--xfail", written(tmp_path, KNOWN), code=1)

    assert "1 of them as expected" in done.stdout


def test_an_expectation_that_is_over_fails_the_run_and_says_which(client: Client, tmp_path: Path) -> None:
    over = KNOWN.replace("send.request.from.domain", "send.response.id")

    done = conform(client, "--only", "send.response.id", "--xfail", written(tmp_path, over), code=1)

    assert "  ok      send.response.id  kept, though it was expected to fail: ticket 12\n" in done.stdout
    assert "PASS  send.response.id (M)" in done.stdout
    assert "so --xfail is out of date: 1 of its failures are over" in done.stdout


def test_an_expectation_of_what_is_not_judged_is_neither_met_nor_over(client: Client, tmp_path: Path) -> None:
    """A file may speak of a profile that a run leaves out, or of a clause that is skipped."""
    other = KNOWN.replace("send.request.from.domain", "limits.send")

    conform(client, "--only", "send.response.id", "--xfail", written(tmp_path, other))
