"""Members of request bodies: 400 or 422 (CHOICE-07), and a sentence that names the member."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reference.support import QUICK, mailbox, read_or_refused, refusal

from justemails.addresses import Mailbox, parse_address
from justemails.api.errors import ApiError
from justemails.api.validation import did_you_mean, parse_key_name, parse_send

# [send.request] the document's own sample
SAMPLE: dict[str, Any] = {  # Any: the members of a JSON object
    "from": "hello@yourdomain.com",
    "to": "user@example.com",
    "subject": "Welcome!",
    "html": "<h1>Hello</h1><p>Thanks for signing up.</p>",
    "text": "Hello — Thanks for signing up.",
    "replyTo": "support@yourdomain.com",
    "headers": {"X-My-Tag": "onboarding"},
}
MINIMAL = {name: SAMPLE[name] for name in ("from", "to", "subject", "html")}  # [send.request.minimal]

ODD_VALUES = {
    "null": None,
    "a number": 1,
    "a fraction": 0.5,
    "true": True,
    "false": False,
    "an array": [],
    "an array of texts": ["user@example.com"],
    "an object": {},
    "an object with members": {"address": "user@example.com"},
}

LINE_BREAKS = ["\r\n", "\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
CONTROLS = ["\0", "\x07", "\x1b", "\x7f", "\t", "\x80", "\x9f"]


def test_the_documents_sample_is_read_as_it_stands() -> None:
    request = parse_send(SAMPLE)

    assert (request.sender_text, request.recipient_text) == ("hello@yourdomain.com", "user@example.com")
    content = request.content
    assert content.sender == mailbox("hello@yourdomain.com")
    assert content.recipient == parse_address("user@example.com")
    assert content.subject == SAMPLE["subject"]
    assert content.html == SAMPLE["html"]
    assert content.text == SAMPLE["text"]
    assert content.reply_to == mailbox("support@yourdomain.com")
    assert content.headers == {"X-My-Tag": "onboarding"}


def test_the_four_members_of_the_sample_calls_are_enough() -> None:
    """[send.request.minimal]"""
    content = parse_send(MINIMAL).content

    assert (content.text, content.reply_to, content.headers) == (None, None, {})


@pytest.mark.parametrize("name", ["from", "to", "subject"])
def test_a_missing_member_is_400_in_the_words_of_the_documents_example(name: str) -> None:
    """[errors.example] "The 'to' field is required." """
    body = {other: value for other, value in SAMPLE.items() if other != name}

    assert refusal(parse_send, body) == (400, f"The '{name}' field is required.")


@pytest.mark.parametrize("bodies", [{}, {"html": ""}, {"text": ""}, {"html": "", "text": ""}])
def test_neither_html_nor_text_is_400(bodies: dict[str, str]) -> None:
    """CHOICE-35."""
    body = {"from": SAMPLE["from"], "to": SAMPLE["to"], "subject": "x", **bodies}

    status, message = refusal(parse_send, body)

    assert status == 400
    assert "'html'" in message
    assert "'text'" in message


@pytest.mark.parametrize("given_one", ["html", "text"])
def test_one_of_html_and_text_is_enough(given_one: str) -> None:
    """CHOICE-35."""
    body = {"from": SAMPLE["from"], "to": SAMPLE["to"], "subject": "x", given_one: "Hello"}

    assert getattr(parse_send(body).content, given_one) == "Hello"


@pytest.mark.parametrize(("given_one", "empty"), [("html", "text"), ("text", "html")])
def test_an_empty_body_beside_another_counts_as_not_given(given_one: str, empty: str) -> None:
    """CHOICE-35."""
    body = {"from": SAMPLE["from"], "to": SAMPLE["to"], "subject": "x", given_one: "Hello", empty: ""}

    assert getattr(parse_send(body).content, empty) is None


@pytest.mark.parametrize("value", ODD_VALUES.values(), ids=ODD_VALUES.keys())
@pytest.mark.parametrize("name", ["from", "to", "subject", "html", "text", "replyTo"])
def test_a_member_of_another_type_is_400_naming_the_member(name: str, value: object) -> None:
    """CHOICE-34, CHOICE-36."""
    status, message = refusal(parse_send, {**SAMPLE, name: value})

    assert status == 400
    assert message.startswith(f"The '{name}' field must be a string, not ")


@pytest.mark.parametrize(
    ("value", "called"),
    [(None, "null"), (True, "a boolean"), (1, "a number"), (0.5, "a number"), ([], "an array"), ({}, "an object")],
)
def test_a_refusal_names_the_type_in_the_callers_words(value: object, called: str) -> None:
    assert refusal(parse_send, {**SAMPLE, "to": value})[1] == f"The 'to' field must be a string, not {called}."


@pytest.mark.parametrize("value", [None, 1, True, "X-A: b", [], [["X-A", "b"]]], ids=repr)
def test_headers_that_are_no_object_are_400(value: object) -> None:
    status, message = refusal(parse_send, {**SAMPLE, "headers": value})

    assert status == 400
    assert message.startswith("The 'headers' field must be an object")


@pytest.mark.parametrize(
    "text", ["", " ", "\t", "nobody", "a@b.example,c@d.example", "Ann <a@b.example>", " a@b.example"]
)
def test_a_recipient_that_is_not_one_bare_address_is_400_naming_to(text: str) -> None:
    """CHOICE-36."""
    status, message = refusal(parse_send, {**SAMPLE, "to": text})

    assert status == 400
    assert message.startswith("The 'to' field ")


@pytest.mark.parametrize("name", ["from", "replyTo"])
@pytest.mark.parametrize(
    "text", ["", " ", "nobody", "a@b.example, c@d.example", "g: a@b.example;", "a@b.example\r\nBcc: c@d.example"]
)
def test_a_sender_or_reply_address_that_is_no_mailbox_is_400_naming_the_member(name: str, text: str) -> None:
    """CHOICE-11."""
    status, message = refusal(parse_send, {**SAMPLE, name: text})

    assert status == 400
    assert message.startswith(f"The '{name}' field ")


@pytest.mark.parametrize("name", ["from", "replyTo"])
def test_a_sender_and_a_reply_address_may_have_a_name(name: str) -> None:
    """CHOICE-11, CHOICE-41: what is echoed is the text as it was sent."""
    request = parse_send({**SAMPLE, name: '"Doe, Jane" <Jane@EXAMPLE.com>'})

    assert mailbox("Jane@example.com", "Doe, Jane") in (request.content.sender, request.content.reply_to)
    if name == "from":
        assert request.sender_text == '"Doe, Jane" <Jane@EXAMPLE.com>'


def test_the_recipient_is_echoed_as_it_was_sent() -> None:
    """CHOICE-41."""
    request = parse_send({**SAMPLE, "to": "User@EXAMPLE.com"})

    assert request.recipient_text == "User@EXAMPLE.com"
    assert str(request.content.recipient) == "User@example.com"


def test_an_empty_subject_is_a_subject() -> None:
    """CHOICE-10."""
    assert parse_send({**SAMPLE, "subject": ""}).content.subject == ""


def test_a_subject_of_998_characters_passes_and_one_of_999_is_422() -> None:
    """CHOICE-40."""
    assert parse_send({**SAMPLE, "subject": "😀" * 998}).content.subject == "😀" * 998

    for length in (999, 10_000, 1_000_000):
        status, message = refusal(parse_send, {**SAMPLE, "subject": "x" * length})
        assert status == 422
        assert "'subject'" in message
        assert "998" in message


@pytest.mark.parametrize("character", LINE_BREAKS + CONTROLS, ids=ascii)
def test_a_control_character_in_the_subject_is_400(character: str) -> None:
    """CHOICE-39: it is never taken out and sent on."""
    for subject in (f"a{character}Bcc: x@evil.example", character, f"a{character}"):
        status, message = refusal(parse_send, {**SAMPLE, "subject": subject})
        assert status == 400
        assert "'subject'" in message


@pytest.mark.parametrize(
    "subject", ["\u202etxet", "zero\u200bwidth", "=?utf-8?q?a=0D=0ABcc:_x@evil?=", "  two  spaces  ", "e\u0301"]
)
def test_any_other_subject_is_kept_character_by_character(subject: str) -> None:
    """CHOICE-39: nothing is trimmed, stripped or normalised."""
    assert parse_send({**SAMPLE, "subject": subject}).content.subject == subject


@pytest.mark.parametrize("name", ["html", "text"])
def test_nul_in_a_body_is_400_and_any_other_character_is_kept(name: str) -> None:
    """CHOICE-39."""
    body = "\r\n.\r\n \t\x01\x7f\u2028 From \r\n\n"

    assert getattr(parse_send({**SAMPLE, name: body}).content, name) == body
    status, message = refusal(parse_send, {**SAMPLE, name: "a\0b"})
    assert status == 400
    assert f"'{name}'" in message


@pytest.mark.parametrize(
    ("name", "meant"),
    [("reply_to", "replyTo"), ("replyto", "replyTo"), ("Subject", "subject"), ("header", "headers"), ("htlm", "html")],
)
def test_an_unknown_member_is_400_with_the_one_that_was_meant(name: str, meant: str) -> None:
    """CHOICE-33."""
    assert refusal(parse_send, {**SAMPLE, name: "x"}) == (400, f"Unknown field '{name}'. Did you mean '{meant}'?")


@pytest.mark.parametrize(
    "name", ["attachments", "__proto__", "", "x" * 100_000, "\r\nX: y", "\U0001f600", "\0"], ids=lambda n: ascii(n)[:20]
)
def test_an_unknown_member_is_named_safely_and_briefly(name: str) -> None:
    """CHOICE-33."""
    status, message = refusal(parse_send, {**SAMPLE, name: "x"})

    assert status == 400
    assert message.startswith("Unknown field '")
    assert message.isascii()
    assert message.isprintable()
    assert len(message) < 700


def test_an_unknown_member_is_told_before_anything_else() -> None:
    """CHOICE-08."""
    assert refusal(parse_send, {"cc": "x"})[1].startswith("Unknown field 'cc'")


def test_of_several_faults_the_first_in_the_documents_order_is_told() -> None:
    """CHOICE-08."""
    wrong: dict[str, object] = {
        "from": "",
        "to": "",
        "subject": "\n",
        "html": 1,
        "text": 1,
        "replyTo": "",
        "headers": 1,
    }
    right = dict(SAMPLE)
    told = []
    for name in SAMPLE:
        told.append(refusal(parse_send, wrong)[1].split("'")[1])
        wrong[name] = right[name]

    assert told == list(SAMPLE)


@given(
    st.dictionaries(
        st.sampled_from([*SAMPLE, "cc"]),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.text(max_size=8)
            | st.sampled_from(["a@b.example", "A <a@b.example>"]),
            lambda inside: st.lists(inside, max_size=2) | st.dictionaries(st.text(max_size=4), inside, max_size=2),
            max_leaves=3,
        ),
    )
)
@QUICK
def test_any_object_is_a_request_or_a_refusal_in_a_sentence(body: dict[str, object]) -> None:
    """For every JSON object, parse_send returns a request or raises a 400 or 422 with a sentence of one line."""
    request = read_or_refused(parse_send, body)

    if isinstance(request, ApiError):
        assert request.kind.status in (400, 422)
        assert request.kind.code == "VALIDATION_ERROR"
        assert request.message.endswith((".", "?"))
        assert "\n" not in request.message
    else:
        assert request.content.html or request.content.text


def test_whatever_json_can_say_of_headers_is_accepted_or_refused() -> None:
    deep: object = "x"
    for _ in range(14):
        deep = {"X-A": deep}

    assert refusal(parse_send, {**SAMPLE, "headers": {"X-A": deep}})[0] == 400


# -- custom headers


def with_headers(headers: dict[str, Any]) -> dict[str, Any]:  # Any: values of any JSON type
    return {**SAMPLE, "headers": headers}


# CHOICE-12, written down a second time.
RESERVED = [
    "Authentication-Results",
    "Bcc",
    "Cc",
    "Date",
    "Delivered-To",
    "Disposition-Notification-To",
    "DKIM-Signature",
    "From",
    "Message-ID",
    "MIME-Version",
    "Received",
    "Reply-To",
    "Return-Path",
    "Sender",
    "Subject",
    "To",
    "ARC-Seal",
    "ARC-Message-Signature",
    "ARC-X",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-X",
    "Resent-From",
    "Resent-X",
]


@pytest.mark.parametrize("name", RESERVED)
def test_a_reserved_header_in_any_case_is_422_naming_it(name: str) -> None:
    """CHOICE-12."""
    for spelling in (name, name.lower(), name.upper(), name.swapcase()):
        status, message = refusal(parse_send, with_headers({spelling: "x"}))
        assert status == 422
        assert f"'{spelling}'" in message


@pytest.mark.parametrize(
    "name",
    [
        "bcc ",
        " Bcc",
        "Bcc:",
        "B\u200bcc",
        "Ｂcc",
        "X\r\nBcc",
        "X-A: b",
        "X\nA",
        "X A",
        "X\0A",
        "",
        "Xé",
        "X_A",
        "1X",
        "-X",
        "X.A",
        "X" * 77,
        "X\u2028",
        "X-A\n",
        "\u212a-A",  # begins with a letter whose lower case is "k"
    ],
    ids=ascii,
)
def test_a_header_name_outside_the_grammar_is_400_and_shown_safely(name: str) -> None:
    """CHOICE-12."""
    status, message = refusal(parse_send, with_headers({name: "x"}))

    assert status == 400
    assert "'headers'" in message
    assert message.isascii()
    assert message.isprintable()


@pytest.mark.parametrize("value", [*ODD_VALUES.values()], ids=[*ODD_VALUES.keys()])
def test_a_header_value_that_is_no_string_is_400_naming_the_header(value: object) -> None:
    """CHOICE-34."""
    status, message = refusal(parse_send, with_headers({"X-My-Tag": value}))

    assert status == 400
    assert "'X-My-Tag'" in message


@pytest.mark.parametrize("character", LINE_BREAKS + CONTROLS, ids=ascii)
def test_a_control_character_in_a_header_value_is_400_naming_the_header(character: str) -> None:
    """CHOICE-39."""
    status, message = refusal(parse_send, with_headers({"X-My-Tag": f"a{character}b"}))

    assert status == 400
    assert "'X-My-Tag'" in message


def test_two_names_that_differ_by_case_alone_are_400() -> None:
    """CHOICE-12."""
    for first, second in (("X-A", "x-a"), ("x-a", "X-A")):
        status, message = refusal(parse_send, with_headers({first: "1", second: "2"}))
        assert status == 400
        assert f"'{second}'" in message


def test_fifty_headers_pass_and_fifty_one_are_422() -> None:
    """CHOICE-12."""
    fifty = {f"X-{number}": "x" for number in range(50)}

    assert parse_send(with_headers(fifty)).content.headers == fifty
    status, message = refusal(parse_send, with_headers({**fifty, "X-More": "x"}))
    assert status == 422
    assert "'headers'" in message
    assert "51" in message


def test_a_value_of_998_characters_passes_and_one_of_999_is_422() -> None:
    """CHOICE-12."""
    assert parse_send(with_headers({"X-A": "x" * 998})).content.headers == {"X-A": "x" * 998}

    for length in (999, 1_000_000):
        status, message = refusal(parse_send, with_headers({"X-A": "x" * length}))
        assert status == 422
        assert "'X-A'" in message


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"List-Unsubscribe": "<mailto:x@y.example>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        {"In-Reply-To": "<a@b.example>", "References": "<a@b.example> <c@d.example>"},
        {"X-Priority": "1", "Precedence": "bulk", "Auto-Submitted": "auto-generated"},
        {"X-Empty": "", "X-Spaces": "   ", "X-Edges": " x "},
        {"X-Word": "=?utf-8?q?a=0D=0ABcc:_x@evil?="},
        {"X-Emoji": "😀", "x": "y", "X" * 76: "longest"},
        {"Subjects": "x", "X-From": "x", "Tos": "x", "Archive": "x", "Contents": "x", "Resents": "x"},
    ],
)
def test_other_headers_are_kept_as_they_are(headers: dict[str, str]) -> None:
    """CHOICE-12."""
    assert parse_send(with_headers(headers)).content.headers == headers


# -- the name of a key


@pytest.mark.parametrize(
    "name", ["Production backend", " x ", "<script>", "{{7*7}}", "${x}", "名前 😀", "x" * 100, "😀" * 100]
)
def test_a_keys_name_is_kept_as_it_is(name: str) -> None:
    """CHOICE-48."""
    assert parse_key_name({"name": name}) == name


@pytest.mark.parametrize("value", [*ODD_VALUES.values()], ids=[*ODD_VALUES.keys()])
def test_a_keys_name_of_another_type_is_400(value: object) -> None:
    status, message = refusal(parse_key_name, {"name": value})

    assert status == 400
    assert "'name'" in message


@pytest.mark.parametrize(
    "name",
    ["", " ", "\u3000", "x" * 101, "x" * 10_000, *(f"a{c}b" for c in LINE_BREAKS + CONTROLS)],
    ids=lambda n: ascii(n)[:20],
)
def test_a_keys_name_that_is_empty_long_or_has_control_characters_is_400(name: str) -> None:
    """CHOICE-39, CHOICE-40, CHOICE-48."""
    status, message = refusal(parse_key_name, {"name": name})

    assert status == 400
    assert "'name'" in message


def test_a_key_without_a_name_is_400_naming_it() -> None:
    assert refusal(parse_key_name, {}) == (400, "The 'name' field is required.")


@pytest.mark.parametrize("member", ["key", "id", "scope", "scopes", "Name"])
def test_a_key_is_never_chosen_by_the_caller(member: str) -> None:
    """CHOICE-33."""
    status, message = refusal(parse_key_name, {"name": "x", member: "x"})

    assert status == 400
    assert message.startswith(f"Unknown field '{member}'.")


def test_did_you_mean_says_nothing_of_a_far_miss() -> None:
    assert did_you_mean("attachments", ["from", "to"]) == ""
    assert did_you_mean("form", ["from", "to"]) == " Did you mean 'from'?"


def test_a_sender_is_read_the_same_with_and_without_json() -> None:
    """Guards the table above: what it calls odd is odd in JSON too."""
    read_back = json.loads(json.dumps(SAMPLE))

    assert parse_send(read_back) == parse_send(SAMPLE)
    assert isinstance(parse_send(read_back).content.sender, Mailbox)
