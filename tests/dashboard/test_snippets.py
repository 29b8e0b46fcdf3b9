"""The programs that are shown for a request make that very request."""

import ast
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.dashboard.client import Client

from justemails_dashboard.snippets import curl, programs

BODIES = [
    b"",
    b'{"name": "CI"}',
    '{"name": "it\'s \\"quoted\\" $HOME `id` \u00fc \\u202e \\u007f"}'.encode(),
    b'{"name": "two\\nlines", "name": "twice"}',
    b'{"__proto__": {"name": "CI"}}',
    b'{"name": "a\x1b[201~; rm -rf ~"}',
    b"\xff\x00 no text",
    b"'; echo; '\n\\",
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("name", ["curl", "Python", "Node"])
def test_each_program_sends_what_was_sent(client: Client, tmp_path: Path, name: str, body: bytes) -> None:
    program = dict(programs("POST", f"{client.sandbox.api}/api-keys?x=%27%20y", body))[name]
    suffix, runner = {"curl": (".sh", "bash"), "Python": (".py", sys.executable), "Node": (".mjs", "node")}[name]
    if shutil.which(runner) is None:
        pytest.skip(f"there is no {runner}")
    file = tmp_path / f"program{suffix}"
    file.write_text(program, "utf-8")

    environment = {**os.environ, "JUSTEMAILS_KEY": client.sandbox.key}
    subprocess.run([runner, file], env=environment, check=True, capture_output=True, timeout=30)

    sent = client.sandbox.requests.newest()[0]
    assert (sent.method, sent.path, sent.query) == ("POST", "/api/v1/api-keys", "x=%27%20y")
    assert sent.key is not None
    try:
        assert json.loads(sent.body) == json.loads(body)
    except ValueError:
        assert sent.body == body


def test_no_program_has_a_character_that_cannot_be_seen() -> None:
    for body in BODIES:
        for _, program in programs("POST", "http://127.0.0.1/", body):
            assert all(letter.isprintable() or letter == "\n" for letter in program)


def test_the_key_is_in_no_program_of_the_control_api() -> None:
    command = curl("PUT", "http://127.0.0.1/sandbox/v1/network/a.example", b"{}", with_key=False)

    assert shlex.split(command.replace("\\\n", "")) == [
        *("curl", "-X", "PUT", "http://127.0.0.1/sandbox/v1/network/a.example"),
        *("-H", "Content-Type: application/json", "--data-raw", "{}"),
    ]


def test_a_python_program_of_a_hostile_method_is_still_one_call() -> None:
    (_, program) = programs("X'); import os; ('", "http://127.0.0.1/'")[1]

    assert [type(one).__name__ for one in ast.parse(program).body] == ["Import", "Import", "Assign", "Expr"]
