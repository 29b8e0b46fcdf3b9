"""What the reference takes is what its contract calls a good request, and that is good by the document's contract.

A JSON Schema cannot say everything. ``UNSAID`` lists what it does not, by the words of the refusal: only those refusals
may meet a request that the contract calls good.
"""

import json
import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.contract.oas import ContractOperation, operations_of, schema_of

from justemails.api import validation
from justemails.api.errors import ApiError
from justemails.api.listing import parse_list
from justemails.api.strict_json import JsonError, parse_object
from justemails_contract.openapi import document_contract, reference_contract

OURS = {operation.id: operation for operation in operations_of(reference_contract())}
DOCUMENTS = {operation.id: operation for operation in operations_of(document_contract())}

UNSAID = re.compile(
    "more than once; case does not count"  # CHOICE-12: two names that differ by case alone
    "|must be one bare address|must be an address like|must have a domain name like"  # CHOICE-37: the grammar in full,
    "|no letter, mark or digit in normal form|is longer than 254 octets|octets, but at most 64"  # and in octets
    "|display name|half of a surrogate"  # CHOICE-11, CHOICE-10
    "|must be a time with a zone"  # a year or a zone that the calendar of the code does not have
)

GOOD_ADDRESSES = ["user@example.com", "a.b+c@sub.example.co", "ünïcode@bücher.example", "USER@EXAMPLE.COM"]
BAD_ADDRESSES = ["", "user", "@example.com", "user@", "user@localhost", "a b@example.com", "a@b@example.com", "a@b.c\n"]
NAMED = ["Hello <hello@yourdomain.com>", '"Doe, Jane" <a@b.example>', " <a@b.example> ", "a, b <c@d.example>"]

TEXTS = st.text(max_size=20) | st.sampled_from(["", "Welcome!", "a\nb", "a\r\nBcc: x", "\x00", "\u2028", "x" * 999])
JUNK = st.none() | st.booleans() | st.integers() | st.lists(st.text(max_size=3), max_size=2)
ADDRESSES = st.sampled_from(GOOD_ADDRESSES + BAD_ADDRESSES) | st.emails() | st.text(max_size=12)
MAILBOXES = ADDRESSES | st.sampled_from(NAMED)
HEADER_NAMES = st.sampled_from(
    ["X-My-Tag", "x-my-tag", "List-Unsubscribe", "Subject", "BCC", "content-type", "ARC-Seal", "To-Do", "1X", "X Y", ""]
) | st.from_regex(r"\A[A-Za-z][A-Za-z0-9-]{0,9}\Z")
HEADERS = st.dictionaries(HEADER_NAMES, TEXTS | JUNK, max_size=3) | st.dictionaries(
    HEADER_NAMES, st.just("x"), max_size=2
)


LINES = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029"), max_size=30)
PLAIN = st.sampled_from(GOOD_ADDRESSES) | st.from_regex(
    r"\A[A-Za-z0-9#$&'*+/=^_`{|}~-]{1,20}(\.[a-z0-9]{1,5}){0,2}@([a-z0-9]{1,9}\.){1,3}[a-z]{2,6}\Z"
)
BODIED = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=30)
GOOD_MEMBERS: dict[str, st.SearchStrategy[object]] = {
    "from": PLAIN | st.sampled_from(NAMED[:3]),
    "to": PLAIN,
    "subject": LINES | st.just("x" * 998),
    "html": BODIED,
    "text": BODIED | st.just(""),
    "replyTo": PLAIN | st.sampled_from(NAMED[:3]),
    "headers": st.dictionaries(st.from_regex(r"\AX-[a-z0-9-]{0,9}\Z"), LINES, max_size=4),
}
ANY_MEMBERS: dict[str, st.SearchStrategy[object]] = {
    "from": MAILBOXES | JUNK,
    "to": MAILBOXES | JUNK,
    "subject": TEXTS | JUNK,
    "html": TEXTS | JUNK,
    "text": TEXTS | JUNK,
    "replyTo": MAILBOXES | JUNK,
    "headers": HEADERS | JUNK,
    "cc": JUNK,
    "reply_to": MAILBOXES,
}
GOOD_BODIES = st.fixed_dictionaries(
    {name: GOOD_MEMBERS[name] for name in ("from", "to", "subject", "html")},
    optional={name: GOOD_MEMBERS[name] for name in ("text", "replyTo", "headers")},
) | st.fixed_dictionaries(
    {name: GOOD_MEMBERS[name] for name in ("from", "to", "subject")} | {"text": BODIED},
    optional={"html": st.just(""), **{name: GOOD_MEMBERS[name] for name in ("replyTo", "headers")}},
)


@st.composite
def odd_bodies(draw: st.DrawFn) -> dict[str, object]:
    """Good but for one member, which may be anything or be missing: where all is odd, no body is ever taken."""
    body = dict(draw(GOOD_BODIES))
    name = draw(st.sampled_from(sorted(ANY_MEMBERS)))
    body.pop(name, None)
    return body if draw(st.integers(0, 5)) == 0 else {**body, name: draw(ANY_MEMBERS[name])}


KEY_BODIES = st.dictionaries(
    st.sampled_from(["name", "Name", "scope"]), TEXTS | JUNK, max_size=2
) | st.fixed_dictionaries(
    {"name": TEXTS | st.text(alphabet=" \u3000a", max_size=3) | st.sampled_from(["x" * 100, "x" * 101])}
)


def refusal(read: Callable[[], object]) -> str | None:
    """Return why the reference's own reader refuses something, if it does."""
    try:
        read()
    except (ApiError, JsonError) as ex:
        return ex.message if isinstance(ex, ApiError) else str(ex)
    return None


def faults(operation: ContractOperation, body: object) -> list[str]:
    assert operation.request
    return operation.request.at("schema").faults(body)


def agree(operation_id: str, body: dict[str, object], reason: str | None) -> None:
    """Hold a contract's verdict on a body against the reader's."""
    found = faults(OURS[operation_id], body)
    if reason is None:
        assert found == []
        assert faults(DOCUMENTS[operation_id], body) == []
    else:
        assert found or UNSAID.search(reason), reason


@given(odd_bodies())
@example({"from": "a@b.example", "to": "c@d.example", "subject": "", "html": "", "text": "x"})
@example({"from": "a@b.example", "to": "c@d.example", "subject": "", "html": "", "text": ""})
@example({"from": "a@b.example", "to": "c@d.example", "subject": "x" * 998, "text": "x", "headers": {"T": "x" * 998}})
@example({"from": "a@b.example", "to": "c@d.example", "subject": "x\n", "text": "x"})
@example({"from": "a@b.c", "to": "a@b.c", "subject": "the shortest address", "text": "x", "replyTo": "a@b.c"})
def test_a_mail_is_taken_just_when_the_contract_calls_it_good(body: dict[str, object]) -> None:
    """For all bodies: what the reader takes is good by both contracts, and what it refuses is bad by ours."""
    agree("sendEmail", body, refusal(lambda: validation.parse_send(body)))


@given(GOOD_BODIES)
def test_plain_mails_are_taken_and_good_by_both_contracts(body: dict[str, object]) -> None:
    """For all bodies made of plain addresses and texts: both contracts and the reader, from JSON on, take them."""
    assert faults(OURS["sendEmail"], body) == []
    assert faults(DOCUMENTS["sendEmail"], body) == []
    assert refusal(lambda: validation.parse_send(parse_object(json.dumps(body).encode()))) is None


@given(KEY_BODIES)
def test_a_keys_name_is_taken_just_when_the_contract_calls_it_good(body: dict[str, object]) -> None:
    """For all bodies: what the reader takes is good by both contracts, and what it refuses is bad by ours."""
    agree("createApiKey", body, refusal(lambda: validation.parse_key_name(body)))


PARAMETERS = {part.value["name"]: part.at("schema") for part in OURS["listMessages"].parameters}
QUERY_TEXTS = {
    "page": st.integers(-2, 10**9 + 1).map(str),
    "perPage": st.integers(-2, 103).map(str),
    "status": st.sampled_from(["queued", "delivered", "bounced", "failed", "QUEUED", "deferred", ""]),
    "from": ADDRESSES,
    "to": ADDRESSES,
    "subject": TEXTS,
    "createdAfter": st.datetimes().map(lambda t: f"{t.isoformat()}Z"),
    "createdBefore": st.datetimes().map(lambda t: f"{t.isoformat(timespec='seconds')}+02:00")
    | st.sampled_from(
        ["2026-04-06", "2026-04-06T12:00:00", "2026-04-06T12:00:00.1234567Z", "2026-02-30T12:00:00Z", ""]
    ),
}


@given(st.sampled_from(sorted(QUERY_TEXTS)).flatmap(lambda name: st.tuples(st.just(name), QUERY_TEXTS[name])))
def test_a_parameter_is_taken_just_when_the_contract_calls_it_good(parameter: tuple[str, str]) -> None:
    """For all parameters: what the reader takes is good by our contract, and what it refuses is bad."""
    name, text = parameter

    reason = refusal(lambda: parse_list(urlencode({name: text}, errors="surrogatepass")))

    numeric = PARAMETERS[name].value.get("type") == "integer"
    found = PARAMETERS[name].faults(int(text) if numeric else text)
    assert (found == []) == (reason is None) or (reason and UNSAID.search(reason)), (found, reason)


def test_the_parameters_drawn_are_all_there_are() -> None:
    assert set(QUERY_TEXTS) == set(PARAMETERS)


GOOD = {"from": "hello@yourdomain.com", "to": "user@example.com", "subject": "Welcome!", "html": "<h1>Hello</h1>"}


@pytest.mark.parametrize(
    "change",
    [
        {"to": None},
        {"to": ["user@example.com"]},
        {"to": "User <user@example.com>"},
        {"to": "a@example.com,b@example.com"},
        {"to": "user@example.com\n"},
        {"from": 1},
        {"from": "hello"},
        {"from": "hello@yourdomain.com\nBcc: x@example.com"},
        {"subject": 7},
        {"subject": "a\r\nBcc: x@example.com"},
        {"subject": "x" * 999},
        {"html": ""},
        {"html": None},
        {"html": "\x00"},
        {"text": ["x"]},
        {"replyTo": ""},
        {"headers": None},
        {"headers": []},
        {"headers": {"X-Count": 1}},
        {"headers": {"X-Tag": "a\nb"}},
        {"headers": {"X Tag": "a"}},
        {"headers": {"bCC": "x@example.com"}},
        {"headers": {"content-transfer-encoding": "7bit"}},
        {"headers": {f"X-{number}": "x" for number in range(51)}},
        {"headers": {"X-Tag": "x" * 999}},
        {"cc": "user@example.com"},
        {"reply_to": "user@example.com"},
    ],
    ids=lambda change: json.dumps(change)[:40],
)
def test_a_mail_of_a_kind_that_is_refused_is_bad_by_the_contract_too(change: dict[str, object]) -> None:
    body = {**GOOD, **change}

    assert refusal(lambda: validation.parse_send(body))
    assert faults(OURS["sendEmail"], body)


@pytest.mark.parametrize("missing", ["from", "to", "subject", "html"])
def test_a_mail_without_a_needed_member_is_bad_by_both_contracts(missing: str) -> None:
    body = {name: value for name, value in GOOD.items() if name != missing}

    assert refusal(lambda: validation.parse_send(body))
    assert faults(OURS["sendEmail"], body)
    assert faults(DOCUMENTS["sendEmail"], body)


def test_the_documents_contract_leaves_to_each_server_what_the_document_does_not_say() -> None:
    body = {**GOOD, "cc": "user@example.com", "subject": "x" * 5000, "headers": {"Bcc": "x"}, "from": "anything"}

    assert faults(OURS["sendEmail"], body)
    assert faults(DOCUMENTS["sendEmail"], body) == []
    assert schema_of(document_contract(), "ApiKeyRequest").faults({"name": "", "scope": "read"}) == []
