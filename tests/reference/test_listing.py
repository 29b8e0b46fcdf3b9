"""The query string of GET /messages: plain digits, known names, no guessing (CHOICE-17)."""

from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reference.support import QUICK, read_or_refused, refusal

from justemails.api.errors import ApiError
from justemails.api.listing import ListRequest, parse_list
from justemails.records import MessageFilter


def test_without_parameters_it_is_the_first_page_of_fifty() -> None:
    """[messages.pagination.page] [messages.pagination.perPage]"""
    assert parse_list("") == ListRequest(1, 50, MessageFilter())
    assert parse_list("").filter.is_empty


def test_every_parameter_is_read() -> None:
    query = urlencode(
        {
            "page": "7",
            "perPage": "100",
            "status": "queued",
            "from": "hello@yourdomain.com",
            "to": "user@example.com",
            "subject": "Wel%co_me '😀\\",
            "createdAfter": "2026-04-06T12:00:00Z",
            "createdBefore": "2026-04-06T14:00:00.5+01:00",
        }
    )

    assert parse_list(query) == ListRequest(
        7,
        100,
        MessageFilter(
            "queued",
            "hello@yourdomain.com",
            "user@example.com",
            "Wel%co_me '😀\\",
            datetime(2026, 4, 6, 12, tzinfo=UTC),
            datetime(2026, 4, 6, 13, 0, 0, 500_000, tzinfo=UTC),
        ),
    )


NO_NUMBERS = [
    "0",
    "-1",
    "+1",
    "%201",
    "1%20",
    "1.0",
    "1e3",
    "0x1",
    "1_000",
    "%D9%A1",
    "1%D9%A1",
    "",
    "1%00",
    "01",
    "1,2",
    "one",
    "%0a1",
    "1%0a",
]


@pytest.mark.parametrize("text", [*NO_NUMBERS, "1" + "0" * 30, "2147483648", "9223372036854775808", "1000000000"])
def test_a_page_that_is_no_plain_number_is_400_naming_it(text: str) -> None:
    assert refusal(parse_list, f"page={text}") == (
        400,
        "The 'page' parameter must be a whole number from 1 to 999999999.",
    )


@pytest.mark.parametrize("text", [*NO_NUMBERS, "101", "1000000000", "1" * 5000])
def test_a_page_size_that_is_no_number_up_to_a_hundred_is_400_naming_it(text: str) -> None:
    assert refusal(parse_list, f"perPage={text}") == (
        400,
        "The 'perPage' parameter must be a whole number from 1 to 100.",
    )


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("999999999", 999_999_999)])
def test_the_first_and_the_last_page_number_are_read(text: str, number: int) -> None:
    assert parse_list(f"page={text}").page == number


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("100", 100)])
def test_the_smallest_and_the_largest_page_size_are_read(text: str, number: int) -> None:
    assert parse_list(f"perPage={text}").per_page == number


@pytest.mark.parametrize(
    "name", ["page", "perPage", "status", "from", "to", "subject", "createdAfter", "createdBefore"]
)
def test_a_parameter_given_twice_is_400_naming_it(name: str) -> None:
    status, message = refusal(parse_list, f"{name}=1&{name}=1")

    assert status == 400
    assert message == f"The '{name}' parameter is given more than once."


@pytest.mark.parametrize("query", ["%66rom=a&from=a", "from=a&fro%6D=a"])
def test_a_parameter_given_twice_in_two_spellings_is_400(query: str) -> None:
    assert "more than once" in refusal(parse_list, query)[1]


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("PAGE=1", " Did you mean 'page'?"),
        ("per_page=1", " Did you mean 'perPage'?"),
        ("page[]=1", " Did you mean 'page'?"),
        ("sort=__import__('os')", ""),
        ("order=x", ""),
        ("limit", ""),
        ("=1", ""),
    ],
)
def test_an_unknown_parameter_is_400_with_the_one_that_was_meant(query: str, hint: str) -> None:
    status, message = refusal(parse_list, query)

    assert status == 400
    assert message.startswith("Unknown parameter '")
    assert message.endswith(f"'.{hint}")


def test_an_unknown_parameter_is_named_safely_and_briefly() -> None:
    message = refusal(parse_list, "%1b%0d%0a" + "x" * 100_000 + "=1")[1]

    assert message.isascii()
    assert message.isprintable()
    assert len(message) < 200


@pytest.mark.parametrize("text", ["unknown", "queued,delivered", "", "QUEUED", "queued%20", "sent"])
def test_a_status_outside_the_words_of_choice_03_is_400_with_those_words(text: str) -> None:
    status, message = refusal(parse_list, f"status={text}")

    assert status == 400
    assert message == "The 'status' parameter must be one of queued, delivered, bounced, failed."


@pytest.mark.parametrize("word", ["queued", "delivered", "bounced", "failed"])
def test_a_status_is_one_of_the_words_of_choice_03(word: str) -> None:
    assert parse_list(f"status={word}").filter.status == word


@pytest.mark.parametrize("name", ["from", "to", "subject"])
@pytest.mark.parametrize("text", ["", "%00", "a%00b"])
def test_an_empty_text_or_one_with_nul_is_400_naming_it(name: str, text: str) -> None:
    status, message = refusal(parse_list, f"{name}={text}")

    assert status == 400
    assert f"'{name}'" in message


@pytest.mark.parametrize("text", ["%25", "_", "*", "'", "%5C", "a%25b_c", "%22", "%3B--"])
def test_a_text_is_taken_literally(text: str) -> None:
    assert parse_list(f"subject={text}").filter.subject == text.replace("%25", "%").replace("%5C", "\\").replace(
        "%22", '"'
    ).replace("%3B", ";")


@pytest.mark.parametrize("name", ["from", "to"])
def test_the_case_of_a_domain_does_not_count_in_a_filter(name: str) -> None:
    """CHOICE-17: "the bare address, exact, the case of the domain aside"."""
    wanted = parse_list(f"{name}=User%40EXAMPLE.com").filter

    assert "User@example.com" in (wanted.sender, wanted.recipient)


@pytest.mark.parametrize("name", ["from", "to"])
@pytest.mark.parametrize("text", ["nobody", "%25", "a@b.example,c@d.example", "Ann <a@b.example>", " a@b.example"])
def test_a_filter_that_is_no_bare_address_is_400_naming_it(name: str, text: str) -> None:
    """CHOICE-17."""
    status, message = refusal(parse_list, urlencode({name: text}))

    assert status == 400
    assert message.startswith(f"The '{name}' parameter ")


NO_TIMES = [
    "",
    "2026-04-06",
    "2026-04-06T12:00:00",  # no zone
    "2026-04-06 12:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-04-06T24:00:00Z",
    "2026-04-06T25:00:00Z",
    "2026-04-06T12:60:00Z",
    "2026-04-06T12:00Z",
    "2026-04-06T12:00:00+99:99",
    "2026-04-06T12:00:00+0100",
    "2026-04-06T12:00:00 01:00",  # a plus sign that was not encoded
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",  # before all times
    "9999-12-31T23:59:59-14:00",  # after all times
    "10000-01-01T00:00:00Z",
    "-2026-04-06T12:00:00Z",
    "20260406T120000Z",
    "2026-W15-1T12:00:00Z",
    "1775476800",
    "yesterday",
    "\u0662\u0660\u0662\u0666-04-06T12:00:00Z",  # another script's digits
    "2026-04-06T12:00:00Z\n",
    "2026-04-06T12:00:00Zx",
]


@pytest.mark.parametrize("name", ["createdAfter", "createdBefore"])
@pytest.mark.parametrize("text", NO_TIMES)
def test_what_is_no_time_with_a_zone_is_400_naming_the_parameter(name: str, text: str) -> None:
    status, message = refusal(parse_list, f"{name}={quote(text)}")

    assert status == 400
    assert f"'{name}'" in message
    assert "2026-04-06T12:00:00Z" in message


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_the_first_and_the_last_year_are_times(text: str) -> None:
    assert parse_list(f"createdAfter={text}").filter.created_after == datetime.fromisoformat(text)


@given(
    st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),  # noqa: DTZ001  # Hypothesis adds the zone
    st.integers(-23 * 60 - 59, 23 * 60 + 59),
)
@QUICK
def test_a_time_in_any_zone_is_the_same_instant(moment: datetime, minutes: int) -> None:
    """For every instant and every offset, reading RFC 3339 text gives that instant, in UTC."""
    instant = moment.replace(tzinfo=UTC).astimezone(timezone(timedelta(minutes=minutes)))

    read = parse_list(urlencode({"createdAfter": instant.isoformat()})).filter.created_after

    assert read == instant
    assert read is not None
    assert read.tzinfo is UTC


def test_a_pair_of_times_that_no_message_can_meet_is_no_error() -> None:
    query = urlencode({"createdAfter": "2026-04-07T00:00:00Z", "createdBefore": "2026-04-06T00:00:00Z"})

    assert not parse_list(query).filter.is_empty


@pytest.mark.parametrize("query", ["subject=%ff", "%ff=1", "subject=%ed%a0%80", "&".join(["subject=x"] * 51)])
def test_what_is_no_utf_8_or_too_much_is_400(query: str) -> None:
    assert refusal(parse_list, query)[0] == 400


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40))
@QUICK
def test_a_text_arrives_character_by_character(text: str) -> None:
    """For every text without NUL, the filter holds exactly the text that was percent-encoded."""
    assert parse_list(urlencode({"subject": text})).filter == MessageFilter(subject=text)


@given(
    st.lists(
        st.sampled_from(
            ["page", "perPage", "from", "createdAfter", "=", "&", "%", "%00", "%ff", "1", "0", ";", "+", "é", "[]"]
        ),
        max_size=9,
    ).map("".join)
)
@QUICK
def test_any_query_string_is_a_request_or_a_400(query: str) -> None:
    """For every text, parse_list returns a page and a size within bounds, or raises a 400 that ends in a dot."""
    request = read_or_refused(parse_list, query)

    if isinstance(request, ApiError):
        assert request.kind.status == 400
        assert request.message.endswith((".", "?"))
    else:
        assert 1 <= request.page <= 999_999_999
        assert 1 <= request.per_page <= 100
