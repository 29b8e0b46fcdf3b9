"""What to expect of a behaviour, found by playing it."""

import pytest

from fakemx.behaviours.actions import Drop, Raw, Reply, Silence, Stage
from fakemx.behaviours.catalogue import CATALOGUE
from fakemx.behaviours.expectation import expect
from fakemx.behaviours.script import Address, Behaviour, Expected, Host, Port, Step
from fakemx.dns.zones import DnsFault

LATER = Reply(450, "4.2.0 later")
NO = Reply(550, "5.1.1 no")
REFUSES = Host("mx1", 10, (Step(Stage.RCPT, NO),))
DEFERS = Host("mx1", 10, (Step(Stage.RCPT, LATER),))
ACCEPTS = Host("mx2", 20)


def played(*hosts: Host, dns_fault: DnsFault | None = None) -> Expected:
    return expect(Behaviour("played", "", Expected.FAILED, hosts, dns_fault))


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_catalogue_expects_what_playing_it_gives(name: str) -> None:
    assert expect(CATALOGUE[name]) is CATALOGUE[name].expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((), Expected.DELIVERED),
        ((Step(Stage.CONNECT, Reply(421)), Step(Stage.RCPT, NO)), Expected.FAILED),  # RCPT is never reached
        ((Step(Stage.CONNECT, NO), Step(Stage.EHLO, NO)), Expected.FAILED),
        ((Step(Stage.RCPT, LATER, times=3), Step(Stage.RCPT, NO)), Expected.BOUNCED),
        ((Step(Stage.DOT, Silence(), times=3),), Expected.DEFERRED_THEN_DELIVERED),
        ((Step(Stage.DOT, Drop(), times=1),), Expected.DEFERRED_THEN_DELIVERED),
        ((Step(Stage.DOT, Reply(250, "2.0.0 fine")),), Expected.DELIVERED),
        ((Step(Stage.RCPT, Raw("what\r\n")),), Expected.FAILED),
        ((Step(Stage.QUIT, NO),), Expected.DELIVERED),
    ],
)
def test_what_a_script_leads_to(steps: tuple[Step, ...], expected: Expected) -> None:
    assert played(Host(steps=steps)) is expected


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        ((DEFERS, ACCEPTS), Expected.DELIVERED),
        ((REFUSES, ACCEPTS), Expected.BOUNCED),  # a refusal is the domain's, whichever host says it
        ((Host("mx1", 30, (Step(Stage.RCPT, NO),)), ACCEPTS), Expected.DELIVERED),  # by preference, not by order
        ((Host("mx1", port=Port.REFUSED), Host("mx2", 20, port=Port.BLACKHOLE)), Expected.FAILED),
        ((Host("mx1", address=Address.NONE), ACCEPTS), Expected.DELIVERED),
        ((Host("mx1", address=Address.NONE),), Expected.BOUNCED),
        ((), Expected.BOUNCED),
    ],
)
def test_several_hosts_are_tried_as_a_careful_sender_does(hosts: tuple[Host, ...], expected: Expected) -> None:
    assert played(*hosts) is expected


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (DnsFault.NXDOMAIN, Expected.BOUNCED),
        (DnsFault.NULL_MX, Expected.BOUNCED),
        (DnsFault.SERVFAIL, Expected.FAILED),
        (DnsFault.TIMEOUT, Expected.FAILED),
        (DnsFault.REFUSED, Expected.FAILED),
        (DnsFault.TRUNCATED, Expected.DELIVERED),
        (DnsFault.SLOW, Expected.DELIVERED),
    ],
)
def test_dns_can_say_no_not_now_or_awkwardly(fault: DnsFault, expected: Expected) -> None:
    assert played(Host(), dns_fault=fault) is expected
