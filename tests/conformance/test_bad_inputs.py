"""The table of bad inputs is well formed, harmless to the world, and says what it relies on."""

import re
from collections import Counter
from dataclasses import asdict

import pytest

from justemails_conformance import clauses
from justemails_conformance.bad_inputs import TABLE, BadInput, BadTableError, bad_inputs, read
from justemails_conformance.clauses import Level, Profile

ROWS = bad_inputs().values()
GOOD = "{why: w, ask: GET /messages, accept: [2xx], level: A, reference: 200}"


def row(text: str) -> BadInput:
    return read(f"security.read.x: {text}")["security.read.x"]


def test_no_row_stands_there_twice() -> None:
    ids = re.findall(r"^(\S+):", TABLE.read_text("utf-8"), re.MULTILINE)

    assert [id_ for id_, count in Counter(ids).items() if count > 1] == []
    assert ids == list(bad_inputs())
    assert len(ids) > 150


def test_every_row_is_a_clause_and_says_what_is_sent_and_what_passes() -> None:
    for one in ROWS:
        clause = clauses.clauses()[one.id]
        assert (clause.profile, clause.level, clause.sentence) == (Profile.SECURITY, one.level, one.why)
        assert f"; {one.accept.words} passes" in clause.how
        assert len(clause.how) < 700, one.id
        assert clause.how.isascii(), one.id


def test_what_our_own_server_answers_is_among_what_passes() -> None:
    for one in ROWS:
        assert one.reference in one.accept.statuses or (one.reference is None and one.accept.closed), one.id


def test_what_the_document_promises_is_named_by_its_anchor_and_nothing_else_fails_a_server() -> None:
    anchors = set(re.findall(r"^(?:- |\| )\[([^\]]+)\]", clauses.DOCUMENT.read_text("utf-8"), re.MULTILINE))

    for one in ROWS:
        named = re.findall(r"\[([\w.]+)\]", one.why)
        assert set(named) <= anchors, one.id
        assert bool(named) == (one.level is Level.MUST), one.id


def test_a_success_never_passes_where_the_document_promises_a_refusal() -> None:
    assert [one.id for one in ROWS if one.level is Level.MUST and 200 in one.accept.statuses] == []


def test_every_row_has_something_that_does_not_pass() -> None:
    assert [one.id for one in ROWS if {500, 502, 503} & one.accept.statuses] == []


def test_mail_goes_to_reserved_names_alone_whatever_a_server_makes_of_an_address() -> None:
    """RFC 2606, RFC 6761, and loopback; the sender's own domain is a placeholder."""
    reserved = re.compile(
        r"(\[127\.0\.0\.1\]|([\w-]+\.)*(example|example\.com|example\.org|test|invalid)|\$domain.*|\$lookalike|not\$domain)\Z"
    )

    for one in ROWS:
        text = str(asdict(one.asked)).replace("\\r", " ").replace("\\n", " ")
        for domain in re.findall(r"(?:@|=40)([\w.$\[\]-]+)", text):
            known = reserved.match(domain.rstrip(".")) or re.fullmatch("[ab-]+(.example)?", domain)
            assert known or one.asked.line.startswith("G"), (one.id, domain)


def test_no_key_is_revoked_by_a_row() -> None:
    assert [one.id for one in ROWS if one.asked.method == "DELETE"] == []


def test_keys_are_asked_for_seldom() -> None:
    """[limits.keys]: each may have to be revoked too."""
    assert sum(one.asked.make_key is not None for one in ROWS) <= 6


def test_compact_values_are_written_out() -> None:
    text = "{why: w, send: {to: {join: [{repeat: 'a#', times: 3}, '@b']}}, accept: [4xx], level: A, reference: 400}"

    assert row(text).asked.send == {"to": "a0a1a2@b"}


def test_what_passes_is_statuses_classes_and_a_closed_connection() -> None:
    accept = row("{why: w, ask: GET /, accept: [2xx, 400, closed], level: A, reference: closed}").accept

    assert accept.statuses == {*range(200, 300), 400}
    assert accept.closed
    assert accept.words == "2xx, 400 or a closed connection"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("why: w, ", "", "why is missing"),
        ("why: w", "why: 3", "why is no str: 3"),
        ("accept: [2xx]", "accept: []", "accept has no status"),
        ("accept: [2xx]", "accept: [closed]", "accept has no status"),
        ("accept: [2xx]", "accept: [6xx]", "accept has '6xx'"),
        ("accept: [2xx]", "accept: [99]", "accept has 99"),
        ("accept: [2xx]", "accept: 200", "accept is no list"),
        ("level: A", "level: S", "level is neither M nor A: 'S'"),
        ("reference: 200", "reference: ok", "reference has 'ok'"),
        ("ask: GET /messages", "ask: messages", "ask is not like GET /messages: 'messages'"),
        ("ask: GET /messages, ", "", "has none of raw, make_key"),
        ("ask: GET /messages", "ask: GET /messages, body: x", "ask is no field that is known, or does not go with"),
        ("ask: GET /messages", "ask: GET /messages, wy: x", "wy is no field that is known"),
        ("ask: GET /messages", "raw: {lines: x}", "raw.lines is no field that is known"),
        ("ask: GET /messages", "raw: x", "raw is no dict"),
        ("ask: GET /messages", "send: {}, encoding: utf-8", "encoding is no field that is known"),
    ],
)
def test_a_wrong_row_is_refused_with_its_id_and_its_field(old: str, new: str, words: str) -> None:
    assert row(GOOD).reference == 200
    with pytest.raises(BadTableError, match=f"bad-inputs.yaml: security.read.x: .*{re.escape(words)}"):
        row(GOOD.replace(old, new))


def test_an_id_has_a_group_and_a_name() -> None:
    with pytest.raises(BadTableError, match="the id is not like"):
        read(f"security.Read: {GOOD}")
    with pytest.raises(BadTableError, match="no mapping"):
        read("[]")
    with pytest.raises(BadTableError, match="is no mapping of fields"):
        row("3")
