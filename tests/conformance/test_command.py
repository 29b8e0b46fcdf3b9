"""``justemails conform``, ``explain`` and ``clauses``, as they are typed."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.conformance.hostile import hangs, says, server
from tests.conformance.typed import FROM, ONE, conform, in_a_process, run
from tests.sandbox.harness import Client

from justemails_command.commands.conform import conform as command
from justemails_conformance.clauses import Profile
from justemails_conformance.reports.files import Files
from justemails_conformance.transport import Exchange, Request, Target


def test_the_sandbox_passes_and_the_report_says_so(going: Client, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    options = ("--unverified-from", "x@unverified.example", "--json", str(report))

    done = in_a_process("conform", going.api, "--key", going.key, *FROM, *options)

    told = json.loads(report.read_text())
    assert told["summary"].items() >= {"fail": 0, "warn": 0, "inconclusive": 0, "error": 0}.items()
    assert told["summary"]["pass"] > 70
    skipped = {one["clause"]: one["reason"] for one in told["results"] if one["outcome"] == "skip"}
    assert told["summary"]["skip"] == len(skipped)
    assert all(reason.startswith("needs ") for reason in skipped.values())
    assert ", ".join(f"{count} {outcome}" for outcome, count in told["summary"].items()) + "\n" in done.stdout
    assert told["cleanup"] == {"created": 2, "removed": 2, "left": []}
    assert sum(told["requests"][tier] for tier in ("send", "read", "keys")) <= 60
    assert going.key not in report.read_text() + done.stdout


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "no URL": (("ftp://x", "--key", "k", *FROM), "no base URL like"),
    "no key": (("http://x/", *FROM), "--key"),
    "an empty key, as of a secret that is not there": (("http://x/", "--key", "", *FROM), "--key"),
    "no sender": (("http://x/", "--key", "k"), "--from"),
    "an unknown clause": (("http://x/", "--key", "k", *FROM, "--only", "no.such"), "justemails clauses lists them"),
    "an unchecked clause": (("http://x/", "--key", "k", *FROM, "--only", "errors.409"), "no clause that is checked"),
    "a clause of another profile": (
        ("http://x/", "--key", "k", *FROM, "--only", "limits.*"),
        "limits.* needs --profile limits",
    ),
    "an unknown profile": (("http://x/", "--key", "k", *FROM, "--profile", "cores"), "there are core, limits, deliv"),
    "no profile": (("http://x/", "--key", "k", *FROM, "--profile", ""), "there is no profile ''"),
    "a control API that is no URL": (("http://x/", "--key", "k", *FROM, "--control", "localhost"), "no base URL like"),
    "a seed that is none": (("http://x/", "--key", "k", *FROM, "--seed", "x"), "--seed"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_usage_is_exit_code_two_and_says_what_would_pass(name: str) -> None:
    arguments, words = WRONG[name]

    result = CliRunner().invoke(command, [*arguments])

    assert result.exit_code == 2
    assert words in result.stderr


def test_a_file_that_cannot_be_written_is_found_before_even_the_control_api_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "no-such-folder" / "report.svg"
    nobody = ("http://127.0.0.1:9/x", "--key", "k", *FROM, "--control", "http://127.0.0.1:9/sandbox/v1")

    result = CliRunner().invoke(command, [*nobody, "--badge", str(path)])

    assert result.exit_code == 2
    assert f"{path}: there is no folder {path.parent}" in result.stderr


def test_a_breach_is_told_with_the_promise_and_how_to_ask_again_and_go_on(client: Client) -> None:
    broken = ("--unverified-from", "x@yourdomain.com", "--only", "send.request.from.domain")

    lines = conform(client, *broken, code=1).stdout.splitlines()

    paragraph = lines[lines.index("FAIL  send.request.from.domain (M)") :]
    assert [line.split()[0] for line in paragraph[1:8]] == [
        *("promise", "asked", "expected", "got", "sent", "answer", "again")
    ]
    assert paragraph[1].endswith("as [errors.422] says. (said in words)")
    assert paragraph[3] == "  expected  422"
    assert paragraph[4].startswith('  got       200 {"id": "msg_')
    assert paragraph[4].endswith("...")
    assert paragraph[8:11] == [
        "",
        "How it is judged, and what would pass:  justemails explain send.request.from.domain",
        'The lines behind "again" take from the shell: JUSTEMAILS_KEY (the --key)',
    ]
    assert paragraph[11] == "It breaks 1 of 1 promise"


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ("core", "core"),
        ("limits,core", "core, limits"),
        (" core , fuzz ", "core, fuzz"),
        ("core,core", "core"),
        ("all", ", ".join(Profile)),
        ("security,all", ", ".join(Profile)),
    ],
)
def test_profiles_are_spelled_with_commas_and_judged_in_their_own_order(names: str, told: str) -> None:
    with server(hangs) as base_url:
        pass

    result = CliRunner().invoke(command, [base_url, "--key", "je_live_x", *FROM, "--profile", names])

    assert result.stdout == f"Judging {base_url} by the profile {told}\n"


def test_every_exit_code_means_one_thing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ("--unverified-from", "x@yourdomain.com", "--only", "send.request.from.domain")

    def exit_code(*options: str) -> int:
        return CliRunner().invoke(command, [client.api, "--key", client.key, *FROM, *options]).exit_code

    assert exit_code(*ONE) == 0
    assert exit_code(*broken) == 1
    assert exit_code("--only", "no.such") == 2
    assert exit_code("--only", "errors.403") == 3

    def full(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(Files, "write", full)
    assert exit_code(*ONE) == 4


def test_quotes_in_an_answer_are_shown_as_they_are(client: Client) -> None:
    done = run("conform", client.api, "--key", client.key, "--from", "a@b.example", "--only", "send.request", code=1)

    assert '"message": "The domain \'b.example\' of the' in done.stdout
    assert "\\'" not in done.stdout


def test_a_port_that_nobody_serves_is_exit_code_three_and_one_line() -> None:
    with server(hangs) as base_url:
        pass

    done = in_a_process("conform", base_url, "--key", "je_live_x", *FROM, code=3)

    assert done.stderr == f"justemails conform: {base_url} cannot be judged: the connection was refused\n"


def test_a_server_that_has_just_been_started_is_waited_for(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not answer at first, and a second time not either."""
    waited: list[float] = []
    ask, silent = Target.ask, Exchange(Request("GET", "/messages", {}), None, "the connection was refused", 0.0)
    monkeypatch.setattr("justemails_conformance.clock.wait", waited.append)
    monkeypatch.setattr(Target, "ask", lambda *asked: silent if len(waited) < 2 else ask(*asked))

    result = CliRunner().invoke(command, [client.api, "--key", client.key, *FROM, *ONE, "--wait", "60"])

    assert (result.exit_code, waited) == (0, [0.2, 0.2])


def test_a_server_that_never_comes_is_waited_for_no_longer_than_is_said() -> None:
    with server(hangs) as base_url:
        pass

    result = CliRunner().invoke(command, [base_url, "--key", "je_live_x", *FROM, "--wait", "0.1"])

    assert result.exit_code == 3
    assert "the connection was refused" in result.stderr


def test_a_server_of_something_else_is_exit_code_three_and_one_line() -> None:
    with server(says(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi")) as base_url:
        done = run("conform", base_url, "--key", "je_live_x", *FROM, code=3)

    assert done.stderr.count("\n") == 1
    assert "not with JSON" in done.stderr


def test_a_key_that_does_not_work_is_exit_code_three(client: Client) -> None:
    assert "is the key right?" in run("conform", client.api, "--key", "je_live_x", *FROM, code=3).stderr


def test_delivery_without_a_control_api_is_exit_code_three_and_says_what_is_missing(client: Client) -> None:
    done = conform(client, "--profile", "delivery", code=3)

    assert "Too little could be verified for a verdict\n" in done.stdout
    assert re.search(
        r"^  \d+ checks: needs the control API of a sandbox or a lab \(--control\)$", done.stdout, re.MULTILINE
    )


def test_a_clause_is_explained() -> None:
    assert run("explain", "send.response.id").stdout.splitlines() == [
        "send.response.id",
        "  promise  `id` names the message: `msg_abc123`. (shown in an example)",
        "  level    M: a breach fails the server",
        "  profile  core",
        "  check    id is a text that is not empty, and three sends have three, two of them to the same recipient",
    ]
    assert "not checked" in run("explain", "errors.409").stdout
    assert "justemails clauses lists them" in run("explain", "no.such", code=2).stderr


@pytest.mark.parametrize(("clause", "profile"), [("security.to.header", "security"), ("fuzz.story", "fuzz")])
def test_what_is_judged_beside_the_document_is_explained_too(clause: str, profile: str) -> None:
    lines = dict(line.split(maxsplit=1) for line in run("explain", clause).stdout.splitlines()[1:])

    assert lines["profile"] == profile
    assert len(lines["promise"]) > 20
    assert len(lines["check"]) > 20


def test_a_clause_is_explained_to_programs() -> None:
    told = json.loads(run("explain", "security.to.header", "--json").stdout)
    unchecked = json.loads(run("explain", "errors.409", "--json").stdout)

    assert told.keys() == unchecked.keys() == {"clause", "sentence", "level", "profile", "checked", "how"}
    assert (told["clause"], told["profile"], told["checked"]) == ("security.to.header", "security", True)
    assert (unchecked["level"], unchecked["profile"], unchecked["checked"]) == (None, None, False)


def test_every_clause_is_listed() -> None:
    lines = run("clauses").stdout.splitlines()

    assert len(lines) > 300
    assert "M  core       send.response.id" in lines
    assert [json.loads(line)["clause"] for line in run("clauses", "--json").stdout.splitlines()] == [
        line.split()[-1] for line in lines
    ]
