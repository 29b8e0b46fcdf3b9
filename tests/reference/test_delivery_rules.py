"""The pure rules of delivery: when to try again, what a reply means, where a domain's mail goes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.reference.support import NOW, QUICK, SERVFAIL, ScriptedResolver, make_content, run, seeded

from justemails.delivery.classify import Verdict, classify, enhanced_code
from justemails.delivery.reach import forbid_all_but_public
from justemails.delivery.routing import MxRoute, NoRoute, RelayRoute, Target
from justemails.delivery.schedule import next_attempt
from justemails.delivery.settings import DEFAULTS, Phase
from justemails.delivery.signing import Signer
from justemails.ports import MxRecord, Reply
from justemails.records import Claim, Domain

# -- the schedule (CHOICE-22)

LADDER_MIN = [1, 5, 15, 30, 60, 120, 240, 240, 240]
STEADY = replace(DEFAULTS, jitter=0)


def wait_after(attempt: int, seed: int = 0) -> timedelta:
    due = next_attempt(NOW, attempt, NOW, DEFAULTS, seeded(seed))
    assert due
    return due - NOW


def test_without_jitter_the_waits_are_those_of_choice_22() -> None:
    waits = [next_attempt(NOW, attempt, NOW, STEADY, seeded()) for attempt in range(1, 10)]

    assert waits == [NOW + timedelta(minutes=minutes) for minutes in LADDER_MIN]


@given(st.integers(1, 500), st.integers(0, 2**32))
@QUICK
def test_each_wait_is_within_fifteen_per_cent_of_its_step(attempt: int, seed: int) -> None:
    """For every attempt and every seed, the wait is the ladder's step, 15 % shorter or longer at most."""
    step = timedelta(minutes=LADDER_MIN[min(attempt, 9) - 1])

    assert step * 0.85 <= wait_after(attempt, seed) <= step * 1.15


def test_waits_spread_over_the_whole_range() -> None:
    """So that a crowd does not come back together."""
    waits = sorted(wait_after(5, seed) / timedelta(hours=1) for seed in range(300))

    assert waits[0] < 0.88
    assert waits[-1] > 1.12
    assert len(set(waits)) == 300


@given(st.integers(1, 60), st.floats(0, 100), st.integers(0, 1000))
@QUICK
def test_a_message_is_never_tried_more_than_four_days_after_its_acceptance(
    attempt: int, age_h: float, seed: int
) -> None:
    """For every attempt at every age, the next one is within four days of acceptance, or there is none."""
    now = NOW + timedelta(hours=age_h)
    last = NOW + timedelta(days=4)

    due = next_attempt(now, attempt, NOW, DEFAULTS, seeded(seed))

    steady = now + timedelta(minutes=LADDER_MIN[min(attempt, 9) - 1])
    if due is None:
        assert steady + (steady - now) * 0.15 > last
    else:
        assert now < due <= last


def test_an_attempt_exactly_four_days_after_acceptance_is_the_last_one() -> None:
    four_hours, four_days = timedelta(hours=4), timedelta(days=4)

    assert next_attempt(NOW + four_days - four_hours, 9, NOW, STEADY, seeded()) == NOW + four_days
    later = NOW + four_days - four_hours + timedelta(microseconds=1)
    assert next_attempt(later, 9, NOW, STEADY, seeded()) is None


def test_equal_seeds_make_equal_schedules() -> None:
    assert wait_after(3, seed=7) == wait_after(3, seed=7)


# -- replies

EARLY = (Phase.GREETING, Phase.EHLO)
LATE = (Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.DOT)
GO_ON, NEXT_HOST, REFUSED = Verdict.GO_ON, Verdict.NEXT_HOST, Verdict.REFUSED

REPLIES: list[tuple[tuple[Phase, ...], Sequence[int], Verdict]] = [
    (EARLY, [220, 250], GO_ON),
    (EARLY, [421, 450, 451, 500, 502, 521, 550, 554], NEXT_HOST),  # not this host; another one may
    ((Phase.MAIL, Phase.RCPT, Phase.DOT), [200, 250, 251, 252], GO_ON),
    ((Phase.DATA,), [354], GO_ON),
    ((Phase.DATA,), [250, 220, 300, 334, 399], NEXT_HOST),
    ((*EARLY, Phase.MAIL, Phase.RCPT, Phase.DOT), [354, 334], NEXT_HOST),
    (LATE, [400, 421, 450, 451, 452, 499], NEXT_HOST),
    (LATE, [500, 501, 550, 552, 554, 599], REFUSED),
    ((*EARLY, *LATE), [0, 1, 99, 100, 199, 600, 999], NEXT_HOST),
]


@pytest.mark.parametrize(
    ("phase", "code", "verdict"),
    [(phase, code, verdict) for phases, codes, verdict in REPLIES for phase in phases for code in codes],
)
def test_the_first_digit_decides_by_phase(phase: Phase, code: int, verdict: Verdict) -> None:
    """RFC 5321 4.2.1 and 4.3.2, CHOICE-22."""
    assert classify(phase, Reply(code, "whatever")) is verdict


@given(st.sampled_from(LATE), st.integers(-1, 1000), st.text())
@QUICK
def test_only_a_five_refuses_for_good_whatever_the_text_says(phase: Phase, code: int, text: str) -> None:
    """For every code and text after MAIL, the message is refused if and only if the code begins with a five."""
    assert (classify(phase, Reply(code, text)) is REFUSED) == (500 <= code <= 599)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("5.1.1 no such user", "5.1.1"),
        ("4.7.25 later", "4.7.25"),
        ("2.0.0", "2.0.0"),
        ("5.1.1 no such user\n5.7.1 not you", "5.1.1"),
        ("no such user 5.1.1", None),
        ("no such user\n5.1.1 x", None),
        ("3.1.1 x", None),
        ("5.1 x", None),
        ("5.1.1x", None),
        ("5.1234.1 x", None),
        ("", None),
    ],
)
def test_the_enhanced_code_is_the_one_that_the_first_line_starts_with(text: str, code: str | None) -> None:
    """RFC 2034 4, RFC 3463 2."""
    assert enhanced_code(Reply(550, text)) == code


def test_where_the_codes_contradict_each_other_the_basic_one_wins() -> None:
    assert classify(Phase.RCPT, Reply(550, "4.2.2 full")) is REFUSED
    assert classify(Phase.RCPT, Reply(450, "5.1.1 no such user")) is NEXT_HOST


# -- routes (CHOICE-29)


def route(
    answers: dict[tuple[str, str], Sequence[object] | Exception], seed: int = 0, most: int = 5
) -> Sequence[Target] | NoRoute:
    return run(MxRoute(ScriptedResolver(answers), seeded(seed), replace(DEFAULTS, most_addresses=most))("example.com"))


MX1 = MxRecord(10, "mx1.example.com")
MX2 = MxRecord(20, "mx2.example.com")
ADDRESSES = {("A", "mx1.example.com"): ["192.0.2.1"], ("A", "mx2.example.com"): ["192.0.2.2"]}
TARGET1, TARGET2 = Target("mx1.example.com", "192.0.2.1"), Target("mx2.example.com", "192.0.2.2")


@pytest.mark.parametrize("records", [[MX1, MX2], [MX2, MX1]])
def test_the_lowest_preference_comes_first(records: list[MxRecord]) -> None:
    """RFC 5321 5.1."""
    assert route({("MX", "example.com"): records, **ADDRESSES}) == [TARGET1, TARGET2]


def test_without_an_mx_the_domain_itself_is_the_mail_host() -> None:
    """RFC 5321 5.1, the implicit MX."""
    assert route({("MX", "example.com"): [], ("A", "example.com"): ["192.0.2.9"]}) == [
        Target("example.com", "192.0.2.9")
    ]


def test_with_an_mx_the_domain_itself_is_never_asked() -> None:
    """RFC 5321 5.1."""
    resolver = ScriptedResolver({("MX", "example.com"): [MX1], ("A", "example.com"): ["192.0.2.9"]})

    result = run(MxRoute(resolver, seeded(), DEFAULTS)("example.com"))

    assert isinstance(result, NoRoute)
    assert ("A", "example.com") not in resolver.asked


@pytest.mark.parametrize("records", [[MxRecord(0, ".")], [MxRecord(0, "."), MX1]], ids=["alone", "beside another"])
def test_a_null_mx_is_permanent_and_no_address_is_looked_up(records: list[MxRecord]) -> None:
    """RFC 7505 3 and 4.1."""
    resolver = ScriptedResolver({("MX", "example.com"): records, ("A", "example.com"): ["192.0.2.9"], **ADDRESSES})

    result = run(MxRoute(resolver, seeded(), DEFAULTS)("example.com"))

    assert isinstance(result, NoRoute)
    assert (result.permanent, result.enhanced) == (True, "5.1.10")
    assert resolver.asked == [("MX", "example.com")]


def test_a_domain_that_does_not_exist_is_permanent() -> None:
    result = route({})

    assert isinstance(result, NoRoute)
    assert (result.permanent, result.enhanced) == (True, "5.1.2")


def test_an_mx_look_up_that_fails_is_temporary_and_never_goes_on_to_the_address() -> None:
    resolver = ScriptedResolver({("MX", "example.com"): SERVFAIL, ("A", "example.com"): ["192.0.2.9"]})

    result = run(MxRoute(resolver, seeded(), DEFAULTS)("example.com"))

    assert isinstance(result, NoRoute)
    assert (result.permanent, result.enhanced) == (False, "4.4.3")
    assert resolver.asked == [("MX", "example.com")]


@pytest.mark.parametrize("answers", [{}, {("A", "mx1.example.com"): []}], ids=["no such host", "no address"])
def test_mail_hosts_without_an_address_are_permanent(
    answers: dict[tuple[str, str], Sequence[object] | Exception],
) -> None:
    result = route({("MX", "example.com"): [MX1], **answers})

    assert isinstance(result, NoRoute)
    assert (result.permanent, result.enhanced) == (True, "5.4.4")


def test_a_domain_with_neither_mx_nor_address_is_permanent() -> None:
    result = route({("MX", "example.com"): []})

    assert isinstance(result, NoRoute)
    assert result.permanent


THIS_MACHINE = [
    *("127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::"),  # noqa: S104  # never bound
    # The same hidden in IPv6: mapped (RFC 4291 2.5.5.2), NAT64 (RFC 6052), 6to4 (RFC 3056).
    *("::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::"),
]


@pytest.mark.parametrize("address", THIS_MACHINE)
def test_mail_hosts_that_are_this_very_machine_are_permanent(address: str) -> None:
    """RFC 5321 5.1: mail must not go round in circles."""
    result = route({("MX", "example.com"): [MX1], ("A", "mx1.example.com"): [address]})

    assert isinstance(result, NoRoute)
    assert (result.permanent, result.enhanced) == (True, "5.4.6")


def test_a_mail_host_that_is_this_very_machine_is_passed_over() -> None:
    assert route({("MX", "example.com"): [MX1, MX2], **ADDRESSES, ("A", "mx1.example.com"): ["127.0.0.1"]}) == [TARGET2]


def mx_route(records: list[MxRecord], **options: Any) -> Sequence[Target] | NoRoute:  # Any: of MxRoute
    resolver = ScriptedResolver({("MX", "example.com"): records, **ADDRESSES})
    return run(MxRoute(resolver, seeded(), **{"settings": DEFAULTS, **options})("example.com"))


OURSELVES = replace(DEFAULTS, ehlo_name="mx2.example.com")


@pytest.mark.parametrize("spelt", ["mx2.example.com", "MX2.Example.COM"])
@pytest.mark.parametrize(
    ("preferences", "expected"), [((10, 20), [TARGET1]), ((20, 20), None), ((30, 20), None)], ids=str
)
def test_where_we_are_a_mail_host_ourselves_only_better_ones_are_asked(
    preferences: tuple[int, int], expected: list[Target] | None, spelt: str
) -> None:
    """RFC 5321 5.1: the others would send it back to us."""
    first, second = preferences

    result = mx_route([MxRecord(first, "mx1.example.com"), MxRecord(second, spelt)], settings=OURSELVES)

    if expected is None:
        assert isinstance(result, NoRoute)
        assert (result.permanent, result.enhanced) == (True, "5.4.6")
    else:
        assert result == expected


@pytest.mark.parametrize(
    "address",
    [
        *THIS_MACHINE,
        *("10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1"),
        *("224.0.0.1", "255.255.255.255", "240.0.0.1"),
        *("fe80::1", "fc00::1", "ff02::1", "2001:db8::1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:a00:1::"),
        "8.8.4.4",
    ],
)
def test_on_the_real_network_no_mail_host_may_be_inside(address: str) -> None:
    """A stranger's zone must not lead us to services that trust their neighbours; the last address is our own."""
    assert forbid_all_but_public(own=("8.8.4.4",))(address) is not None


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::8.8.8.8"])
def test_on_the_real_network_public_addresses_may_be_mail_hosts(address: str) -> None:
    assert forbid_all_but_public(own=("8.8.4.4",))(address) is None


def test_a_mail_host_that_is_forbidden_is_passed_over_and_if_it_is_the_only_one_that_is_permanent() -> None:
    def forbid(ip: str) -> str | None:
        return "to addresses that are not public" if ip == "192.0.2.1" else None

    assert mx_route([MX1, MX2], forbids=forbid) == [TARGET2]
    alone = mx_route([MX1], forbids=forbid)
    assert alone == NoRoute(True, "5.4.6", "the mail hosts of example.com lead to addresses that are not public")


# -- through a relay


def relayed(host: str, answers: dict[tuple[str, str], Sequence[object] | Exception]) -> Sequence[Target] | NoRoute:
    return run(RelayRoute(ScriptedResolver(answers), host)("example.com"))


def test_a_relay_takes_all_mail_whatever_dns_says_of_the_recipients_domain() -> None:
    assert relayed("relay.example", {("A", "relay.example"): ["10.0.0.1", "10.0.0.2"]}) == [
        Target("relay.example", "10.0.0.1"),
        Target("relay.example", "10.0.0.2"),
    ]
    assert relayed("127.0.0.1", {}) == [Target("127.0.0.1", "127.0.0.1")]
    assert relayed("::1", {}) == [Target("::1", "::1")]


@pytest.mark.parametrize("answer", [SERVFAIL, [], None], ids=["fails", "no address", "no such name"])
def test_a_relay_that_cannot_be_found_puts_off_and_never_bounces(answer: Sequence[object] | Exception | None) -> None:
    result = relayed("relay.example", {} if answer is None else {("A", "relay.example"): answer})

    assert isinstance(result, NoRoute)
    assert not result.permanent


def test_addresses_that_cannot_be_looked_up_now_are_temporary() -> None:
    none: list[str] = []
    for first, second in ((SERVFAIL, none), (none, SERVFAIL), (SERVFAIL, SERVFAIL)):
        result = route(
            {
                ("MX", "example.com"): [MX1, MX2],
                ("A", "mx1.example.com"): first,
                ("A", "mx2.example.com"): second,
            }
        )

        assert isinstance(result, NoRoute)
        assert (result.permanent, result.enhanced) == (False, "4.4.3")


@pytest.mark.parametrize("first", [SERVFAIL, []], ids=["fails", "has no address"])
def test_one_mail_host_without_an_address_does_not_keep_from_the_next(first: Sequence[object] | Exception) -> None:
    assert route({("MX", "example.com"): [MX1, MX2], **ADDRESSES, ("A", "mx1.example.com"): first}) == [TARGET2]


def test_equal_preferences_share_the_load() -> None:
    """RFC 5321 5.1: the sender must randomise; of 200 messages each host gets 30 to 70 %."""
    equals = [MxRecord(10, "mx1.example.com"), MxRecord(10, "mx2.example.com")]
    firsts = []
    for seed in range(200):
        targets = route({("MX", "example.com"): equals, **ADDRESSES}, seed)
        assert not isinstance(targets, NoRoute)
        assert sorted(target.ip for target in targets) == ["192.0.2.1", "192.0.2.2"]
        firsts.append(targets[0])

    assert 60 <= firsts.count(TARGET1) <= 140


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), min_size=1, max_size=12, unique_by=lambda mx: mx[1]),
    st.integers(0, 99),
)
@QUICK
def test_hosts_come_in_the_order_of_their_preferences_whatever_the_seed(mxs: list[tuple[int, int]], seed: int) -> None:
    """For every set of MX records and every seed, preferences never fall, and each host comes once, up to the cap."""
    answers: dict[tuple[str, str], Sequence[object] | Exception] = {
        ("MX", "example.com"): [MxRecord(preference, f"mx{host}") for preference, host in mxs]
    }
    answers |= {("A", f"mx{host}"): [f"192.0.2.{host}"] for _, host in mxs}

    targets = route(answers, seed)

    assert not isinstance(targets, NoRoute)
    preference_of = {f"mx{host}": preference for preference, host in mxs}
    preferences = [preference_of[target.host] for target in targets]
    assert preferences == sorted(preference_of.values())[:5]
    assert len(set(targets)) == len(targets)


def test_at_most_five_addresses_are_tried_and_no_more_hosts_looked_up_than_that_takes() -> None:
    """CHOICE-29."""
    answers: dict[tuple[str, str], Sequence[object] | Exception] = {
        ("MX", "example.com"): [MxRecord(number, f"mx{number:03}") for number in range(100)]
    }
    answers |= {("A", f"mx{number:03}"): [f"192.0.2.{number}", f"198.51.100.{number}"] for number in range(100)}
    resolver = ScriptedResolver(answers)

    targets = run(MxRoute(resolver, seeded(), DEFAULTS)("example.com"))

    assert isinstance(targets, list)
    assert [target.ip for target in targets] == ["192.0.2.0", "198.51.100.0", "192.0.2.1", "198.51.100.1", "192.0.2.2"]
    assert len(resolver.asked) == 4


# -- the sending domain's part


class OneDomain:
    """As much of a domain store as the signer asks for."""

    def __init__(self, domain: Domain | None) -> None:
        self.only = domain

    def domain(self, account_id: str, name: str) -> Domain | None:
        return self.only if self.only and (account_id, name) == (self.only.account_id, self.only.name) else None


def claim_of(account_id: str = "acc_1") -> Claim:
    return Claim("msg_abc123", account_id, 1, 1, make_content(), NOW)


def test_a_message_is_signed_only_for_a_verified_domain_of_its_own_account(domain: Domain) -> None:
    """CHOICE-21, CHOICE-38."""
    message = b"From: x@y.example\r\n\r\nx\r\n"

    def signed(kept: Domain | None, account_id: str = "acc_1") -> bytes | None:
        sign = Signer(OneDomain(kept)).for_claim(claim_of(account_id))  # type: ignore[arg-type]  # one method of the port
        return sign(message) if sign else None

    assert (signed(domain) or b"").startswith(b"DKIM-Signature: ")
    assert signed(replace(domain, verified_at=None)) is None
    assert signed(domain, "acc_2") is None
    assert signed(None) is None


def test_each_message_has_an_envelope_sender_of_its_own_below_the_sending_domain(domain: Domain) -> None:
    """CHOICE-28."""
    signer = Signer(OneDomain(domain))  # type: ignore[arg-type]  # one method of the port

    assert signer.envelope_sender(claim_of()) == "b+abc123@bounce.yourdomain.com"
