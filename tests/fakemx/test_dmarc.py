"""DMARC rule by rule (RFC 7489 sections 3.1, 6.3 and 6.6), from results of DKIM and SPF that are given.

That DKIM, SPF and DMARC work together on a mail is in ``test_verdict.py``.
"""

from datetime import UTC, datetime

import pytest

from fakemx.dns.zones import DnsFault, Zones
from fakemx.judge.dkim import DkimResult
from fakemx.judge.dmarc import DmarcResult, judge_dmarc
from fakemx.judge.spf import SpfResult, judge_spf


def judged(
    records: dict[str, list[str]],
    *,
    author: str = "own.test",
    dkim: str | None = None,
    spf: str | None = None,
    dkim_result: str = "pass",
    spf_result: str = "pass",
    fault: tuple[str, DnsFault] | None = None,
) -> DmarcResult:
    """Judge a mail from ``author``; ``dkim`` and ``spf`` are the domains that those results are about."""
    zones = Zones()
    for name, texts in records.items():
        zones.set(f"_dmarc.{name}", "TXT", texts)
    if fault is not None:
        zones.set_fault(*fault)
    signatures = [DkimResult("k", dkim, "rsa-sha256", dkim_result, "")] if dkim is not None else []
    return judge_dmarc(
        f"From: a@{author}\r\n\r\n".encode(),
        dkim=signatures,
        spf=SpfResult(spf_result, "", spf) if spf is not None else SpfResult("none", "", "elsewhere.test"),
        zones=zones,
    )


# ----- Alignment (section 3.1)

ALIGNED = [
    # mode, author's domain, proven domain, aligned
    ("r", "own.test", "own.test", True),
    ("r", "own.test", "mail.own.test", True),
    ("r", "news.own.test", "own.test", True),
    ("r", "news.own.test", "mail.own.test", True),
    ("r", "news.own.test", "deep.news.own.test", True),
    ("r", "own.test", "notown.test", False),
    ("r", "own.test", "own.test.evil.test", False),
    ("r", "own.test", "test", False),
    ("r", "own.test", "", False),
    ("s", "own.test", "own.test", True),
    ("s", "own.test", "OWN.Test", True),
    ("s", "own.test", "own.test.", True),
    ("s", "OWN.test", "own.test", True),
    ("s", "own.test", "mail.own.test", False),
    ("s", "news.own.test", "own.test", False),
    ("s", "news.own.test", "news.own.test", True),
]


@pytest.mark.parametrize(("mode", "author", "proven", "aligned"), ALIGNED)
def test_dkim_counts_for_the_domains_that_adkim_allows(mode: str, author: str, proven: str, aligned: bool) -> None:
    """Section 3.1.1; the other mode is set to the contrary, and must not matter."""
    other = {"r": "s", "s": "r"}[mode]
    record = f"v=DMARC1; p=reject; adkim={mode}; aspf={other}"

    assert judged({"own.test": [record]}, author=author, dkim=proven).result == ("pass" if aligned else "fail")


@pytest.mark.parametrize(("mode", "author", "proven", "aligned"), ALIGNED)
def test_spf_counts_for_the_domains_that_aspf_allows(mode: str, author: str, proven: str, aligned: bool) -> None:
    """Section 3.1.2."""
    other = {"r": "s", "s": "r"}[mode]
    record = f"v=DMARC1; p=reject; aspf={mode}; adkim={other}"

    assert judged({"own.test": [record]}, author=author, spf=proven).result == ("pass" if aligned else "fail")


@pytest.mark.parametrize("modes", ["", "; adkim=r; aspf=r", "; adkim=; aspf=", "; adkim=x; aspf=strict"])
def test_relaxed_is_what_is_not_said_otherwise(modes: str) -> None:
    """Section 6.3: the default is r, and what cannot be read is replaced by the default."""
    records = {"own.test": [f"v=DMARC1; p=reject{modes}"]}

    assert judged(records, dkim="mail.own.test").result == "pass"
    assert judged(records, spf="mail.own.test").result == "pass"


@pytest.mark.parametrize("result", ["fail", "permerror", "policy", "neutral", "none"])
def test_only_a_pass_of_dkim_counts(result: str) -> None:
    """Section 6.6.2, step 5."""
    assert judged({"own.test": ["v=DMARC1; p=reject"]}, dkim="own.test", dkim_result=result).result == "fail"


@pytest.mark.parametrize("result", ["fail", "softfail", "permerror", "neutral", "none"])
def test_only_a_pass_of_spf_counts(result: str) -> None:
    """Section 6.6.2, step 5."""
    assert judged({"own.test": ["v=DMARC1; p=reject"]}, spf="own.test", spf_result=result).result == "fail"


@pytest.mark.parametrize(
    ("dkim", "spf", "results", "result"),
    [
        ("own.test", "own.test", ("pass", "fail"), "pass"),
        ("own.test", "own.test", ("fail", "pass"), "pass"),
        ("own.test", "own.test", ("temperror", "pass"), "pass"),
        ("own.test", "own.test", ("pass", "temperror"), "pass"),
        ("own.test", "own.test", ("temperror", "fail"), "temperror"),
        ("own.test", "own.test", ("fail", "temperror"), "temperror"),
        # What is not aligned could not have helped, whatever the answer.
        ("evil.test", "own.test", ("temperror", "fail"), "fail"),
        ("own.test", "evil.test", ("fail", "temperror"), "fail"),
    ],
)
def test_one_aligned_pass_is_enough_and_only_an_aligned_one_is_waited_for(
    dkim: str, spf: str, results: tuple[str, str], result: str
) -> None:
    """Section 4.2, and 6.6.2 for temporary errors."""
    verdict = judged(
        {"own.test": ["v=DMARC1; p=reject"]}, dkim=dkim, spf=spf, dkim_result=results[0], spf_result=results[1]
    )

    assert verdict.result == result


def test_any_of_several_signatures_may_be_the_aligned_one() -> None:
    """Section 3.1.1: a message can carry several signatures, and one that is aligned and passes is enough."""
    zones = Zones()
    zones.set("_dmarc.own.test", "TXT", ["v=DMARC1; p=reject"])
    signatures = [
        DkimResult("a", "platform.test", "rsa-sha256", "pass", ""),
        DkimResult("b", "own.test", "rsa-sha256", "fail", ""),
        DkimResult("c", "own.test", "ed25519-sha256", "pass", ""),
    ]
    spf = SpfResult("none", "", "elsewhere.test")

    def result_of(count: int) -> str:
        return judge_dmarc(b"From: a@own.test\r\n\r\n", dkim=signatures[:count], spf=spf, zones=zones).result

    assert [result_of(count) for count in range(4)] == ["fail", "fail", "fail", "pass"]


# ----- Finding the policy (section 6.6.3)


@pytest.mark.parametrize(
    ("record", "author", "policy"),
    [
        ("v=DMARC1; p=none", "own.test", "none"),
        ("v=DMARC1; p=quarantine", "own.test", "quarantine"),
        ("v=DMARC1; p=reject", "own.test", "reject"),
        ("v=DMARC1; p=REJECT", "own.test", "reject"),
        ("v=DMARC1;p=reject;", "own.test", "reject"),
        ("v = DMARC1 ; p = reject ; pct = 50", "own.test", "reject"),
        ("v=DMARC1; p=reject; zz=unknown; nonsense", "own.test", "reject"),
        ("v=DMARC1; p=reject; sp=none", "own.test", "reject"),
        ("v=DMARC1; p=reject; sp=none", "news.own.test", "none"),
        ("v=DMARC1; p=none; sp=quarantine", "deep.news.own.test", "quarantine"),
        ("v=DMARC1; p=quarantine", "news.own.test", "quarantine"),
    ],
)
def test_the_policy_is_the_one_of_the_record_that_was_found(record: str, author: str, policy: str) -> None:
    """Section 6.3, p= and sp=. It is the same whether the mail passes or fails."""
    passing = judged({"own.test": [record]}, author=author, dkim="own.test")
    failing = judged({"own.test": [record]}, author=author, dkim="evil.test")

    assert (passing.result, passing.policy, passing.domain) == ("pass", policy, author)
    assert (failing.result, failing.policy, failing.domain) == ("fail", policy, author)


def test_a_subdomain_with_a_record_of_its_own_goes_by_its_p() -> None:
    """Section 6.3: sp= is for subdomains of the domain whose record it is."""
    records = {"own.test": ["v=DMARC1; p=reject; sp=reject"], "news.own.test": ["v=DMARC1; p=none; sp=quarantine"]}

    assert judged(records, author="news.own.test").policy == "none"


def test_between_the_authors_domain_and_the_organisations_nothing_is_looked_up() -> None:
    """Section 6.6.3, step 3: after the author's domain comes the organisational one at once."""
    between = {"news.own.test": ["v=DMARC1; p=reject"]}

    assert judged(between, author="deep.news.own.test").result == "none"
    verdict = judged(between | {"own.test": ["v=DMARC1; p=none"]}, author="deep.news.own.test")
    assert (verdict.result, verdict.policy) == ("fail", "none")


@pytest.mark.parametrize(
    ("author", "suffix"),
    [("own.test", "test"), ("own.co.uk", "co.uk"), ("own.github.io", "github.io"), ("own.xn--p1ai", "xn--p1ai")],
)
def test_a_public_suffix_is_nobodys_organisation(author: str, suffix: str) -> None:
    """Section 3.2: what stands at a name below which anybody may register speaks for nobody."""
    assert judged({suffix: ["v=DMARC1; p=reject"]}, author=author).result == "none"
    assert judged({author: ["v=DMARC1; p=reject"]}, author=author, dkim=f"evil.{suffix}").result == "fail"
    assert judged({author: ["v=DMARC1; p=reject"]}, author=f"news.{author}", dkim=author).result == "pass"


@pytest.mark.parametrize(
    "text",
    [
        "v=spf1 -all",
        "",
        "p=reject",
        "p=reject; v=DMARC1",
        "v=DMARC2; p=reject",
        "v=DMARC10; p=reject",
        "v=dmarc1; p=reject",
        "V=DMARC1; p=reject",
        "v=DMARC1 p=reject",
        " v=DMARC1; p=reject",
    ],
)
def test_what_does_not_begin_as_a_record_does_is_passed_over(text: str) -> None:
    """Section 6.6.3, step 2: discarded, so that it neither counts itself nor makes two of one."""
    one = "v=DMARC1; p=quarantine"

    assert judged({"own.test": [text]}).result == "none"
    assert judged({"own.test": [text, one]}).policy == "quarantine"
    assert judged({"news.own.test": [text], "own.test": [one]}, author="news.own.test").policy == "quarantine"


@pytest.mark.parametrize("second", ["v=DMARC1; p=none", "v=DMARC1; p=reject", "v=DMARC1; p=nonsense"])
@pytest.mark.parametrize("at", ["own.test", "news.own.test"])
def test_several_records_are_as_none_and_end_the_search(at: str, second: str) -> None:
    """Section 6.6.3, step 5."""
    records = {"own.test": ["v=DMARC1; p=reject"]} | {at: ["v=DMARC1; p=reject", second]}

    verdict = judged(records, author="news.own.test", dkim="news.own.test")

    assert (verdict.result, verdict.policy) == ("none", "none")


@pytest.mark.parametrize(
    "tags", ["", "p=", "p=sometimes", "p=reject; sp=sometimes", "sp=reject", "p=sometimes; rua=", "p=no; rua=own.test"]
)
@pytest.mark.parametrize("author", ["own.test", "news.own.test"])
def test_a_policy_that_cannot_be_read_is_no_policy(author: str, tags: str) -> None:
    """Section 6.6.3, step 6; permerror is how section 11.2 has it reported."""
    verdict = judged({"own.test": [f"v=DMARC1; {tags}"]}, author=author, dkim=author)

    assert (verdict.result, verdict.policy) == ("permerror", "none")


@pytest.mark.parametrize("tags", ["", "p=; ", "p=sometimes; ", "p=reject; sp=sometimes; "])
@pytest.mark.parametrize("rua", ["mailto:d@own.test", "MAILTO:d@own.test!10m", "nonsense, mailto:d@own.test"])
def test_a_policy_that_cannot_be_read_is_none_where_reports_are_wanted(tags: str, rua: str) -> None:
    """Section 6.6.3, step 6: with a rua= to report to, as if p=none had been found."""
    records = {"own.test": [f"v=DMARC1; {tags}rua={rua}"]}

    passing, failing = judged(records, dkim="own.test"), judged(records, dkim="evil.test")

    assert (passing.result, passing.policy) == ("pass", "none")
    assert (failing.result, failing.policy) == ("fail", "none")


@pytest.mark.parametrize("fault", [DnsFault.SERVFAIL, DnsFault.TIMEOUT])
@pytest.mark.parametrize("broken", ["_dmarc.own.test", "_dmarc.news.own.test"])
def test_no_answer_about_the_record_is_a_temporary_error(broken: str, fault: DnsFault) -> None:
    """Section 6.6.3, last paragraph; whether the other place has a record cannot make up for it."""
    verdict = judged({}, author="news.own.test", dkim="news.own.test", fault=(broken, fault))

    assert (verdict.result, verdict.policy) == ("temperror", "none")


def test_a_record_at_the_authors_domain_ends_the_search() -> None:
    """Section 6.6.3, steps 1 to 3: the organisational domain is asked only where there is none."""
    verdict = judged(
        {"news.own.test": ["v=DMARC1; p=quarantine"]},
        author="news.own.test",
        fault=("_dmarc.own.test", DnsFault.SERVFAIL),
    )

    assert (verdict.result, verdict.policy) == ("fail", "quarantine")


def test_a_domain_that_does_not_exist_has_no_policy() -> None:
    assert judged({}, author="gone.test", fault=("gone.test", DnsFault.NXDOMAIN)).result == "none"


# ----- The author (section 6.6.1)


@pytest.mark.parametrize(
    ("header", "result"),
    [
        ("From: a@own.test", "pass"),
        ("From: Ann <a@OWN.test>", "pass"),
        ('From: "a@evil.test" <a@own.test>', "pass"),
        ("From: a@own.test (a@evil.test)", "pass"),
        ("From: Ann\r\n\t<a@own.test>", "pass"),
        ("From: a@evil.test\r\nReply-To: a@own.test", "none"),
        ("From: a@own.test, b@own.test", "permerror"),
        ("From: a@own.test\r\nFrom: a@own.test", "permerror"),
        ("From: Ann", "permerror"),
        ("From: <>", "permerror"),
        ("Subject: no author", "permerror"),
    ],
)
def test_the_domain_is_the_one_of_the_only_author(header: str, result: str) -> None:
    zones = Zones()
    zones.set("_dmarc.own.test", "TXT", ["v=DMARC1; p=reject"])

    verdict = judge_dmarc(f"{header}\r\n\r\n".encode(), dkim=[], spf=SpfResult("pass", "", "own.test"), zones=zones)

    assert verdict.result == result


@pytest.mark.parametrize("author", ["bücher.test", "BÜCHER.test", "xn--bcher-kva.test", "news.bücher.test"])
@pytest.mark.parametrize("proven", ["bücher.test", "xn--bcher-kva.test"])
def test_a_domain_beyond_ascii_is_the_same_as_its_a_label(author: str, proven: str) -> None:
    """Section 6.6.1: A-labels are what is looked up and compared."""
    records = {"xn--bcher-kva.test": ["v=DMARC1; p=reject"]}

    verdict = judged(records, author=author, dkim=proven)

    assert (verdict.result, verdict.domain) == ("pass", author.lower().replace("bücher", "xn--bcher-kva"))


@pytest.mark.parametrize("author", ["☃.test", "a..test", "\u0378.test", "[192.0.2.1]", "x" * 64 + ".test", "-ü-.test"])
def test_a_domain_that_cannot_be_one_has_no_policy(author: str) -> None:
    assert judged({}, author=author).result == "none"


def test_spf_of_a_domain_beyond_ascii_is_looked_up_by_its_a_label() -> None:
    """RFC 8616 section 4, for the sender and for the HELO name."""
    zones = Zones()
    zones.set("xn--bcher-kva.test", "TXT", ["v=spf1 ip4:192.0.2.1 -all"])
    now = datetime(2026, 11, 1, tzinfo=UTC)

    for sender, helo in (("a@bücher.test", "out.test"), ("", "Bücher.test")):
        spf = judge_spf("192.0.2.1", helo=helo, sender=sender, zones=zones, now=now)
        assert (spf.result, spf.domain) == ("pass", "xn--bcher-kva.test")
