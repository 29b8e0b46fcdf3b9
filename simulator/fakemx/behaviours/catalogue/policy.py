"""Receivers that look at who sends: SPF, DKIM, DMARC and reverse DNS, each refusing what fails."""

from fakemx.behaviours.script import Check, Expected, Failing, Reply, Stage, Step, one_host

ENTRIES = (
    one_host(
        "spf",
        "refuses mail without an SPF pass: 550 5.7.23",
        Expected.DELIVERED,
        Step(Stage.DOT, Reply(550, "5.7.23 SPF validation failed"), when=Failing(Check.SPF)),
    ),
    one_host(
        "dkim",
        "refuses mail without a valid DKIM signature: 550 5.7.20",
        Expected.DELIVERED,
        Step(Stage.DOT, Reply(550, "5.7.20 no passing DKIM signature found"), when=Failing(Check.DKIM)),
    ),
    one_host(
        "dmarc",
        "refuses mail that fails DMARC: 550 5.7.26",
        Expected.DELIVERED,
        Step(Stage.DOT, Reply(550, "5.7.26 unauthenticated mail is not accepted"), when=Failing(Check.DMARC)),
    ),
    one_host(
        "fcrdns",
        "refuses clients whose EHLO name and address do not lead to each other in DNS: 550 5.7.25",
        Expected.DELIVERED,
        Step(Stage.RCPT, Reply(550, "5.7.25 reverse DNS validation failed"), when=Failing(Check.HELO)),
    ),
)
