"""Hosts that cannot be talked to, or not for long."""

from fakemx.behaviours.script import (
    AboveSessions,
    AfterMessages,
    Expected,
    Port,
    Reply,
    Reset,
    Silence,
    Stage,
    Step,
    one_host,
)

ENTRIES = (
    one_host("down", "nothing listens: the connection is refused", Expected.FAILED, port=Port.REFUSED),
    one_host("blackhole", "the connection is never answered at all", Expected.FAILED, port=Port.BLACKHOLE),
    one_host(
        "silent",
        "accepts the connection and never says a word",
        Expected.FAILED,
        Step(Stage.CONNECT, Silence()),
    ),
    one_host(
        "banner-554",
        "answers 554 instead of a banner: no mail host here",
        Expected.FAILED,
        Step(Stage.CONNECT, Reply(554, "5.3.2 no SMTP service here")),
    ),
    one_host(
        "busy",
        "answers 421 instead of a banner, always",
        Expected.FAILED,
        Step(Stage.CONNECT, Reply(421, "4.3.2 too busy, try again later")),
    ),
    one_host(
        "reset",
        "resets the connection as soon as it is there",
        Expected.FAILED,
        Step(Stage.CONNECT, Reset()),
    ),
    one_host(
        "few-messages",
        "takes two messages on a connection, then answers 421 to MAIL",
        Expected.DELIVERED,
        Step(Stage.MAIL, Reply(421, "4.7.0 enough for one connection"), when=AfterMessages(2)),
    ),
    one_host(
        "few-sessions",
        "answers 421 to a client that has more than two connections open",
        Expected.DELIVERED,
        Step(Stage.CONNECT, Reply(421, "4.7.0 too many connections from you"), when=AboveSessions(2)),
    ),
)
