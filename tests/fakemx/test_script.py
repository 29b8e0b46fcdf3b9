"""The decision which step acts now, and what to expect of a script."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fakemx.behaviours.catalogue import CATALOGUE
from fakemx.behaviours.expectation import expect
from fakemx.behaviours.script import (
    Action,
    Delay,
    Drop,
    Expected,
    Reply,
    Silence,
    Stage,
    Step,
    decide,
    first_sight,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LATER = Reply(450, "4.2.0 later")
NO = Reply(550, "5.1.1 no")


def play(steps: tuple[Step, ...], minutes: list[float], stage: Stage = Stage.RCPT) -> list[tuple[Action, ...]]:
    sight = first_sight(steps, NOW)
    played = []
    for minute in minutes:
        actions, sight = decide(steps, stage, sight, NOW + timedelta(minutes=minute))
        played.append(actions)
    return played


def test_a_step_without_a_limit_always_acts() -> None:
    assert play((Step(Stage.RCPT, NO),), [0, 1, 1_000_000]) == [(NO,)] * 3


def test_a_step_acts_the_first_n_times() -> None:
    assert play((Step(Stage.RCPT, LATER, times=2),), [0, 1, 2, 3]) == [(LATER,), (LATER,), (), ()]


def test_a_step_acts_until_so_long_after_first_sight_and_not_at_that_moment() -> None:
    assert play((Step(Stage.RCPT, LATER, for_seconds=300),), [0, 4.99, 5, 6]) == [(LATER,), (LATER,), (), ()]


def test_with_both_limits_the_first_one_reached_ends_the_step() -> None:
    step = Step(Stage.RCPT, LATER, times=2, for_seconds=60)

    assert play((step,), [0, 0.5, 0.6]) == [(LATER,), (LATER,), ()]
    assert play((step,), [0, 1]) == [(LATER,), ()]


def test_steps_of_one_stage_run_one_after_another() -> None:
    steps = (Step(Stage.RCPT, LATER, times=2), Step(Stage.RCPT, NO, times=1))

    assert play(steps, [0, 1, 2, 3]) == [(LATER,), (LATER,), (NO,), ()]


def test_a_delay_waits_and_the_next_step_decides() -> None:
    steps = (Step(Stage.RCPT, Delay(5)), Step(Stage.RCPT, LATER, times=1), Step(Stage.RCPT, NO))

    assert play(steps, [0, 1]) == [(Delay(5), LATER), (Delay(5), NO)]


def test_a_step_of_another_stage_neither_acts_nor_counts() -> None:
    steps = (Step(Stage.DOT, Drop(), times=1),)
    sight = first_sight(steps, NOW)

    actions, after = decide(steps, Stage.RCPT, sight, NOW)

    assert (actions, after) == ((), sight)


@given(
    st.lists(
        st.builds(
            Step,
            st.sampled_from(Stage),
            st.sampled_from([LATER, NO, Drop(), Silence(), Delay(1)]),
            st.none() | st.integers(1, 3),
        ),
        max_size=8,
    ),
    st.lists(st.sampled_from(Stage), max_size=12),
)
def test_at_most_one_action_decides_and_no_step_acts_too_often(steps: list[Step], stages: list[Stage]) -> None:
    """For every script and dialogue: waits first, then at most one decision, and ``times`` is never exceeded."""
    sight = first_sight(steps, NOW)
    for stage in stages:
        actions, sight = decide(steps, stage, sight, NOW)
        assert all(isinstance(action, Delay) for action in actions[:-1])
    assert all(step.times is None or acted <= step.times for step, acted in zip(steps, sight.acted, strict=True))


def test_the_catalogue_expects_what_playing_it_gives() -> None:
    for entry in CATALOGUE.values():
        assert expect(entry.steps, listens=entry.listens, dns_fault=entry.dns_fault) is entry.expected, entry.name


def test_refusals_after_too_many_deferrals_are_never_reached() -> None:
    assert expect((Step(Stage.CONNECT, Reply(421)), Step(Stage.RCPT, NO))) is Expected.FAILED
    assert expect((Step(Stage.CONNECT, NO), Step(Stage.EHLO, NO))) is Expected.FAILED
    assert expect((Step(Stage.RCPT, LATER, times=3), Step(Stage.RCPT, NO))) is Expected.BOUNCED
    assert expect((Step(Stage.DOT, Silence(), times=3),)) is Expected.DEFERRED_THEN_DELIVERED
