"""What happens to the message itself: at DATA, while it comes in, at its end, and at QUIT."""

from fakemx.behaviours.script import (
    Delay,
    Drop,
    Expected,
    Reply,
    Silence,
    Stage,
    Step,
    Tarpit,
    Then,
    one_host,
)

_DATA, _CONTENT, _DOT = Stage.DATA, Stage.CONTENT, Stage.DOT

ENTRIES = (
    one_host("data-451", "answers 451 to DATA, always", Expected.FAILED, Step(_DATA, Reply(451, "4.3.0 error"))),
    one_host(
        "data-554",
        "answers 554 to DATA: no valid recipients",
        Expected.BOUNCED,
        Step(_DATA, Reply(554, "5.5.1 no valid recipients")),
    ),
    one_host("mid-data-drop", "drops the connection in the message", Expected.FAILED, Step(_CONTENT, Drop())),
    one_host("mid-data-silent", "falls silent in the message", Expected.FAILED, Step(_CONTENT, Silence())),
    one_host(
        "tarpit",
        "reads the message at a hundred bytes a second",
        Expected.DELIVERED,
        Step(_CONTENT, Tarpit(100)),
    ),
    one_host(
        "mid-data-550",
        "answers 550 in the middle of the message and closes the connection",
        Expected.BOUNCED,
        Step(_CONTENT, Reply(550, "5.7.1 that is enough", Then.CLOSE)),
    ),
    one_host("dot-451", "answers 451 to the final dot, always", Expected.FAILED, Step(_DOT, Reply(451, "4.3.0 error"))),
    one_host(
        "too-big",
        "reads the message, then finds it too big: 552 5.3.4",
        Expected.BOUNCED,
        Step(_DOT, Reply(552, "5.3.4 message too big")),
    ),
    one_host(
        "blocked",
        "reads the message, then refuses its content for good: 554 5.7.1",
        Expected.BOUNCED,
        Step(_DOT, Reply(554, "5.7.1 message content rejected")),
    ),
    one_host(
        "drop",
        "keeps the message but drops the connection before answering, once; then accepts: two copies arrive",
        Expected.DEFERRED_THEN_DELIVERED,
        Step(_DOT, Drop(), times=1),
    ),
    one_host(
        "drop-discarded",
        "drops the connection at the final dot and keeps nothing, once; then accepts",
        Expected.DEFERRED_THEN_DELIVERED,
        Step(_DOT, Drop(kept=False), times=1),
    ),
    one_host(
        "late-250",
        "keeps the message and answers twenty minutes later, once: two copies arrive",
        Expected.DEFERRED_THEN_DELIVERED,
        Step(_DOT, Delay(1_200), times=1),
    ),
    one_host(
        "reset-after-250",
        "accepts the message, then resets the connection",
        Expected.DELIVERED,
        Step(_DOT, Reply(250, "2.0.0 kept", Then.RESET)),
    ),
    one_host("quit-ignored", "never answers QUIT", Expected.DELIVERED, Step(Stage.QUIT, Silence())),
    one_host(
        "quit-500",
        "answers 500 to QUIT, which changes nothing any more",
        Expected.DELIVERED,
        Step(Stage.QUIT, Reply(500, "5.5.1 what")),
    ),
)
