"""DKIM of the fake receiver against the RFCs: their own examples, and each rule once kept and once broken.

The examples are in ``vectors`` (origins: ``vectors/README.md``). The other mails are signed here by a signer of some
thirty lines that shares no code with the judge, so that it can be told to sign what no library would.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from fakemx.dns.zones import DnsFault, Zones
from fakemx.judge.dkim import judge_dkim
from justemails.mail.dkim_signature import SigningKey, make_ed25519_key, make_rsa_key, sign

NOW = datetime(2026, 11, 1, tzinfo=UTC)
VECTORS = Path(__file__).parent / "vectors"
KEYS_OF_THE_EXAMPLES = {
    # RFC 8463 appendix A.2
    "brisbane._domainkey.football.example.com": "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "test._domainkey.football.example.com": "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR"
    "iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT"
    "5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB",
    # RFC 6376 appendix C
    "brisbane._domainkey.example.com": "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMo"
    "GeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6"
    "mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB",
    "sed._domainkey.test.ex": (VECTORS / "dkimpy-eximtest.dns").read_text("ascii"),
}


def read_mail(name: str) -> bytes:
    """Read a vector with the line ends that it has on the wire."""
    return re.sub(rb"\r?\n", b"\r\n", (VECTORS / name).read_bytes())


def judged(mail: bytes, zones: Zones, now: datetime = NOW) -> list[str]:
    return [one.result for one in judge_dkim(mail, zones=zones, now=now)]


def zones_of_the_examples() -> Zones:
    zones = Zones()
    for name, record in KEYS_OF_THE_EXAMPLES.items():
        zones.set(name, "TXT", [record])
    return zones


# ----- The RFCs' own examples


@pytest.mark.parametrize(
    ("vector", "signatures"),
    [
        ("rfc8463-a3.eml", [("brisbane", "ed25519-sha256"), ("test", "rsa-sha256")]),
        ("rfc6376-a2.eml", [("brisbane", "rsa-sha256")]),
        # The same message signed simple/simple, both ways, and one of Exim's first Ed25519 signatures.
        ("dkimpy-rfc6376.signed.msg", [("brisbane", "ed25519-sha256"), ("test", "rsa-sha256")]),
        ("dkimpy-ed25519test2.msg", [("sed", "ed25519-sha256")]),
    ],
)
def test_each_signature_of_an_example_passes(vector: str, signatures: Sequence[tuple[str, str]]) -> None:
    results = judge_dkim(read_mail(vector), zones=zones_of_the_examples(), now=NOW)

    assert [(one.selector, one.algorithm, one.result, one.reason) for one in results] == [
        (selector, algorithm, "pass", "") for selector, algorithm in signatures
    ]


@pytest.mark.parametrize("vector", ["rfc8463-a3.eml", "rfc6376-a2.eml", "dkimpy-rfc6376.signed.msg"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"We lost the game.", b"We won the game."),
        (b"Subject: Is dinner ready?", b"Subject: Is lunch ready?"),
        (b"From: Joe SixPack <joe@", b"From: Joe SixPack <eve@"),
        (b"\r\nFrom: Joe", b"\r\nFrom: eve@football.example.com\r\nFrom: Joe"),
        (b"\r\n\r\nHi.", b"\r\nFrom: eve@football.example.com\r\n\r\nHi."),
    ],
)
def test_no_signature_of_a_changed_example_passes(vector: str, before: bytes, after: bytes) -> None:
    mail = read_mail(vector)
    assert before in mail

    results = judged(mail.replace(before, after, 1), zones_of_the_examples())

    assert results == ["fail"] * mail.count(b"DKIM-Signature:")


@pytest.mark.parametrize(("missing", "results"), [("brisbane", ["permerror", "pass"]), ("test", ["pass", "permerror"])])
def test_a_signature_passes_whatever_becomes_of_the_other(missing: str, results: list[str]) -> None:
    """RFC 8463 section 4.2 and RFC 6376 section 6.1: a verifier goes on to the next signature."""
    zones = zones_of_the_examples()
    zones.set_fault(f"{missing}._domainkey.football.example.com", DnsFault.NXDOMAIN)

    assert judged(read_mail("rfc8463-a3.eml"), zones) == results


@pytest.mark.parametrize(
    ("policy", "body_hash"),
    [
        ("simple/simple", "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY="),  # RFC 6376 section 3.4.3
        ("relaxed/relaxed", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),  # section 3.4.4
    ],
)
@pytest.mark.parametrize("body", [b"", b"\r\n", b"\r\n\r\n\r\n"])
def test_an_empty_body_has_the_hash_that_the_rfc_says(policy: str, body_hash: str, body: bytes) -> None:
    mail = b"From: a@own.test\r\n\r\n" + body

    assert judged(signed(mail, c=policy, bh=body_hash), ZONES) == ["pass"]


def test_the_signer_here_canonicalises_as_the_example_says() -> None:
    """RFC 6376 section 3.4.5, examples 1 and 2."""
    headers, body = split(EXAMPLE_OF_CANONICALISATION)

    assert b"".join(relaxed_header(*header) for header in headers) == b"a:X\r\nb:Y Z\r\n"
    assert relaxed_body(body) == b" C\r\nD E\r\n"
    assert b"".join(simple_header(*header) for header in headers) == b"A: X\r\nB : Y\t\r\n\tZ  \r\n"
    assert simple_body(body) == b" C \r\nD \t E\r\n"


@pytest.mark.parametrize("body_policy", ["simple", "relaxed"])
@pytest.mark.parametrize("header_policy", ["simple", "relaxed"])
def test_the_example_of_canonicalisation_passes(header_policy: str, body_policy: str) -> None:
    """RFC 6376 section 3.4.5; without the space before the colon where simple would have to keep it (see the judge)."""
    mail = b"From: a@own.test\r\n" + EXAMPLE_OF_CANONICALISATION
    if header_policy == "simple":
        mail = mail.replace(b"B :", b"B:")

    assert judged(signed(mail, c=f"{header_policy}/{body_policy}", h="from:a:b"), ZONES) == ["pass"]


# ----- What a signature must look like


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param({}, id="as-it-is"),
        pytest.param({"h": "FROM : To:sUBJECT"}, id="header-names-in-any-case-3.5"),
        pytest.param({"h": "from:\r\n to:\r\n\tsubject"}, id="folded-h-3.5"),
        pytest.param({"h": "from:to:subject:cc:from"}, id="headers-that-are-not-there-5.4.2"),
        pytest.param({"q": "dns/txt"}, id="q-3.5"),
        pytest.param({"q": "dns/srv:dns/txt"}, id="unknown-q-is-passed-over-3.5"),
        pytest.param({"q": "dns/txt : carrier/pigeon"}, id="unknown-q-behind-3.5"),
        pytest.param({"i": "ann@own.test"}, id="i-of-the-domain-3.5"),
        pytest.param({"i": "@sub.own.test"}, id="i-of-a-subdomain-3.5"),
        pytest.param({"i": "@OWN.test"}, id="domains-in-any-case-3.5"),
        pytest.param({"zz": "new"}, id="unknown-tags-are-ignored-3.2"),
        pytest.param({"c": "relaxed"}, id="c-with-one-word-3.5"),
        pytest.param({"c": "simple/relaxed"}, id="c-simple-relaxed"),
        pytest.param({"c": None}, id="no-c-is-simple-simple-3.5"),
        pytest.param({"t": "1793491199", "x": "1793491201"}, id="in-time-3.5"),
    ],
)
def test_a_signature_as_the_rfc_allows_it_passes(tags: dict[str, str | None]) -> None:
    """RFC 6376; the section is in the case's name."""
    assert judged(signed(**tags), ZONES) == ["pass"]


@pytest.mark.parametrize(
    ("tags", "result"),
    [
        *(
            pytest.param({name: None}, "permerror", id=f"no-{name}-6.1.1")
            for name in ("v", "a", "b", "bh", "d", "h", "s")
        ),
        pytest.param({"v": "2"}, "permerror", id="v=2-3.5"),
        pytest.param({"v": "1.0"}, "permerror", id="v=1.0-3.5"),
        pytest.param({"h": "to:subject"}, "permerror", id="h-without-from-6.1.1"),
        pytest.param({"h": "to:x-from"}, "permerror", id="h-with-a-name-like-from-6.1.1"),
        pytest.param({"h": "from::to"}, "permerror", id="h-with-an-empty-name-3.5"),
        pytest.param({"h": "from:to:"}, "permerror", id="h-that-ends-in-a-colon-3.5"),
        pytest.param({"bh": "{bh}!!!!"}, "permerror", id="bh-that-is-no-base64-3.5"),
        pytest.param({"bh": "!!!!"}, "permerror", id="bh-without-base64-3.5"),
        pytest.param({"i": "@other.test"}, "permerror", id="i-outside-of-d-6.1.1"),
        pytest.param({"i": "@notown.test"}, "permerror", id="i-that-only-ends-like-d-6.1.1"),
        pytest.param({"i": "sub.own.test"}, "permerror", id="i-without-at-3.5"),
        pytest.param({"i": "own.test"}, "permerror", id="i-that-is-d-without-at-3.5"),
        pytest.param({"x": "1700000000"}, "fail", id="x-in-the-past-6.1.1"),
        pytest.param({"t": "1793491199", "x": "1793491199"}, "permerror", id="x-that-is-t-3.5"),
        pytest.param({"t": "1793491199", "x": "1793491198"}, "permerror", id="x-before-t-3.5"),
        pytest.param({"l": "7"}, "policy", id="l-8.2"),
        pytest.param({"l": "0"}, "policy", id="l=0-8.2"),
        pytest.param({"l": "-1"}, "permerror", id="l-that-is-no-number-3.5"),
        pytest.param({"q": "carrier/pigeon"}, "permerror", id="no-known-q-3.5"),
        pytest.param({"c": "nofws/relaxed"}, "permerror", id="unknown-c-3.5"),
        pytest.param({"c": "relaxed/relaxed/relaxed"}, "permerror", id="c-with-three-words-3.5"),
        pytest.param({"a": "rsa-sha512"}, "permerror", id="unknown-a-3.3"),
        pytest.param({"a": "RSA-SHA256"}, "permerror", id="values-have-their-case-3.2"),
        pytest.param({"a": "ed25519-sha256"}, "permerror", id="a-of-another-kind-6.1.2"),
        pytest.param({"a": "rsa-sha1"}, "permerror", id="rsa-sha1-rfc8301-3.1"),
        pytest.param({"V": "1", "v": None}, "permerror", id="tag-names-have-their-case-3.2"),
        pytest.param({"bh": base64.b64encode(b"x" * 32).decode()}, "fail", id="another-bh-3.7"),
    ],
)
def test_a_signature_as_the_rfc_forbids_it_does_not_pass(tags: dict[str, str | None], result: str) -> None:
    """RFC 6376 unless another is named; the section is in the case's name. All are signed with the right key."""
    assert judged(signed(**tags), ZONES) == [result]


@pytest.mark.parametrize("twice", ["v=1", "d=own.test", "h=from", "b=AAAA"])
def test_a_tag_that_is_there_twice_spoils_the_signature(twice: str) -> None:
    """RFC 6376 section 3.2: tags with duplicate names invalidate the whole list."""
    tags = f"v=1; a=rsa-sha256; c=relaxed/relaxed; d=own.test; s=k; h=from:to:subject; {twice}; bh={{bh}}; b="

    assert judged(signed_with(tags), ZONES) == ["permerror"]
    assert judged(signed_with(tags.replace(f"{twice}; ", "", 1)), ZONES) == ["pass"]


@pytest.mark.parametrize("behind", ["====", " ====", "!!!!", "=AAA"])
def test_a_signature_is_base64_and_nothing_behind(behind: str) -> None:
    """RFC 6376 section 3.5, b=: what a lenient decoder passes over is no part of the signature either."""
    mail = signed()
    changed = mail.replace(b"\r\nFrom:", behind.encode() + b"\r\nFrom:", 1)
    assert changed != mail

    assert judged(changed, ZONES) == ["permerror"]


@pytest.mark.parametrize(
    "text",
    [
        "b=; bh={bh}; h=from:to:subject; s=k; d=own.test; c=relaxed/relaxed; a=rsa-sha256; v=1",
        "v = 1 ; a\t=\trsa-sha256 ;c=relaxed/relaxed; d= own.test; s =k; h=from : to : subject; bh = {bh}; b = ;",
        "v=1;a=rsa-sha256;c=relaxed/relaxed;d=own.test;s=k;h=from:to:subject;bh={bh};b=;",
        "v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n\td=own.test;\r\n s=k;\r\n h=from:to:subject;\r\n bh={bh};\r\n b=",
    ],
)
def test_tags_may_be_in_any_order_with_any_space(text: str) -> None:
    """RFC 6376 section 3.2."""
    assert judged(signed_with(text), ZONES) == ["pass"]


@pytest.mark.parametrize("text", ["v=1; a", "v=1;; a=rsa-sha256", "", ";", "v=1; =x"])
def test_a_list_of_tags_that_cannot_be_read_is_a_permanent_error(text: str) -> None:
    """RFC 6376 section 6.1.1."""
    assert judged(f"DKIM-Signature: {text}\r\n".encode() + MAIL, ZONES) == ["permerror"]


# ----- What may happen to a mail on its way


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"From: Ann <a@own.test>", b"FROM: Ann <a@own.test>"),
        (b"From: Ann <a@own.test>", b"From:Ann <a@own.test>"),
        (b"From: Ann <a@own.test>", b"From:\r\n Ann\r\n\t <a@own.test> \t"),
        (b"From: Ann", b"From : Ann"),
        (b"DKIM-Signature:", b"dkim-signature \t:"),
        (b"Subject: hello there", b"Subject: hello\r\n there"),
        (b"Subject: hello there", b"Subject: \t hello \t there  "),
        (b"hello\r\n", b"hello \t\r\n"),
        (b"two words", b"two \t words"),
        (b"two words\r\n", b"two words\r\n\r\n \r\n\t\r\n"),
        (b"To: b", b"Received: by a.test\r\nTo: b"),
    ],
)
def test_what_relaxed_forgives_is_forgiven(before: bytes, after: bytes) -> None:
    """RFC 6376 sections 3.4.2 and 3.4.4."""
    mail = signed()
    assert before in mail

    assert judged(mail.replace(before, after, 1), ZONES) == ["pass"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"hello\r\n", b"hallo\r\n"),
        (b"two words", b"twowords"),
        (b"two words\r\n", b"two words\r\nmore\r\n"),
        (b"\r\n\r\nhello", b"\r\n\r\n\r\nhello"),
        (b"\r\n\r\nhello", b"\r\n\r\n hello"),
        (b"Subject: hello there", b"Subject: hello THERE"),
        (b"Subject: hello there", b"Subject: hellothere"),
        (b"Subject: hello there\r\n", b""),
        (b"From: Ann", b"From: Eve"),
        (b"To: b", b"Subject: another\r\nTo: b"),  # on top of the signed one, yet signed twice
    ],
)
def test_what_relaxed_does_not_forgive_fails(before: bytes, after: bytes) -> None:
    """RFC 6376 sections 3.4.2, 3.4.4 and 5.4.2."""
    mail = signed(h="from:to:subject:subject")
    assert before in mail
    assert judged(mail, ZONES) == ["pass"]

    assert judged(mail.replace(before, after, 1), ZONES) == ["fail"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"hello\r\n", b"hello\n"),
        (b"hello\r\n", b"hello\r"),
        (b"two words", b"two\x0bwords"),
        (b"two words\r\n", b"two words\x0c\r\n"),
        (b"two words\r\n", b"two words \n"),
        (b"Subject: hello", b"Subject:\x0bhello"),
        (b"hello there\r\n", b"hello there\x0c\r\n"),
        (b"hello there\r\n", b"hello there\r\r\n"),
        (b"Subject: hello there", b"Subject: hello\n there"),
        (b"To: b@ok.test\r\n", b"To: b@ok.test\n"),
    ],
)
def test_only_space_and_tab_are_white_space_and_only_crlf_ends_a_line(before: bytes, after: bytes) -> None:
    """RFC 6376 section 2.8 and RFC 5321 section 2.3.8; dkimpy forgives every one of these."""
    mail = signed()
    assert before in mail

    assert "pass" not in judged(mail.replace(before, after, 1), ZONES)


def test_the_lowest_headers_are_the_signed_ones() -> None:
    """RFC 6376 section 5.4.2: of several headers of a name, h= names the lowest first."""
    two = MAIL.replace(b"Subject:", b"Comments: upper\r\nComments: lower\r\nSubject:")
    mail = signed(two, h="from:comments")

    assert judged(mail.replace(b"upper", b"changed"), ZONES) == ["pass"]
    assert judged(mail.replace(b"lower", b"changed"), ZONES) == ["fail"]
    assert judged(mail.replace(b"Subject:", b"Comments: lower\r\nSubject:"), ZONES) == ["pass"]


# ----- What a key record must look like


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=DKIM1; k=rsa; p={key}", "pass"),
        ("p={key}", "pass"),  # v= and k= have defaults
        ("k=rsa; n=a note; p={key}; zz=unknown; ", "pass"),
        ("v=DKIM1 ; k = rsa ; p = {key} ;", "pass"),
        ("v=DKIM1; g=*; p={key}", "pass"),  # of RFC 4871, to be ignored since
        ("v=DKIM1; p={key_in_pieces}", "pass"),
        ("v=DKIM1; p={bare_key}", "pass"),
        ("v=DKIM1; h=sha256; p={key}", "pass"),
        ("v=DKIM1; h=sha1 : sha256; p={key}", "pass"),
        ("v=DKIM1; h=sha1; p={key}", "permerror"),
        ("v=DKIM1; h=; p={key}", "permerror"),
        ("v=DKIM1; s=*; p={key}", "pass"),
        ("v=DKIM1; s=email; p={key}", "pass"),
        ("v=DKIM1; s=voice : email; p={key}", "pass"),
        ("v=DKIM1; s=voice; p={key}", "permerror"),
        ("v=DKIM1; s=tlsrpt; p={key}", "permerror"),
        ("v=DKIM1; t=y; p={key}", "pass"),
        ("v=DKIM1; t=s; p={key}", "pass"),
        ("v=DKIM1; k=ed25519; p={key}", "permerror"),
        ("v=DKIM1; k=RSA; p={key}", "permerror"),
        ("v=DKIM1; k=dsa; p={key}", "permerror"),
        ("v=DKIM1; p=", "permerror"),
        ("v=DKIM1; p = ; k=rsa", "permerror"),
        ("v=DKIM1; k=rsa", "permerror"),
        ("v=DKIM2; p={key}", "permerror"),
        ("v=dkim1; p={key}", "permerror"),
        ("p={key}; v=DKIM1", "permerror"),
        ("v=DKIM1; p={key}; p={key}", "permerror"),
        ("v=DKIM1; p={other_key}", "fail"),
        ("v=DKIM1; p=!!!!{key}", "permerror"),
        ("v=DKIM1; p={key}!", "permerror"),
        ("v=DKIM1; p={key} ====", "permerror"),
        ("v=spf1 -all", "permerror"),
    ],
)
def test_a_key_record_counts_as_its_tags_say(record: str, result: str) -> None:
    """RFC 6376 section 3.6.1, and 6.1.2 for what becomes of the signature."""
    zones = Zones()
    pieces = "\r\n ".join(KEY[at : at + 40] for at in range(0, len(KEY), 40))
    text = record.format(key=KEY, key_in_pieces=pieces, bare_key=BARE_KEY, other_key=OTHER_KEY)
    zones.set(NAME, "TXT", [text])

    assert judged(signed(), zones) == [result]


def test_a_revoked_key_is_told_from_a_missing_one() -> None:
    """RFC 6376 section 3.6.1, p=: empty means revoked."""
    zones = Zones()
    zones.set(NAME, "TXT", ["v=DKIM1; p = ; k=rsa"])
    (revoked,) = judge_dkim(signed(), zones=zones, now=NOW)
    (missing,) = judge_dkim(signed(), zones=Zones(), now=NOW)

    assert "revoked" in revoked.reason
    assert "there is no key" in missing.reason


@pytest.mark.parametrize(
    ("flags", "identity", "result"),
    [
        ("s", "@own.test", "pass"),
        ("s", "ann@OWN.test", "pass"),
        ("s", None, "pass"),
        ("s", "@sub.own.test", "permerror"),
        ("y : s", "@sub.own.test", "permerror"),
        ("y", "@sub.own.test", "pass"),
        ("future", "@sub.own.test", "pass"),
    ],
)
def test_a_key_with_the_flag_s_is_not_for_subdomains(flags: str, identity: str | None, result: str) -> None:
    """RFC 6376 section 3.6.1, t=s: the domain in i= must be the one in d=."""
    zones = Zones()
    zones.set(NAME, "TXT", [f"v=DKIM1; t={flags}; p={KEY}"])

    assert judged(signed(i=identity), zones) == [result]
    assert judged(signed(i=identity, d="OWN.test"), zones) == [result]


def test_a_key_in_several_strings_is_one() -> None:
    """RFC 6376 section 3.6.2.2: the strings are put together without space between them."""
    record = ZONES.lookup(NAME, "TXT").records[0]

    assert len(record.strings) > 1  # type: ignore[attr-defined]  # it is a TXT record
    assert judged(signed(), ZONES) == ["pass"]


def test_a_key_may_be_behind_an_alias() -> None:
    """RFC 1034 section 3.6.2: how providers publish keys in their customers' domains."""
    zones = Zones()
    zones.set(NAME, "CNAME", ["own.keys.test"])
    zones.set("own.keys.test", "TXT", [f"v=DKIM1; p={KEY}"])

    assert judged(signed(), zones) == ["pass"]


@pytest.mark.parametrize("domain", ["bücher.test", "xn--bcher-kva.test"])
def test_a_domain_beyond_ascii_has_its_key_at_its_a_label(domain: str) -> None:
    """RFC 8616 section 5: d= may have U-labels; what is looked up has A-labels."""
    zones = Zones()
    zones.set("k._domainkey.xn--bcher-kva.test", "TXT", [f"v=DKIM1; p={KEY}"])

    assert judged(signed(d=domain), zones) == ["pass"]


@pytest.mark.parametrize(
    ("fault", "result"),
    [
        (DnsFault.NXDOMAIN, "permerror"),
        (DnsFault.SERVFAIL, "temperror"),
        (DnsFault.TIMEOUT, "temperror"),
    ],
)
def test_no_key_is_permanent_and_no_answer_is_temporary(fault: DnsFault, result: str) -> None:
    """RFC 6376 section 6.1.2, steps 1 to 3."""
    zones = Zones()
    zones.set(NAME, "TXT", [f"v=DKIM1; p={KEY}"])
    zones.set_fault("own.test", fault)

    assert judged(signed(), zones) == [result]


def test_an_rsa_key_of_1023_bits_does_not_count() -> None:
    """RFC 8301 section 3.2: signatures of keys below 1024 bits are never valid."""
    # A Mersenne prime, and the first number above 2**501 of the look of a prime: no library makes so short a key.
    p = 2**521 - 1
    q = next(odd for odd in range(2**501 + 1, 2**502, 2) if pow(2, odd - 1, odd) == 1)
    n, e = p * q, 65_537
    assert n.bit_length() == 1_023
    d = pow(e, -1, (p - 1) * (q - 1))
    zones = Zones()
    zones.set(NAME, "TXT", [f"p={spki(RSAPublicNumbers(e, n).public_key())}"])

    def raw(data: bytes) -> bytes:
        digest_info = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(data).digest()
        padded = b"\x00\x01" + b"\xff" * (128 - 3 - len(digest_info)) + b"\x00" + digest_info
        return pow(int.from_bytes(padded), d, n).to_bytes(128)

    (one,) = judge_dkim(signed_with(TEXT, key=raw), zones=zones, now=NOW)

    assert one.result == "permerror"
    assert "shorter than 1024 bits" in one.reason


# ----- Ours: what the reference signs

OUR_KEYS = (SigningKey("r", make_rsa_key()), SigningKey("e", make_ed25519_key()))
OUR_ZONES = Zones()
for our_key in OUR_KEYS:
    OUR_ZONES.set(f"{our_key.selector}._domainkey.own.test", "TXT", [our_key.record])

words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
spaces = st.sampled_from([" ", "  ", "\t", "\r\n ", " \r\n\t"])
values = st.lists(st.tuples(spaces, words), min_size=1, max_size=5).map(
    lambda parts: "".join(map("".join, parts)).encode()
)
signed_names = st.sampled_from(
    [b"To", b"Cc", b"Subject", b"DATE", b"Message-ID", b"reply-to", b"MIME-Version", b"Content-Type", b"References"]
)
others = st.lists(st.tuples(signed_names, values), max_size=6, unique_by=lambda header: header[0])
headers_of_mails = st.tuples(values, others).map(lambda drawn: [(b"From", drawn[0]), *drawn[1]])
lines = st.binary(max_size=30).map(lambda line: re.sub(rb"[\r\n]", b"", line))
bodies = st.lists(st.one_of(lines, st.sampled_from([b"", b" ", b".", b"a \t b "])), max_size=6).map(
    lambda drawn: b"".join(line + b"\r\n" for line in drawn)
)


@given(headers_of_mails, bodies)
def test_whatever_the_reference_signs_passes(headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    """Each signature of each mail verifies."""
    mail = sign(joined(headers, body), domain="own.test", keys=OUR_KEYS)

    results = judge_dkim(mail, zones=OUR_ZONES, now=NOW)

    assert [(one.selector, one.result) for one in results] == [("r", "pass"), ("e", "pass")]


@given(headers_of_mails, bodies, st.data())
def test_one_changed_byte_fails_unless_relaxed_forgives_it(
    headers: list[tuple[bytes, bytes]], body: bytes, data: st.DataObject
) -> None:
    """A mail with one byte changed in a signed value or in the body passes if and only if its canonical form is the
    same, for each signature.
    """
    places = [value + b"\r\n" for _, value in headers] + [body]
    at = data.draw(st.sampled_from([number for number, place in enumerate(places) if place]))
    position = data.draw(st.integers(0, len(places[at]) - 1))
    byte = data.draw(st.one_of(st.integers(0, 255), st.sampled_from(list(b" \t\r\n\v\f"))))
    changed = bytearray(places[at])
    changed[position] = byte

    is_body = at == len(headers)
    canonical = canonical_body if is_body else canonical_value
    forgiven = canonical(bytes(changed)) == canonical(places[at])
    signatures = sign(joined(headers, body), domain="own.test", keys=OUR_KEYS).removesuffix(joined(headers, body))
    mail = signatures + with_place(headers, body, at, bytes(changed))
    results = judged(mail, OUR_ZONES)

    if forgiven:
        assert results == ["pass", "pass"]
    elif 32 <= byte < 127 and is_body:
        assert results == ["fail", "fail"]
    else:
        # A header that cannot be read at all may have one result for both.
        assert results
        assert "pass" not in results


@pytest.mark.parametrize(
    "name", [b"From", b"To", b"Cc", b"Subject", b"Date", b"Message-ID", b"Reply-To", b"Content-Type"]
)
def test_a_header_added_of_an_oversigned_name_fails(name: bytes) -> None:
    """RFC 6376 section 8.15: a header named once more than it is there cannot be added, above or below."""
    mail = sign(MAIL, domain="own.test", keys=OUR_KEYS)
    added = name + b": added\r\n"

    for changed in (
        mail.replace(b"From:", added + b"From:", 1),
        mail.replace(b"\r\n\r\n", b"\r\n" + added + b"\r\n", 1),
    ):
        assert changed != mail
        assert judged(changed, OUR_ZONES) == ["fail", "fail"]


def joined(headers: Sequence[tuple[bytes, bytes]], body: bytes) -> bytes:
    return b"".join(name + b":" + value + b"\r\n" for name, value in headers) + b"\r\n" + body


def with_place(headers: Sequence[tuple[bytes, bytes]], body: bytes, at: int, changed: bytes) -> bytes:
    parts = [name + b":" + value + b"\r\n" for name, value in headers]
    if at < len(headers):
        parts[at] = headers[at][0] + b":" + changed
        return b"".join(parts) + b"\r\n" + body
    return b"".join(parts) + b"\r\n" + changed


def canonical_value(value: bytes) -> bytes | None:
    """Return a header's value, with its line end, as relaxed has it; None where it has become something else."""
    inside = value.removesuffix(b"\r\n")
    if inside == value or re.search(rb"\r(?!\n[ \t])|(?<!\r)\n", inside):
        return None
    return relaxed_header(b"x", value)


def canonical_body(body: bytes) -> bytes:
    return relaxed_body(body)


# ----- A signer of our own (RFC 6376 sections 3.4, 3.5 and 3.7)

MAIL = b"From: Ann <a@own.test>\r\nTo: b@ok.test\r\nSubject: hello there\r\n\r\nhello\r\ntwo words\r\n"
EXAMPLE_OF_CANONICALISATION = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n"
TEXT = "v=1; a=rsa-sha256; c=relaxed/relaxed; d=own.test; s=k; h=from:to:subject; bh={bh}; b="
NAME = "k._domainkey.own.test"


def spki(public: RSAPublicKey) -> str:
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


RSA = generate_private_key(65_537, 2_048)
KEY = spki(RSA.public_key())
BARE_KEY = base64.b64encode(RSA.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)).decode()
OTHER_KEY = spki(generate_private_key(65_537, 2_048).public_key())
ZONES = Zones()
ZONES.set(NAME, "TXT", [f"v=DKIM1; k=rsa; p={KEY}"])


def signed(mail: bytes = MAIL, /, **changes: str | None) -> bytes:
    """Return a mail with a signature whose tags are the usual ones but for the changes; None leaves a tag out."""
    usual = (tag.partition("=") for tag in TEXT.split("; "))
    tags: dict[str, str | None] = {name: value for name, _, value in usual}
    tags.update(changes)
    tags["b"] = tags.pop("b")  # the last one, since changes may have added some
    return signed_with("; ".join(f"{name}={value}" for name, value in tags.items() if value is not None), mail)


def with_rsa(data: bytes) -> bytes:
    return RSA.sign(data, PKCS1v15(), SHA256())


def signed_with(text: str, mail: bytes = MAIL, key: Callable[[bytes], bytes] = with_rsa) -> bytes:
    """Return a mail with a signature of these tags; ``{bh}`` is the body's hash and ``b=`` is filled in."""
    headers, body = split(mail)
    tags = {name.strip(): value.strip() for name, _, value in (tag.partition("=") for tag in text.split(";"))}
    header_policy, _, body_policy = tags.get("c", "simple/simple").partition("/")
    hashed = (relaxed_body if body_policy.startswith("relaxed") else simple_body)(body)
    if tags.get("l", "").isdigit():
        hashed = hashed[: int(tags["l"])]
    text = text.replace("{bh}", base64.b64encode(hashlib.sha256(hashed).digest()).decode())
    text = re.sub(r"((?:^|;)\s*b\s*=)\s*(?=;|$)", r"\1", text)

    canonical = relaxed_header if header_policy == "relaxed" else simple_header
    left = [(name.strip().lower(), canonical(name, value)) for name, value in headers]
    data = b""
    for wanted in re.split(r"\s*:\s*", tags.get("h", "")):
        for at in reversed(range(len(left))):
            if left[at][0] == wanted.lower().encode():
                data += left.pop(at)[1]
                break
    data += canonical(b"DKIM-Signature", f" {text}\r\n".encode()).rstrip(b"\r\n ")
    signature = base64.b64encode(key(data)).decode()
    filled = re.sub(r"(?:^|;)\s*b\s*=(?=;|$)", lambda match: match[0] + signature, text)
    return f"DKIM-Signature: {filled}\r\n".encode() + mail


def split(mail: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    head, _, body = mail.partition(b"\r\n\r\n")
    fields = re.split(rb"\r\n(?![ \t])", head)
    return [(name, value + b"\r\n") for name, _, value in (field.partition(b":") for field in fields)], body


def simple_header(name: bytes, value: bytes) -> bytes:
    return name + b":" + value


def relaxed_header(name: bytes, value: bytes) -> bytes:
    unfolded = re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b""))
    return name.strip(b" \t").lower() + b":" + unfolded.strip(b" ") + b"\r\n"


def simple_body(body: bytes) -> bytes:
    return re.sub(rb"(?:\r\n)*\Z", b"", body, count=1) + b"\r\n"


def relaxed_body(body: bytes) -> bytes:
    cut = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while cut and not cut[-1]:
        cut.pop()
    return b"".join(line + b"\r\n" for line in cut)
