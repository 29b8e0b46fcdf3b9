"""Every behaviour of the catalogue, by its domain and by its tag, in memory: each ends as it says."""

from datetime import timedelta

import pytest

from fakemx.behaviours.catalogue import CATALOGUE, TAGS
from fakemx.behaviours.script import Expected
from justemails_contract.delivery import Status
from justemails_simulation.ledger import Facts
from justemails_simulation.scenario import Scenario, Send
from justemails_simulation.world import World

ENDS = {Status.BOUNCED: Expected.BOUNCED, Status.FAILED: Expected.FAILED}


def end_of(facts: Facts) -> Expected:
    return ENDS.get(facts.status) or (Expected.DELIVERED if facts.attempts == 1 else Expected.DEFERRED_THEN_DELIVERED)


def play(recipient: str) -> Facts:
    """Send one mail, wait until it is over, and return what is known of it; every invariant is checked."""
    world = World(Scenario(length=timedelta(hours=1), traffic=(Send(timedelta(0), recipient),)))
    world.run()
    (facts,) = world.ledger.messages.values()
    return facts


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_ready_domain_ends_as_its_entry_says(name: str) -> None:
    assert end_of(play(f"ann@{name}.test")) is CATALOGUE[name].expected


@pytest.mark.parametrize("name", TAGS)
def test_a_tag_ends_as_its_entry_says(name: str) -> None:
    assert end_of(play(f"ann+{name}@elsewhere.example")) is TAGS[name].expected
