"""The reason of an attempt's end, and its explanation in plain words."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reference.support import QUICK

from justemails.delivery.reasons import Reason, explain
from justemails.delivery.settings import Phase
from justemails.records import Attempt
from justemails_contract.delivery import Event

AT = datetime(2026, 4, 6, 12, tzinfo=UTC)


def attempt(event: Event | None, phase: str, code: int | None = None, text: str = "") -> Attempt:
    """Return an attempt as the engine records it: the enhanced code is what the reply's text begins with."""
    match = re.match(r"[245]\.\d{1,3}\.\d{1,3}(?= |$)", text)
    return Attempt(
        1, AT, event, phase, "mx.far.example", "192.0.2.1", code=code, enhanced=match and match[0], text=text
    )


D, R = Event.DEFERRED, Event.REFUSED

REPLIES: list[tuple[Event, Phase, int, str, Reason]] = [
    (R, Phase.RCPT, 550, "5.1.1 no such user", Reason.NO_SUCH_RECIPIENT),
    (R, Phase.RCPT, 550, "no such user", Reason.NO_SUCH_RECIPIENT),
    (R, Phase.RCPT, 550, "5.1.10 null MX", Reason.TAKES_NO_MAIL),
    (R, Phase.RCPT, 550, "5.2.1 disabled", Reason.RECIPIENT_DISABLED),
    (R, Phase.RCPT, 551, "5.1.6 moved", Reason.RECIPIENT_MOVED),
    (D, Phase.RCPT, 452, "4.2.2 full", Reason.MAILBOX_FULL),
    (R, Phase.RCPT, 552, "5.2.2 over quota", Reason.MAILBOX_FULL),
    (R, Phase.RCPT, 552, "over quota", Reason.MAILBOX_FULL),
    (R, Phase.MAIL, 552, "too big", Reason.TOO_BIG),
    (R, Phase.DOT, 552, "5.3.4 too big", Reason.TOO_BIG),
    (R, Phase.DOT, 552, "5.2.3 too big for this one", Reason.TOO_BIG),
    (R, Phase.MAIL, 550, "not you", Reason.SENDER_REFUSED),
    (R, Phase.MAIL, 553, "5.1.7 sender", Reason.SENDER_REFUSED),
    (R, Phase.RCPT, 550, "5.1.8 sender's domain", Reason.SENDER_REFUSED),
    (R, Phase.MAIL, 550, "5.7.27 null MX at the sender", Reason.SENDER_REFUSED),
    (D, Phase.RCPT, 450, "4.7.1 later", Reason.GREYLISTED),
    (D, Phase.RCPT, 450, "4.2.0 Greylisted, see help", Reason.GREYLISTED),
    (D, Phase.RCPT, 451, "4.7.0 too many", Reason.RATE_LIMITED),
    (D, Phase.RCPT, 450, "4.2.1 too much mail for the user", Reason.RATE_LIMITED),
    (D, Phase.DOT, 421, "4.7.28 rate", Reason.RATE_LIMITED),
    (R, Phase.DOT, 550, "5.7.26 unauthenticated", Reason.UNAUTHENTICATED),
    (R, Phase.DOT, 550, "5.7.20 no DKIM", Reason.UNAUTHENTICATED),
    (R, Phase.MAIL, 550, "5.7.25 no PTR", Reason.UNAUTHENTICATED),
    (R, Phase.RCPT, 554, "5.7.1 policy", Reason.POLICY),
    (R, Phase.RCPT, 554, "no", Reason.POLICY),
    (R, Phase.DOT, 554, "looks like spam", Reason.CONTENT),
    (R, Phase.DOT, 554, "5.6.0 bad content", Reason.CONTENT),
    (R, Phase.RCPT, 553, "5.6.7 UTF-8", Reason.ADDRESS_BEYOND_ASCII),
    (R, Phase.MAIL, 530, "Must issue STARTTLS", Reason.ENCRYPTION),
    (R, Phase.MAIL, 530, "5.7.10 encryption needed", Reason.ENCRYPTION),
    (D, Phase.GREETING, 421, "busy", Reason.SERVER_BUSY),
    (D, Phase.MAIL, 452, "no space", Reason.SERVER_BUSY),
    (D, Phase.MAIL, 452, "4.3.1 no space", Reason.SERVER_TROUBLE),
    (D, Phase.GREETING, 554, "go away", Reason.SERVER_UNWILLING),
    (D, Phase.EHLO, 550, "go away", Reason.SERVER_UNWILLING),
    (D, Phase.MAIL, 451, "4.3.0 error", Reason.SERVER_TROUBLE),
    (D, Phase.MAIL, 451, "error", Reason.SERVER_TROUBLE),
    (R, Phase.DATA, 503, "5.5.1 what?", Reason.SERVER_UNWILLING),
    (R, Phase.RCPT, 599, "what?", Reason.OTHER),
    (D, Phase.RCPT, 999, "what?", Reason.OTHER),
]


@pytest.mark.parametrize(("event", "phase", "code", "text", "expected"), REPLIES)
def test_a_reply_has_its_reason(event: Event, phase: Phase, code: int, text: str, expected: Reason) -> None:
    """RFC 3463 3, RFC 5321 4.2.3, RFC 7372 3, RFC 7505 4."""
    assert explain(attempt(event, phase, code, text)).reason is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5.1.1 no such user", Reason.SERVER_TROUBLE), ("4.1.1 unknown for now", Reason.NO_SUCH_RECIPIENT)],
)
def test_where_the_codes_contradict_each_other_the_basic_one_is_believed(text: str, expected: Reason) -> None:
    assert explain(attempt(D, Phase.RCPT, 450, text)).reason is expected


OWN: list[tuple[Event | None, Phase, str, str | None, Reason]] = [
    (None, Phase.DOT, "", None, Reason.UNDER_WAY),
    (Event.ACCEPTED, Phase.DOT, "2.0.0 taken", "2.0.0", Reason.DELIVERED),
    (Event.WITHDRAWN, Phase.NONE, "the domain x is no longer verified", None, Reason.NOT_VERIFIED),
    (R, Phase.DNS, "the domain x does not exist", "5.1.2", Reason.NO_SUCH_DOMAIN),
    (R, Phase.DNS, "null MX", "5.1.10", Reason.TAKES_NO_MAIL),
    (R, Phase.DNS, "no address", "5.4.4", Reason.NO_MAIL_HOST),
    (R, Phase.DNS, "lead back to this machine", "5.4.6", Reason.LOOP),
    (D, Phase.DNS, "SERVFAIL", "4.4.3", Reason.DNS_FAILURE),
    (D, Phase.CONNECT, "the connection was refused", None, Reason.NOT_REACHED),
    (D, Phase.GREETING, "no answer in time", None, Reason.CONNECTION_LOST),
    (D, Phase.DOT, "the connection was closed", None, Reason.CONNECTION_LOST),
    (Event.EXPIRED, Phase.CONNECT, "the connection was refused", None, Reason.NOT_REACHED),
    (R, Phase.MAIL, "the message has 9 octets", "5.3.4", Reason.TOO_BIG),
    (R, Phase.MAIL, "an address is beyond ASCII", "5.6.7", Reason.ADDRESS_BEYOND_ASCII),
    (D, Phase.NONE, "the attempt took too long", None, Reason.OURS),
    (R, Phase.NONE, "bounced by hand", None, Reason.BY_HAND),
]


@pytest.mark.parametrize(("event", "phase", "text", "enhanced", "expected"), OWN)
def test_what_we_found_out_by_ourselves_has_its_reason(
    event: Event | None, phase: Phase, text: str, enhanced: str | None, expected: Reason
) -> None:
    one = Attempt(1, AT, event, phase, "mx.far.example", enhanced=enhanced, text=text)

    assert explain(one).reason is expected


def test_every_reason_can_be_met_and_has_a_sentence_of_its_own() -> None:
    met = {row[-1] for row in (*REPLIES, *OWN)}

    assert met == set(Reason)


def test_the_explanation_tells_people_what_happened_and_what_follows() -> None:
    told = [
        explain(one).text
        for one in (
            attempt(D, Phase.RCPT, 450, "4.7.1 later"),
            attempt(R, Phase.RCPT, 550, "5.1.1 no such user"),
            attempt(Event.EXPIRED, Phase.CONNECT),
            attempt(Event.ACCEPTED, Phase.DOT, 250, "2.0.0 taken"),
        )
    ]

    assert told == [
        "mx.far.example asks senders that it does not know yet to come back later (greylisting). It is tried again "
        "later.",
        "mx.far.example knows no such recipient. It is not tried again.",
        "mx.far.example could not be reached. The time for further tries is over.",
        "mx.far.example has taken the message, and answers for it from now on.",
    ]


@given(
    st.sampled_from([None, *Event]),
    st.sampled_from(list(Phase)),
    st.none() | st.integers(200, 999),
    st.sampled_from(["", "4.", "5.7.1 x", "9.9.9", "4.999.999 y", "5.1"]),
)
@QUICK
def test_every_end_can_be_explained(event: Event | None, phase: Phase, code: int | None, text: str) -> None:
    """For every combination there is one reason and a sentence that ends in a full stop."""
    explanation = explain(attempt(event, phase, code, text))

    assert explanation.reason in Reason
    assert explanation.text.endswith(".")
    assert "{" not in explanation.text
