"""``justemails network list``, and the ``--network`` file of the sandbox."""

import json
from pathlib import Path

from click.testing import CliRunner
from tests.sandbox.harness import process

from fakemx.behaviours.catalogue import CATALOGUE
from fakemx.behaviours.form import parse_behaviour
from justemails_command.commands.network import network
from justemails_command.commands.sandbox import sandbox


def test_every_behaviour_is_listed_once_with_what_becomes_of_a_message() -> None:
    lines = CliRunner().invoke(network, ["list"]).stdout.splitlines()

    listed = [line.split()[0] for line in lines if line.startswith("  ")]
    assert listed == list(CATALOGUE)
    (greylist,) = [line for line in lines if line.startswith("  greylist ")]
    assert CATALOGUE["greylist"].expected in greylist
    assert greylist.endswith(CATALOGUE["greylist"].summary)


def test_what_json_lists_can_be_put_into_a_network() -> None:
    for line in CliRunner().invoke(network, ["list", "--json"]).stdout.splitlines():
        entry = json.loads(line)

        assert (entry["domain"], entry["tag"]) == (f"{entry['name']}.test", f"+{entry['name']}")
        assert parse_behaviour(entry["behaviour"]).hosts == CATALOGUE[entry["name"]].hosts


def test_a_sandbox_takes_its_domains_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "network.yaml"
    file.write_text("shop.example: bounce\nclub.example:\n  script:\n  - {at: RCPT, reply: 552 5.2.2 too much}\n")

    with process("--data", ":memory:", "--network", str(file)) as started:
        client = started.client
        shop, club = client.send("ann@shop.example"), client.send("ben@club.example")

        assert client.wait_until_settled(shop) == client.wait_until_settled(club) == "bounced"
        (attempt,) = client.get(f"/messages/{club}/attempts")["data"]
        assert attempt["text"] == "5.2.2 too much"


def test_a_file_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "network.yaml"
    file.write_text("shop.example: bounc\n")

    refused = CliRunner().invoke(sandbox, ["--port", "0", "--data", ":memory:", "--network", str(file)])

    assert refused.exit_code == 2
    assert "line 1: shop.example" in refused.stderr
    assert "bounce" in refused.stderr
