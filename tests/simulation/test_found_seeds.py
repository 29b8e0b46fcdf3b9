"""Seeds whose scenarios once broke an invariant."""

from datetime import timedelta

import pytest

from justemails_simulation.generate import generate
from justemails_simulation.runner import run
from justemails_simulation.scenario import Scenario
from justemails_simulation.world import World

STOOD_STILL = 2  # between a claim and its final dot, for longer than the lease
JUST_STARTED = 9  # while the other workers were full


def scenario(seed: int) -> Scenario:
    return generate(seed, days=5, messages=200)


@pytest.mark.slow
def test_a_worker_that_stood_still_for_longer_than_its_lease_sends_nothing_twice() -> None:
    assert run(scenario(STOOD_STILL)).violation is None


@pytest.mark.slow
def test_a_worker_that_has_just_started_is_not_asked_why_the_others_were_full() -> None:
    """Two hours into the story it was; the rest of the five days takes five times as long."""
    world = World(scenario(JUST_STARTED))

    with world:
        world.advance(timedelta(hours=2, minutes=15))  # raises at the first violation

    assert world.counters.counts["worker crashed"] > 0


@pytest.mark.hunt("found seeds")
def test_the_whole_story_of_a_worker_that_has_just_started_breaks_nothing() -> None:
    assert run(scenario(JUST_STARTED)).violation is None
