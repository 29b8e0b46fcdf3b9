"""``justemails simulate``, as its users type it."""

import json
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.sandbox.harness import COMMAND

from justemails_command.commands.simulate import simulate as command

EXAMPLES = sorted((Path(__file__).parents[2] / "simulator" / "scenarios").glob("*.yaml"))

STORY = """\
name: taken in the end
domains:
  story.test:
    script:
      - {at: RCPT, reply: 450 4.7.1 greylisted, for: 5m}
traffic:
  - {at: 0s, to: ann@story.test}
  - {at: 1h, to: ben@bounce.test}
"""

BROKEN = STORY + "expect:\n  ann@story.test: {status: bounced}\n"


def simulate(*arguments: str | Path) -> Result:
    """Run the command in this process, which saves a second of imports each time."""
    return CliRunner().invoke(command, list(map(str, arguments)))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "scenario.yaml"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_each_example_comes_out_as_it_expects(example: Path) -> None:
    ran = simulate("--scenario", example)

    assert ran.exit_code == 0, ran.stdout
    assert "0 violations" in ran.stdout
    assert "expect:" in example.read_text(encoding="utf-8")


def test_four_days_are_told_as_a_ladder_of_under_twenty_lines_of_scenario() -> None:
    example = next(one for one in EXAMPLES if one.stem == "four-days")

    lines = simulate("--scenario", example).stdout.splitlines()

    assert len(example.read_text(encoding="utf-8").splitlines()) < 20
    said = [line.strip() for line in lines if line.strip()]
    told = iter(said)
    for rung in (
        "a letter that takes its time",
        "+0 s           accepted by the API: hello@yourdomain.com to ann@story.test",
        "+0 s           attempt 1",
        "-> RCPT TO:<ann@story.test>",
        "<- 450 4.7.1 greylisted",
        "<- 452 4.2.2 mailbox full",
        "<- 354 End data with <CR><LF>.<CR><LF>",
        "delivered: 2.0.0 kept",
    ):
        assert rung in told, f"{rung} is not told, or not in its place"
    assert any(line.startswith("+3 d 23 h") and "attempt" in line for line in said)


def test_a_worker_that_dies_is_told_to_the_messages_that_wait() -> None:
    example = next(one for one in EXAMPLES if one.stem == "lost-reply")

    ann, ben, cat = simulate("--scenario", example).stdout.split("accepted by the API")[1:]

    assert "died" not in ann + ben
    assert "worker-1 died in attempt 1" in cat
    assert ", 2 h into the story: hello@yourdomain.com to cat@slow.test" in cat


@pytest.mark.slow
def test_a_seed_runs_the_same_way_whatever_the_process() -> None:
    arguments = [COMMAND, "simulate", "--seeds", "7..8", "--messages", "10", "--jobs", "1", "--json"]
    told = [
        subprocess.check_output(arguments, text=True, timeout=240, env={**os.environ, "PYTHONHASHSEED": seed})
        for seed in ("0", "1", "777")
    ]

    events = [[json.loads(line) for line in one.splitlines()] for one in told]
    assert events[0][:2] == events[1][:2] == events[2][:2]
    assert [event["seed"] for event in events[0][:2]] == [7, 8]
    assert len({event["hash"] for event in events[0]}) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_search_that_is_killed_leaves_no_process_behind() -> None:
    arguments = [COMMAND, "simulate", "--seeds", "1..1000", "--messages", "3", "--jobs", "2", "--json"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as search:
        assert search.stdout is not None
        search.stdout.readline()  # the pool is at work
        children = Path(f"/proc/{search.pid}/task/{search.pid}/children").read_text().split()
        watched = [os.pidfd_open(int(child)) for child in children]
        search.kill()

        assert len(watched) >= 2
        for one in watched:
            ended, _, _ = select.select([one], [], [], 60)
            os.close(one)
            assert ended


@pytest.mark.slow
def test_the_last_json_line_sums_up() -> None:
    ran = simulate("--seeds", "1..2", "--messages", "5", "--days", "1", "--check-determinism", "--json")

    *_, last = map(json.loads, ran.stdout.splitlines())
    assert ran.exit_code == 0
    assert list(last) == [
        "event", "seeds", "messages", "violations", "simulatedHours", "seconds", "counters", "hash",
    ]  # fmt: skip
    assert (last["event"], last["seeds"], last["messages"], last["violations"]) == ("finished", 2, 10, 0)
    assert last["simulatedHours"] >= 48
    assert "worker crashed" in last["counters"]


def test_a_search_names_what_it_never_met() -> None:
    told = simulate("--seeds", "1..2", "--messages", "1", "--jobs", "1").stdout

    assert any(line.endswith("never") for line in told.splitlines())
    assert "2 scenarios, 2 messages, " in told


def test_what_breaks_is_cut_down_kept_and_replayed(file: Path) -> None:
    file.write_text(BROKEN, encoding="utf-8")

    ran = simulate("--scenario", file, "--failures", str(file.parent / "found"))

    assert ran.exit_code == 1
    found = file.parent / "found" / "simulation-failure-0.yaml"
    assert f"justemails simulate replay {found}" in ran.stdout
    kept = found.read_text(encoding="utf-8")
    assert "ann@story.test" in kept
    assert "ben@bounce.test" not in kept

    again = simulate("replay", found, "--last", "5")
    assert again.exit_code == 1
    assert "expect" in again.stderr
    assert "was found" not in again.stderr
    assert next(json.loads(line)["n"] for line in again.stdout.splitlines()) > 0
    assert len(again.stdout.splitlines()) == 5


def _give_up(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(("what", "instead"), [("_SHRINKING_S", 0), ("shrink_scenario", _give_up)])
def test_what_breaks_is_kept_and_told_though_there_is_no_time_to_cut_it_down(
    file: Path, monkeypatch: pytest.MonkeyPatch, what: str, instead: object
) -> None:
    """Neither in the time that it may take, nor before somebody presses Ctrl-C."""
    monkeypatch.setattr(f"justemails_command.commands.simulate.{what}", instead)
    file.write_text(BROKEN, encoding="utf-8")

    ran = simulate("--scenario", file, "--failures", str(file.parent / "found"))

    found = file.parent / "found" / "simulation-failure-0.yaml"
    assert f"justemails simulate replay {found}" in ran.stdout
    assert "ben@bounce.test" in found.read_text(encoding="utf-8")
    assert simulate("replay", found).exit_code == 1


def test_shrink_prints_what_is_left_and_refuses_what_breaks_nothing(file: Path) -> None:
    file.write_text(BROKEN, encoding="utf-8")
    shrunk = simulate("shrink", file)
    file.write_text(STORY, encoding="utf-8")
    refused = simulate("shrink", file)

    assert shrunk.exit_code == 0
    assert "ben@bounce.test" not in shrunk.stdout
    assert refused.exit_code == 1
    assert refused.stderr == "Error: this scenario breaks nothing\n"


def test_diff_tells_where_two_traces_part(file: Path) -> None:
    file.write_text(STORY, encoding="utf-8")
    one, other, third = (str(file.with_name(name)) for name in ("one", "other", "third"))
    for trace in (one, other):
        simulate("--scenario", file, "--trace", trace)
    file.write_text(STORY.replace("5m", "6m"), encoding="utf-8")
    simulate("--scenario", file, "--trace", third)

    same, parted = simulate("diff", one, other), simulate("diff", one, third)

    assert (same.exit_code, same.stdout) == (0, "They are the same.\n")
    assert parted.exit_code == 1
    assert parted.stdout.startswith("They part at entry ")
    left, right = (json.loads(line) for line in parted.stdout.splitlines()[1:])
    assert left != right
    assert left["n"] == right["n"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--seed", "1", "--seeds", "1..2"), "--seed, --seeds and --scenario exclude each other"),
        (("--seeds", "5..1"), "must be two numbers like 1..500, the smaller one first"),
        (("--seeds", "many"), "must be two numbers like 1..500"),
        (("--seeds", "1..2", "--trace", "t"), "--trace is for one seed"),
        (("--scenario", "nowhere.yaml"), "'nowhere.yaml' does not exist"),
        (("--days", "0"), "0 is not in the range"),
    ],
)
def test_wrong_usage_says_what_would_be_right(
    arguments: tuple[str, ...], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = simulate(*arguments)

    assert ran.exit_code == 2
    assert complaint in ran.stderr
    assert ran.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"traffic:\n  - {at: 0s, too: ann@story.test}\n", "line 2: traffic[0]"),
        (b"traffic:\n  - {at: soon, to: ann@story.test}\n", "line 2: traffic[0].at: must be a duration like 90s"),
        (b"name: \xff\n", "is not UTF-8"),
        (b"name: [\n", "line "),
    ],
)
@pytest.mark.parametrize("before", [("--scenario",), ("replay",), ("shrink",)])
def test_a_file_that_cannot_be_read_is_named_with_line_and_field(
    before: tuple[str], content: bytes, complaint: str, file: Path
) -> None:
    file.write_bytes(content)

    ran = simulate(*before, file)

    assert ran.exit_code == 2
    assert complaint in ran.stderr
    assert str(file) in ran.stderr
