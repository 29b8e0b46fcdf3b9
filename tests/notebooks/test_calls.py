"""The three calls of lesson 01: the lab reads them rather than runs them, so here the real programs run them."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from tests.notebooks.stored import ALL

from justemails_lessons import Lab
from justemails_lessons.book import read_twin
from justemails_lessons.calls import Call, CallError, read_curl, read_fetch
from justemails_lessons.exchange import Exchange
from justemails_lessons.world import KEY

BASE = "https://justemails.app/api/v1"
TOLD = ("Authorization", "Content-Type")


def lesson_text(name: str) -> str:
    """Return the text that lesson 01 gives to the lab under a name."""
    lesson = next(lesson for lesson in ALL if lesson.name.startswith("01"))
    found: dict[str, str] = {}
    for cell in read_twin(lesson.twin.read_text("utf-8")).cells:
        if f"{name} = " in cell.source:
            exec(cell.source.split("\nby_")[0], found)  # noqa: S102  # the lesson's own cell
    return found[name]


def python_call() -> str:
    lesson = next(lesson for lesson in ALL if lesson.name.startswith("01"))
    cells = [cell.source for cell in read_twin(lesson.twin.read_text("utf-8")).cells]
    source = str(next(source for source in cells if "requests.post(" in source))
    rest = source.partition("KEY = lab.key")[2]
    return f"import requests\nKEY = {KEY!r}\n{rest}"


@contextmanager
def listener() -> Iterator[tuple[str, list[Call]]]:
    """Serve on a port of its own, and note what is asked."""
    asked: list[Call] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            headers = {name: self.headers[name] for name in TOLD}
            asked.append(Call(self.command, self.path, headers, body))
            answer = b'{"id": "msg_1"}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/v1", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def really_asked(command: list[str], text: str) -> Call:
    """Run a program on a text of the lesson, with the server's address in it, and return what the server was asked."""
    with listener() as (url, asked):
        environment = {**os.environ, "KEY": KEY}
        for name in ("http_proxy", "HTTP_PROXY"):
            environment.pop(name, None)
        subprocess.run(
            [*command, text.replace(BASE, url)], env=environment, check=True, capture_output=True, timeout=60
        )
    (call,) = asked
    return call


def same(real: Call, taken: Call | Exchange) -> None:
    if isinstance(taken, Exchange):
        assert (real.method, real.url) == (taken.method, taken.path)
        headers, body = taken.sent_headers, taken.sent
    else:
        assert (real.method, real.url) == (taken.method, taken.url.removeprefix("https://justemails.app"))
        headers, body = taken.headers, json.loads(taken.body or "")
    assert {name: headers[name] for name in TOLD} == dict(real.headers)
    assert json.loads(real.body or "") == body


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_curl_sends_what_the_lab_takes_its_command_for() -> None:
    text = lesson_text("curl_call")

    same(really_asked(["sh", "-c"], text), read_curl(text, KEY))


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node")
def test_node_sends_what_the_lab_takes_its_script_for() -> None:
    text = lesson_text("node_call")

    same(really_asked(["node", "--input-type=module", "-e"], text), read_fetch(text, KEY))


def test_python_sends_what_the_lab_is_asked_by_requests() -> None:
    lab = Lab(seed=1)
    text = python_call()
    found: list[Exchange] = []
    made = lab._make

    def note(call: Call) -> Exchange:
        found.append(made(call))
        return found[-1]

    lab._make = note  # type: ignore[method-assign]
    exec(text.replace("import requests", ""), {"requests": lab.requests})  # noqa: S102  # the lesson's own cell
    lab.close()

    same(really_asked([sys.executable, "-c"], text), found[0])


@pytest.mark.parametrize("command", ["wget x", "curl --data-binary @f x", "curl -X POST"])
def test_a_command_that_the_document_does_not_write_is_refused_by_name(command: str) -> None:
    with pytest.raises(CallError):
        read_curl(command, KEY)


@pytest.mark.parametrize("script", ["axios.post(url)", "fetch(url, settings)", 'fetch("x", {a: [})'])
def test_a_script_that_the_document_does_not_write_is_refused(script: str) -> None:
    with pytest.raises(CallError):
        read_fetch(script, KEY)


def test_the_three_texts_hold_no_key_of_their_own() -> None:
    for text in (lesson_text("curl_call"), lesson_text("node_call")):
        assert not re.search(r"je_live_\w", text)
        assert "KEY" in text
