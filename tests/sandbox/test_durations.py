"""Durations as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justemails_sandbox.durations import LONGEST, DurationError, parse_duration, write_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("5ms", timedelta(milliseconds=5)),
        ("90s", timedelta(seconds=90)),
        ("1.5h", timedelta(minutes=90)),
        ("2h30m", timedelta(hours=2, minutes=30)),
        ("1d2h3m4s5ms", timedelta(days=1, hours=2, minutes=3, seconds=4, milliseconds=5)),
        ("0s", timedelta(0)),
        ("3660d", LONGEST),
    ],
)
def test_each_unit_stands_alone_or_before_a_smaller_one(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "s",
        "-1s",
        "1h ",
        "4s2h",
        "4h4h",
        "10m5",
        "1e3s",
        "²s",
        "3661d",
        "999999999999d999999999999h",
        5,
        None,
        True,
    ],
)
def test_anything_else_is_refused_with_examples(text: object) -> None:
    with pytest.raises(DurationError, match="like 90s, 15m, 2h30m or 4d"):
        parse_duration(text)


@given(st.timedeltas(timedelta(0), LONGEST))
def test_what_is_written_reads_back(duration: timedelta) -> None:
    assert parse_duration(write_duration(duration)) == duration
