"""Sending domains: their records, read by meaning (CHOICE-20), and the verdict that is kept (CHOICE-21)."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.reference.support import NOW, SERVFAIL, ScriptedResolver, VirtualClock, run

from justemails.addresses import AddressError
from justemails.dkim_signature import SigningKey
from justemails.domains import RecordState, bounce_domain, check, make_domain, records_of, tags, verify
from justemails.ids import make_new_id
from justemails.pony_store import PonyStore
from justemails.records import Domain

IP = "192.0.2.25"
OWNERSHIP, DKIM, SPF, DMARC = (
    "_justemails.yourdomain.com",
    "je1._domainkey.yourdomain.com",
    "bounce.yourdomain.com",
    "_dmarc.yourdomain.com",
)

Answers = dict[tuple[str, str], Sequence[Any] | Exception]  # Any: as ScriptedResolver


def published(domain: Domain, **changed: Sequence[str] | Exception | None) -> Answers:
    """Return a zone with all records right, but for those of the purposes given; None leaves a record out."""
    zone: Answers = {}
    for record in records_of(domain, IP):
        answer = changed.get(record.purpose, [record.value])
        if answer is not None:
            zone["TXT", record.name] = answer
    return zone


def states(domain: Domain, zone: Answers) -> dict[str, RecordState]:
    return {one.record.purpose: one.state for one in run(check(domain, IP, ScriptedResolver(zone)))}


ALL_OK = dict.fromkeys(("ownership", "dkim", "spf", "dmarc"), RecordState.OK)


def test_a_domain_asks_for_three_records_and_advises_a_fourth(domain: Domain) -> None:
    """CHOICE-20."""
    records = records_of(domain, IP)

    assert [(record.purpose, record.type, record.name, record.required) for record in records] == [
        ("ownership", "TXT", OWNERSHIP, True),
        ("dkim", "TXT", DKIM, True),
        ("spf", "TXT", SPF, True),
        ("dmarc", "TXT", DMARC, False),
    ]
    assert records[0].value == "je-verify=token"
    assert records[1].value == SigningKey(domain.private_key).record
    assert records[2].value == "v=spf1 ip4:192.0.2.25 -all"


def test_the_records_as_they_are_asked_for_are_ok(domain: Domain) -> None:
    assert states(domain, published(domain)) == ALL_OK


def test_the_envelopes_domain_is_below_the_sending_one() -> None:
    """CHOICE-28."""
    assert bounce_domain("yourdomain.com") == "bounce.yourdomain.com"


@pytest.mark.parametrize(
    "spell",
    [
        lambda p: f"p={p}",
        lambda p: f"v=DKIM1;p={p}",
        lambda p: f"v=DKIM1; p={p}; k=rsa",
        lambda p: f"v=DKIM1; p={p};",
        lambda p: f" v = DKIM1 ;  k = rsa ; p = {p} ",
        lambda p: f"v=DKIM1; k=rsa; p={p[:100]} {p[100:200]}\t{p[200:]}",
        lambda p: f"v=DKIM1; t=s; n=a note; p={p}",
    ],
)
def test_a_dkim_record_in_another_spelling_is_ok(spell: Any, domain: Domain) -> None:  # Any: a lambda on text
    """RFC 6376 3.2 and 3.6.1: the order of tags, spaces and the defaults do not matter."""
    public = tags(SigningKey(domain.private_key).record)["p"]

    assert states(domain, published(domain, dkim=[spell(public)])) == ALL_OK


@pytest.mark.parametrize(
    "spell",
    [
        lambda p: "v=DKIM1; p=",
        lambda p: f"v=DKIM1; p={p[:-8]}",
        lambda p: f"v=DKIM1; k=ed25519; p={p}",
        lambda p: f"v=DKIM2; p={p}",
        lambda p: f"v=DKIM1; p={p.lower()}",
        lambda p: "v=DKIM1; p=\ufffd\ufffd",
    ],
)
def test_a_dkim_record_with_another_meaning_is_wrong(spell: Any, domain: Domain) -> None:  # Any: a lambda on text
    public = tags(SigningKey(domain.private_key).record)["p"]

    assert states(domain, published(domain, dkim=[spell(public)])) == {**ALL_OK, "dkim": RecordState.WRONG}


@pytest.mark.parametrize(
    "text",
    ["v=spf1 ip4:192.0.2.25 ~all", "v=spf1  include:x.example   ip4:192.0.2.25  -all", "v=spf1 mx ip4:192.0.2.25"],
)
def test_an_spf_record_that_names_our_address_among_others_is_ok(text: str, domain: Domain) -> None:
    assert states(domain, published(domain, spf=[text])) == ALL_OK


@pytest.mark.parametrize(
    "text", ["v=spf1 -all", "v=spf1 ip4:192.0.2.2 -all", "v=spf1 ip4:192.0.2.250 -all", "v=spf1 -ip4:192.0.2.25 ?all"]
)
def test_an_spf_record_that_does_not_name_our_address_is_wrong(text: str, domain: Domain) -> None:
    assert states(domain, published(domain, spf=[text])) == {**ALL_OK, "spf": RecordState.WRONG}


def test_an_spf_record_that_refuses_everybody_before_it_names_us_is_wrong(domain: Domain) -> None:
    """RFC 7208 4.6.2: mechanisms count from left to right, and ``all`` always matches."""
    assert states(domain, published(domain, spf=["v=spf1 -all ip4:192.0.2.25"]))["spf"] == RecordState.WRONG


@pytest.mark.parametrize("purpose", list(ALL_OK))
def test_other_texts_beside_a_record_do_not_matter(purpose: str, domain: Domain) -> None:
    (value,) = [record.value for record in records_of(domain, IP) if record.purpose == purpose]
    beside = ["google-site-verification=x", value, "hello", "", "v=spf2.0/pra ?all", "v=BIMI1; l=x"]

    assert states(domain, published(domain, **{purpose: beside})) == ALL_OK


@pytest.mark.parametrize("purpose", list(ALL_OK))
@pytest.mark.parametrize("answer", [None, [], ["something else"]], ids=["no such name", "no TXT", "another text"])
def test_a_record_that_is_not_there_is_missing(purpose: str, answer: list[str] | None, domain: Domain) -> None:
    checked = run(check(domain, IP, ScriptedResolver(published(domain, **{purpose: answer}))))

    (missing,) = [one for one in checked if one.state is not RecordState.OK]
    assert (missing.record.purpose, missing.state) == (purpose, RecordState.MISSING)
    assert missing.record.name in missing.reason


@pytest.mark.parametrize("purpose", ["dkim", "spf", "dmarc"])
def test_a_second_record_of_its_kind_is_wrong_even_if_equal(purpose: str, domain: Domain) -> None:
    """RFC 6376 3.6.2.2, RFC 7208 4.5, RFC 7489 6.6.3: which of two counts is nobody's to say."""
    (value,) = [record.value for record in records_of(domain, IP) if record.purpose == purpose]

    assert states(domain, published(domain, **{purpose: [value, value]})) == {**ALL_OK, purpose: RecordState.WRONG}


def test_another_accounts_token_may_stand_beside_ours(domain: Domain) -> None:
    """CHOICE-19: two accounts may each verify one domain."""
    assert states(domain, published(domain, ownership=["je-verify=other", "je-verify=token"])) == ALL_OK


@pytest.mark.parametrize("text", ["je-verify=Token", "je-verify=", "je-verify=token2", "je-verify=toke"])
def test_another_token_alone_is_wrong_and_shown(text: str, domain: Domain) -> None:
    checked = run(check(domain, IP, ScriptedResolver(published(domain, ownership=[text]))))

    assert checked[0].state is RecordState.WRONG
    assert text in checked[0].reason


def test_what_dns_holds_is_shown_without_control_characters(domain: Domain) -> None:
    checked = run(check(domain, IP, ScriptedResolver(published(domain, ownership=["je-verify=\x1b[31m\r\n\u202e"]))))

    assert checked[0].reason.isascii()
    assert checked[0].reason.isprintable()


@pytest.mark.parametrize("purpose", list(ALL_OK))
def test_a_name_server_that_fails_makes_a_record_unknown(purpose: str, domain: Domain) -> None:
    assert states(domain, published(domain, **{purpose: SERVFAIL})) == {**ALL_OK, purpose: RecordState.UNKNOWN}


# -- the verdict that is kept


@pytest.fixture
def kept(store: PonyStore, domain: Domain) -> PonyStore:
    store.add_domain(domain)
    return store


def verified_at(store: PonyStore) -> Any:  # Any: a datetime or None
    found = store.domain("acc_1", "yourdomain.com")
    assert found
    return found.verified_at


def verdict(domain: Domain, zone: Answers, store: PonyStore, clock: VirtualClock) -> None:
    clock.jump_ns(60 * 10**9)
    run(verify(domain, IP, ScriptedResolver(zone), store, clock))


def test_a_domain_with_its_records_becomes_verified_now(domain: Domain, kept: PonyStore, clock: VirtualClock) -> None:
    kept.set_verified(domain.id, None)

    verdict(replace(domain, verified_at=None), published(domain), kept, clock)

    assert verified_at(kept) == NOW + timedelta(minutes=1)


def test_a_domain_that_stays_verified_keeps_its_instant(domain: Domain, kept: PonyStore, clock: VirtualClock) -> None:
    verdict(domain, published(domain), kept, clock)

    assert verified_at(kept) == domain.verified_at


def test_an_advised_record_is_not_needed(domain: Domain, kept: PonyStore, clock: VirtualClock) -> None:
    verdict(domain, published(domain, dmarc=None), kept, clock)
    assert verified_at(kept) is not None

    verdict(domain, published(domain, dmarc=SERVFAIL), kept, clock)
    assert verified_at(kept) is not None


@pytest.mark.parametrize("purpose", ["ownership", "dkim", "spf"])
@pytest.mark.parametrize(
    "answer", [None, ["v=spf1 -all"], ["je-verify=x"], ["v=DKIM1; p="]], ids=["gone", "spf", "token", "dkim"]
)
def test_a_needed_record_that_is_gone_or_wrong_takes_the_verification_away(
    purpose: str, answer: list[str] | None, domain: Domain, kept: PonyStore, clock: VirtualClock
) -> None:
    """CHOICE-21."""
    verdict(domain, published(domain, **{purpose: answer}), kept, clock)

    assert verified_at(kept) is None


@pytest.mark.parametrize("purpose", ["ownership", "dkim", "spf"])
@pytest.mark.parametrize("before", [True, False], ids=["verified", "unverified"])
def test_a_dns_that_does_not_answer_changes_nothing(
    purpose: str, before: bool, domain: Domain, kept: PonyStore, clock: VirtualClock
) -> None:
    """CHOICE-21."""
    at = NOW if before else None
    kept.set_verified(domain.id, at)

    verdict(replace(domain, verified_at=at), published(domain, **{purpose: SERVFAIL}), kept, clock)

    assert verified_at(kept) == at


# -- making one


def test_a_new_domain_is_unverified_and_has_a_token_and_a_key_of_its_own(clock: VirtualClock) -> None:
    new_id = make_new_id(clock)

    one, other = (make_domain("acc_1", "YourDomain.com", clock, new_id) for _ in range(2))

    assert (one.account_id, one.name, one.created_at, one.verified) == ("acc_1", "yourdomain.com", NOW, False)
    assert re.fullmatch(r"dom_\w{22}", one.id)
    assert re.fullmatch(r"je-verify=\w{22}", one.token)
    assert re.fullmatch(r"je[a-z0-9]{8}", one.selector)  # a DNS label
    assert one.token != other.token
    assert one.private_key != other.private_key


@pytest.mark.parametrize(
    "name",
    [
        "",
        "localhost",
        "a b.com",
        "-a.com",
        "a..com",
        "a.com.",
        "127.0.0.1",
        "a_b.com",
        "ⓔxample.com",
        "a.com/x",
        "x" * 64 + ".com",
    ],
)
def test_a_name_that_is_no_domain_is_refused(name: str, clock: VirtualClock) -> None:
    with pytest.raises(AddressError, match=r"^must be a domain name like example.com, not "):
        make_domain("acc_1", name, clock, make_new_id(clock))


def test_a_domain_beyond_ascii_is_kept_in_a_labels(clock: VirtualClock) -> None:
    assert make_domain("acc_1", "bücher.example", clock, make_new_id(clock)).name == "xn--bcher-kva.example"


def test_tags_are_read_without_white_space() -> None:
    assert tags(" v = DKIM1 ; p = a b\tc ; x; y= ; =z") == {"v": "DKIM1", "p": "abc", "y": "", "": "z"}
