"""Scenario files: what is read is what was written, and every complaint names the line and the field."""

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakemx.behaviours.catalogue import CATALOGUE
from fakemx.dns.zones import DnsFault
from justemails_contract.delivery import Status
from justemails_simulation.scenario import (
    Call,
    Conditions,
    Crash,
    DnsTrouble,
    Expectation,
    LinkFault,
    Scenario,
    Send,
    Visit,
    Weather,
)
from justemails_simulation.scenario_file import YamlError, dump_scenario, load_scenario

STORY = """\
name: greylisted, then full, then taken
length: 4d
workers: 2
domains:
  story.test:
    script:
      - {at: RCPT, reply: 450 4.7.1 greylisted, for: 5m}
      - {at: RCPT, reply: 452 4.2.2 mailbox full, for: 40h}
  shop.example: bounce
conditions: {latency: [5ms, 40ms], chunk: 7, udp_loss: 0.05, dns_packets: true}
weather:
  - {link: reset, domain: story.test, since: 1h, until: 2h, probability: 0.5, after_bytes: 100}
dns:
  - {domain: shop.example, fault: servfail, until: 10m}
traffic:
  - {at: 0s, to: ann@story.test, subject: Hello, text: "Line\\n"}
  - {every: 30s, count: 3, to: ben@shop.example}
calls:
  - {at: 1m, do: list}
crashes:
  - {at: 3h, who: worker-2, restart: 10s}
  - {at: 4h, who: all, step: 17}
expect:
  ann@story.test: {status: delivered, within: 2d, copies: [1, 2]}
  ben@shop.example: {copies: 0}
"""


def test_a_file_says_all_that_a_scenario_has() -> None:
    scenario = load_scenario(STORY)

    assert (scenario.name, scenario.length, scenario.workers, scenario.seed) == (
        "greylisted, then full, then taken",
        timedelta(days=4),
        2,
        0,
    )
    assert scenario.domains["shop.example"] == CATALOGUE["bounce"]
    assert scenario.conditions == Conditions((0.005, 0.04), 7, 0.05, dns_packets=True)
    hour = timedelta(hours=1)
    assert scenario.weather == (Weather(LinkFault.RESET, hour, 2 * hour, "story.test", 0.5, 100),)
    assert scenario.dns == (DnsTrouble("shop.example", DnsFault.SERVFAIL, until=timedelta(minutes=10)),)
    assert [(send.at.total_seconds(), send.recipient, send.subject, send.text) for send in scenario.traffic] == [
        (0, "ann@story.test", "Hello", "Line\n"),
        (0, "ben@shop.example", None, None),
        (30, "ben@shop.example", None, None),
        (60, "ben@shop.example", None, None),
    ]
    assert scenario.calls == (Call(timedelta(minutes=1), Visit.LIST),)
    assert scenario.crashes == (Crash(3 * hour, "worker-2"), Crash(4 * hour, "all", step=17))
    assert scenario.expect == {
        "ann@story.test": Expectation(Status.DELIVERED, timedelta(days=2), (1, 2)),
        "ben@shop.example": Expectation(copies=(0, 0)),
    }


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 1, "the file is empty"),
        ("traffic: [", 1, "this is no YAML"),
        ("- 1", 1, "must be a mapping of names to values"),
        ("name: x", 1, "a scenario needs a message to send"),
        ("name: x\ntrafic: []", 2, "trafic: there is no such field; known are calls, conditions"),
        ("name: x\nname: y\ntraffic: []", 2, "name: this field is there twice"),
        ("traffic:\n  - {at: 0s}", 2, "traffic[0]: the field 'to' is missing"),
        ("traffic:\n  - to: ann", 2, "traffic[0].to: must be an address like ann@example.com"),
        ("traffic:\n  - at: soon\n    to: ann@x.example", 2, "traffic[0].at: must be a duration"),
        ("traffic:\n  - {to: ann@x.example, count: 0}", 2, "traffic[0].count: must be a whole number from 1"),
        ("traffic:\n  - &a {to: a@x.example}\n  - *a", 2, "traffic[1]: anchors and aliases (& and *) are not taken"),
        ("name: 2026-99-99\ntraffic: 0x", 2, "traffic: must be a list"),
        ("name: 7\ntraffic: [{to: a@x.example}]", 1, "name: must be a text; put it in quotes"),
        ("[" * 5000, 1, "nested too deep"),
        ("name: \x07", 1, "special characters are not allowed"),
        ("seed: -1\ntraffic: [{to: a@x.example}]", 1, "seed: must be a whole number from 0"),
        ("domains:\n  x.example: grelist\ntraffic: [{to: a@x.example}]", 2, "domains.x.example: The 'behaviour' field"),
        (
            "domains:\n  x.example:\n    script:\n      - at: RCPT\n        reply: no\ntraffic: [{to: a@x.example}]",
            5,
            "domains.x.example.script[0].reply: The 'script[0].reply' field must be a code",
        ),
        ("domains: {localhost: ok}\ntraffic: [{to: a@x.example}]", 1, "domains.localhost: the domain must be one"),
        ("conditions: {latency: [2s, 1s]}\ntraffic: [{to: a@x.example}]", 1, "conditions.latency: must be the least"),
        ("conditions: {udp_loss: 2}\ntraffic: [{to: a@x.example}]", 1, "conditions.udp_loss: must be a number from"),
        ("weather: [{link: rain}]\ntraffic: [{to: a@x.example}]", 1, "weather[0].link: must be one of refuse,"),
        ("weather: [{link: reset, since: 2h, until: 1h}]\ntraffic: [{to: a@x.example}]", 1, "until: must be after"),
        ("crashes: [{who: worker-2}]\ntraffic: [{to: a@x.example}]", 1, "crashes[0].who: must be api, all, or a"),
        ("calls: [{do: dance}]\ntraffic: [{to: a@x.example}]", 1, "calls[0].do: must be one of read, list"),
        ("expect: {a@x.example: {status: lost}}\ntraffic: [{to: a@x.example}]", 1, "must be one of queued, delivered"),
        ("expect: {b@x.example: {copies: 1}}\ntraffic: [{to: a@x.example}]", 1, "nothing is sent to this recipient"),
        ("expect: {a@x.example: {copies: [2, 1]}}\ntraffic: [{to: a@x.example}]", 1, "copies: must be a whole number"),
        ("1: x\ntraffic: [{to: a@x.example}]", 1, "1: there is no such field"),
        ("? [a]\n: x\ntraffic: []", 1, "the name of a field must be a plain text"),
    ],
)
def test_a_complaint_names_the_line_and_the_field_and_says_what_would_pass(text: str, line: int, says: str) -> None:
    with pytest.raises(YamlError) as caught:
        load_scenario(text)

    assert str(caught.value).startswith(f"line {line}: ")
    assert says in str(caught.value)


moments = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=300))
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20)
names = st.sampled_from(["x.example", "y.example"])
recipients = st.sampled_from(["ann@x.example", "ben+full@y.example"])
shares = st.floats(0, 1)


def expected_of_recipients(scenario: Scenario) -> Mapping[str, Expectation]:
    recipients = {send.recipient for send in scenario.traffic}
    return {to: expected for to, expected in scenario.expect.items() if to in recipients}


scenarios = st.builds(
    Scenario,
    name=words,
    seed=st.integers(0, 2**63),
    length=moments,
    workers=st.just(2),
    domains=st.dictionaries(names, st.sampled_from(sorted(CATALOGUE.values(), key=lambda one: one.name)), max_size=2),
    conditions=st.builds(
        Conditions,
        st.sampled_from([(0.0, 0.0), (0.005, 0.04), (0.1, 2.0)]),
        st.none() | st.integers(1, 1_000_000),
        shares,
        st.booleans(),
    ),
    weather=st.lists(
        st.builds(
            Weather,
            st.sampled_from(LinkFault),
            moments,
            st.just(timedelta(days=301)),
            st.none() | names,
            shares,
            st.integers(0, 1_000),
        ),
        max_size=3,
    ).map(tuple),
    dns=st.lists(st.builds(DnsTrouble, names, st.sampled_from(DnsFault), moments, moments), max_size=3).map(tuple),
    traffic=st.lists(
        st.builds(Send, moments, recipients, st.none() | words, st.none() | words), min_size=1, max_size=5
    ).map(lambda sends: tuple(sorted(sends, key=lambda send: send.at))),
    calls=st.lists(st.builds(Call, moments, st.sampled_from(Visit)), max_size=3).map(tuple),
    crashes=st.lists(
        st.builds(
            Crash, moments, st.sampled_from(["worker-1", "worker-2", "api", "all"]), moments, st.none() | st.just(3)
        ),
        max_size=3,
    ).map(tuple),
    expect=st.dictionaries(
        recipients,
        st.builds(
            Expectation,
            st.none() | st.sampled_from(Status),
            st.none() | moments,
            st.none() | st.sampled_from([(0, 0), (1, 1), (1, 2)]),
        ),
        max_size=2,
    ),
).map(lambda scenario: replace(scenario, expect=expected_of_recipients(scenario)))


@pytest.mark.slow
@given(scenarios)
@settings(max_examples=100, deadline=None)
def test_what_is_written_reads_back_the_same(scenario: Scenario) -> None:
    """load_scenario(dump_scenario(s)) == s."""
    assert load_scenario(dump_scenario(scenario)) == scenario


@given(
    st.text(max_size=200)
    | st.sampled_from(STORY.splitlines()).flatmap(lambda line: st.just(STORY.replace(line, "- [")))
)
@settings(max_examples=200, deadline=None)
def test_no_text_does_anything_but_load_or_complain(text: str) -> None:
    """For every text: a scenario or a YamlError."""
    with contextlib.suppress(YamlError):
        load_scenario(text)
