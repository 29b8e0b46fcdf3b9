"""The receiver's verdict: DKIM per signature, SPF, DMARC and the header that says it."""

import base64
import re
from datetime import UTC, datetime, timedelta
from email import message_from_string

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.fakemx.support import HandClock, attempt, run

from fakemx.dns.zones import DnsFault, ProviderError, Zones
from fakemx.judge.spf import judge_spf
from fakemx.judge.verdict import Verdict, authentication_results, judge
from fakemx.network import FakeNetwork

NOW = datetime(2026, 11, 1, tzinfo=UTC)
MAIL = b"From: Ann <ann@own.test>\r\nTo: bob@ok.test\r\nSubject: hello\r\n\r\nhello\r\n"
RSA = generate_private_key(65_537, 2_048)
ED25519 = Ed25519PrivateKey.generate()
OVERSIGNED = [b"from", b"from", b"to", b"to", b"subject", b"subject"]


def key_record(kind: str) -> str:
    if kind == "rsa":
        public = RSA.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        public = ED25519.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"v=DKIM1; k={kind}; p={base64.b64encode(public).decode()}"


def signed(mail: bytes = MAIL, *, kind: str = "rsa", domain: str = "own.test", length: bool = False) -> bytes:
    if kind == "ed25519":
        secret = base64.b64encode(ED25519.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
    else:
        secret = RSA.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    signature: bytes = dkim.DKIM(mail).sign(
        kind.encode(),
        domain.encode(),
        secret,
        signature_algorithm=f"{kind}-sha256".encode(),
        include_headers=OVERSIGNED,
        length=length,
    )
    return signature + mail


def zones_with_keys() -> Zones:
    zones = Zones()
    for kind in ("rsa", "ed25519"):
        zones.set(f"{kind}._domainkey.own.test", "TXT", [key_record(kind)])
    return zones


def judged(mail: bytes, zones: Zones, *, sender: str = "ann@own.test", now: datetime | None = None) -> Verdict:
    # dkimpy signs with the machine's time, so that is the time to judge at unless a test says otherwise.
    return judge(mail, peer_ip="127.0.0.1", helo="out.own.test", sender=sender, zones=zones, now=now or signing_time())


def signing_time() -> datetime:
    tags = dkim.util.parse_tag_value(signed().partition(b":")[2].partition(b"From:")[0])
    return datetime.fromtimestamp(int(tags[b"t"]), UTC)


def dkim_results(mail: bytes, zones: Zones, now: datetime | None = None) -> list[tuple[str, str]]:
    return [(one.selector, one.result) for one in judged(mail, zones, now=now).dkim]


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_an_untouched_signature_passes(kind: str) -> None:
    (one,) = judged(signed(kind=kind), zones_with_keys()).dkim

    assert (one.selector, one.domain, one.algorithm, one.result, one.reason) == (
        kind,
        "own.test",
        f"{kind}-sha256",
        "pass",
        "",
    )


def test_a_mail_without_a_signature_has_no_result() -> None:
    assert judged(MAIL, zones_with_keys()).dkim == ()


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (b"\r\nhello\r\n", b"\r\nhullo\r\n", "the body is not the one that was signed"),
        (b"\r\nhello\r\n", b"\r\nhello\r\nmore\r\n", "the body is not the one that was signed"),
        (b"Subject: hello", b"Subject: hullo", "the signature does not fit the headers"),
        (b"From: Ann", b"Subject: another\r\nFrom: Ann", "the signature does not fit the headers"),
        (b"From: Ann <ann@own.test>", b"From: <evil@own.test>", "the signature does not fit the headers"),
        (b"To: bob", b"From: evil@own.test\r\nTo: bob", "the signature does not fit the headers"),
    ],
)
def test_whatever_is_changed_or_added_fails(kind: str, before: bytes, after: bytes, reason: str) -> None:
    changed = signed(kind=kind).replace(before, after)
    assert changed != signed(kind=kind)

    (one,) = judged(changed, zones_with_keys()).dkim

    assert (one.result, one.reason) == ("fail", reason)


def test_each_of_two_signatures_has_its_own_result() -> None:
    both = signed(signed(kind="ed25519"))
    zones = zones_with_keys()

    assert dkim_results(both, zones) == [("rsa", "pass"), ("ed25519", "pass")]
    zones.set("rsa._domainkey.own.test", "TXT", [key_record("rsa").replace("A", "B", 1)])
    assert dkim_results(both, zones) == [("rsa", "permerror"), ("ed25519", "pass")]


@pytest.mark.parametrize(
    ("record", "result", "reason"),
    [
        (None, "permerror", "there is no key at rsa._domainkey.own.test"),
        ("v=DKIM1; k=rsa; p=", "permerror", "is revoked"),
        ("v=DKIM1; k=rsa; p=AAAA", "permerror", "cannot be read"),
        ("v=DKIM1; k=rsa; p=!", "permerror", "cannot be read"),
        ("v=DKIM1; k=dsa; p=AAAA", "permerror", "cannot be read"),
        ("v=DKIM2; p=AAAA", "permerror", "cannot be read"),
        ("\x00ÿ junk", "permerror", "cannot be read"),
        ("", "permerror", "cannot be read"),
    ],
)
def test_a_key_that_cannot_be_used_is_named(record: str | None, result: str, reason: str) -> None:
    zones = Zones()
    if record is not None:
        zones.set("rsa._domainkey.own.test", "TXT", [record])

    (one,) = judged(signed(), zones).dkim

    assert one.result == result
    assert reason in one.reason


def test_a_key_of_another_kind_than_the_signature_says_does_not_count() -> None:
    zones = Zones()
    zones.set("rsa._domainkey.own.test", "TXT", [key_record("ed25519")])

    (one,) = judged(signed(), zones).dkim

    assert (one.result, one.reason) == (
        "permerror",
        "the key at rsa._domainkey.own.test is of another kind than a= says",
    )


def test_an_rsa_key_of_1024_bits_is_the_shortest_that_still_counts() -> None:
    short = generate_private_key(65_537, 1_024)  # noqa: S505  # RFC 8301 section 3.2
    secret = short.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    public = short.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    zones = Zones()
    zones.set("short._domainkey.own.test", "TXT", [f"p={base64.b64encode(public).decode()}"])

    signature = dkim.DKIM(MAIL).sign(b"short", b"own.test", secret, include_headers=OVERSIGNED)

    assert dkim_results(signature + MAIL, zones) == [("short", "pass")]


@pytest.mark.parametrize("fault", [DnsFault.SERVFAIL, DnsFault.TIMEOUT])
def test_no_answer_about_the_key_is_a_temporary_error(fault: DnsFault) -> None:
    zones = zones_with_keys()
    zones.set_fault("own.test", fault)

    verdict = judged(signed(), zones)

    assert (verdict.dkim[0].result, verdict.spf.result, verdict.dmarc.result) == ("temperror",) * 3


def test_the_networks_time_counts_and_not_the_machines() -> None:
    now = signing_time()
    zones = zones_with_keys()
    ahead, behind = now + timedelta(days=3_650), now - timedelta(days=3_650)

    assert dkim_results(signed(), zones, now=ahead) == [("rsa", "pass")]
    assert dkim_results(signed(), zones, now=behind) == [("rsa", "permerror")]


@pytest.mark.parametrize(
    ("tags", "result", "reason"),
    [
        (b"t=1793491200;", "fail", "does not fit the headers"),  # NOW: in time, so the changed header is what is wrong
        (b"t=1893456000;", "permerror", "from the future"),  # 2030
        (b"t=soon;", "permerror", "t= is not a number"),
        (b"x=1700000000;", "fail", "has expired"),  # 2023
        (b"t=1793491200; x=1793491199;", "permerror", "expires before it was made"),
    ],
)
def test_the_times_in_a_signature_are_checked(tags: bytes, result: str, reason: str) -> None:
    untimed = re.sub(rb"\st=[0-9]+;", b"", signed(), count=1)
    timed = untimed.replace(b"v=1;", b"v=1; " + tags, 1)

    (one,) = judged(timed, zones_with_keys(), now=NOW).dkim
    assert one.result == result
    assert reason in one.reason


def test_a_signature_over_part_of_the_body_is_against_policy() -> None:
    mail = signed(length=True)

    assert dkim_results(mail, zones_with_keys()) == [("rsa", "policy")]
    assert dkim_results(mail + b"appended\r\n", zones_with_keys()) == [("rsa", "policy")]


def test_rsa_sha1_does_not_count() -> None:
    mail = signed().replace(b"rsa-sha256", b"rsa-sha1", 1)

    assert dkim_results(mail, zones_with_keys()) == [("rsa", "permerror")]


def test_a_mail_with_thousands_of_signatures_is_judged_by_its_first_ten() -> None:
    line = b"DKIM-Signature: v=1; a=rsa-sha256; d=own.test; s=rsa; h=from; bh=aaaa; b=aaaa\r\n"

    assert len(judged(line * 2_000 + MAIL, zones_with_keys()).dkim) == 10


base_mail = signed()


@settings(deadline=None)
@given(st.binary(max_size=300))
@example(b"")
@example(b" DKIM-Signature: x")
@example(b"DKIM-Signature:\r\n\r\n")
@example(b"DKIM-Signature: v=1; a=rsa-sha256; d=\xff; s=\xff; h=from; bh=; b=\r\nFrom: \xff@\xff\r\n\r\n")
@example(b'From: a@b@c, <>, "\r\n\r\n')
def test_no_bytes_make_judging_raise(data: bytes) -> None:
    """Any mail gets a verdict and a header line without a stray line end."""
    verdict = judged(data, Zones(), now=NOW)

    header = authentication_results(verdict, "mx.ok.test")
    assert all(line.startswith("\t") for line in header.split("\r\n")[1:])
    assert all(c in "\r\n\t" or 32 <= ord(c) < 127 for c in header)


@settings(deadline=None)
@given(st.integers(0, len(base_mail) - 1), st.integers(0, 255))
def test_one_changed_byte_never_raises(position: int, value: int) -> None:
    """A mail with one byte changed gets a verdict."""
    data = bytearray(base_mail)
    data[position] = value
    judged(bytes(data), zones_with_keys(), now=NOW)


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=spf1 ip4:127.0.0.1 -all", "pass"),
        ("v=spf1 ip4:192.0.2.1 -all", "fail"),
        ("v=spf1 ~all", "softfail"),
        ("v=spf1 ?all", "neutral"),
        ("no spf here", "none"),
        ("v=spf1 nonsense -all", "permerror"),
        ("v=spf1 include:other.test -all", "pass"),
        ("v=spf1 mx -all", "pass"),
        ("v=spf1 a:deep.test -all", "pass"),
        ("v=spf1 include:broken.test -all", "temperror"),
        ("v=spf1 a:no.invalid a:not.invalid a:none.invalid -all", "permerror"),
        ("v=spf1 ptr -all", "fail"),
        ("v=spf1 exists:%{ir}.%{d} -all", "fail"),
        ("v=spf1 redirect=own.test", "permerror"),
    ],
)
def test_spf_says(record: str, result: str) -> None:
    zones = Zones()
    zones.set("own.test", "TXT", [record])
    zones.set("own.test", "MX", ["10 deep.test"])
    zones.set("deep.test", "CNAME", ["mx.own.test"])
    zones.set("mx.own.test", "A", ["127.0.0.1"])
    zones.set("other.test", "TXT", ["v=spf1 ip4:127.0.0.0/8 -all"])
    zones.set_fault("broken.test", DnsFault.SERVFAIL)

    spf = judged(MAIL, zones).spf

    assert (spf.result, spf.domain) == (result, "own.test")
    assert spf.reason


def test_spf_of_the_null_sender_goes_by_the_helo_name() -> None:
    zones = Zones()
    zones.set("out.own.test", "TXT", ["v=spf1 ip4:127.0.0.1 -all"])

    spf = judged(MAIL, zones, sender="").spf

    assert (spf.result, spf.domain) == ("pass", "out.own.test")


@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=80))
def test_no_name_and_no_record_make_spf_raise(sender: str, helo: str, record: str) -> None:
    """SPF gives a result for any sender, HELO name and record."""
    zones = Zones()
    zones.set("own.test", "TXT", ["v=spf1 " + record.encode("utf-8", "replace").decode()])

    judge_spf("127.0.0.1", helo=helo, sender=sender, zones=zones, now=NOW)
    judge_spf("127.0.0.1", helo=helo, sender="a@own.test", zones=zones, now=NOW)


def dmarc(record: str | None, *, header_from: str = "ann@own.test", dkim_of: str = "", spf_of: str = "") -> Verdict:
    """Judge a mail from ``header_from``, with a valid signature of one domain and an SPF pass of another."""
    zones = Zones()
    if record is not None:
        zones.set("_dmarc.own.test", "TXT", [record])
    mail = MAIL.replace(b"ann@own.test", header_from.encode())
    if dkim_of:
        zones.set(f"rsa._domainkey.{dkim_of}", "TXT", [key_record("rsa")])
        mail = signed(mail, domain=dkim_of)
    if spf_of:
        zones.set(spf_of, "TXT", ["v=spf1 ip4:127.0.0.1 -all"])
    return judged(mail, zones, sender=f"ann@{spf_of}" if spf_of else "ann@elsewhere.test")


@pytest.mark.parametrize(
    ("record", "dkim_of", "spf_of", "result"),
    [
        ("v=DMARC1; p=reject", "own.test", "", "pass"),
        ("v=DMARC1; p=reject", "", "own.test", "pass"),
        ("v=DMARC1; p=reject", "mail.own.test", "", "pass"),
        ("v=DMARC1; p=reject; adkim=r", "mail.own.test", "", "pass"),
        ("v=DMARC1; p=reject; adkim=s", "mail.own.test", "", "fail"),
        ("v=DMARC1; p=reject; adkim=s", "own.test", "", "pass"),
        ("v=DMARC1; p=reject", "", "bounce.own.test", "pass"),
        ("v=DMARC1; p=reject; aspf=s", "", "bounce.own.test", "fail"),
        ("v=DMARC1; p=reject; aspf=s", "", "own.test", "pass"),
        ("v=DMARC1; p=reject; adkim=s; aspf=s", "mail.own.test", "own.test", "pass"),
        ("v=DMARC1; p=reject", "notown.test", "notown.test", "fail"),
        ("v=DMARC1; p=reject", "", "", "fail"),
        ("v=DMARC1; p=sometimes", "own.test", "", "permerror"),
        ("v=DMARC12; p=reject", "own.test", "", "none"),
        (None, "own.test", "own.test", "none"),
    ],
)
def test_dmarc_passes_only_by_what_is_aligned(record: str | None, dkim_of: str, spf_of: str, result: str) -> None:
    assert dmarc(record, dkim_of=dkim_of, spf_of=spf_of).dmarc.result == result


def test_dmarc_of_a_subdomain_comes_from_its_parent() -> None:
    verdict = dmarc("v=DMARC1; p=none; sp=quarantine", header_from="ann@a.b.own.test", spf_of="own.test")

    assert (verdict.dmarc.result, verdict.dmarc.policy) == ("pass", "quarantine")
    assert verdict.dmarc.domain == "a.b.own.test"


@pytest.mark.parametrize(
    "header", [b"", b"From: a@own.test\r\nFrom: b@own.test\r\n", b"From: a@own.test, b@evil.test\r\n"]
)
def test_dmarc_wants_exactly_one_author(header: bytes) -> None:
    assert judged(header + b"Subject: x\r\n\r\nx\r\n", Zones()).dmarc.result == "permerror"


def test_two_dmarc_records_are_none() -> None:
    zones = Zones()
    zones.set("_dmarc.own.test", "TXT", ["v=DMARC1; p=none", "v=DMARC1; p=reject"])

    assert judged(MAIL, zones).dmarc.result == "none"


def test_a_tampered_mail_can_still_pass_dmarc_through_spf() -> None:
    """Why DKIM is reported per signature and not only through DMARC."""
    zones = zones_with_keys()
    zones.set("own.test", "TXT", ["v=spf1 ip4:127.0.0.1 -all"])
    zones.set("_dmarc.own.test", "TXT", ["v=DMARC1; p=reject"])

    verdict = judged(signed().replace(b"\r\nhello", b"\r\nhullo"), zones)

    assert (verdict.dkim[0].result, verdict.dmarc.result) == ("fail", "pass")


@pytest.mark.parametrize("at", ["rsa._domainkey.own.test", "own.test", "_dmarc.own.test"])
def test_a_bug_in_a_provider_is_no_verdict(at: str) -> None:
    def broken(name: str, _: str) -> None:
        if name == at:
            raise KeyError(name)

    zones = zones_with_keys()
    zones.remove("rsa._domainkey.own.test")
    zones.add_provider(broken)

    with pytest.raises(ProviderError):
        judged(signed(), zones)


def test_the_header_says_it_all() -> None:
    zones = zones_with_keys()
    zones.set("own.test", "TXT", ["v=spf1 ip4:127.0.0.1 -all"])
    zones.set("_dmarc.own.test", "TXT", ["v=DMARC1; p=reject"])

    header = authentication_results(judged(signed(), zones), "mx.ok.test")

    assert header == (
        "Authentication-Results: mx.ok.test;\r\n"
        "\tdkim=pass header.d=own.test header.s=rsa header.a=rsa-sha256;\r\n"
        "\tspf=pass smtp.mailfrom=own.test;\r\n"
        "\tdmarc=pass header.from=own.test policy.dmarc=reject"
    )
    assert message_from_string(header + "\r\n\r\n").keys() == ["Authentication-Results"]
    assert "dkim=none;" in authentication_results(judged(MAIL, zones), "mx.ok.test")


def test_a_received_mail_carries_its_verdict() -> None:
    async def whole() -> None:
        clock = HandClock()
        clock.time = signing_time()
        async with FakeNetwork(clock, zones=zones_with_keys()) as network:
            network.zones.set("own.test", "TXT", ["v=spf1 ip4:127.0.0.1 -all"])
            assert await attempt(network, "bob@ok.test", signed(), sender="ann@own.test") == "DATA 250"

            (mail,) = network.received
            assert [one.result for one in mail.auth.dkim] == ["pass"]
            assert (mail.auth.spf.result, mail.auth.dmarc.result) == ("pass", "none")
            assert network.faults == []

    run(whole())
