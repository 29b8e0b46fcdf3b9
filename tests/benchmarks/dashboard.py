"""The dashboard: pages of a hundred thousand messages and mails, and what fifty viewers cost the API.

Over HTTP, as a browser asks. The viewers look at the page that changes with every message, while messages come in.
"""

import http.client
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.benchmarks.load import run_load
from tests.benchmarks.population import add_mails, add_messages, populate
from tests.benchmarks.processes import INBOX, STORE, query, sandbox
from tests.benchmarks.report import Row, at_least
from tests.benchmarks.settings import Settings

_GOAL_MS = 100
_VIEWERS = 50
_PAGES = {
    "messages": "/messages",
    "messages, last page": "/messages?page={last}",
    "messages, words of a subject": "/messages?q=seldom",
    "messages, an umlaut of a subject": "/messages?q=gr%C3%BC%C3%9Fe",
    "messages, a status": "/messages?q=status:bounced",
    "messages, a recipient": "/messages?q=to:user@example.com",
    "one message": "/messages/{message}",
    "inbox": "/inbox",
    "inbox, a word": "/inbox?q=seldom",
    "one mail": "/inbox/mail_{size}",
}


def run(settings: Settings, folder: Path) -> list[Row]:
    """Measure every page, and then the API with and without viewers, in turn."""
    return _pages(settings, folder / "pages") + _viewers(settings, folder)


def _pages(settings: Settings, data: Path) -> list[Row]:
    size = settings.dashboard_messages
    with sandbox(data):
        pass
    ((account_id,),) = query(data / STORE, 'SELECT id FROM "Account"')
    newest = add_messages(data / STORE, account_id, size)
    add_mails(data / INBOX, size)
    rows = []
    with sandbox(data) as running:
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
        for name, form in _PAGES.items():
            path = form.format(last=size // 50, message=newest, size=size)
            its_ms = [_ask(connection, path) for _ in range(settings.dashboard_repeats)]
            rows.append(_row(f"dashboard: {name}, of {size:,}", median(its_ms)))
    return rows


def _row(name: str, milliseconds: float) -> Row:
    goal = f"goal < {_GOAL_MS} ms"
    return Row(name, round(milliseconds, 1), "ms", goal, milliseconds < _GOAL_MS, "median, over HTTP")


def _ask(connection: http.client.HTTPConnection, path: str) -> float:
    """Return the milliseconds that a page takes."""
    began = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    took_s = time.perf_counter() - began
    assert answer.status == 200, (path, answer.status)
    return took_s * 1000


def _viewers(settings: Settings, folder: Path) -> list[Row]:
    senders = populate(folder / "template" / STORE, settings.keys)

    def rate(viewers: int) -> float:
        data = folder / "round"
        shutil.copytree(folder / "template", data)
        try:
            with sandbox(data) as running, _looking(running.port, viewers):
                return run_load(running.port, senders, warm_up_s=settings.warm_up_s, seconds=settings.round_s).rate
        finally:
            shutil.rmtree(data)

    ratios = []
    for pair in range(settings.viewer_pairs):
        # Whoever goes second finds a warmer machine, so they take turns in that.
        first, second = (0, _VIEWERS) if pair % 2 else (_VIEWERS, 0)
        rates = {first: rate(first), second: rate(second)}
        ratios.append(rates[_VIEWERS] / rates[0])
    spread = f"median of pairs {', '.join(f'{ratio:.2f}' for ratio in sorted(ratios))}"
    return [at_least(f"dashboard: accepts with {_VIEWERS} viewers / without", median(ratios), 0.9, spread)]


@contextmanager
def _looking(port: int, count: int) -> Iterator[None]:
    if not count:
        yield
        return
    command = [sys.executable, "-m", "tests.benchmarks.viewers", str(port), "/messages", str(count)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        yield
        process.kill()
