"""What receivers send back later to a mail's envelope sender, as bytes: bounces, warnings, complaints, absences.

    delivery_failure, delivery_delayed   RFC 3464 in a multipart/report (RFC 6522)
    complaint                            RFC 5965, as mailbox providers send them in a feedback loop
    out_of_office                        RFC 3834: an automatic answer, and no bounce

The mail that is reported on is hostile until shown otherwise: whatever is taken from it is cut to printable ASCII and
to a size before it goes into a header, and travels as it came only inside a part of its own. Nothing here sends.

    >>> subject = Subject("mx.shop.example", "a@own.test", "ann@shop.example", data, received_at, now, "1")
    >>> delivery_failure(subject)
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime

_LONGEST_VALUE = 500
_MOST_HEADERS_BYTES = 20_000
_MOST_MAIL_BYTES = 100_000
_RETRY_FOR = timedelta(days=4)
_HEADER_END = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Subject:
    """The mail that a report is about, and the report's own circumstances.

    Attributes:
        host: who reports.
        sender: the mail's return path, to whom the report goes.
        recipient: the recipient that it is about.
        data: the mail as it came.
        received_at: when it was accepted.
        now: when the report is made.
        id: tells this report from others.
    """

    host: str
    sender: str
    recipient: str
    data: bytes
    received_at: datetime
    now: datetime
    id: str


def delivery_failure(subject: Subject, status: str = "5.1.1", diagnostic: str = "550 5.1.1 no such mailbox") -> bytes:
    """Say that the mail could not be delivered after all (RFC 3464 2.3.3: Action: failed)."""
    fields = {"Action": "failed", "Status": status, "Diagnostic-Code": f"smtp; {diagnostic}"}
    text = f"Your message to {_safe(subject.recipient)} could not be delivered: {diagnostic}"
    return _status_report(subject, "Undelivered mail returned to sender", text, fields)


def delivery_delayed(subject: Subject) -> bytes:
    """Say that the mail is still on its way (RFC 3464: Action: delayed, with Will-Retry-Until)."""
    until = format_datetime(subject.received_at + _RETRY_FOR)
    fields = {"Action": "delayed", "Status": "4.4.1", "Will-Retry-Until": until}
    text = f"Your message to {_safe(subject.recipient)} has not been delivered yet. It will be tried until {until}."
    return _status_report(subject, "Delayed mail (still being retried)", text, fields)


def complaint(subject: Subject, source_ip: str) -> bytes:
    """Say that the recipient called the mail spam (RFC 5965 3)."""
    feedback = {
        "Feedback-Type": "abuse",
        "User-Agent": "fakemx/1",
        "Version": "1",
        "Original-Mail-From": f"<{_safe(subject.sender)}>",
        "Original-Rcpt-To": f"<{_safe(subject.recipient)}>",
        "Arrival-Date": format_datetime(subject.received_at),
        "Source-IP": source_ip,
        "Reporting-MTA": f"dns; {subject.host}",
    }
    parts = [
        _part(
            "text/plain; charset=us-ascii", [f"This is an abuse report about a message to {_safe(subject.recipient)}."]
        ),
        _part("message/feedback-report", _lines(feedback)),
        _part("message/rfc822", _as_lines(subject.data[:_MOST_MAIL_BYTES])),
    ]
    return _multipart(subject, "Abuse report", "feedback-report", parts)


def out_of_office(subject: Subject) -> bytes:
    """Answer for a recipient who is away (RFC 3834 3.1)."""
    original = _header(subject.data, b"message-id")
    headers = {
        "From": f"<{_safe(subject.recipient)}>",
        "To": f"<{_safe(subject.sender)}>",
        "Subject": f"Auto: {_header(subject.data, b'subject')}",
        "Date": format_datetime(subject.now),
        "Message-ID": _message_id(subject),
        "Auto-Submitted": "auto-replied",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=us-ascii",
    }
    if original:
        headers |= {"In-Reply-To": original, "References": original}
    return _joined([*_lines(headers), "", "I am out of the office and will read your message when I am back."])


def _status_report(subject: Subject, title: str, text: str, fields: Mapping[str, str]) -> bytes:
    of_message = {"Reporting-MTA": f"dns; {subject.host}", "Arrival-Date": format_datetime(subject.received_at)}
    of_recipient = {
        "Original-Recipient": f"rfc822; {_safe(subject.recipient)}",
        "Final-Recipient": f"rfc822; {_safe(subject.recipient)}",
        **fields,
    }
    headers = _HEADER_END.split(subject.data[:_MOST_HEADERS_BYTES], maxsplit=1)[0]
    parts = [
        _part("text/plain; charset=us-ascii", [text]),
        _part("message/delivery-status", [*_lines(of_message), "", *_lines(of_recipient)]),
        _part("text/rfc822-headers", _as_lines(headers)),
    ]
    return _multipart(subject, title, "delivery-status", parts)


def _multipart(subject: Subject, title: str, kind: str, parts: Sequence[Sequence[str]]) -> bytes:
    text = "\r\n".join(line for part in parts for line in part)
    boundary = f"report_{subject.id}"
    while boundary in text:
        boundary += "_"
    headers = {
        "From": f"Mail Delivery System <MAILER-DAEMON@{subject.host}>",
        "To": f"<{_safe(subject.sender)}>",
        "Subject": title,
        "Date": format_datetime(subject.now),
        "Message-ID": _message_id(subject),
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/report; report-type={kind}; boundary="{boundary}"',
    }
    lines = [*_lines(headers), ""]
    for part in parts:
        lines += [f"--{boundary}", *part]
    return _joined([*lines, f"--{boundary}--"])


def _part(content_type: str, lines: Sequence[str]) -> Sequence[str]:
    return [f"Content-Type: {content_type}", "", *lines]


def _lines(fields: Mapping[str, str]) -> list[str]:
    return [f"{name}: {value}" for name, value in fields.items()]


def _as_lines(data: bytes) -> list[str]:
    """Return bytes as lines of at most 998 characters; what is not ASCII becomes a question mark."""
    lines = re.split(r"\r\n|\r|\n", data.decode("ascii", "replace").replace("�", "?").replace("\0", "?"))
    return [line[start : start + 998] for line in lines for start in range(0, max(1, len(line)), 998)]


def _joined(lines: Sequence[str]) -> bytes:
    return ("\r\n".join(lines) + "\r\n").encode("ascii", "replace")


def _safe(text: str) -> str:
    """Return a text that can stand in a header."""
    return re.sub(r"[^\x20-\x7e]", "?", text)[:_LONGEST_VALUE]


def _header(data: bytes, name: bytes) -> str:
    """Return the first value of a header, unfolded and safe; empty when there is none."""
    headers = _HEADER_END.split(data[:_MOST_HEADERS_BYTES], maxsplit=1)[0]
    match = re.search(rb"(?im)^" + re.escape(name) + rb":[ \t]*((?:[^\r\n]|\r?\n[ \t])*)", headers)
    return _safe(re.sub(r"\r?\n[ \t]+", " ", match[1].decode("ascii", "replace")).strip()) if match else ""


def _message_id(subject: Subject) -> str:
    return f"<report.{subject.id}@{subject.host}>"
