"""What the map of the network says of a host."""

import typing

import pytest

from fakemx.behaviours import actions, conditions
from fakemx.behaviours.catalogue import CATALOGUE
from fakemx.behaviours.script import Address, Extension, Host, Port, Step
from fakemx.dns.zones import DnsFault
from justemails_dashboard.steps import DNS_FAULTS, host_in_words, in_words

ACTIONS = {
    actions.Reply(450, "4.2.0 later"): "answers 450 4.2.0 later",
    actions.Reply(421, "4.3.2 bye", actions.Then.CLOSE): "answers 421 4.3.2 bye and closes",
    actions.Reply(421, "", actions.Then.RESET): "answers 421 and resets the connection",
    actions.Raw("?"): "says what is no SMTP reply",
    actions.Drop(): "drops the connection",
    actions.Drop(kept=False): "drops the connection and the mail",
    actions.Reset(): "resets the connection",
    actions.Reset(kept=False): "resets the connection and loses the mail",
    actions.Silence(): "falls silent",
    actions.Delay(90): "waits 90s",
    actions.Tarpit(10): "reads 10 bytes a second",
    actions.Inject("RSET"): "sends text in clear behind the go-ahead",
    actions.SendReport(actions.ReportKind.COMPLAINT, 3600): "sends a report (complaint) 1h later",
}
CONDITIONS = {
    conditions.AfterMessages(3): "after 3 messages on a connection",
    conditions.AboveSessions(2): "to who has more than 2 connections open",
    conditions.WithoutTls(): "to who comes without TLS",
    conditions.OverRate(5, 60): "above 5 in 1m",
    conditions.Failing(conditions.Check.DKIM): "to mail that fails DKIM",
}


@pytest.mark.parametrize(("action", "said"), ACTIONS.items())
def test_each_action_is_a_phrase(action: actions.Action, said: str) -> None:
    assert in_words(Step(actions.Stage.DOT, action)) == f"at DOT {said}"


@pytest.mark.parametrize(("condition", "said"), CONDITIONS.items())
def test_each_condition_is_a_phrase(condition: conditions.Condition, said: str) -> None:
    step = Step(actions.Stage.RCPT, actions.Silence(), times=2, for_seconds=300, when=condition)

    assert in_words(step) == f"at RCPT falls silent {said}, 2 times, for 5m"


def test_no_action_and_no_condition_is_left_out_here() -> None:
    assert {type(action) for action in ACTIONS} == set(typing.get_args(actions.Action))
    assert {type(condition) for condition in CONDITIONS} == set(typing.get_args(conditions.Condition))


def test_a_host_tells_all_that_is_out_of_the_ordinary() -> None:
    host = Host(
        port=Port.REFUSED,
        address=Address.V6,
        without=frozenset({Extension.SIZE, Extension.PIPELINING}),
        size_limit=500,
        from_s=60,
        until_s=120,
    )

    assert host_in_words(host) == [
        "has an IPv6 address alone",
        "in DNS from 1m after the first look",
        "in DNS until 2m after the first look",
        "refuses every connection",
        "does not offer PIPELINING, SIZE",
        "takes 500 bytes at most",
    ]
    assert host_in_words(Host()) == []


@pytest.mark.parametrize("name", CATALOGUE)
def test_each_behaviour_of_the_catalogue_is_told(name: str) -> None:
    behaviour = CATALOGUE[name]

    told = [line for host in behaviour.hosts for line in host_in_words(host)]
    assert not any("None" in line or "<" in line for line in told)
    assert behaviour.dns_fault is None or behaviour.dns_fault in DNS_FAULTS


def test_each_fault_of_dns_is_told() -> None:
    assert set(DNS_FAULTS) == set(DnsFault)
