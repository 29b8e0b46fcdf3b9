"""What is said to MAIL and to RCPT."""

from fakemx.behaviours.script import Drop, Expected, OverRate, Raw, Reply, Silence, Stage, Step, WithoutTls, one_host

_MAIL, _RCPT = Stage.MAIL, Stage.RCPT

ENTRIES = (
    one_host("mail-450", "answers 450 to MAIL, always", Expected.FAILED, Step(_MAIL, Reply(450, "4.2.0 later"))),
    one_host("mail-451", "answers 451 to MAIL, always", Expected.FAILED, Step(_MAIL, Reply(451, "4.3.0 error"))),
    one_host(
        "mail-452",
        "answers 452 to MAIL: out of storage, always",
        Expected.FAILED,
        Step(_MAIL, Reply(452, "4.3.1 insufficient system storage")),
    ),
    one_host(
        "sender-refused",
        "refuses every sender: 550 5.7.1",
        Expected.BOUNCED,
        Step(_MAIL, Reply(550, "5.7.1 sender refused")),
    ),
    one_host(
        "sender-553",
        "does not like the sender's name: 553 5.1.7",
        Expected.BOUNCED,
        Step(_MAIL, Reply(553, "5.1.7 sender address not allowed")),
    ),
    one_host(
        "too-big-at-mail",
        "finds every message too big at MAIL already: 552 5.3.4",
        Expected.BOUNCED,
        Step(_MAIL, Reply(552, "5.3.4 message size exceeds fixed limit")),
    ),
    one_host("mail-silent", "never answers MAIL", Expected.FAILED, Step(_MAIL, Silence())),
    one_host(
        "tls-first",
        "wants TLS before MAIL and offers none: 530 5.7.0",
        Expected.BOUNCED,
        Step(_MAIL, Reply(530, "5.7.0 must issue a STARTTLS command first"), when=WithoutTls()),
    ),
    one_host(
        "greylist",
        "answers 450 4.7.1 for five minutes from first sight of client, sender and recipient, then accepts",
        Expected.DEFERRED_THEN_DELIVERED,
        Step(_RCPT, Reply(450, "4.7.1 greylisted, come back in five minutes"), for_seconds=300),
    ),
    one_host(
        "later-three-times",
        "answers 451 to RCPT three times, then accepts",
        Expected.DEFERRED_THEN_DELIVERED,
        Step(_RCPT, Reply(451, "4.3.0 try again later"), times=3),
    ),
    one_host(
        "full",
        "the mailbox stays full: 452 4.2.2 to every recipient",
        Expected.FAILED,
        Step(_RCPT, Reply(452, "4.2.2 mailbox full")),
    ),
    one_host(
        "full-40h",
        "the mailbox is full for 40 hours: 452 4.2.2, then accepts",
        Expected.DEFERRED_THEN_DELIVERED,
        Step(_RCPT, Reply(452, "4.2.2 mailbox full"), for_seconds=144_000),
    ),
    one_host(
        "bounce",
        "refuses every recipient for good: 550 5.1.1",
        Expected.BOUNCED,
        Step(_RCPT, Reply(550, "5.1.1 no such user here")),
    ),
    one_host(
        "moved",
        "the recipient has moved and it does not forward: 551 5.1.6",
        Expected.BOUNCED,
        Step(_RCPT, Reply(551, "5.1.6 user not local")),
    ),
    one_host(
        "over-quota",
        "the mailbox is over its quota for good: 552 5.2.2",
        Expected.BOUNCED,
        Step(_RCPT, Reply(552, "5.2.2 over quota")),
    ),
    one_host(
        "bad-mailbox",
        "does not allow the mailbox's name: 553 5.1.3",
        Expected.BOUNCED,
        Step(_RCPT, Reply(553, "5.1.3 mailbox name not allowed")),
    ),
    one_host(
        "policy",
        "refuses by policy: 554 5.7.1",
        Expected.BOUNCED,
        Step(_RCPT, Reply(554, "5.7.1 delivery not authorized")),
    ),
    one_host(
        "rate-limited",
        "takes one recipient a minute from a client, and answers 451 4.7.0 to more",
        Expected.DELIVERED,
        Step(_RCPT, Reply(451, "4.7.0 slow down"), when=OverRate(1, 60)),
    ),
    one_host("rcpt-drop", "drops the connection at RCPT", Expected.FAILED, Step(_RCPT, Drop())),
    one_host(
        "garbage",
        "answers RCPT with what is no SMTP reply",
        Expected.FAILED,
        Step(_RCPT, Raw("\x07\x1b[2J!! not SMTP !!\r\n")),
    ),
    one_host("code-999", "answers RCPT with the code 999", Expected.FAILED, Step(_RCPT, Raw("999 what\r\n"))),
    one_host(
        "endless-line",
        "answers RCPT with a line of ten megabytes",
        Expected.FAILED,
        Step(_RCPT, Raw("250 " + "x" * 1_996, 5_000)),
    ),
)
