"""Reports that come back later: read by the standard library's parser, and safe whatever they are about."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakemx.mx.reports import Subject, complaint, delivery_delayed, delivery_failure, out_of_office

NOW = datetime(2026, 4, 6, 12, tzinfo=UTC)
MAIL = b"From: a@own.test\r\nSubject: Hello\r\n folded\r\nMessage-ID: <1@own.test>\r\n\r\nThe body\r\n"
SUBJECT = Subject("mx.shop.example", "b+1@own.test", "ann@shop.example", MAIL, NOW, NOW + timedelta(hours=2), "7")


def read(report: bytes) -> EmailMessage:
    return message_from_bytes(report, _class=EmailMessage, policy=policy.default)


def status_fields(report: bytes) -> dict[str, str]:
    """The fields of the delivery-status part, those of the message and those of the recipient together."""
    part = next(one for one in read(report).walk() if one.get_content_type() == "message/delivery-status")
    return {name: str(value) for block in part.get_payload() for name, value in block.items()}  # type: ignore[union-attr]


def test_a_failure_says_who_what_and_why() -> None:
    """RFC 3464 2.2 and 2.3."""
    report = read(delivery_failure(SUBJECT))

    assert report.get_content_type() == "multipart/report"
    assert report["Content-Type"].params["report-type"] == "delivery-status"
    assert (report["To"], report["Auto-Submitted"]) == ("b+1@own.test", "auto-generated")
    assert [part.get_content_type() for part in report.iter_parts()] == [
        "text/plain",
        "message/delivery-status",
        "text/rfc822-headers",
    ]
    assert status_fields(delivery_failure(SUBJECT)) == {
        "Reporting-MTA": "dns; mx.shop.example",
        "Arrival-Date": "Mon, 06 Apr 2026 12:00:00 +0000",
        "Original-Recipient": "rfc822; ann@shop.example",
        "Final-Recipient": "rfc822; ann@shop.example",
        "Action": "failed",
        "Status": "5.1.1",
        "Diagnostic-Code": "smtp; 550 5.1.1 no such mailbox",
    }
    headers = list(report.iter_parts())[2].get_content()
    assert "Message-ID: <1@own.test>" in headers
    assert "The body" not in headers


def test_a_warning_says_until_when_it_is_tried() -> None:
    fields = status_fields(delivery_delayed(SUBJECT))

    assert (fields["Action"], fields["Status"]) == ("delayed", "4.4.1")
    assert fields["Will-Retry-Until"] == "Fri, 10 Apr 2026 12:00:00 +0000"


def test_a_complaint_names_the_mail_and_holds_it() -> None:
    """RFC 5965 3.1 and 3.2."""
    report = read(complaint(SUBJECT, "198.18.0.1"))

    parts = list(report.iter_parts())
    assert report["Content-Type"].params["report-type"] == "feedback-report"
    assert [part.get_content_type() for part in parts] == ["text/plain", "message/feedback-report", "message/rfc822"]
    feedback = parts[1].as_string()
    for field in (
        "Feedback-Type: abuse",
        "Version: 1",
        "Original-Rcpt-To: <ann@shop.example>",
        "Source-IP: 198.18.0.1",
    ):
        assert field in feedback
    assert parts[2].get_content()["Message-ID"] == "<1@own.test>"


def test_an_absence_is_an_answer_and_no_bounce() -> None:
    """RFC 3834 3.1.5 and 5."""
    answer = read(out_of_office(SUBJECT))

    assert answer["Auto-Submitted"] == "auto-replied"
    assert answer["Subject"] == "Auto: Hello folded"
    assert (answer["In-Reply-To"], answer["References"]) == ("<1@own.test>", "<1@own.test>")
    assert answer.get_content_type() == "text/plain"


MAKERS = [delivery_failure, delivery_delayed, lambda subject: complaint(subject, "198.18.0.1"), out_of_office]
HOSTILE = st.text(st.characters(codec="utf-8"), max_size=60) | st.just("a\r\nBcc: evil@x.test")


@pytest.mark.parametrize("make", MAKERS)
@given(
    sender=HOSTILE, recipient=HOSTILE, data=st.binary(max_size=300) | st.just(b"Subject: x\r\n\tBcc: e@x.test\r\n\r\n")
)
@settings(max_examples=60, deadline=None)
def test_nothing_of_a_hostile_mail_becomes_a_header(make, sender: str, recipient: str, data: bytes) -> None:  # type: ignore[no-untyped-def]  # one of MAKERS
    """For every mail: the report's own headers are the same set, each line is ASCII, short, and ends in CRLF."""
    subject = Subject("mx.shop.example", sender, recipient, data, NOW, NOW, "7")

    report = make(subject)

    lines = report.split(b"\r\n")
    assert report.isascii()
    assert all(b"\r" not in line and b"\n" not in line and len(line) <= 998 for line in lines)
    head = report.split(b"\r\n\r\n")[0]
    names = {line.split(b":")[0] for line in head.split(b"\r\n")}
    assert names <= {
        b"From",
        b"To",
        b"Subject",
        b"Date",
        b"Message-ID",
        b"Auto-Submitted",
        b"MIME-Version",
        b"Content-Type",
        b"In-Reply-To",
        b"References",
    }
    assert read(report)["Bcc"] is None


def test_a_boundary_that_is_in_the_mail_is_not_taken() -> None:
    report = delivery_failure(Subject("mx.x.test", "a@x.test", "b@x.test", b"X: report_7\r\n\r\n", NOW, NOW, "7"))

    assert len(list(read(report).iter_parts())) == 3
