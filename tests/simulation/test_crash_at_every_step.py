"""A worker dies at every single step of a delivery: nothing is lost, and a copy more comes only from after the dot."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from justemails_contract.delivery import Status, is_terminal
from justemails_simulation.history import Entry, Finished
from justemails_simulation.scenario import Conditions, Crash, Expectation, Pause, Scenario, Send
from justemails_simulation.world import World

RECIPIENTS = {
    "plain": "ann@ok.test",
    "over TLS": "ann@starttls.test",
    "greylisted": "ann@greylist.test",
    "two mail hosts": "ann@failover.test",
}


@dataclass
class Crashed:
    """What came of a run with a crash in it."""

    step: int
    copies: int
    in_doubt: bool


def story(recipient: str) -> Scenario:
    return Scenario(
        length=timedelta(hours=12),
        conditions=Conditions(latency=(0.01, 0.01)),
        traffic=(Send(timedelta(0), recipient),),
        expect={recipient: Expectation(Status.DELIVERED, copies=(1, 2))},
    )


def steps_until_delivered(scenario: Scenario) -> int:
    """Count the callbacks from the acceptance until the message is delivered, when nothing goes wrong."""
    steps: list[int] = []

    def watch(entry: Entry) -> None:
        if isinstance(entry.happening, Finished) and is_terminal(entry.happening.status):
            steps.append(world.loop.steps)

    world = World(scenario, watch=watch)
    with world:
        begin = world.loop.steps
        world.advance(scenario.length)
    return steps[0] - begin


def crash_at(scenario: Scenario, step: int) -> Crashed:
    crash = Crash(timedelta(0), "worker-1", timedelta(seconds=10), step)
    world = World(replace(scenario, crashes=(crash,)))
    world.run()  # every invariant is checked, and what the scenario expects
    (facts,) = world.ledger.messages.values()
    return Crashed(step, len(facts.copies), world.counters.counts["worker crashed in doubt"] > 0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", RECIPIENTS)
def test_a_crash_at_any_step_loses_nothing_and_copies_only_from_after_the_dot(
    kind: str, record_property: Callable[[str, object], None]
) -> None:
    """RFC 1047: between the final dot and the record of its answer nobody can know."""
    scenario = story(RECIPIENTS[kind])

    runs = [crash_at(scenario, step) for step in range(1, steps_until_delivered(scenario) + 1)]

    assert all(run.copies in {1, 2} for run in runs)
    assert all(run.in_doubt for run in runs if run.copies == 2)
    twice = [run.step for run in runs if run.copies == 2]
    assert twice, "no crash came between the dot and its answer: this test proves nothing"
    # The window is one: from the arrival of the dot until its answer is recorded.
    assert twice == list(range(twice[0], twice[-1] + 1))
    record_property("steps", len(runs))
    record_property("steps with a second copy", len(twice))


def test_a_worker_that_stands_still_at_any_step_until_its_lease_is_lost_does_no_harm() -> None:
    """Fencing: whoever comes back with a lease that is somebody else's by now sends nothing and records nothing."""
    scenario = replace(story(RECIPIENTS["plain"]), workers=2)
    lost = 0

    for step in range(1, steps_until_delivered(scenario) + 1):
        pause = Pause(timedelta(0), "worker-1", timedelta(hours=2), step)
        world = World(replace(scenario, pauses=(pause,)))
        world.run()
        (facts,) = world.ledger.messages.values()
        assert facts.status is Status.DELIVERED
        assert len(facts.copies) <= 2
        lost += world.counters.counts["lease lost while standing still"]

    assert lost, "no lease was ever lost: this test proves nothing"
