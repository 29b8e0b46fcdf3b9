"""Hosts that take mail, each in its own manner, and those that lack an extension."""

from fakemx.behaviours.script import Behaviour, Delay, Expected, Extension, Reply, Stage, Step, one_host

_BANNER = "mx ready\nwe do not relay\nunsolicited mail is not welcome"

ENTRIES = (
    Behaviour("ok", "accepts everything", Expected.DELIVERED),
    one_host(
        "slow",
        "waits three seconds before the banner, before answering RCPT and before answering the dot",
        Expected.DELIVERED,
        Step(Stage.CONNECT, Delay(3)),
        Step(Stage.RCPT, Delay(3)),
        Step(Stage.DOT, Delay(3)),
    ),
    one_host(
        "multiline-banner",
        "greets with a banner of three lines",
        Expected.DELIVERED,
        Step(Stage.CONNECT, Reply(220, _BANNER)),
    ),
    one_host(
        "no-pipelining",
        "does not offer PIPELINING",
        Expected.DELIVERED,
        without=frozenset({Extension.PIPELINING}),
    ),
    one_host(
        "helo-only",
        "knows no EHLO (500) and wants to be greeted with HELO",
        Expected.DELIVERED,
        Step(Stage.EHLO, Reply(500, "5.5.1 command not recognized")),
    ),
    one_host(
        "no-8bitmime",
        "does not offer 8BITMIME, and refuses eight-bit content: 554 5.6.3",
        Expected.DELIVERED,
        without=frozenset({Extension.EIGHT_BIT}),
    ),
    one_host(
        "no-smtputf8",
        "does not offer SMTPUTF8, and refuses addresses outside ASCII: 553 5.6.7",
        Expected.DELIVERED,
        without=frozenset({Extension.SMTPUTF8}),
    ),
    one_host(
        "small",
        "takes messages of 500 bytes at most (SIZE), and refuses bigger ones: 552 5.3.4",
        Expected.BOUNCED,
        size_limit=500,
    ),
    one_host(
        "long-lines",
        "refuses a line of more than 998 characters, as every host here does: 500 5.5.2",
        Expected.DELIVERED,
    ),
)
