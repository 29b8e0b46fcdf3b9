"""Addresses: everything that is accepted is one plain address, and nothing else is."""

import re
import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from tests.reference.support import QUICK, mailbox

from justemails.addresses import AddressError, Mailbox, parse_address, parse_domain, parse_mailbox

# The grammar of CHOICE-37, written down a second time.
ACCEPTED = re.compile(r"[A-Za-z0-9#$&'*+/=?^_`{|}~.\x80-\U0010ffff-]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")


def is_accepted(text: str) -> bool:
    """Say whether a text is of the grammar: beyond ASCII there are letters, marks and digits alone."""
    beyond = [character for character in text if not character.isascii()]
    return bool(ACCEPTED.fullmatch(text)) and all(unicodedata.category(character)[0] in "LMN" for character in beyond)


LABEL_63 = "l" * 63
DOMAIN_253 = ".".join(["d" * 63, "d" * 63, "d" * 63, "d" * 61])

NO_ADDRESSES = {
    "two at signs": "a@b@example.com",
    "a quoted local part that holds an address": '"a@evil.example"@example.com',
    "a quoted local part with a space": '"a b"@example.com',
    "a quoted local part with a line break": '"\r\n"@example.com',
    "a quoted local part with NUL": '"\0"@example.com',
    "an address in angle brackets as local part": "<a@evil.example>@example.com",
    "a comma list": "a@x.example,b@y.example",
    "a semicolon list": "a@x.example;b@y.example",
    "a list of spaces": "a@x.example b@y.example",
    "a source route": "@relay.example:a@example.com",
    "a comment in the local part": "a(comment)@example.com",
    "a comment in the domain": "a@(x)example.com",
    "a group": "undisclosed:a@example.com;",
    "an IPv4 literal": "a@[127.0.0.1]",
    "an IPv6 literal": "a@[IPv6:::1]",
    "a bare IPv4 address": "a@127.0.0.1",
    "localhost": "a@localhost",
    "a single label": "a@example",
    "a dot at the end of the domain": "a@example.com.",
    "an empty label": "a@example..com",
    "a dot at the start of the local part": ".a@example.com",
    "a dot at the end of the local part": "a.@example.com",
    "two dots in the local part": "a..b@example.com",
    "a label of 64": f"a@{'l' * 64}.com",
    "a domain of 254": f"a@{DOMAIN_253}d",
    "a local part of 65": f"{'a' * 65}@example.com",
    "an address of 255": f"{'a'}@{DOMAIN_253}",
    "a circled letter that maps to an e": "a@ⓔxample.com",
    "a full-width letter": "a@ｅxample.com",
    "a percent hack": "a%evil.example@example.com",
    "a bang path": "evil!a@example.com",
    "a slash in the domain": "a@example.com/../x",
    "an emoji": "😀@example.com",
    "a full-width at sign": "a＠b@example.com",
    "a full-width letter before the at": "ａ@example.com",
    "a circled letter before the at": "ⓐ@example.com",
    "a letter and a combining mark for one letter": "ü@example.com",
    "a no-break space": "a b@example.com",
    "an ideographic full stop": "a。b@example.com",
    "an unassigned character": "a͸@example.com",
    "a character for private use": "a@example.com",
    "a C1 control": "a@example.com",
    "a line separator": "a b@example.com",
    "two dots beside letters beyond ASCII": "ä..ä@example.com",
    "a local part of 65 octets": "ä" * 32 + "a@example.com",
    "an encoded word": "=?utf-8?q?a=40evil=2Eexample?=@example.com",
    "a zero-width space": "a\u200b@example.com",
    "a zero-width space in the domain": "a@exam\u200bple.com",
    "a bidi override": "a\u202e@example.com",
    "a one-dot leader": "a@example\u2024com",
    "a line break and a command": "a@example.com\r\nRCPT TO:<x@x.example>",
    "a line feed at the end": "a@example.com\n",
    "a quoted line break and a command": '"b\r\nRCPT TO:<x@x.example>"@b.example',
    "a parameter of the command": "a@example.com SIZE=1",
    "a space before": " a@example.com",
    "a space after": "a@example.com ",
    "a tab": "a\t@example.com",
    "no local part": "@example.com",
    "no domain": "a@",
    "no at sign": "example.com",
    "nothing": "",
    "a space": " ",
    "a name beside it": "Ann <a@example.com>",
    "angle brackets": "<a@example.com>",
    "a hyphen at the start of a label": "a@-example.com",
    "a hyphen at the end of a label": "a@example-.com",
    "an underscore in the domain": "a@exa_mple.com",
    "a number as last label": "a@example.1",
    "A-labels that decode to nothing": "a@xn--zzzzzzzzzz99999.com",
    "an empty A-label": "a@xn--.com",
    "half a surrogate pair": "a@\ud800.com",
    "half a surrogate pair before the at": "\ud800@example.com",
}


@pytest.mark.parametrize("text", NO_ADDRESSES.values(), ids=NO_ADDRESSES.keys())
def test_what_is_not_one_bare_address_is_refused(text: str) -> None:
    """CHOICE-37."""
    with pytest.raises(AddressError):
        parse_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "user@example.com",
        "a.b-c+d_e@example.com",
        "-a@example.com",
        "|cmd@example.com",
        "a/b=c?d@example.com",
        "#$&'*+/?=^_`{|}~-@example.com",
        "User.NAME@example.com",
        f"{'a' * 64}@example.com",
        f"a@{LABEL_63}.com",
        f"{'a' * 6}@{DOMAIN_253[6:]}",
        "a@1.2.3.example",
        "a@xn--bcher-kva.example",
        "a@3com.example",
        "jørn@example.com",
        "Иван.Петров@example.com",
        "用户+1@example.com",
        "المستخدم@example.com",
        "उपयोगकर्ता@example.com",
        "ä" * 32 + "@example.com",
    ],
)
def test_a_plain_address_is_kept_character_by_character(text: str) -> None:
    assert str(parse_address(text)) == text


def test_an_address_may_have_254_characters_and_no_more() -> None:
    longest = f"{'a' * 64}@{'d' * 63}.{'d' * 63}.{'d' * 61}"  # RFC 5321 4.5.3.1.3

    assert len(longest) == 254
    assert str(parse_address(longest)) == longest
    with pytest.raises(AddressError, match="254"):
        parse_address(longest + "d")


def test_the_domain_may_have_253_characters_and_no_more() -> None:
    assert parse_domain(DOMAIN_253) == DOMAIN_253
    with pytest.raises(AddressError):
        parse_domain(DOMAIN_253 + "d")


def test_the_case_of_the_domain_is_folded_and_that_of_the_local_part_kept() -> None:
    assert str(parse_address("A.User@EXAMPLE.Com")) == "A.User@example.com"


def test_a_domain_beyond_ascii_becomes_its_a_labels() -> None:
    assert str(parse_address("a@bücher.example")) == "a@xn--bcher-kva.example"
    assert parse_address("a@bücher.example") == parse_address("a@xn--bcher-kva.example")
    assert parse_address("a@XN--BCHER-KVA.example") == parse_address("a@bücher.example")
    assert parse_address("a@bücher.EXAMPLE") == parse_address("a@bücher.example")


def test_a_cyrillic_twin_is_another_domain() -> None:
    twin = parse_address("a@ex\u0430mple.com")

    assert twin.domain.startswith("xn--")
    assert twin != parse_address("a@example.com")


@pytest.mark.parametrize("domain", ["ⓔxample.com", "ｅxample.com", "BÜCHER.example", "exam\u00adple.com"])
def test_a_domain_that_only_fits_after_mapping_is_refused(domain: str) -> None:
    """CHOICE-37: to map is to guess which domain was meant."""
    with pytest.raises(AddressError):
        parse_domain(domain)


@pytest.mark.parametrize("stop", ["\u3002", "\uff0e", "\uff61"])
def test_a_full_stop_of_another_script_is_no_dot(stop: str) -> None:
    """CHOICE-37: ``example。com`` only fits after mapping."""
    with pytest.raises(AddressError):
        parse_domain(f"example{stop}com")


@pytest.mark.parametrize("text", ["a@" + "é" * 5000 + ".com", "a" * 100_000, "@" * 10_000, "a." * 50_000 + "@b.com"])
def test_a_text_of_any_length_is_answered_with_a_refusal(text: str) -> None:
    with pytest.raises(AddressError):
        parse_address(text)


ADDRESS_PIECES = st.sampled_from(
    ["a", "b.c", "@", ".", "-", "+", "=?", "xn--", "example.com", "EXAMPLE", "ü", "ß", "。", '"', "<", ">", ",",
     " ", "\r\n", "\0", "%", "!", "(", ")", "[", "]", "1", "_", "\u200b", "\u202e", ":", ";",
     "\\", "\ud800", "127.0.0.1"]
)  # fmt: skip
ADDRESS_LIKE = st.lists(ADDRESS_PIECES, max_size=8).map("".join) | st.tuples(
    st.text(max_size=12), st.text(max_size=12)
).map(lambda parts: f"{parts[0]}@{parts[1]}.com")


@given(ADDRESS_LIKE)
@example("a@straße.example")
@QUICK
def test_whatever_is_accepted_is_in_the_grammar_and_parses_to_itself(text: str) -> None:
    """For every text, parse_address refuses it, or returns one in the grammar that parses to itself."""
    try:
        address = parse_address(text)
    except AddressError:
        return

    assert is_accepted(str(address))
    assert "=?" not in str(address)
    assert len(str(address).encode()) <= 254
    assert parse_address(str(address)) == address


@given(st.emails())
@QUICK
def test_an_address_is_refused_or_kept_but_for_the_case_of_its_domain(text: str) -> None:
    """For every RFC 5322 address in ASCII, acceptance changes nothing but the case of the domain."""
    try:
        address = parse_address(text)
    except AddressError:
        return
    local, _, domain = text.rpartition("@")

    assert (address.local, address.domain) == (local, domain.lower())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello@yourdomain.com", mailbox("hello@yourdomain.com")),
        ("Name <hello@yourdomain.com>", mailbox("hello@yourdomain.com", "Name")),
        ("J. R. Doe <a@b.example>", mailbox("a@b.example", "J. R. Doe")),
        ("  Ann   <a@b.example>  ", mailbox("a@b.example", "Ann")),
        ("Zoë 😀 <a@b.example>", mailbox("a@b.example", "Zoë 😀")),
        ('"Doe, Jane" <a@b.example>', mailbox("a@b.example", "Doe, Jane")),
        (r'"a \"b\" \\ c" <a@b.example>', mailbox("a@b.example", r'a "b" \ c')),
        ('"x@y" <a@b.example>', mailbox("a@b.example", "x@y")),
        ('"" <a@b.example>', mailbox("a@b.example")),
        ("<a@b.example>", mailbox("a@b.example")),
        ("=?utf-8?q?x?= <a@b.example>", mailbox("a@b.example", "=?utf-8?q?x?=")),
        (f"{'n' * 200} <a@b.example>", mailbox("a@b.example", "n" * 200)),
        ("Ann <A@B.EXAMPLE>", mailbox("A@b.example", "Ann")),
    ],
)
def test_a_mailbox_is_a_bare_address_or_a_name_and_one_address_in_angle_brackets(text: str, expected: Mailbox) -> None:
    """CHOICE-11."""
    assert parse_mailbox(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a@evil.example <b@example.com>",
        "x, y <b@example.com>",
        "x; y <b@example.com>",
        "x: y <b@example.com>",
        'x" y <b@example.com>',
        "x\\ <b@example.com>",
        "x (y) <b@example.com>",
        "x [y] <b@example.com>",
        "<a@evil.example>@example.com",
        "<a@evil.example> <b@example.com>",
        "a@b.example, c@d.example",
        "Ann <a@b.example>, Bob <c@d.example>",
        "team: a@b.example, c@d.example;",
        "team:Ann <a@b.example>;",
        "Ann a@b.example",
        "Ann <a@b.example",
        "Ann a@b.example>",
        "Ann <<a@b.example>>",
        "Ann <>",
        "Ann <a@b.example> x",
        '"Ann <a@b.example>',
        '"Ann" x <a@b.example>',
        "Ann\r\nBcc: x@evil.example <a@b.example>",
        '"Ann\r\nBcc: x" <a@b.example>',
        '"Ann\\\r\nBcc: x" <a@b.example>',
        "Ann\u2028 <a@b.example>",
        "Ann\x85 <a@b.example>",
        "Ann\x7f <a@b.example>",
        "Ann\0 <a@b.example>",
        "Ann\ud800 <a@b.example>",
        "Ann <a@b.example>\n",
        f"{'n' * 201} <a@b.example>",
        "Ann <not an address>",
        "Ann <localhost>",
        "",
        " ",
    ],
)
def test_what_could_be_read_as_another_mailbox_is_refused(text: str) -> None:
    """CHOICE-11: a sender may not be talked into an address that nobody named."""
    with pytest.raises(AddressError):
        parse_mailbox(text)


def test_an_empty_display_name_in_quotes_is_none() -> None:
    assert parse_mailbox('"" <a@b.example>').name is None


@given(st.text(max_size=30), st.sampled_from(["a@b.example", "A.b@C.EXAMPLE"]))
@QUICK
def test_a_quoted_name_comes_back_as_it_was_meant(name: str, address: str) -> None:
    """For every name without control characters and angle brackets, quoting it and parsing gives it back."""
    assume(not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff<>]", name))
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'

    assert parse_mailbox(f"{quoted} <{address}>") == Mailbox(parse_address(address), name or None)


@given(st.lists(ADDRESS_PIECES | st.text(max_size=3), max_size=10).map("".join))
@QUICK
def test_no_accepted_mailbox_holds_a_control_character_or_a_second_address(text: str) -> None:
    """For every text, parse_mailbox refuses it or returns a name and an address that cannot break a header."""
    try:
        parsed = parse_mailbox(text)
    except AddressError:
        return

    assert is_accepted(str(parsed.address))
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff<>]", parsed.name or "")
    assert len(parsed.name or "") <= 200


@pytest.mark.parametrize("text", ["a@b@c.example", "Ann <localhost>", f"{'a' * 65}@example.com", "a@b", "ä‍@b.example"])
def test_a_refusal_fits_after_a_fields_name(text: str) -> None:
    """The message is read as "The 'to' field must be ..."."""
    with pytest.raises(AddressError, match=r"^(must|has|is) .*[^.]$"):
        parse_mailbox(text)
