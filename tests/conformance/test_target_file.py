"""Target files: who the server is, with what means it is judged, and what it chooses where the document is silent."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.conformance.micro import serving
from tests.conformance.typed import run
from tests.sandbox.harness import Client

from justemails_command.commands.conform import conform
from justemails_conformance.declared import FILTERS
from justemails_conformance.observed import observable
from justemails_conformance.target_file import OPTIONS, read_target
from justemails_conformance.verdict import About

EXAMPLE = Path(__file__).parents[2] / "contracts" / "target.example.toml"

WHOLE = """
[target]
name = "Example Mail"
version = "1.2"
url = "https://mail.example"
contact = ["@one", "two@mail.example"]
base_url = "http://127.0.0.1:3000/${STAGE}/v1"
control = "http://127.0.0.1:8026/sandbox/v1"
[keys]
primary = "${EXAMPLE_KEY}"
other = "key-of-another-account"
send_only = "key-that-only-sends"
[mail]
from = "hello@mail.example"
to = "sink@mail.example"
unverified_from = "hello@elsewhere.example"
[capabilities]
delivers_within_s = 30
[choices]
filters = ["status", "to"]
"send.successStatus" = 202
"messages.order" = "newest first"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "target.toml"
    path.write_text(text, "utf-8")
    return path


def target_of(client: Client, folder: Path, more: str = "") -> Path:
    """Return a target file of a sandbox, with further tables."""
    text = f'[target]\nbase_url = "{client.api}"\n[keys]\nprimary = "{client.key}"\n[mail]\nfrom = "x@yourdomain.com"\n'
    return written(folder, text + more)


def test_every_table_and_key_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAMPLE_KEY", "je_live_primary")
    monkeypatch.setenv("STAGE", "test")

    file = read_target(written(tmp_path, WHOLE))

    assert file.about == About("Example Mail", "1.2", "https://mail.example", ["@one", "two@mail.example"])
    assert file.options == {
        "base_url": "http://127.0.0.1:3000/test/v1",
        "control": "http://127.0.0.1:8026/sandbox/v1",
        "key": "je_live_primary",
        "other_key": "key-of-another-account",
        "send_only_key": "key-that-only-sends",
        "sender": "hello@mail.example",
        "to": "sink@mail.example",
        "unverified_from": "hello@elsewhere.example",
    }
    assert file.declared.delivers_within_s == 30
    assert file.declared.filters == ["status", "to"]
    assert file.declared.choices == {"send.successStatus": 202, "messages.order": "newest first"}


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    file = read_target(written(tmp_path, ""))

    assert file.about == About(contact=[])
    assert (file.options, file.declared.filters, file.declared.choices) == ({}, [], {})


WRONG = {
    "no TOML": ("[target", "it is no TOML: "),
    "an unknown table": ("[server]", "the file knows no 'server'; it may have target, keys, mail, capabilities"),
    "a table that is none": ("target = 1", "[target] has to be a table"),
    "an unknown key": ('[mail]\nsender = "x"', "[mail] knows no 'sender'; it may have from, to, unverified_from"),
    "a key that is a number": ("[keys]\nprimary = 12", "[keys] primary has to be a text that is not empty"),
    "an address that is empty": ('[mail]\nfrom = " "', "[mail] from has to be a text that is not empty"),
    "a variable that is not set": ('[keys]\nother = "${NOT_THERE}"', "[keys] other names NOT_THERE, which the env"),
    "a variable that is empty": ('[target]\nbase_url = "${EMPTY}"', "[target] base_url names EMPTY, which the env"),
    "a name that is none": ("[target]\nname = true", "[target] name has to be a text"),
    "one contact for many": ('[target]\ncontact = "@me"', "[target] contact has to be a list of texts"),
    "a contact that is none": ("[target]\ncontact = [1]", "[target] contact has to be a text"),
    "no time at all": ("[capabilities]\ndelivers_within_s = 0", "[capabilities] delivers_within_s has to be a number"),
    "a truth for a time": ("[capabilities]\ndelivers_within_s = true", "[capabilities] delivers_within_s has to be"),
    "a day": ("[capabilities]\ndelivers_within_s = 86400", "up to 3600"),
    "choices that are none": ("choices = []", "[choices] has to be a table"),
    "an unknown filter": ('[choices]\nfilters = ["size"]', "filters has to be a list of some of status, from, to, su"),
    "a filter in no list": ('[choices]\nfilters = "to"', "[choices] filters has to be a list"),
    "a filter that is a table": ("[choices]\nfilters = [{}]", "[choices] filters has to be a list"),
    "a dot without quotes": ("[choices]\nsend.successStatus = 202", 'names with a dot are quoted, as "send.x"'),
    "an unknown choice": (
        '[choices]\n"send.succesStatus" = 202',
        "[choices] knows no 'send.succesStatus'; it may have",
    ),
}


def answered(*arguments: str) -> Result:
    return CliRunner().invoke(conform, [*arguments])


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_one_is_exit_code_two_and_one_line_with_the_place_and_what_would_pass(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMPTY", "")
    text, words = WRONG[name]
    path = written(tmp_path, text)

    result = answered("--target", str(path))

    assert result.exit_code == 2
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert line.startswith(f"Error: Invalid value for '--target': {path}: ")
    assert words in line
    assert result.stderr.endswith(line + "\n")


def test_one_that_is_no_text_or_not_there_is_exit_code_two(tmp_path: Path) -> None:
    (tmp_path / "target.toml").write_bytes(b"\xff")

    assert "it is no TOML" in answered("--target", str(tmp_path / "target.toml")).stderr
    assert "cannot be read: No such file" in answered("--target", str(tmp_path / "none.toml")).stderr
    assert "cannot be read: Is a directory" in answered("--target", str(tmp_path)).stderr


def test_what_is_given_nowhere_is_said_to_be_missing(tmp_path: Path) -> None:
    path = written(tmp_path, '[target]\nbase_url = "http://127.0.0.1:9/x"\n')

    assert "Missing argument 'BASE_URL', which may stand in a target file" in answered().stderr
    assert "Missing option '--key', which may stand in a target file" in answered("--target", str(path)).stderr
    assert "Missing option '--from', which" in answered("--target", str(path), "--key", "k").stderr


@pytest.mark.parametrize("option", ["--from", "--to", "--unverified-from"])
@pytest.mark.parametrize("text", ["nonsense", "Ann <ann@example.com>", "ann@example.com,bob@example.com"])
def test_what_is_no_address_is_wrong_usage_and_no_fault_of_the_server(option: str, text: str) -> None:
    given = {"--key": "k", "--from": "hello@example.com", option: text}

    done = answered("http://127.0.0.1:9/api/v1", *(word for pair in given.items() for word in pair))

    assert done.exit_code == 2
    assert f"'{option}' must be an address like hello@example.com" in done.stderr


def test_it_takes_the_place_of_every_option_and_its_people_stand_in_the_report(client: Client, tmp_path: Path) -> None:
    path = target_of(client, tmp_path)
    path.write_text(path.read_text().replace("[target]", '[target]\nname = "Ours"\nversion = "7"\ncontact = ["@me"]'))

    run("conform", "--target", str(path), "--only", "send.response.id", "--json", str(tmp_path / "report.json"))

    told = json.loads((tmp_path / "report.json").read_text())
    assert told["target"] == {"baseUrl": client.api, "name": "Ours", "version": "7", "contact": ["@me"]}


def test_options_win_over_it(client: Client, tmp_path: Path) -> None:
    path = target_of(client, tmp_path)
    path.write_text(path.read_text().replace(client.key, "je_live_wrong").replace("x@yourdomain.com", "x@nobody.test"))
    options = ("--target", str(path), "--only", "send.request")

    run("conform", *options, code=3)
    run("conform", *options, "--key", client.key, code=1)
    run("conform", *options, "--key", client.key, "--from", "x@yourdomain.com")
    run("conform", *options, "--from", "x@yourdomain.com", environment={"JUSTEMAILS_KEY": client.key})


def test_filters_that_are_declared_are_judged(client: Client, tmp_path: Path) -> None:
    path = target_of(client, tmp_path, '[choices]\nfilters = ["status", "from", "to", "subject"]\n')

    done = run("conform", "--target", str(path), "--only", "messages.filters")

    assert "ok      messages.filters" in done.stdout


@pytest.mark.usefixtures("client")  # with it, the command does not wait
def test_a_filter_that_leaves_what_does_not_fit_fails(tmp_path: Path) -> None:
    """As at a server that has no such filter, and takes every parameter."""
    with serving(lambda: 0.0) as (base_url, key):
        path = target_of(Client(base_url, "", key), tmp_path, '[choices]\nfilters = ["status"]\n')
        done = run("conform", "--target", str(path), "--only", "send.response.id", "--only", "messages.filters", code=1)

    assert "FAIL  messages.filters (M)" in done.stdout
    assert 'expected  items whose status is "delivered" alone' in done.stdout


@pytest.mark.parametrize(("declared", "outcome"), [("", "skip"), ("[capabilities]\ndelivers_within_s = 1\n", "FAIL")])
def test_a_message_that_is_not_delivered_in_time_breaks_a_promise_where_the_time_is_declared(
    declared: str, outcome: str, client: Client, tmp_path: Path
) -> None:
    to = ("--to", "user@greylist.test")

    done = run(
        *("conform", "--target", str(target_of(client, tmp_path, declared)), *to, "--control", client.control),
        *("--only", "status.response.deliveredAt", "--only", "status.purpose"),
        code=1 if declared else 0,
    )

    assert re.search(rf"^  {outcome} +status.response.deliveredAt", done.stdout, re.MULTILINE)
    if declared:
        assert 'expected  status: "delivered" within 1 s, as the target file declares' in done.stdout


def test_a_choice_that_differs_is_told_and_fails_nobody(client: Client, tmp_path: Path) -> None:
    path = target_of(client, tmp_path, '[choices]\n"send.successStatus" = 202\n"messages.perPage" = 50\n')

    done = run("conform", "--target", str(path), "--only", "send.response.id", "--only", "messages.data")

    assert "differs from what the target file declares: send.successStatus: declared 202, observed 200" in done.stdout
    assert done.stdout.count("differs") == 1


def test_every_choice_that_can_be_seen_may_be_declared(tmp_path: Path) -> None:
    text = "[choices]\n" + "".join(f'"{name}" = "x"\n' for name in observable())

    assert {*read_target(written(tmp_path, text)).declared.choices} == {*observable()}
    assert "send.successStatus" in observable()


def test_the_example_has_every_key_and_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in re.findall(r"\$\{(EXAMPLE_\w+)\}", EXAMPLE.read_text("utf-8")):
        monkeypatch.setenv(name, f"https://{name.lower()}")

    file = read_target(EXAMPLE)

    assert None not in (file.about.name, file.about.version, file.about.url)
    assert file.about.contact
    assert {*file.options} == {*OPTIONS}
    assert file.options["base_url"] == "https://example_url/api/v1"
    assert file.declared.delivers_within_s == 30
    assert tuple(file.declared.filters) == FILTERS
    assert {*file.declared.choices} == {*observable()}


def test_the_example_needs_its_variables() -> None:
    result = answered("--target", str(EXAMPLE))

    assert result.exit_code == 2
    assert "[target] base_url names EXAMPLE_URL, which the environment has not, or has empty" in result.stderr
