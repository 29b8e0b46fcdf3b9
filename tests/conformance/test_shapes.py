"""Texts like others: of the same shape, and never the same."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from justemails_conformance.shapes import another_id, in_another_case, is_hexadecimal, with_another_end

IDS = st.one_of(
    st.uuids().map(str),
    st.from_regex(r"(msg_|key_)?[0-9A-Za-z]{6,24}", fullmatch=True),
    st.integers(1, 10**6).map(str),
)


def shape(text: str) -> list[str]:
    """Return the kind of each character."""
    return ["digit" if c.isdigit() else "letter" if c.isalpha() else c for c in text]


@given(IDS, st.integers())
def test_another_id_has_the_shape_of_the_first_and_is_not_it(id_: str, seed: int) -> None:
    another = another_id(id_, Random(seed))  # noqa: S311  # no secret is drawn

    assert another != id_
    if not id_.isdecimal():
        assert is_hexadecimal(another) == is_hexadecimal(id_) or another == f"{id_}0"
        assert shape(another)[: len(id_)] == shape(id_)


@given(IDS)
def test_another_end_changes_the_last_character_alone_and_keeps_its_kind(id_: str) -> None:
    another = with_another_end(id_)

    assert another[:-1] == id_[:-1]
    assert another != id_
    assert shape(another) == shape(id_)
    assert not is_hexadecimal(id_) or is_hexadecimal(another)


def test_another_case_is_that_of_the_letters_behind_the_prefix() -> None:
    assert in_another_case("je_live_aB3") == "je_live_Ab3"
    assert in_another_case("je_live_123") is None
