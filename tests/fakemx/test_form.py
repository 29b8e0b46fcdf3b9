"""Behaviours as JSON."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakemx.behaviours.catalogue import CATALOGUE
from fakemx.behaviours.form import Behaviour, BehaviourError, in_full, parse_behaviour, to_json
from fakemx.behaviours.script import (
    AboveSessions,
    Address,
    AfterMessages,
    Certificate,
    Check,
    Delay,
    Drop,
    Expected,
    Extension,
    Failing,
    Host,
    Inject,
    OverRate,
    Port,
    Raw,
    Reply,
    ReportKind,
    Reset,
    SendReport,
    Silence,
    Stage,
    Step,
    Tarpit,
    Then,
    WithoutTls,
)
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
            "port": "refused",
            "dns": "servfail",
            "ttl": 300,
        }
    )

    (host,) = behaviour.hosts
    assert host.steps == (
        Step(Stage.RCPT, Reply(450, "4.2.0 later"), times=3),
        Step(Stage.DOT, Drop(), for_seconds=300),
        Step(Stage.CONNECT, Silence()),
        Step(Stage.EHLO, Delay(1.5)),
    )
    assert (host.port, behaviour.dns_fault, behaviour.ttl) == (Port.REFUSED, DnsFault.SERVFAIL, 300)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ({"at": "DOT", "drop": "discarded"}, Step(Stage.DOT, Drop(kept=False))),
        ({"at": "DOT", "reset": True}, Step(Stage.DOT, Reset())),
        ({"at": "RCPT", "raw": "what\r\n", "repeat": 3}, Step(Stage.RCPT, Raw("what\r\n", 3))),
        ({"at": "CONTENT", "tarpit": 100}, Step(Stage.CONTENT, Tarpit(100))),
        ({"at": "STARTTLS", "inject": "250 yes"}, Step(Stage.STARTTLS, Inject("250 yes"))),
        (
            {"at": "AFTER", "report": "complaint", "after": "1h"},
            Step(Stage.AFTER, SendReport(ReportKind.COMPLAINT, 3600)),
        ),
        ({"at": "DOT", "reply": "250 ok", "then": "reset"}, Step(Stage.DOT, Reply(250, "ok", Then.RESET))),
        ({"at": "RCPT", "reply": ["550 5.1.1 no", "550 at all"]}, Step(Stage.RCPT, Reply(550, "5.1.1 no\nat all"))),
        (
            {"at": "MAIL", "reply": "421 no", "when": {"messages": 2}},
            Step(Stage.MAIL, Reply(421, "no"), when=AfterMessages(2)),
        ),
        (
            {"at": "MAIL", "reply": "421 no", "when": {"sessions": 2}},
            Step(Stage.MAIL, Reply(421, "no"), when=AboveSessions(2)),
        ),
        (
            {"at": "MAIL", "reply": "530 no", "when": {"tls": False}},
            Step(Stage.MAIL, Reply(530, "no"), when=WithoutTls()),
        ),
        (
            {"at": "RCPT", "reply": "451 no", "when": {"rate": "10/1m"}},
            Step(Stage.RCPT, Reply(451, "no"), when=OverRate(10, 60)),
        ),
        (
            {"at": "DOT", "reply": "550 no", "when": {"fails": "dkim"}},
            Step(Stage.DOT, Reply(550, "no"), when=Failing(Check.DKIM)),
        ),
    ],
)
def test_every_kind_of_step_is_read(written: dict[str, object], read: Step) -> None:
    assert parse_behaviour({"script": [written]}).hosts[0].steps == (read,)


def test_several_hosts_are_read() -> None:
    behaviour = parse_behaviour(
        {
            "hosts": [
                {"preference": 10, "port": "blackhole", "until": "10m"},
                {"host": "mx2", "preference": 20, "tls": "expired", "without": ["SIZE"], "size": 500, "from": "10m"},
                {"host": "", "address": "both", "script": [{"at": "DOT", "silence": True}]},
            ]
        }
    )

    assert behaviour.hosts == (
        Host("mx", 10, port=Port.BLACKHOLE, until_s=600),
        Host("mx2", 20, tls=Certificate.EXPIRED, without=frozenset({Extension.SIZE}), size_limit=500, from_s=600),
        Host("", address=Address.BOTH, steps=(Step(Stage.DOT, Silence()),)),
    )


def test_a_script_says_what_to_expect_of_it() -> None:
    step = {"at": "RCPT", "reply": "450 later", "times": 3}

    assert parse_behaviour({"script": [step]}).expected is Expected.DEFERRED_THEN_DELIVERED


def test_an_entry_is_read_by_its_name() -> None:
    assert parse_behaviour({"behaviour": "greylist"}) is CATALOGUE["greylist"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "The behaviour must be an object"),
        ({}, "must have a 'script' field, a 'hosts' field or a 'behaviour' field"),
        ({"scripts": []}, "unknown field 'scripts'; known are 'address', 'behaviour', 'dns', 'hosts', 'port'"),
        ({"behaviour": "rude"}, "The 'behaviour' field must be one of 'bad-mailbox', 'banner-554'"),
        ({"behaviour": ["ok"]}, "The 'behaviour' field must be one of"),
        ({"behaviour": "ok", "script": []}, "stands alone"),
        ({"script": {}}, "The 'script' field must be a list"),
        ({"script": [{"at": "DOT", "drop": True}] * 101}, "at most 100 steps"),
        ({"script": [], "port": False}, "The 'port' field must be one of 'open', 'refused', 'blackhole'"),
        ({"script": [], "dns": "gone"}, "The 'dns' field must be one of 'nxdomain'"),
        ({"script": [], "ttl": -1}, "The 'ttl' field must be a whole number from 0 to 604800"),
        ({"script": [], "tls": True}, "The 'tls' field must be one of"),
        ({"script": [], "size": 0}, "The 'size' field must be a whole number"),
        ({"script": [], "without": "SIZE"}, "The 'without' field must be a list"),
        ({"script": [], "hosts": []}, "The 'script' field belongs into each of the 'hosts'"),
        ({"hosts": {}}, "The 'hosts' field must be a list of at most 20 hosts"),
        ({"hosts": [{}, {}]}, "must give each host a name of its own"),
        ({"hosts": [{"host": "MX"}]}, "The 'hosts[0].host' field must be a label like 'mx2'"),
        ({"hosts": [{"script": [{"at": "X"}]}]}, "The 'hosts[0].script[0].at' field must be one of"),
        ({"hosts": [{"from": 5}]}, "The 'hosts[0].from' field must be a duration"),
        ({"script": [{"at": "DOT", "tarpit": 5}]}, "The 'script[0].tarpit' field is for CONTENT only"),
        ({"script": [{"at": "DOT", "report": "failure"}]}, "The 'script[0].report' field is for AFTER only"),
        ({"script": [{"at": "AFTER", "drop": True}]}, "can only send a 'report' at AFTER"),
        ({"script": [{"at": "DOT", "drop": True, "then": "close"}]}, "'script[0].then' field belongs to 'reply'"),
        ({"script": [{"at": "RCPT", "raw": "\u20ac"}]}, "The 'script[0].raw' field must be ASCII text"),
        ({"script": [{"at": "DOT", "drop": True, "when": {}}]}, "must have exactly one of 'messages'"),
        ({"script": [{"at": "DOT", "drop": True, "when": {"rate": "5"}}]}, "like '10/1m'"),
        ({"script": ["RCPT"]}, "The step 'script[0]' must be an object"),
        ({"script": [{"at": "rcpt", "drop": True}]}, "The 'script[0].at' field must be one of 'CONNECT'"),
        ({"script": [{"drop": True}]}, "The 'script[0].at' field"),
        ({"script": [{"at": []}]}, "The 'script[0].at' field"),
        ({"script": [{"at": "DOT", "drop": True, "after": 3}]}, "'script[0].after' field belongs to 'report'"),
        ({"script": [{"at": "DOT", "drop": True, "wait": 3}]}, "unknown field 'wait'"),
        ({"script": [{"at": "DOT"}]}, "exactly one of 'reply', 'raw', 'drop', 'reset', 'silence', 'delay'"),
        ({"script": [{"at": "DOT", "drop": True, "silence": True}]}, "exactly one of"),
        ({"script": [{"at": "DOT", "drop": 1}]}, "The 'script[0].drop' field must be true, or 'discarded'"),
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
ascii_texts = st.text(st.characters(max_codepoint=127), min_size=1, max_size=40)
conditions = (
    st.builds(AfterMessages, st.integers(1, 100))
    | st.builds(AboveSessions, st.integers(1, 100))
    | st.just(WithoutTls())
    | st.builds(OverRate, st.integers(1, 100), durations)
    | st.builds(Failing, st.sampled_from(Check))
)


def a_step(stages: st.SearchStrategy[Stage], actions: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    limits = st.none() | st.integers(1, 1_000_000), st.none() | durations, st.none() | conditions
    return st.builds(Step, stages, actions, *limits)


steps = (
    a_step(
        st.sampled_from([stage for stage in Stage if stage is not Stage.AFTER]),
        replies
        | st.builds(Drop, st.booleans())
        | st.builds(Reset, st.booleans())
        | st.just(Silence())
        | st.builds(Delay, durations)
        | st.builds(Raw, ascii_texts, st.integers(1, 100)),
    )
    | a_step(st.just(Stage.CONTENT), st.builds(Tarpit, st.integers(1, 1000)))
    | a_step(st.just(Stage.STARTTLS), st.builds(Inject, ascii_texts))
    | a_step(st.just(Stage.AFTER), st.builds(SendReport, st.sampled_from(ReportKind), durations))
)
hosts = st.lists(
    st.builds(
        Host,
        st.sampled_from(["mx", "", "mx2", "a-b"]),
        st.integers(0, 65_535),
        st.lists(steps, max_size=4).map(tuple),
        st.sampled_from(Port),
        st.sampled_from(Address),
        st.none() | st.sampled_from(Certificate),
        st.frozensets(st.sampled_from(Extension)),
        st.none() | st.integers(1, 2**31),
        st.just(0) | durations,
        st.none() | durations,
    ),
    max_size=3,
    unique_by=lambda host: host.label,
)
scripts = st.builds(
    lambda hosts, fault, ttl: parse_behaviour(
        to_json(Behaviour("script", "", Expected.FAILED, tuple(hosts), fault, ttl))
    ),
    hosts,
    st.none() | st.sampled_from(DnsFault),
    st.integers(0, 604_800),
)


@given(scripts | st.sampled_from(list(CATALOGUE.values())))
def test_what_is_written_reads_back_the_same(behaviour: Behaviour) -> None:
    """parse_behaviour(to_json(b)) == b for every b that parse_behaviour gave."""
    assert parse_behaviour(to_json(behaviour)) == behaviour


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_entry_written_in_full_does_the_same_without_its_name(name: str) -> None:
    entry = CATALOGUE[name]

    read = parse_behaviour(in_full(entry))

    assert (read.hosts, read.dns_fault, read.ttl, read.expected) == (
        entry.hosts,
        entry.dns_fault,
        entry.ttl,
        entry.expected,
    )


@given(hosts)
def test_no_host_changes_on_its_way_through_json(written: list[Host]) -> None:
    """The hosts that are read are the hosts that were written."""
    assert parse_behaviour(to_json(Behaviour("script", "", Expected.FAILED, tuple(written)))).hosts == tuple(written)


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
