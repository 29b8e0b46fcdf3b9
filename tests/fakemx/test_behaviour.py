"""Behaviours as JSON."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakemx.behaviours.catalogue import CATALOGUE
from fakemx.behaviours.form import Behaviour, BehaviourError, parse_behaviour, to_json
from fakemx.behaviours.script import Delay, Drop, Expected, Reply, Silence, Stage, Step
from fakemx.dns.zones import DnsFault


def test_a_script_is_read() -> None:
    behaviour = parse_behaviour(
        {
            "script": [
                {"at": "RCPT", "reply": "450 4.2.0 later", "times": 3},
                {"at": "DOT", "drop": True, "for": "5m"},
                {"at": "CONNECT", "silence": True},
                {"at": "EHLO", "delay": "1.5s"},
            ],
            "listens": False,
            "dns": "servfail",
        }
    )

    assert behaviour.steps == (
        Step(Stage.RCPT, Reply(450, "4.2.0 later"), times=3),
        Step(Stage.DOT, Drop(), for_seconds=300),
        Step(Stage.CONNECT, Silence()),
        Step(Stage.EHLO, Delay(1.5)),
    )
    assert (behaviour.listens, behaviour.dns_fault) == (False, DnsFault.SERVFAIL)


def test_a_script_says_what_to_expect_of_it() -> None:
    step = {"at": "RCPT", "reply": "450 later", "times": 3}

    assert parse_behaviour({"script": [step]}).expected is Expected.DEFERRED_THEN_DELIVERED


def test_an_entry_is_read_by_its_name() -> None:
    assert parse_behaviour({"behaviour": "greylist"}) is CATALOGUE["greylist"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "The behaviour must be an object"),
        ({}, "must have a 'script' field or a 'behaviour' field"),
        ({"scripts": []}, "unknown field 'scripts'; known are 'behaviour', 'dns', 'listens', 'script'"),
        ({"behaviour": "rude"}, "The 'behaviour' field must be one of 'blocked', 'bounce'"),
        ({"behaviour": ["ok"]}, "The 'behaviour' field must be one of"),
        ({"behaviour": "ok", "script": []}, "stands alone"),
        ({"script": {}}, "The 'script' field must be a list"),
        ({"script": [{"at": "DOT", "drop": True}] * 101}, "at most 100 steps"),
        ({"script": [], "listens": 0}, "The 'listens' field must be true or false"),
        ({"script": [], "dns": "gone"}, "The 'dns' field must be one of 'nullmx', 'nxdomain'"),
        ({"script": ["RCPT"]}, "The step 'script[0]' must be an object"),
        ({"script": [{"at": "rcpt", "drop": True}]}, "The 'script[0].at' field must be one of 'CONNECT'"),
        ({"script": [{"drop": True}]}, "The 'script[0].at' field"),
        ({"script": [{"at": []}]}, "The 'script[0].at' field"),
        ({"script": [{"at": "DOT", "drop": True, "after": 3}]}, "unknown field 'after'"),
        ({"script": [{"at": "DOT"}]}, "exactly one of 'reply', 'drop', 'silence', 'delay'"),
        ({"script": [{"at": "DOT", "drop": True, "silence": True}]}, "exactly one of"),
        ({"script": [{"at": "DOT", "drop": 1}]}, "The 'script[0].drop' field must be true"),
        ({"script": [{"at": "DOT", "reply": "199 no"}]}, "like '450 4.2.0 later'"),
        ({"script": [{"at": "DOT", "reply": "600 no"}]}, "200 to 299 or 400 to 599 at DOT"),
        ({"script": [{"at": "DOT", "reply": "354 go on"}]}, "200 to 299 or 400 to 599 at DOT"),
        ({"script": [{"at": "DATA", "reply": "250 fine"}]}, "400 to 599 at DATA"),
        ({"script": [{"at": "RCPT", "reply": "450 a\r\nb"}]}, "plain ASCII text"),
        ({"script": [{"at": "RCPT", "reply": "450later"}]}, "The 'script[0].reply' field"),
        ({"script": [{"at": "RCPT", "reply": 450}]}, "The 'script[0].reply' field"),
        ({"script": [{"at": "RCPT", "reply": "450 " + "x" * 501}]}, "at most 500 characters"),
        ({"script": [{"at": "RCPT", "delay": "5"}]}, "The 'script[0].delay' field must be a duration"),
        ({"script": [{"at": "RCPT", "delay": "0s"}]}, "must be a duration up to 366d"),
        ({"script": [{"at": "RCPT", "delay": "367d"}]}, "must be a duration up to 366d"),
        ({"script": [{"at": "RCPT", "drop": True, "for": 5}]}, "The 'script[0].for' field must be a duration"),
        ({"script": [{"at": "RCPT", "drop": True, "times": 0}]}, "a whole number from 1 to 1000000"),
        ({"script": [{"at": "RCPT", "drop": True, "times": True}]}, "The 'script[0].times' field"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_would_pass(data: object, message: str) -> None:
    with pytest.raises(BehaviourError) as caught:
        parse_behaviour(data)

    assert message in str(caught.value)


durations = st.integers(1, 1_000_000).map(lambda tenths: tenths / 10)
replies = st.builds(
    Reply,
    st.integers(400, 599),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=500).map(str.strip),
)
steps = st.builds(
    Step,
    st.sampled_from(Stage),
    replies | st.just(Drop()) | st.just(Silence()) | st.builds(Delay, durations),
    st.none() | st.integers(1, 1_000_000),
    st.none() | durations,
)
scripts = st.builds(
    lambda steps, listens, fault: parse_behaviour(
        to_json(Behaviour("script", "", Expected.FAILED, tuple(steps), listens, fault))
    ),
    st.lists(steps, max_size=6),
    st.booleans(),
    st.none() | st.sampled_from(DnsFault),
)


@given(scripts | st.sampled_from(list(CATALOGUE.values())))
def test_what_is_written_reads_back_the_same(behaviour: Behaviour) -> None:
    """parse_behaviour(to_json(b)) == b for every b that parse_behaviour gave."""
    assert parse_behaviour(to_json(behaviour)) == behaviour


@given(st.lists(steps, max_size=6))
def test_no_step_changes_on_its_way_through_json(written: list[Step]) -> None:
    """The steps that are read are the steps that were written."""
    assert parse_behaviour(to_json(Behaviour("script", "", Expected.FAILED, tuple(written)))).steps == tuple(written)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["script", "at", "reply", "times", "for", "delay", "drop", "x"]), inner)
    ),
    max_leaves=12,
)


@given(anything)
def test_any_json_is_read_or_refused_by_name(data: Any) -> None:
    """Nothing but BehaviourError comes out of any JSON value."""
    with suppress(BehaviourError):
        parse_behaviour(data)
