"""The decision which step acts now, and the conditions it depends on."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakemx.behaviours.actions import Action, Delay, Drop, Reply, ReportKind, SendReport, Silence, Stage
from fakemx.behaviours.conditions import (
    AboveSessions,
    AfterMessages,
    Check,
    Circumstances,
    Condition,
    Failing,
    OverRate,
    WithoutTls,
    full,
    holds,
    take,
)
from fakemx.behaviours.decision import decide, first_sight, settles
from fakemx.behaviours.script import Step

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LATER = Reply(450, "4.2.0 later")
NO = Reply(550, "5.1.1 no")


def play(steps: tuple[Step, ...], minutes: list[float], stage: Stage = Stage.RCPT) -> list[tuple[Action, ...]]:
    sight = first_sight(steps, NOW)
    played = []
    for minute in minutes:
        actions, sight = decide(steps, stage, sight, Circumstances(NOW + timedelta(minutes=minute)))
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

    actions, after = decide(steps, Stage.RCPT, sight, Circumstances(NOW))

    assert (actions, after) == ((), sight)


@given(
    st.lists(
        st.builds(
            Step,
            st.sampled_from(Stage),
            st.sampled_from([LATER, NO, Drop(), Silence(), Delay(1), SendReport(ReportKind.FAILURE, 60)]),
            st.none() | st.integers(1, 3),
            st.none(),
            st.none() | st.sampled_from([WithoutTls(), AfterMessages(1)]),
        ),
        max_size=8,
    ),
    st.lists(st.sampled_from(Stage), max_size=12),
)
def test_at_most_one_action_decides_and_no_step_acts_too_often(steps: list[Step], stages: list[Stage]) -> None:
    """For every script and dialogue: waits first, then at most one decision, and ``times`` is never exceeded."""
    sight = first_sight(steps, NOW)
    for stage in stages:
        actions, sight = decide(steps, stage, sight, Circumstances(NOW))
        assert not any(settles(action) for action in actions[:-1])
    assert all(step.times is None or acted <= step.times for step, acted in zip(steps, sight.acted, strict=True))


def test_a_step_whose_condition_does_not_hold_neither_acts_nor_counts() -> None:
    steps = (Step(Stage.MAIL, NO, times=1, when=WithoutTls()),)
    sight = first_sight(steps, NOW)

    over_tls, sight = decide(steps, Stage.MAIL, sight, Circumstances(NOW, tls=True))
    in_clear, sight = decide(steps, Stage.MAIL, sight, Circumstances(NOW))

    assert (over_tls, in_clear) == ((), (NO,))


@pytest.mark.parametrize(
    ("condition", "when_it_holds", "when_not"),
    [
        (AfterMessages(2), Circumstances(NOW, messages=2), Circumstances(NOW, messages=1)),
        (AboveSessions(2), Circumstances(NOW, sessions=3), Circumstances(NOW, sessions=2)),
        (WithoutTls(), Circumstances(NOW), Circumstances(NOW, tls=True)),
        (
            Failing(Check.SPF),
            Circumstances(NOW, failing=frozenset({Check.SPF})),
            Circumstances(NOW, failing=frozenset({Check.DKIM})),
        ),
        (
            OverRate(1, 60),
            Circumstances(NOW, over=frozenset({OverRate(1, 60)})),
            Circumstances(NOW, over=frozenset({OverRate(2, 60)})),
        ),
    ],
)
def test_a_condition_looks_at_the_circumstances_only(
    condition: Condition, when_it_holds: Circumstances, when_not: Circumstances
) -> None:
    assert holds(condition, when_it_holds)
    assert not holds(condition, when_not)


@given(
    st.builds(OverRate, st.integers(1, 5), st.integers(1, 600).map(float)),
    st.lists(st.floats(0, 300), max_size=30),
)
def test_no_more_pass_than_the_rate_allows(rate: OverRate, pauses: list[float]) -> None:
    """In every span: at most ``count`` at once, and then one more for each ``per_s / count`` that passed."""
    now, bucket, passed = NOW, full(rate, NOW), 0
    for pause in pauses:
        now += timedelta(seconds=pause)
        bucket, none_left = take(bucket, rate, now)
        passed += not none_left

        gained = (now - NOW).total_seconds() * rate.count / rate.per_s
        assert passed <= rate.count + gained + 1e-3


def test_who_waits_until_the_next_token_passes() -> None:
    rate = OverRate(1, 60)
    bucket, first = take(full(rate, NOW), rate, NOW)
    bucket, early = take(bucket, rate, NOW + timedelta(seconds=59))
    _, in_time = take(bucket, rate, NOW + timedelta(seconds=60))

    assert (first, early, in_time) == (False, True, False)
