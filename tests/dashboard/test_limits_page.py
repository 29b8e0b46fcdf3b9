"""Limits: gauges for each key, the second at which each frees, and a live part that is new only while one ages."""

import html
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from tests.dashboard.client import Client

from justemails.api import wire
from justemails_command.serving import ServedSandbox
from justemails_sandbox.sandbox import Sandbox

MAIL = {"from": "hello@yourdomain.com", "to": "ann@example.com", "subject": "Hi", "text": "Hi"}


@pytest.fixture(autouse=True)
def _whole_hour(client: Client, sandbox: Sandbox) -> None:
    """Begin at a whole hour: the one sandbox of all tests has any time, and a reset does not change it."""
    hour = sandbox.clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    client.control("POST", "/clock", {"to": wire.timestamp(hour)})


def live(client: Client) -> str:
    """Return where the live part asks for itself."""
    (address,) = re.findall(r'hx-get="([^"]+)"', client.get("/limits").html)
    return html.unescape(address)


def row(client: Client, name: str = "Sandbox") -> str:
    """Return what a reader sees of a key, whatever the hour."""
    found = next(part for part in client.get("/limits").html.split("<tr")[2:] if f">{name}</a>" in part)
    text = re.sub(r"<meter.*?</meter>|<[^>]+>", " ", f"<tr{found}", flags=re.DOTALL)
    return " ".join(re.sub(r"\d\d:(\d\d:\d\d)", r"HH:\1", text).split())


def test_a_key_that_asked_nothing_has_three_empty_gauges_and_frees_nothing(client: Client) -> None:
    assert [f"{count} of {most}" for count, most in re.findall(r"(\d+) of (\d+)", row(client))] == [
        "0 of 100",
        "0 of 300",
        "0 of 10",
    ]
    assert "free" not in row(client)
    assert "Every key has room" in client.get("/limits").text


def test_a_gauge_says_how_many_count_and_when_one_and_all_are_free(client: Client) -> None:
    client.advance("5s")
    for _ in range(36):
        client.api("POST", "/send", MAIL)
    client.advance("20s")
    client.api("POST", "/send", MAIL)
    client.advance("10s")

    assert "37 of 100 one frees in 30 s, at HH:01:05 all free in 50 s, at HH:01:25" in row(client)
    assert '<meter min="0" max="100"' in client.get("/limits").html
    assert 'value="37" aria-label="sends of Sandbox"' in client.get("/limits").html
    client.advance("29s")
    assert "37 of 100 one frees in 1 s, at HH:01:05" in row(client)
    client.advance("1s")
    assert "1 of 100 free in 20 s, at HH:01:25" in row(client)
    client.advance("20s")
    assert "0 of 100 read" in row(client)


def test_the_told_second_is_one_at_which_the_refused_request_passes(client: Client) -> None:
    for _ in range(10):
        client.api("GET", "/api-keys")
    assert client.api("GET", "/api-keys")["error"] == "RATE_LIMITED"

    assert "10 of 10 \u2717 full: 429 all free in 60 s, at HH:01:00" in row(client)
    assert "Full: Sandbox (keys)." in client.get("/limits").text

    client.advance("59s")
    assert client.api("GET", "/api-keys")["error"] == "RATE_LIMITED"
    assert "all free in 1 s, at HH:01:00" in row(client)
    client.advance("1s")
    assert "data" in client.api("GET", "/api-keys")


def test_looking_uses_nothing_up(client: Client) -> None:
    for _ in range(30):
        client.get("/limits")
        client.get("/keys")

    assert "0 of 300" in row(client)


def test_who_asked_last_comes_first(client: Client, sandbox: Sandbox) -> None:
    account = sandbox.store.accounts()[0].id
    secrets = {}
    for name in ("One", "Two", "Three"):
        answer = client.control("POST", f"/accounts/{account}/keys", {"name": name})
        secrets[name] = re.search(r"je_live_\w+", answer.html)
    for name in ("Three", "One"):
        found = secrets[name]
        assert found is not None
        client.api("GET", "/messages", key=found[0])
        client.advance("1s")

    names = re.findall(r'id="key-\w+" href="/keys">([^<]+)', client.get("/limits").html)
    assert names[:2] == ["One", "Three"]
    assert set(names[2:]) == {"Sandbox", "Two"}


def test_of_many_keys_those_that_ask_are_shown(client: Client, sandbox: Sandbox) -> None:
    account = sandbox.store.accounts()[0].id
    for number in range(60):
        client.control("POST", f"/accounts/{account}/keys", {"name": f"Key {number}"})
    client.api("GET", "/messages")

    page = client.get("/limits")

    assert "50 of 61 live keys" in page.text
    assert re.findall(r'href="/keys">([^<]+)', page.html)[1] == "Sandbox"  # the first one is of the navigation


def test_the_live_part_stands_while_the_clock_does_and_nothing_is_asked(client: Client) -> None:
    assert client.get(live(client)).status == 204
    client.api("GET", "/messages")
    address = live(client)

    assert client.get(address).status == 204
    client.advance("10s")
    assert "1 of 300 free in 50 s" in client.get(address).text


@pytest.fixture
def running(client: Client, sandbox: ServedSandbox) -> Iterator[Client]:
    client.control("POST", "/clock", {"mode": "real"})
    yield client
    client.control("POST", "/clock", {"mode": "virtual"})


@pytest.mark.parametrize("path", ["/limits", "/keys"])
def test_on_a_running_clock_it_is_new_each_second_while_something_is_counted_else_left_alone(
    running: Client, sandbox: ServedSandbox, path: str
) -> None:
    def state() -> str:
        (found,) = re.findall(r"state=([^\"&]+)", running.get(path).html)
        return str(found)

    quiet = state()
    running.control("GET", "/ready")
    sandbox.loop.run(sandbox.timekeeper.advance(_later(sandbox, 1)))
    assert state() == quiet

    running.api("GET", "/messages")
    counted = state()
    sandbox.loop.run(sandbox.timekeeper.advance(_later(sandbox, 1)))
    assert state() != counted
    sandbox.loop.run(sandbox.timekeeper.advance(_later(sandbox, 60)))
    after = state()
    sandbox.loop.run(sandbox.timekeeper.advance(_later(sandbox, 1)))
    assert state() == after
    assert "0 of 300" in running.get(path).text


def _later(sandbox: ServedSandbox, seconds: int) -> datetime:
    return sandbox.clock.now() + timedelta(seconds=seconds)
