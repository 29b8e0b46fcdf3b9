"""API keys and ids: their form, their checksum, their order (CHOICE-02)."""

import hashlib
import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reference.support import NOW, QUICK, VirtualClock

from justemails.api.ids import make_new_id, make_new_secret
from justemails.api.keys import KEY_FORM, RANDOM_BYTES, base62, is_well_formed, issue_key, key_hash, key_hint, make_key
from justemails.pony_store import PonyStore
from justemails.store import DuplicateError
from justemails_contract.operations import Scope

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
KEY = make_key(bytes(range(RANDOM_BYTES)))


def number_of(digits: str) -> int:
    number = 0
    for digit in digits:
        number = number * 62 + BASE62.index(digit)
    return number


@given(st.integers(0, 62**8 - 1), st.integers(0, 62**8 - 1))
@QUICK
def test_base62_digits_read_back_and_sort_as_their_numbers_do(one: int, other: int) -> None:
    """For all numbers that fit, equal widths sort as text in the order of the numbers, and read back as them."""
    assert number_of(base62(one, 8)) == one
    assert (base62(one, 8) < base62(other, 8)) == (one < other)


def test_higher_digits_than_the_width_are_cut_off() -> None:
    assert base62(62**3 + 5, 3) == "005"


@given(st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES))
@QUICK
def test_a_key_is_its_prefix_32_characters_and_a_checksum_of_6(randomness: bytes) -> None:
    """For all randomness, the key has the form of CHOICE-02, and is made of that randomness alone."""
    key = make_key(randomness)

    assert re.fullmatch(r"je_live_[0-9A-Za-z]{38}", key)  # [auth.prefix] [auth.live]
    assert KEY_FORM.fullmatch(key)
    assert is_well_formed(key)
    assert number_of(key[8:40]) == int.from_bytes(randomness, "big") % 62**32
    assert number_of(key[40:]) == zlib.crc32(key[8:40].encode())
    assert make_key(randomness) == key


@given(st.integers(8, 45), st.sampled_from(BASE62))
@QUICK
def test_a_key_with_one_character_changed_is_told_by_its_checksum(place: int, character: str) -> None:
    """For every place and every other character there, the key is not well-formed."""
    changed = KEY[:place] + character + KEY[place + 1 :]

    assert is_well_formed(changed) == (changed == KEY)


@pytest.mark.parametrize(
    "text",
    [
        "", "je_live_", KEY[:-1], KEY + "0", KEY + "\n", KEY + " ", " " + KEY, KEY.replace("live", "test"), KEY.upper(),
        KEY[8:], "je_live_%", "' OR 1=1--", "je_live_" + "é" * 38, "x" * 200_000,
        KEY[:20] + "\0" + KEY[21:], KEY[:20] + "\u0661" + KEY[21:],
    ],
    ids=lambda text: ascii(text)[:30],
)  # fmt: skip
def test_what_is_not_exactly_a_key_is_not_well_formed(text: str) -> None:
    assert not is_well_formed(text)


def test_what_is_kept_of_a_key_is_its_sha_256_and_its_beginning() -> None:
    assert key_hash(KEY) == hashlib.sha256(KEY.encode()).hexdigest()
    assert key_hint(KEY) == KEY[:12]


def test_a_secret_is_made_of_24_random_bytes() -> None:
    asked = []

    def random_bytes(count: int) -> bytes:
        asked.append(count)
        return bytes(range(count))

    assert make_new_secret(random_bytes)() == KEY
    assert asked == [24]


def test_secrets_differ() -> None:
    new_secret = make_new_secret()

    secrets = {new_secret() for _ in range(1000)}

    assert len(secrets) == 1000
    assert all(is_well_formed(secret) for secret in secrets)


# -- ids


def test_an_id_is_its_prefix_and_22_base62_characters(clock: VirtualClock) -> None:
    """[send.response.id.prefix] [keys.create.response.id.prefix]"""
    new_id = make_new_id(clock)

    assert re.fullmatch(r"msg_[0-9A-Za-z]{22}", new_id("msg_"))
    assert re.fullmatch(r"key_[0-9A-Za-z]{22}", new_id("key_"))


@given(st.lists(st.integers(1, 10**13), min_size=2, max_size=20))
@QUICK
def test_a_later_id_sorts_later_whatever_its_randomness(steps_us: list[int]) -> None:
    """For all instants at least a millisecond apart, ids sort as text in the order of the instants."""
    clock = VirtualClock()
    randomness = iter(b"\xff" * 11 if number % 2 == 0 else b"\0" * 11 for number in range(len(steps_us)))
    new_id = make_new_id(clock, lambda count: next(randomness))
    ids = []
    for step_us in steps_us:
        clock.jump_ns((step_us // 1000 + 1) * 1_000_000)
        ids.append(new_id("msg_"))

    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


def test_ids_of_one_instant_differ(clock: VirtualClock) -> None:
    new_id = make_new_id(clock)

    assert len({new_id("msg_") for _ in range(10_000)}) == 10_000


def test_ids_sort_by_time_for_thousands_of_years() -> None:
    """The digits of the time do not run over before the year 8000."""
    late = VirtualClock(NOW.replace(year=8000))

    assert make_new_id(late)("") > make_new_id(VirtualClock())("")
    assert number_of(make_new_id(late)("")[:8]) == int(late.now().timestamp() * 1000)


# -- issuing


def test_an_issued_key_is_found_by_its_hash_and_its_secret_is_kept_nowhere(
    store: PonyStore, clock: VirtualClock
) -> None:
    key, secret = issue_key(store, "acc_1", "Backend", Scope.SEND, clock, make_new_id(clock), lambda: KEY)

    assert secret == KEY
    assert store.key_by_hash(key_hash(secret)) == key
    assert (key.name, key.scope, key.hint, key.created_at) == ("Backend", Scope.SEND, KEY[:12], clock.now())
    assert KEY[12:] not in repr(key)


def test_a_secret_that_is_known_already_is_refused(store: PonyStore, clock: VirtualClock) -> None:
    issue_key(store, "acc_1", "One", Scope.FULL, clock, make_new_id(clock), lambda: KEY)

    with pytest.raises(DuplicateError):
        issue_key(store, "acc_1", "Two", Scope.FULL, clock, make_new_id(clock), lambda: KEY)
    assert [key.name for key in store.keys("acc_1")] == ["One"]
