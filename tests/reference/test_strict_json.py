"""JSON bodies: what two programs could read differently is refused (CHOICE-10)."""

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reference.support import QUICK

from justemails.api.strict_json import MAX_DEPTH, JsonError, parse_object

REFUSED = {
    "nothing": b"",
    "white space": b" \t\r\n",
    "null": b"null",
    "true": b"true",
    "a number": b"1",
    "a string": b'"x"',
    "an array": b"[]",
    "an array of objects": b'[{"to":"x"}]',
    "a body that is cut off": b'{"to":"a',
    "an object that is cut off": b'{"to":1',
    "something behind": b"{}x",
    "a second object": b"{}{}",
    "a second object on a line of its own": b"{}\n{}",
    "a duplicate": b'{"to":"a@good.example","to":"b@evil.example"}',
    "a duplicate with equal values": b'{"to":1,"to":1}',
    "a duplicate by escape": b'{"to":1,"t\\u006f":2}',
    "a duplicate inside": b'{"headers":{"a":1,"a":2}}',
    "a duplicate inside an array": b'{"x":[{"a":1,"a":2}]}',
    "NaN": b'{"x":NaN}',
    "Infinity": b'{"x":Infinity}',
    "-Infinity": b'{"x":[-Infinity]}',
    "1e999": b'{"x":1e999}',
    "-1e999": b'{"x":-1e999}',
    "an integer of 4301 digits": b'{"x":' + b"1" * 4301 + b"}",
    "an integer of a million digits": b'{"x":' + b"1" * 1_000_000 + b"}",
    "half a surrogate pair": b'{"x":"\\ud800"}',
    "the other half": b'{"x":"\\udc00"}',
    "a swapped pair": b'{"x":"\\ude00\\ud83d"}',
    "half a pair in a name": b'{"\\ud800":1}',
    "half a pair in a name inside": b'{"headers":{"\\ud800":"x"}}',
    "half a pair in an array": b'{"x":["\\ud800"]}',
    "a raw line feed in a string": b'{"x":"a\nb"}',
    "a raw control character in a string": b'{"x":"a\x01b"}',
    "a raw NUL in a string": b'{"x":"a\x00b"}',
    "a raw NUL behind": b"{}\x00",
    "a byte that is not UTF-8": b'{"x":"\xff"}',
    "a cut-off UTF-8 sequence": b'{"x":"\xc3"}',
    "an overlong UTF-8 sequence": b'{"x":"\xc0\xaf"}',
    "a surrogate in UTF-8 bytes": b'{"x":"\xed\xa0\x80"}',
    "latin-1": '{"x":"é"}'.encode("latin-1"),
    "a byte order mark": b'\xef\xbb\xbf{"x":1}',
    "UTF-16": '{"x":1}'.encode("utf-16"),
    "UTF-16 without a mark": '{"x":1}'.encode("utf-16-le"),
    "UTF-32": '{"x":1}'.encode("utf-32"),
    "a comment": b'{"x":1} // y',
    "a comment inside": b'{/* y */"x":1}',
    "single quotes": b"{'x':1}",
    "a trailing comma": b'{"x":1,}',
    "a trailing comma in an array": b'{"x":[1,]}',
    "a name without quotes": b"{x:1}",
    "a leading zero": b'{"x":01}',
    "a leading plus": b'{"x":+1}',
    "a hexadecimal number": b'{"x":0x1}',
    "a number without digits after the point": b'{"x":1.}',
    "True": b'{"x":True}',
    "a no-break space around": "\u00a0{}".encode(),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_strict_json_object_is_refused_in_a_sentence(body: bytes) -> None:
    with pytest.raises(JsonError, match=r"^The body .*\.$"):
        parse_object(body)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b' \r\n\t{"to" : "a"}\n', {"to": "a"}),
        (b'{"x":"\\ud83d\\ude00"}', {"x": "😀"}),
        ('{"x":"😀 — é"}'.encode(), {"x": "😀 — é"}),
        (b'{"x":"\\u0000"}', {"x": "\0"}),  # refused where the member is read, with the member's name
        (b'{"x":1.5e3,"y":-0,"z":null,"v":true}', {"x": 1500.0, "y": 0, "z": None, "v": True}),
        (b'{"__proto__":1,"constructor":2,"":3}', {"__proto__": 1, "constructor": 2, "": 3}),
        (b'{"a":{"x":1},"b":{"x":1},"x":1}', {"a": {"x": 1}, "b": {"x": 1}, "x": 1}),
        (b'{"to":1,"To":2}', {"to": 1, "To": 2}),
    ],
)
def test_an_object_is_read_as_it_stands(body: bytes, value: object) -> None:
    assert parse_object(body) == value


def nested(levels: int, opening: bytes, closing: bytes) -> bytes:
    return b'{"x":' + opening * (levels - 1) + b"1" + closing * (levels - 1) + b"}"


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"x":', b"}")], ids=["arrays", "objects"])
def test_sixteen_levels_are_read_and_seventeen_are_not(opening: bytes, closing: bytes) -> None:
    parse_object(nested(MAX_DEPTH, opening, closing))

    with pytest.raises(JsonError, match="deeper than 16 levels"):
        parse_object(nested(MAX_DEPTH + 1, opening, closing))


@pytest.mark.parametrize("levels", [900, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"x":', b"}")], ids=["arrays", "objects"])
def test_a_tower_of_any_height_is_a_refusal_and_no_fault(levels: int, opening: bytes, closing: bytes) -> None:
    with pytest.raises(JsonError, match="deeper than 16 levels"):
        parse_object(nested(levels, opening, closing))


def test_a_tower_that_is_never_finished_is_a_refusal_and_no_fault() -> None:
    with pytest.raises(JsonError):
        parse_object(b'{"x":' + b"[" * 100_000)


def test_the_refusal_of_a_duplicate_names_the_member() -> None:
    with pytest.raises(JsonError, match="'to'"):
        parse_object(b'{"from":1,"to":1,"t\\u006f":2}')


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    # Not lone surrogates: they have tests of their own.
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inside, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), VALUES, max_size=4), st.booleans())
@QUICK
def test_what_json_writes_is_read_back_the_same(members: dict[str, object], ascii_only: bool) -> None:
    """For every JSON object of at most 16 levels, escaped or not, reading what was written gives the object."""
    assert parse_object(json.dumps(members, ensure_ascii=ascii_only).encode()) == members


@given(
    st.binary(max_size=30)
    | st.lists(
        st.sampled_from(list(b'{}[]:,"\\ue\x00 1') + list(b"tN-")).map(lambda octet: bytes([octet]))
        | st.sampled_from([b'"to"', b"\\ud800", b"\xed\xa0\x80", b"NaN", b"1e999", b'{"a":', b"\xef\xbb\xbf"]),
        max_size=14,
    ).map(b"".join)
)
@QUICK
def test_any_bytes_are_an_object_or_a_refusal(body: bytes) -> None:
    """For all bytes, parse_object returns a dict or raises JsonError, and its dict can be written in UTF-8."""
    try:
        value = parse_object(body)
    except JsonError:
        return

    assert isinstance(value, dict)
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def cost_of(body: bytes) -> float:
    """Return the CPU time of a parse, the best of three."""
    times = []
    for _ in range(3):
        start = time.process_time()
        with contextlib.suppress(JsonError):
            parse_object(body)
        times.append(time.process_time() - start)
    return min(times)


def test_a_hundred_thousand_members_are_read() -> None:
    members = {f"m{number}": number for number in range(100_000)}

    assert parse_object(json.dumps(members).encode()) == members


def test_telling_which_member_is_double_costs_no_more_than_reading_them_all() -> None:
    names = [f'"m{number}":1' for number in range(4000)]
    single = b"{" + ",".join(names).encode() + b"}"
    double = b"{" + ",".join([*names, names[-1]]).encode() + b"}"

    assert cost_of(double) < cost_of(single) * 20
