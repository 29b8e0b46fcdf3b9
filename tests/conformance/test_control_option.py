"""``--control``: what is around a server, and its time, in the hands of the judge."""

import json
from pathlib import Path

import pytest
from tests.conformance.hostile import hangs, says, server
from tests.conformance.typed import conform
from tests.sandbox.harness import Client, request

from justemails_conformance.clauses import clauses


def keys_of(client: Client) -> list[str]:
    """Return the ids of the keys of the account."""
    return [key["id"] for key in request("GET", f"{client.api}/api-keys", key=client.key).json["data"]]


@pytest.mark.slow
@pytest.mark.usefixtures("drawn_once")
def test_a_sandbox_passes_every_profile_in_seconds_and_nothing_is_left(client: Client, tmp_path: Path) -> None:
    keys, network = keys_of(client), client.get("/network")
    report = tmp_path / "report.json"

    done = conform(client, "--control", client.control, "--profile", "all", "--seed", "1", "--json", str(report))

    told = json.loads(report.read_text())
    assert {one["clause"] for one in told["results"]} == {one.id for one in clauses().values() if one.checked}
    assert {one["clause"] for one in told["results"] if one["outcome"] != "pass"} == {"messages.filters", "base.https"}
    assert told["seconds"] < 60  # a minute's limits, and retries over a day, without waiting for them
    assert "waiting" not in done.stdout
    assert told["cleanup"]["created"] == told["cleanup"]["removed"] > 2
    client.advance("2m")  # the calls about keys may be used up
    assert keys_of(client) == keys
    assert client.get("/network") == network


def test_the_keys_that_it_makes_are_revoked_and_told(client: Client, tmp_path: Path) -> None:
    keys, report = keys_of(client), tmp_path / "report.json"

    conform(
        *(client, "--control", client.control, "--json", str(report)),
        *("--only", "errors.403", "--only", "messages.account"),
    )

    told = json.loads(report.read_text())
    assert [one["outcome"] for one in told["results"]] == ["pass", "pass"]
    assert told["cleanup"] == {"created": 2, "removed": 2, "left": []}
    assert keys_of(client) == keys


def test_what_a_key_may_not_that_it_made_is_told_by_what_the_key_may(client: Client, going: Client) -> None:
    elsewhere = going.control  # whose keys the server under judgement does not know

    done = conform(client, "--control", elsewhere, "--only", "errors.403", code=1)

    assert "with the key that may only send" in done.stdout


def test_a_control_api_that_nobody_serves_is_exit_code_three_and_one_line(client: Client) -> None:
    with server(hangs) as url:
        pass

    done = conform(client, "--control", url, code=3)

    assert done.stderr == (
        f"justemails conform: there is no control API at {url}: GET /ready: the connection was refused\n"
    )
    assert done.stdout == ""


@pytest.mark.parametrize("body", [b"{}", b"hi", b"[]", b'{"ready": "soon"}'])
def test_what_is_no_control_api_is_exit_code_three_and_one_line(client: Client, body: bytes) -> None:
    with server(says(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))) as url:
        done = conform(client, "--control", url, code=3)

    assert done.stderr.startswith(
        f"justemails conform: there is no control API at {url}: GET /ready is answered with 2"
    )
    assert done.stderr.count("\n") == 1


def test_the_api_is_no_control_api(client: Client) -> None:
    assert "GET /ready is answered with 401" in conform(client, "--control", client.api, code=3).stderr
