"""The report as JSON, its schema, the lines to paste, and the files it is written to."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.conformance.hostile import hangs, server
from tests.conformance.mutants.exchange import Asked, Said, answers, said, without
from tests.conformance.test_core import judged
from tests.conformance.typed import FROM, conform, run
from tests.conformance.verdicts import BASE_URL, HOSTILE, exchange, verdict
from tests.sandbox.harness import COMMAND, Client

from justemails_command.serving import ServedSandbox
from justemails_conformance.reports.again import curl, replay
from justemails_conformance.reports.files import Files, UnwritableError
from justemails_conformance.reports.json_report import SCHEMA, as_json, dumped
from justemails_conformance.run import UNKNOWN_KEY
from justemails_conformance.transport import Exchange, Request
from justemails_conformance.verdict import Outcome, Verdict

_SCHEMA: dict[str, Any] = json.loads(SCHEMA.read_text("utf-8"))
_VALIDATOR = jsonschema.Draft202012Validator(_SCHEMA)


def validate(text: str) -> Any:
    """Read a report as a stranger would, and hold it against its schema."""
    assert text.isascii()
    report = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    _VALIDATOR.validate(report)
    return report


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(_SCHEMA)

    assert _SCHEMA["$id"] == "urn:justemails:conformance-report:1"


def test_the_report_of_a_real_run_that_passes_is_valid(served: ServedSandbox) -> None:
    report = validate(dumped(judged(served)))

    assert report["summary"]["fail"] == 0
    assert report["summary"]["pass"] == sum(one["outcome"] == "pass" for one in report["results"])


def test_the_report_of_a_real_run_that_fails_is_valid_and_says_why(served: ServedSandbox) -> None:
    report = validate(dumped(judged(served, answers("send", without("id")))))

    (failed,) = [one for one in report["results"] if one["outcome"] == "fail"]
    assert failed["clause"] == "send.response.id"
    assert failed["profile"] == "core"
    assert failed["expected"] == "id: a text that is not empty"
    assert failed["exchanges"][0]["answer"]["status"] == 200
    skipped = next(one for one in report["results"] if one["outcome"] == "skip")
    assert skipped["got"] is None
    assert "needs" in skipped["reason"]


@pytest.mark.parametrize("said", HOSTILE)
def test_whatever_a_server_says_the_report_is_valid(said: str) -> None:
    report = validate(dumped(verdict(said)))

    assert {one["outcome"] for one in report["results"]} == {*Outcome}
    assert json.dumps(report, ensure_ascii=False).encode("utf-8")  # no lone surrogate, which strict readers refuse


def test_octets_that_are_no_text_stand_in_the_report_one_by_one() -> None:
    made = verdict()
    made.findings = [replace(made.findings[1], exchange=exchange(octets=b"\xff\x00ok" + b"x" * 5000))]

    (result,) = validate(dumped(made))["results"]

    answer = result["exchanges"][0]["answer"]
    assert answer["body"].startswith("\\xff\x00ok")
    assert answer["truncated"] is True
    assert len(answer["body"]) < 4200


def test_an_observed_value_without_bounds_is_bounded() -> None:
    made = verdict()
    deep: list[Any] = []
    for _ in range(900):
        deep = [deep]
    made.observed = {"a": float("nan"), "b": "x" * 10**6, "c": deep}

    report = validate(dumped(made))

    assert report["observed"]["a"] == "nan"
    assert len(dumped(made)) < 100_000


def test_an_unexpected_member_is_refused_wherever_it_stands() -> None:
    """The schema is closed: each object but what was observed, and the headers of a request."""
    written = dumped(verdict())
    for path in _objects(json.loads(written)):
        report = json.loads(written)
        owner = report
        for step in path:
            owner = owner[step]
        owner["surprise"] = 1

        with pytest.raises(jsonschema.ValidationError):
            _VALIDATOR.validate(report)


def _objects(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path[:1] == ("observed",):
        return
    if isinstance(value, dict):
        yield path
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, one in steps:
        yield from _objects(one, (*path, step))


@pytest.mark.parametrize("name", ["schemaVersion", "document", "results", "cleanup"])
def test_a_missing_member_is_refused(name: str) -> None:
    report = json.loads(dumped(verdict()))
    del report[name]

    with pytest.raises(jsonschema.ValidationError, match="required"):
        _VALIDATOR.validate(report)


def test_who_was_judged_stands_in_the_report_as_far_as_it_is_known() -> None:
    made = verdict("Post Office")

    assert as_json(made)["target"] == {
        "baseUrl": BASE_URL,
        "name": "Post Office",
        "version": "1.0",
        "url": "https://example.com/Post Office",
        "contact": ["Post Office"],
    }
    assert as_json(Verdict(BASE_URL, made.started))["target"] == {"baseUrl": BASE_URL}


def test_an_expected_failure_is_told_with_its_reason() -> None:
    results = {one["clause"]: one["expectedFailure"] for one in as_json(verdict())["results"]}

    assert results["send.response.id"] == "issue 12: no"
    assert results["send.request.to"] is None


def test_a_replay_line_names_the_profile_and_takes_keys_from_the_environment() -> None:
    made = verdict()

    assert replay(made, made.findings[-1]) == (
        f'JUSTEMAILS_KEY="$JUSTEMAILS_KEY" justemails conform {BASE_URL} --from no'
        ' --other-key "$JUSTEMAILS_OTHER_KEY" --profile limits --only limits.read --seed 7'
    )


def test_the_replay_line_of_a_real_report_works_as_pasted(going: Client, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    options = ("--from", "hello@yourdomain.com", "--unverified-from", "x@yourdomain.com", "--seed", "7")
    run("conform", going.api, "--key", going.key, *options, "--only", "send.request.*", "--json", str(path), code=1)
    (failed,) = [one for one in json.loads(path.read_text())["results"] if one["outcome"] == "fail"]

    done = paste(
        failed["replay"], {"JUSTEMAILS_KEY": going.key, "PATH": f"{Path(COMMAND).parent}:{os.environ['PATH']}"}
    )

    assert done.returncode == 1, done.stderr
    assert "FAIL  send.request.from.domain" in done.stdout
    assert re.search("^0 pass, 1 fail", done.stdout, re.MULTILINE)


def paste(line: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-c", line], env=environment, capture_output=True, text=True, timeout=60, check=False)


_FAKE_CURL = """#!{python}
import json, sys
arguments = sys.argv[1:]
how, data = arguments[-2], arguments[-1].encode()
if data.startswith(b"@") and how != "--data-raw":
    data = sys.stdin.buffer.read() if data == b"@-" else b"what is in the file"
print(json.dumps([arguments, data.decode("latin-1")]))
"""


@pytest.mark.parametrize(
    "body",
    [
        b'{"to": 12}',
        b'it\'s "quoted" $HOME `reboot` \\ !! %s',
        b"@/etc/passwd",
        b"bell\x07\nline",
        b"line\nline\x00\x07\xff\xc3\xbc'\\",
        "Grüße".encode(),
        b"",
    ],
)
def test_a_curl_line_sends_the_very_octets_when_it_is_pasted(body: bytes, tmp_path: Path) -> None:
    fake = tmp_path / "curl"
    fake.write_text(_FAKE_CURL.format(python=sys.executable))
    fake.chmod(0o755)
    asked = replace(exchange(), request=Request("POST", "/send", {"Authorization": "Bearer <key>"}, body))
    line = curl(BASE_URL, asked)

    done = paste(line, {"JUSTEMAILS_KEY": "je_live_x", "PATH": f"{tmp_path}:{os.environ['PATH']}"})

    assert line.isascii()
    assert line.isprintable()
    arguments, data = json.loads(done.stdout)
    assert data.encode("latin-1") == body
    assert arguments[:-2] == [
        *("-i", "-X", "POST", f"{BASE_URL}/send"),
        *("-H", "Authorization: Bearer je_live_x", "-H", "Content-Type:"),
    ]


def test_a_curl_line_asks_for_the_very_path() -> None:
    asked = Exchange(Request("GET", "/send/../%2e?a[]={1}"), None, None, 0.0)

    assert curl(BASE_URL, asked) == f"curl -i --globoff --path-as-is '{BASE_URL}/send/../%2e?a[]={{1}}'"


def test_a_body_that_nobody_would_paste_is_left_out_of_the_curl_line() -> None:
    line = curl(BASE_URL, exchange(body=b"\xff" * 5000))

    assert len(line) < 400
    assert "5000 octets" in line


def _error_echoes_the_key(request: Asked, answer: Said) -> Said | None:
    if answer.status < 400:
        return None
    given = request.authorization or ""
    return answer.saying({"error": given}).with_header("X-Said", given)


def _page_echoes_the_key(request: Asked, answer: Said) -> Said | None:
    if request.operation != "messages" or not answer.good:
        return None
    body, given = answer.json, request.authorization or ""
    body["pagination"]["perPage"] = [{given: given}]
    return answer.saying(body)


def _new_key_is_its_own_id(request: Asked, answer: Said) -> Said | None:
    if request.operation != "keys.create" or not answer.good:
        return None
    return answer.saying({**answer.json, "id": answer.json["key"]})


@pytest.mark.parametrize("echo", [_error_echoes_the_key, _page_echoes_the_key, _new_key_is_its_own_id])
def test_no_key_is_in_any_report(
    echo: Callable[[Asked, Said], Said | None], served: ServedSandbox, tmp_path: Path
) -> None:
    made = judged(served, said(echo))
    written = write(made, tmp_path)

    assert made.count(Outcome.FAIL) > 0
    for path in written:
        keys = re.findall(r"je_live_\w{38}", path.read_text("utf-8"))
        assert {*keys} <= {UNKNOWN_KEY}
    assert "Bearer <key>" in written[0].read_text("utf-8")


def write(made: Verdict, folder: Path) -> list[Path]:
    paths = [folder / name for name in ("report.json", "report.xml", "report.html", "badge.svg")]
    Files(*paths).write(made)
    return paths


def test_every_file_that_is_wanted_is_written(client: Client, tmp_path: Path) -> None:
    names = {"--json": "r.json", "--junit": "r.xml", "--html": "r.html", "--badge": "b.json"}
    options = chain.from_iterable((option, str(tmp_path / name)) for option, name in names.items())

    conform(client, "--only", "send.response", *options)

    assert {path.name for path in tmp_path.iterdir()} == {*names.values()}
    validate((tmp_path / "r.json").read_text())


@pytest.mark.parametrize(
    ("option", "name", "words"),
    [
        ("--json", "no/such/r.json", "there is no folder"),
        ("--junit", "no/such/r.xml", "there is no folder"),
        ("--html", ".", "is a folder"),
        ("--badge", "no/such/b.svg", "there is no folder"),
        ("--badge", "b.png", "is called .svg or .json"),
    ],
)
def test_a_file_that_cannot_be_written_is_exit_code_two_before_anything_is_asked(
    option: str, name: str, words: str, tmp_path: Path
) -> None:
    with server(hangs) as base_url:
        pass  # whoever asks there now gets 3

    done = run("conform", base_url, "--key", "je_live_x", *FROM, option, str(tmp_path / name), code=2)

    assert words in done.stderr


def test_a_folder_that_is_not_ours_to_write_in_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)  # to root, nothing is forbidden

    with pytest.raises(UnwritableError, match="cannot be written"):
        Files(json=tmp_path / "r.json")


def test_a_disk_that_is_full_is_our_fault_and_no_verdict(client: Client) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")

    done = conform(client, "--only", "auth.prefix", "--json", "/dev/full", code=4)

    assert "the report cannot be written" in done.stderr
