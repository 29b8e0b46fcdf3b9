"""A sandbox in this process, and one in a process of its own, with the calls that tests make to them."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from tests.api.harness import MAIL, Answer

from justemails_command.cli import command
from justemails_command.serving import ServedSandbox
from justemails_sandbox.settings import SandboxSettings

COMMAND = str(Path(sys.executable).with_name("justemails"))


def request(
    method: str, url: str, body: object = None, key: str | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    parts = urllib.parse.urlsplit(url)
    sent = {"Content-Type": "application/json"}
    if key:
        sent["Authorization"] = f"Bearer {key}"
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=120)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        data = None if body is None else json.dumps(body).encode()
        connection.request(method, target, data, {**sent, **(headers or {})})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


@dataclass(frozen=True)
class Client:
    """The calls of a user: to the API with a key, to the control API without."""

    api: str
    control: str
    key: str

    def send(self, to: str = "user@example.com", **members: object) -> str:
        answer = request("POST", f"{self.api}/send", {**MAIL, "to": to, **members}, self.key)
        assert answer.status == 200, answer.body
        message_id: str = answer.json["id"]
        return message_id

    def status(self, message_id: str) -> str:
        status: str = request("GET", f"{self.api}/send/{message_id}", key=self.key).json["status"]
        return status

    def get(self, path: str) -> Any:  # Any: JSON
        answer = request("GET", self.control + path)
        assert answer.status == 200, answer.body
        return answer.json

    def post(self, path: str, body: object = None) -> Any:  # Any: JSON
        answer = request("POST", self.control + path, {} if body is None else body)
        assert answer.status == 200, answer.body
        return answer.json

    def advance(self, duration: str) -> str:
        now: str = self.post("/clock", {"advance": duration})["now"]
        return now

    def wait_for_mail(self, to: str, timeout_s: int = 10) -> Any:  # Any: JSON
        return self.get(f"/inbox/wait?to={urllib.parse.quote(to)}&timeout={timeout_s}")["data"][0]

    def wait_until_settled(self, message_id: str) -> str:
        """Return the terminal status of a message, as soon as the events tell it."""
        after = 0
        for _ in range(60):
            status = self.status(message_id)
            if status != "queued":
                return status
            after = self.get(f"/events?after={after}&wait=1")["last"]
        return status

    def events(self, kind: str) -> list[Any]:  # Any: JSON
        return [event for event in self.get("/events")["data"] if event["event"] == kind]


def client_of(sandbox: ServedSandbox) -> Client:
    return Client(sandbox.api, sandbox.control, sandbox.key)


@contextmanager
def in_process(settings: SandboxSettings) -> Iterator[ServedSandbox]:
    sandbox = ServedSandbox(settings)
    sandbox.start()
    try:
        yield sandbox
        assert sandbox.network.faults == []
    finally:
        sandbox.stop()


def typed(*arguments: str) -> Result:
    """Run ``justemails`` in this process, where neither its start nor its end is the point."""
    return CliRunner().invoke(command, arguments)


class Process:
    """``justemails sandbox --json`` in a process of its own, ready."""

    def __init__(self, *options: str, cwd: Path | None = None) -> None:
        self._process = subprocess.Popen(
            [COMMAND, "sandbox", "--json", "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, self._process.communicate()[1]
        self.ready = json.loads(line)
        self._printed: list[bytes] = []
        self._ended: tuple[int, str, str] | None = None
        self._reader = threading.Thread(target=self._printed.extend, args=(self._process.stdout,))
        self._reader.start()
        self.client = Client(self.ready["api"], self.ready["control"], self.ready["key"])

    def kill(self) -> None:
        self._process.kill()
        self._end()

    def stop(self) -> tuple[int, str, str]:
        """Ask it to end; return its exit code and the rest of what it printed."""
        if self._ended:
            return self._ended
        self._process.send_signal(signal.SIGTERM)
        return self._end()

    def _end(self) -> tuple[int, str, str]:
        assert self._process.stdout
        assert self._process.stderr
        err = self._process.stderr.read().decode()
        self._process.wait(30)
        self._reader.join(30)
        self._process.stdout.close()
        self._process.stderr.close()
        self._ended = (self._process.returncode, b"".join(self._printed).decode(), err)
        return self._ended


@contextmanager
def process(*options: str, cwd: Path | None = None) -> Iterator[Process]:
    started = Process(*options, cwd=cwd)
    try:
        yield started
    finally:
        started.stop()
