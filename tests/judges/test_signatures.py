"""Two hundred mails of ours, taken by Postfix: every judge that knows an algorithm finds every signature of it good."""

from typing import Any

import pytest
from tests.judges.conftest import TABLES
from tests.judges.court import INJURIES
from tests.judges.judges import ALGORITHMS

from justemails.addresses import parse_address

LETTERS = 200
JUDGES = ("OpenDKIM", "Mail::DKIM", "mailauth", "dkimpy", "fakemx")


def test_all_of_them_arrive_and_are_delivered(mail: Any) -> None:  # Any: JSON
    assert len(mail["sent"]) == LETTERS
    assert sorted(mail["arrived"]) == sorted(mail["sent"])
    assert set(mail["statuses"].values()) == {"delivered"}


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
    knows, verdicts = mail["knows"][judge], mail["injured"][injury][judge]

    assert len(verdicts) > LETTERS * 0.9  # what has nothing to be changed is left out
    assert [dict.fromkeys(knows, False)] * len(verdicts) == verdicts


@pytest.mark.parametrize("judge", ["Mail::DKIM", "mailauth", "dkimpy", "fakemx"])
def test_a_mail_that_nodemailer_has_written_and_signed_is_verified_too(judge: str, mail: Any) -> None:
    """A second author: a receiver that knew only our own mails would prove little."""
    assert mail["of nodemailer"][judge][ALGORITHMS[0]] is True


def test_spf_passes_for_our_address_and_fails_for_a_strangers(mail: Any) -> None:
    """RFC 7208 8; DMARC passes for the stranger too, by the signature alone: it is strictly aligned (RFC 7489 3.1.1)."""
    assert mail["spf"]["ours"] == {"Mail::SPF": "pass", "mailauth": ["pass"], "dmarc": ["pass"]}
    assert mail["spf"]["a stranger's"] == {"Mail::SPF": "fail", "mailauth": ["fail"], "dmarc": ["pass"]}


def _squeezed(text: str) -> str:
    """Return a text without its white space, which mailparser squeezes in headers and bodies alike."""
    return "".join(text.split())


def _address(spelt: str) -> str:
    return spelt.rpartition("<")[2].removesuffix(">")


def test_nodemailers_parser_reads_what_was_sent(mail: Any) -> None:
    for message_id, body in mail["sent"].items():
        read = mail["read"][message_id]
        assert _squeezed(read["subject"]) == _squeezed(body["subject"])
        assert (read["from"]["count"], read["to"]["count"]) == (1, 1)
        for member in ("from", "to", "replyTo"):
            address = read[member] and str(parse_address(read[member]["address"]))  # it shows A-labels as U-labels
            assert address == (_address(body[member]) if member in body else None)
        for kind in ("text", "html"):
            assert _squeezed(read[kind] or "") == _squeezed(body.get(kind) or "")
        lines = [line for line in read["lines"] if line not in {"return-path", "delivered-to", "x-original-to"}]
        assert lines.count("dkim-signature") == 2
        for name in ("from", "to", "subject", "date", "message-id", "mime-version", "content-type"):
            assert lines.count(name) == 1
        assert {name.lower() for name in body.get("headers", {})} <= set(lines)
        assert "bcc" not in lines
