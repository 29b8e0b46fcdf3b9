"""Two hundred mails of ours, taken by Postfix: every judge that knows an algorithm finds every signature of it good."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.judges.conftest import TABLES
from tests.judges.court import INJURIES
from tests.judges.judges import ALGORITHMS, RSA
from tests.judges.letters import SENDING_DOMAIN
from tests.judges.place import SENDER_IP

from justemails.addresses import parse_address, parse_mailbox

LETTERS = 200
JUDGES = ("OpenDKIM", "Mail::DKIM", "mailauth", "dkimpy", "fakemx")


def _says(pattern: str) -> Callable[[Any], bool]:
    """Return what says whether a subject or a body matches."""
    return lambda body: any(re.search(pattern, body.get(kind, "")) for kind in ("subject", "text", "html"))


def _a_line_has(pattern: str) -> Callable[[Any], bool]:
    """Return what says whether a line of a mail's bodies matches."""
    return lambda body: any(re.search(pattern, _with_line_feeds(body.get(kind, ""))) for kind in ("text", "html"))


KINDS: Mapping[str, Callable[[Any], bool]] = {  # Any: JSON
    "text only": lambda body: "html" not in body,
    "html only": lambda body: "text" not in body,
    "both": lambda body: {"text", "html"} <= body.keys(),
    "with replyTo": lambda body: "replyTo" in body,
    "with headers": lambda body: "headers" in body,
    "with a name": lambda body: "<" in body["from"],
    "from beyond ASCII": lambda body: not body["from"].isascii(),
    "subject beyond ASCII": lambda body: not body["subject"].isascii(),
    "subject of over 78": lambda body: len(body["subject"]) > 78,
    "subject of over 78 in plain ASCII": lambda body: bool(re.search(r"\A(?!.*=\?)[ -~]{79,}\Z", body["subject"])),
    "double space in subject": lambda body: "  " in body["subject"],
    "emoji in subject": lambda body: bool(re.search("[\U0001f300-\U0001faff]", body["subject"])),
    "Cyrillic": _says("[\u0400-\u04ff]"),
    "Arabic or Hebrew": _says("[\u0590-\u06ff]"),
    "Chinese": _says("[\u4e00-\u9fff]"),
    "lone CR": lambda body: any(re.search(r"\r(?!\n)", body.get(kind, "")) for kind in ("text", "html")),
    "lone LF": lambda body: any(re.search(r"(?<!\r)\n", body.get(kind, "")) for kind in ("text", "html")),
    "line of a dot": _a_line_has(r"(?m)^\.$"),
    "line that begins with a dot": _a_line_has(r"(?m)^\."),
    "line of over 998": _a_line_has(r"(?m)^.{999}"),
    "line that begins with From": _a_line_has(r"(?m)^From "),
    "space at the end of a line": _a_line_has(r"(?m)[ \t]$"),
}


def test_all_of_them_arrive_and_are_delivered(mail: Any) -> None:  # Any: JSON
    assert len(mail["sent"]) == LETTERS
    assert sorted(mail["arrived"]) == sorted(mail["sent"])
    assert set(mail["statuses"].values()) == {"delivered"}


def test_no_line_is_longer_than_every_mail_host_has_to_take(mail: Any) -> None:  # Any: JSON
    """RFC 5322 2.1.1; this Postfix takes longer ones, but breaks them, and signatures, when it hands them on."""
    assert max(mail["longest lines"]) <= 998


def test_they_are_of_many_kinds(mail: Any) -> None:  # Any: JSON
    """Two hundred simple mails would prove little."""
    found = {kind: sum(map(is_one, mail["sent"].values())) for kind, is_one in KINDS.items()}

    TABLES.append("letters      " + ", ".join(f"{count} {kind}" for kind, count in found.items()))
    assert min(found.values()) >= LETTERS // 20, found


@pytest.mark.parametrize("judge", JUDGES)
def test_each_signature_is_verified_by_each_judge_that_knows_its_algorithm(judge: str, mail: Any) -> None:
    """RFC 6376 6.1, RFC 8463 3."""
    knows, verdicts = mail["knows"][judge], mail["verdicts"][judge]

    for algorithm in ALGORITHMS:
        good = sum(one.get(algorithm, False) for one in verdicts)
        said = f"{good} of {len(verdicts)} verified" if algorithm in knows else "does not know it"
        TABLES.append(f"{judge:<12} {algorithm:<15} {said}")
    assert len(verdicts) == LETTERS
    assert [dict.fromkeys(knows, True)] * LETTERS == verdicts


@pytest.mark.parametrize("injury", INJURIES)
@pytest.mark.parametrize("judge", JUDGES)
def test_what_is_changed_on_the_way_fails_at_each_judge_and_each_signature(judge: str, injury: str, mail: Any) -> None:
    """Asserted by signature: DMARC would still pass by SPF, whatever became of the body."""
    knows = mail["knows"][judge]

    first, *verdicts, last = mail["injured"][injury][judge]

    assert first == last == dict.fromkeys(knows, True)  # these two are whole
    assert len(verdicts) > LETTERS * 0.9  # what has nothing to be changed is left out
    assert [dict.fromkeys(knows, False)] * len(verdicts) == verdicts


@pytest.mark.parametrize("judge", JUDGES)
def test_a_mail_that_nodemailer_has_written_and_signed_is_verified_too(judge: str, mail: Any) -> None:
    """A second author: a receiver that knew only our own mails would prove little."""
    verdicts = mail["of nodemailer"][judge]

    assert verdicts["whole"] == {RSA: True}
    assert verdicts["a changed body"] == verdicts["a changed From"] == {RSA: False}
    # Nothing is said of an added Subject: it signs one, and whether two of them are to be refused is the verifier's to
    # decide (RFC 6376 8.15). That is why we name ours once more than they are there.


def test_swaks_finds_this_postfix_by_its_mx_and_is_heard(mail: Any) -> None:
    """So the place is one in which strangers' programs can send."""
    assert mail["by swaks"] == ["by swaks"]


def test_each_mail_comes_from_our_address_with_a_bounce_address_of_its_own(mail: Any) -> None:
    """CHOICE-28; what the judges of SPF are told is what Postfix saw."""
    senders = [sender for sender, _ in mail["envelopes"].values()]

    assert {client for _, client in mail["envelopes"].values()} == {SENDER_IP}
    assert {sender.partition("@")[2] for sender in senders} == {f"bounce.{SENDING_DOMAIN}"}
    assert len(set(senders)) == LETTERS


def test_spf_passes_for_our_address_and_fails_for_a_strangers(mail: Any) -> None:
    """RFC 7208 8; DMARC passes for the stranger too, by a signature that is strictly aligned (RFC 7489 3.1.1)."""
    assert mail["spf"]["ours"] == {"Mail::SPF": ["pass"], "mailauth": ["pass", "pass"], "fakemx": ["pass", "pass"]}
    assert mail["spf"]["a stranger's"] == {
        "Mail::SPF": ["fail"],
        "mailauth": ["fail", "pass"],
        "fakemx": ["fail", "pass"],
    }


def test_nodemailers_parser_reads_the_same_addresses_and_names(mail: Any) -> None:
    for message_id, body in mail["sent"].items():
        read = mail["read"][message_id]
        for member in ("from", "to", "replyTo"):
            assert _mailbox_read(read[member]) == _mailbox_sent(body.get(member)), (message_id, member)


def test_nodemailers_parser_reads_the_same_texts(mail: Any) -> None:
    """To the last space; but a mail of one part ends in a line break, which a text without one then gets too."""
    for message_id, body in mail["sent"].items():
        read = mail["read"][message_id]
        assert read["subject"] == body["subject"]
        for kind in ("text", "html"):
            sent = _with_line_feeds(body.get(kind, ""))
            ends = ("",) if {"text", "html"} <= body.keys() else ("", "\n")
            assert _with_line_feeds(read[kind] or "") in {sent + end for end in ends if kind in body or not end}


def test_nodemailers_parser_reads_the_same_headers_and_no_others(mail: Any) -> None:
    for message_id, body in mail["sent"].items():
        read, custom = mail["read"][message_id], body.get("headers", {})
        names = [name.lower() for name in (*_OURS, *custom)]
        names += ["reply-to"] if "replyTo" in body else []
        names += [] if "text" in body and "html" in body else ["content-transfer-encoding"]
        assert sorted(line for line in read["lines"] if line not in _OF_POSTFIX) == sorted(names)
        for name, value in custom.items():
            assert read["values"][name.lower()] == value


_OURS = (
    "DKIM-Signature",
    "DKIM-Signature",
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
)
_OF_POSTFIX = ("return-path", "delivered-to", "x-original-to", "received")


def _with_line_feeds(text: str) -> str:
    """Return a text with one kind of line break: the kinds do not outlive the way (CHOICE-39)."""
    return re.sub(r"\r\n|\r", "\n", text)


def _mailbox_sent(spelt: str | None) -> tuple[str, str] | None:
    if spelt is None:
        return None
    mailbox = parse_mailbox(spelt)
    return str(mailbox.address), mailbox.name or ""


def _mailbox_read(read: Any) -> tuple[str, str] | None:  # Any: JSON
    if read is None:
        return None
    assert read["count"] == 1
    return str(parse_address(read["address"])), read["name"]  # it shows A-labels as U-labels
