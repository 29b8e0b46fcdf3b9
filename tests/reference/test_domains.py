"""Sending domains: their records, read by meaning (CHOICE-20), and the verdict that is kept (CHOICE-21)."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.reference.support import NOW, SERVFAIL, ScriptedResolver, VirtualClock, run, settle

from justemails.addresses import AddressError
from justemails.api.ids import make_new_id
from justemails.domains.check import RecordState, check, tags, verify
from justemails.domains.domain import SendingHost, bounce_domain, make_domain, records_of
from justemails.domains.watch import DomainWatch
from justemails.mail.dkim_signature import SigningKey
from justemails.pony_store import PonyStore
from justemails.ports import MxRecord
from justemails.records import Domain

HOST = SendingHost(("192.0.2.25",), bounces_to="mx.sender.example")

Answers = dict[tuple[str, str], Sequence[Any] | Exception]  # Any: as ScriptedResolver


# A name for each record, since two are for DKIM.
PURPOSES = ("ownership", "rsa", "ed25519", "spf", "bounce", "dmarc")


def published(domain: Domain, **changed: Sequence[Any] | Exception | None) -> Answers:  # Any: likewise
    """Return a zone with all records right, but for those of the purposes given; None leaves a record out."""
    zone: Answers = {}
    for purpose, record in zip(PURPOSES, records_of(domain, HOST), strict=True):
        answer = changed.get(purpose, [MX] if record.type == "MX" else [record.value])
        if answer is not None:
            zone[record.type, record.name] = answer
    return zone


def states(domain: Domain, zone: Answers) -> dict[str, RecordState]:
    checked = run(check(domain, HOST, ScriptedResolver(zone)))
    return {purpose: one.state for purpose, one in zip(PURPOSES, checked, strict=True)}


MX = MxRecord(10, "mx.sender.example")
ALL_OK = dict.fromkeys(PURPOSES, RecordState.OK)
TEXTS = ("ownership", "rsa", "ed25519", "spf", "dmarc")
NEEDED = ("ownership", "rsa", "ed25519", "spf", "bounce")


def test_a_domain_asks_for_five_records_and_advises_a_sixth(domain: Domain) -> None:
    """CHOICE-20."""
    records = records_of(domain, HOST)

    assert [(record.purpose, record.type, record.name, record.required) for record in records] == [
        ("ownership", "TXT", "_justemails.yourdomain.com", True),
        ("dkim", "TXT", "je1r._domainkey.yourdomain.com", True),
        ("dkim", "TXT", "je1e._domainkey.yourdomain.com", True),
        ("spf", "TXT", "bounce.yourdomain.com", True),
        ("bounce", "MX", "bounce.yourdomain.com", True),
        ("dmarc", "TXT", "_dmarc.yourdomain.com", False),
    ]
    keys = [SigningKey(key.selector, key.private_key) for key in domain.dkim_keys]
    assert [record.value for record in records] == [
        "je-verify=token",
        *(key.record for key in keys),
        "v=spf1 ip4:192.0.2.25 -all",
        "10 mx.sender.example",
        "v=DMARC1; p=none",
    ]


def test_spf_names_every_address_that_mail_comes_from(domain: Domain) -> None:
    host = SendingHost(("192.0.2.25", "2001:db8::25"), "mx.sender.example")

    assert records_of(domain, host)[3].value == "v=spf1 ip4:192.0.2.25 ip6:2001:db8::25 -all"


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("v=spf1 ip4:192.0.2.25 ip6:2001:db8::25 -all", RecordState.OK),
        ("v=spf1 ip6:2001:DB8:0::/32 ip4:192.0.2.0/24 -all", RecordState.OK),
        ("v=spf1 ip4:192.0.2.25 -all", RecordState.WRONG),
        ("v=spf1 ip6:2001:db8::/64 -all", RecordState.WRONG),
    ],
)
def test_every_address_that_mail_comes_from_has_to_be_allowed(text: str, state: RecordState, domain: Domain) -> None:
    host = SendingHost(("192.0.2.25", "2001:db8::25"), "mx.sender.example")

    checked = run(check(domain, host, ScriptedResolver(published(domain, spf=[text]))))

    assert checked[3].state is state


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
    public = tags(SigningKey("je1r", domain.dkim_keys[0].private_key).record)["p"]

    assert states(domain, published(domain, rsa=[spell(public)])) == ALL_OK


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
    public = tags(SigningKey("je1r", domain.dkim_keys[0].private_key).record)["p"]

    assert states(domain, published(domain, rsa=[spell(public)])) == {**ALL_OK, "rsa": RecordState.WRONG}


@pytest.mark.parametrize(
    "text",
    [
        "v=spf1 ip4:192.0.2.25 ~all",
        "v=spf1  include:x.example   ip4:192.0.2.25  -all",
        "v=spf1 mx ip4:192.0.2.25",
        "v=spf1 +ip4:192.0.2.25 -all",
        "v=spf1 IP4:192.0.2.0/24 -all",
        "v=spf1 ip4:192.0.2.25/32 -all",
        "v=spf1 ip6:2001:db8::/32 ip4:192.0.2.25 -all",
        "v=spf1 ip4:198.51.100.1 ip4:192.0.2.25 -all",
    ],
)
def test_an_spf_record_that_names_our_address_among_others_is_ok(text: str, domain: Domain) -> None:
    assert states(domain, published(domain, spf=[text])) == ALL_OK


@pytest.mark.parametrize(
    "text",
    [
        "v=spf1 -all",
        "v=spf1 ip4:192.0.2.2 -all",
        "v=spf1 ip4:192.0.2.250 -all",
        "v=spf1 -ip4:192.0.2.25 ?all",
        "v=spf1 ~ip4:192.0.2.0/24 ip4:192.0.2.25 -all",
        "v=spf1 ip4:192.0.2.25x ip4: ip4:192.0.2.300 -all",
        "v=spf1 include:x.example -all",
    ],
)
def test_an_spf_record_that_does_not_name_our_address_is_wrong(text: str, domain: Domain) -> None:
    assert states(domain, published(domain, spf=[text])) == {**ALL_OK, "spf": RecordState.WRONG}


def test_an_spf_record_that_refuses_everybody_before_it_names_us_is_wrong(domain: Domain) -> None:
    """RFC 7208 4.6.2: mechanisms count from left to right, and ``all`` always matches."""
    assert states(domain, published(domain, spf=["v=spf1 -all ip4:192.0.2.25"]))["spf"] == RecordState.WRONG


@pytest.mark.parametrize("purpose", TEXTS)
def test_other_texts_beside_a_record_do_not_matter(purpose: str, domain: Domain) -> None:
    value = records_of(domain, HOST)[PURPOSES.index(purpose)].value
    beside = ["google-site-verification=x", value, "hello", "", "v=spf2.0/pra ?all", "v=BIMI1; l=x"]

    assert states(domain, published(domain, **{purpose: beside})) == ALL_OK


@pytest.mark.parametrize("purpose", list(ALL_OK))
@pytest.mark.parametrize("answer", [None, []], ids=["no such name", "none of its type"])
def test_a_record_that_is_not_there_is_missing(purpose: str, answer: list[str] | None, domain: Domain) -> None:
    checked = run(check(domain, HOST, ScriptedResolver(published(domain, **{purpose: answer}))))

    (missing,) = [one for one in checked if one.state is not RecordState.OK]
    assert (missing.record, missing.state) == (records_of(domain, HOST)[PURPOSES.index(purpose)], RecordState.MISSING)
    assert missing.reason == f"no such {missing.record.type} record at {missing.record.name}"


@pytest.mark.parametrize("purpose", TEXTS)
def test_a_name_with_other_texts_alone_lacks_the_record(purpose: str, domain: Domain) -> None:
    assert states(domain, published(domain, **{purpose: ["something else"]})) == {
        **ALL_OK,
        purpose: RecordState.MISSING,
    }


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ([MX, MxRecord(5, "else.example")], RecordState.OK),
        ([MxRecord(0, "mx.yourdomain.com")], RecordState.OK),
        ([MxRecord(0, ".")], RecordState.WRONG),
    ],
)
def test_any_host_may_take_the_bounces_but_one_has_to(
    answer: list[MxRecord], state: RecordState, domain: Domain
) -> None:
    """RFC 7505 4.2: the domain of an envelope sender has no null MX."""
    assert states(domain, published(domain, bounce=answer)) == {**ALL_OK, "bounce": state}


@pytest.mark.parametrize("purpose", ["rsa", "ed25519", "spf", "dmarc"])
def test_a_second_record_of_its_kind_is_wrong_even_if_equal(purpose: str, domain: Domain) -> None:
    """RFC 6376 3.6.2.2, RFC 7208 4.5, RFC 7489 6.6.3: which of two counts is nobody's to say."""
    value = records_of(domain, HOST)[PURPOSES.index(purpose)].value

    assert states(domain, published(domain, **{purpose: [value, value]})) == {**ALL_OK, purpose: RecordState.WRONG}


def test_another_accounts_token_may_stand_beside_ours(domain: Domain) -> None:
    """CHOICE-19: two accounts may each verify one domain."""
    assert states(domain, published(domain, ownership=["je-verify=other", "je-verify=token"])) == ALL_OK


@pytest.mark.parametrize("text", ["je-verify=Token", "je-verify=", "je-verify=token2", "je-verify=toke"])
def test_another_token_alone_is_wrong_and_shown(text: str, domain: Domain) -> None:
    checked = run(check(domain, HOST, ScriptedResolver(published(domain, ownership=[text]))))

    assert checked[0].state is RecordState.WRONG
    assert text in checked[0].reason


def test_what_dns_holds_is_shown_without_control_characters(domain: Domain) -> None:
    checked = run(check(domain, HOST, ScriptedResolver(published(domain, ownership=["je-verify=\x1b[31m\r\n\u202e"]))))

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
    run(verify(domain, HOST, ScriptedResolver(zone), store, clock))


def test_a_domain_with_its_records_becomes_verified_now(domain: Domain, kept: PonyStore, clock: VirtualClock) -> None:
    kept.keep_verdict(domain.id, None, None)

    verdict(replace(domain, verified_at=None), published(domain), kept, clock)

    assert verified_at(kept) == NOW + timedelta(minutes=1)
    assert kept.next_check() == NOW + timedelta(days=1, minutes=1)


def test_a_domain_that_stays_verified_keeps_its_instant(domain: Domain, kept: PonyStore, clock: VirtualClock) -> None:
    verdict(domain, published(domain), kept, clock)

    assert verified_at(kept) == domain.verified_at


def test_an_advised_record_is_not_needed(domain: Domain, kept: PonyStore, clock: VirtualClock) -> None:
    verdict(domain, published(domain, dmarc=None), kept, clock)
    assert verified_at(kept) is not None

    verdict(domain, published(domain, dmarc=SERVFAIL), kept, clock)
    assert verified_at(kept) is not None


@pytest.mark.parametrize(
    ("purpose", "answer"),
    [
        *((purpose, None) for purpose in NEEDED),
        ("ownership", ["je-verify=x"]),
        ("rsa", ["v=DKIM1; p="]),
        ("ed25519", ["v=DKIM1; k=ed25519; p="]),
        ("spf", ["v=spf1 -all"]),
        ("bounce", [MxRecord(0, ".")]),
    ],
)
def test_a_needed_record_that_is_gone_or_wrong_takes_the_verification_away(
    purpose: str, answer: list[Any] | None, domain: Domain, kept: PonyStore, clock: VirtualClock
) -> None:
    """CHOICE-21."""
    verdict(domain, published(domain, **{purpose: answer}), kept, clock)

    assert verified_at(kept) is None
    assert kept.next_check() is None


@pytest.mark.parametrize("purpose", NEEDED)
@pytest.mark.parametrize("before", [True, False], ids=["verified", "unverified"])
def test_a_dns_that_does_not_answer_changes_nothing(
    purpose: str, before: bool, domain: Domain, kept: PonyStore, clock: VirtualClock
) -> None:
    """CHOICE-21."""
    at = NOW if before else None
    kept.keep_verdict(domain.id, at, None)

    verdict(replace(domain, verified_at=at), published(domain, **{purpose: SERVFAIL}), kept, clock)

    assert verified_at(kept) == at
    assert kept.next_check() == (NOW + timedelta(hours=1, minutes=1) if before else None)


# -- looking again


def watched(store: PonyStore, zone: Answers, clock: VirtualClock, seconds: float) -> ScriptedResolver:
    """Let the watch run for some time, and return the name servers that it asked."""
    resolver = ScriptedResolver(zone)

    async def play() -> None:
        task = asyncio.create_task(DomainWatch(store, resolver, clock, HOST).run())
        await clock.pass_time(seconds)
        await settle()
        task.cancel()
        await asyncio.wait({task})

    run(play())
    return resolver


DAY_S = 24 * 3600


def test_a_verified_domain_is_looked_at_every_day(domain: Domain, kept: PonyStore, clock: VirtualClock) -> None:
    """CHOICE-21."""
    kept.keep_verdict(domain.id, NOW, NOW + timedelta(days=1))

    asked = watched(kept, published(domain), clock, 3 * DAY_S + 1).asked

    assert len(asked) == 3 * len(PURPOSES)
    assert verified_at(kept) == NOW
    assert kept.next_check() == NOW + timedelta(days=4)


def test_a_domain_that_has_lost_a_record_is_found_out_within_a_day_and_then_left_alone(
    domain: Domain, kept: PonyStore, clock: VirtualClock
) -> None:
    kept.keep_verdict(domain.id, NOW, NOW + timedelta(days=1))

    asked = watched(kept, published(domain, rsa=None), clock, 5 * DAY_S).asked

    assert len(asked) == len(PURPOSES)
    assert verified_at(kept) is None


def test_while_dns_does_not_answer_it_is_asked_every_hour(domain: Domain, kept: PonyStore, clock: VirtualClock) -> None:
    kept.keep_verdict(domain.id, NOW, NOW + timedelta(days=1))

    asked = watched(kept, published(domain, spf=SERVFAIL), clock, DAY_S + 4 * 3600 + 1).asked

    assert len(asked) == 5 * len(PURPOSES)
    assert verified_at(kept) == NOW


def test_an_unverified_domain_is_not_watched(domain: Domain, kept: PonyStore, clock: VirtualClock) -> None:
    kept.keep_verdict(domain.id, None, None)

    assert watched(kept, published(domain), clock, 3 * DAY_S).asked == []


# -- making one


def test_a_new_domain_is_unverified_and_has_a_token_and_keys_of_its_own(clock: VirtualClock) -> None:
    new_id = make_new_id(clock)

    one, other = (make_domain("acc_1", "YourDomain.com", clock, new_id) for _ in range(2))

    assert (one.account_id, one.name, one.created_at, one.verified) == ("acc_1", "yourdomain.com", NOW, False)
    assert re.fullmatch(r"dom_\w{22}", one.id)
    assert re.fullmatch(r"je-verify=\w{22}", one.token)
    assert [re.sub(r"^je[a-z0-9]{8}", "", key.selector) for key in one.dkim_keys] == ["r", "e"]
    algorithms = [SigningKey(key.selector, key.private_key).algorithm for key in one.dkim_keys]
    assert algorithms == ["rsa-sha256", "ed25519-sha256"]
    assert one.token != other.token
    assert not {key.selector for key in one.dkim_keys} & {key.selector for key in other.dkim_keys}
    assert not {key.private_key for key in one.dkim_keys} & {key.private_key for key in other.dkim_keys}


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


def test_a_name_that_leaves_its_records_no_room_is_refused(clock: VirtualClock) -> None:
    """RFC 1035 2.3.4: 253 characters, of which je12345678r._domainkey. takes 23."""
    fits = ".".join(["x" * 55] * 4 + ["example"])[-230:].lstrip(".")

    assert make_domain("acc_1", fits, clock, make_new_id(clock)).name == fits
    with pytest.raises(AddressError, match="must have at most 230 characters"):
        make_domain("acc_1", "y" + fits, clock, make_new_id(clock))


def test_a_domain_beyond_ascii_is_kept_in_a_labels(clock: VirtualClock) -> None:
    assert make_domain("acc_1", "bücher.example", clock, make_new_id(clock)).name == "xn--bcher-kva.example"


def test_tags_are_read_without_white_space() -> None:
    assert tags(" v = DKIM1 ; p = a b\tc ; x; y= ; =z") == {"v": "DKIM1", "p": "abc", "y": "", "": "z"}
