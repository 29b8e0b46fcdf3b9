"""The public test suite of RFC 7208 against the SPF that the fake receiver uses, and rules that it leaves out.

Where it comes from and its licence: ``vectors/README.md``. Each test there names the section that it is about, and it
stands here as ``spec``, so that a failure tells which rule it broke.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dns.rdataclass
import dns.rdatatype
import pytest
import yaml
from dns.rdata import Rdata
from dns.rdtypes.ANY.TXT import TXT

from fakemx.dns.zones import DnsFault, Found, Outcome, ProviderError, Zones, normal
from fakemx.judge.spf import judge_spf

SUITE = Path(__file__).parent / "vectors" / "rfc7208-tests.yml"
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Vector:
    """One test of the suite: who sends, and what may come of it."""

    name: str
    spec: str
    peer_ip: str
    helo: str
    sender: str
    results: tuple[str, ...]
    explanation: str | None
    zonedata: Mapping[str, Sequence[Any]]  # Any: records are a map of type to data, or a word


class SuiteZones(Zones):
    """The zone data of a scenario in our zones.

    Only two things of the suite cannot be written there and are added to the answers: a name of which some types are
    answered and the others time out, and where a TXT record is cut into strings.
    """

    def __init__(self, zonedata: Mapping[str, Sequence[Any]]) -> None:
        super().__init__()
        self._silent: set[str] = set()
        self._cuts: dict[bytes, tuple[bytes, ...]] = {}
        for name, entries in zonedata.items():
            for rdtype, texts in self._records_of(name, entries).items():
                self.set(name, rdtype, texts)
        # No catch-all: a name that the suite does not know has nothing.
        self.add_provider(lambda _, __: ())

    def lookup(self, name: str, rdtype: str) -> Found:
        found = super().lookup(name, rdtype)
        if found.outcome is not Outcome.FOUND and normal(name) in self._silent:
            return Found(Outcome.TIMEOUT)
        return Found(found.outcome, tuple(self._cut(record) for record in found.records), found.aliases)

    def _records_of(self, name: str, entries: Sequence[Any]) -> Mapping[str, Sequence[str]]:
        records: dict[str, list[str]] = {}
        for entry in entries:
            if entry == "TIMEOUT":
                self._silent.add(normal(name))
                continue
            ((rdtype, data),) = entry.items()
            records.setdefault(rdtype, []).append(self._text_of(rdtype, data))
        # Most of the suite says SPF for a record that is to be served as TXT, unless the name has TXT of its own; NONE
        # is there to say that it has none.
        spf = records.pop("SPF", [])
        records.setdefault("TXT", spf)
        return {rdtype: [text for text in texts if text != "NONE"] for rdtype, texts in records.items()}

    def _text_of(self, rdtype: str, data: Any) -> str:
        if rdtype == "MX":
            preference, host = data
            return f"{preference} {host}."
        if rdtype not in {"SPF", "TXT"}:
            return str(data)
        strings = [data] if isinstance(data, str) else data
        text = "".join(strings)
        self._cuts[text.encode()] = tuple(one.encode() for one in strings)
        return text

    def _cut(self, record: Rdata) -> Rdata:
        if not isinstance(record, TXT):
            return record
        strings = self._cuts[b"".join(record.strings)]
        return TXT(dns.rdataclass.IN, dns.rdatatype.TXT, strings or [b""])


# The suite is read when the tests are collected; libyaml, where PyYAML has it, takes a tenth of the time.
SCENARIOS = list(yaml.load_all(SUITE.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def read_suite() -> Iterator[Vector]:
    for scenario in SCENARIOS:
        for name, test in scenario["tests"].items():
            results = test["result"]
            yield Vector(
                name=name,
                spec=str(test["spec"]),
                peer_ip=test["host"],
                helo=test["helo"] or "",
                sender=test["mailfrom"] or "",
                results=(results,) if isinstance(results, str) else tuple(results),
                explanation=test.get("explanation"),
                zonedata=scenario["zonedata"],
            )


VECTORS = tuple(read_suite())


def test_the_vectors_are_those_that_their_readme_tells_of() -> None:
    readme = (SUITE.parent / "README.md").read_text("utf-8")
    told = dict(re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|", readme, re.MULTILINE))

    there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in SUITE.parent.iterdir()}
    assert told == {name: digest for name, digest in there.items() if name not in {"README.md", ".gitattributes"}}


def test_the_suite_is_whole() -> None:
    assert len(SCENARIOS) == 16
    assert len(VECTORS) == len({vector.name for vector in VECTORS}) == 203
    assert sum(vector.explanation is not None for vector in VECTORS) == 22


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_spf_is_as_the_suite_says(vector: Vector) -> None:
    zones = SuiteZones(vector.zonedata)

    spf = judge_spf(vector.peer_ip, helo=vector.helo, sender=vector.sender, zones=zones, now=NOW)

    assert spf.result in vector.results, f"RFC 7208 section {vector.spec}: {spf.reason}"
    if vector.explanation is not None:
        # DEFAULT is the receiver's own words, which it uses when the domain has none of its own.
        assert spf.explanation == ("" if vector.explanation == "DEFAULT" else vector.explanation)


def test_a_name_of_the_client_that_cannot_be_looked_up_is_passed_over() -> None:
    """RFC 7208 section 5.5: a DNS error on the addresses of one name leaves the others to be tried."""
    zones = Zones()
    zones.set("own.test", "TXT", ["v=spf1 ptr -all"])
    zones.set("4.2.0.192.in-addr.arpa", "PTR", ["broken.own.test", "out.own.test"])
    zones.set("out.own.test", "A", ["192.0.2.4"])
    zones.set_fault("broken.own.test", DnsFault.SERVFAIL)

    assert result_of("192.0.2.4", zones) == "pass"


def test_a_client_whose_names_cannot_be_looked_up_matches_no_ptr() -> None:
    """RFC 7208 section 5.5: a DNS error on the PTR records makes the mechanism fail to match, and not a temperror."""
    zones = Zones()
    zones.set("own.test", "TXT", ["v=spf1 ptr -all"])
    zones.set_fault("4.2.0.192.in-addr.arpa", DnsFault.SERVFAIL)

    assert result_of("192.0.2.4", zones) == "fail"


@pytest.mark.parametrize("names", [10, 11])
def test_the_first_ten_names_of_a_client_count(names: int) -> None:
    """RFC 7208 section 4.6.4: with more than ten PTR records the first ten are used."""
    zones = Zones()
    zones.set("own.test", "TXT", ["v=spf1 ptr -all"])
    others = [f"n{number}.own.test" for number in range(1, names)]
    for name in others:
        zones.set(name, "A", ["192.0.2.99"])
    zones.set("out.own.test", "A", ["192.0.2.4"])
    zones.set("4.2.0.192.in-addr.arpa", "PTR", [*others, "out.own.test"])

    assert result_of("192.0.2.4", zones) == ("pass" if names == 10 else "fail")


def test_only_a_fail_has_an_explanation() -> None:
    """RFC 7208 section 6.2: exp= is for the fail result alone."""
    zones = Zones()
    zones.set("own.test", "TXT", ["v=spf1 ip4:192.0.2.4 ~all exp=why.own.test"])
    zones.set("why.own.test", "TXT", ["go away, %{i}"])

    for peer_ip in ("192.0.2.4", "192.0.2.5"):
        assert judge_spf(peer_ip, helo="", sender="a@own.test", zones=zones, now=NOW).explanation == ""
    zones.set("own.test", "TXT", ["v=spf1 -all exp=why.own.test"])
    said = judge_spf("192.0.2.5", helo="", sender="a@own.test", zones=zones, now=NOW)
    assert (said.result, said.explanation) == ("fail", "go away, 192.0.2.5")


def test_a_bug_in_the_provider_of_an_explanation_is_no_verdict() -> None:
    def broken(name: str, _: str) -> None:
        if name == "why.own.test":
            raise KeyError(name)

    zones = Zones()
    zones.set("own.test", "TXT", ["v=spf1 -all exp=why.own.test"])
    zones.add_provider(broken)

    with pytest.raises(ProviderError):
        result_of("192.0.2.4", zones)


# ----- Rules that the suite leaves out and pyspf alone does not keep


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=spf1 Redirect=other.test", "pass"),
        ("v=spf1 REDIRECT=other.test", "pass"),
        ("v=spf1 redirect=other.test REDIRECT=other.test", "permerror"),
        ("v=spf1 -all exp=why.own.test EXP=why.own.test", "permerror"),
        ("v=spf1 INCLUDE:other.test -All", "pass"),
    ],
)
def test_names_of_mechanisms_and_modifiers_are_in_any_case(record: str, result: str) -> None:
    """RFC 7208 section 4.6.1; section 6 has redirect= and exp= once at most."""
    assert result_of("192.0.2.4", zones_with(record)) == result


def test_exp_is_in_any_case_and_its_value_keeps_its_own() -> None:
    """RFC 7208 section 4.6.1, and 7.3: an upper-case macro letter means URL escaping."""
    zones = zones_with("v=spf1 -all EXP=%{L}.own.test")
    zones.set("a%2bb.own.test", "TXT", ["go away"])

    spf = judge_spf("192.0.2.5", helo="", sender="a+b@own.test", zones=zones, now=NOW)

    assert (spf.result, spf.explanation) == ("fail", "go away")


def test_an_unknown_modifier_may_be_repeated() -> None:
    """RFC 7208 section 6: unrecognized modifiers are ignored, however often they appear."""
    assert result_of("192.0.2.4", zones_with("v=spf1 moo=1 moo=2 MOO=3 ip4:192.0.2.4 -all")) == "pass"
    assert result_of("192.0.2.4", zones_with("v=spf1 moo=1 moo=%(d) ip4:192.0.2.4 -all")) == "permerror"


@pytest.mark.parametrize("macro", ["%{d0}", "%{d00r}", "%{d", "%{}", "%{dr2}", "%{dx}", "%{d}%", "%{d!}", "%{q}", "%d"])
@pytest.mark.parametrize("term", ["a:{}.own.test", "exists:{}.own.test", "moo={}", "redirect={}.own.test"])
def test_a_macro_that_the_grammar_does_not_have_is_a_permanent_error(term: str, macro: str) -> None:
    """RFC 7208 sections 7.1 and 7.3 (a number of parts must not be 0), and 4.6: whatever matched before."""
    record = f"v=spf1 ip4:192.0.2.4 {term.format(macro)} -all"

    assert result_of("192.0.2.4", zones_with(record)) == "permerror"
    assert result_of("192.0.2.4", zones_with(record.replace(macro, "%{d2r.-+,/_=}"))) == "pass"


@pytest.mark.parametrize("term", ["a:own.test%%", "a:%%%%", "exists:%{d}%%", "moo=100%%", "redirect=own.test%%"])
def test_a_percent_sign_may_be_the_end(term: str) -> None:
    """RFC 7208 section 7.1: a domain-spec may end in any macro-expand, and ``%%`` is one."""
    assert result_of("192.0.2.4", zones_with(f"v=spf1 {term} ip4:192.0.2.4 -all")) == "pass"


def test_the_three_macros_for_other_characters_are_read_in_an_explanation() -> None:
    """RFC 7208 section 7.1: ``%%``, ``%_`` and ``%-``, at the end as well."""
    zones = zones_with("v=spf1 -all exp=why.own.test")
    zones.set("why.own.test", "TXT", ["100%% sure%_as  http://own.test/a%-b says 100%%"])

    spf = judge_spf("192.0.2.5", helo="", sender="a@own.test", zones=zones, now=NOW)

    assert spf.explanation == "100% sure as  http://own.test/a%20b says 100%"


@pytest.mark.parametrize("text", ["no %{d0}", "no %{d", "no %{i} 100%"])
def test_an_explanation_with_a_macro_that_the_grammar_does_not_have_is_none(text: str) -> None:
    """RFC 7208 section 6.2: on a syntax error in the explanation, go on as if there were none."""
    zones = zones_with("v=spf1 -all exp=why.own.test")
    zones.set("why.own.test", "TXT", [text])

    spf = judge_spf("192.0.2.5", helo="", sender="a@own.test", zones=zones, now=NOW)

    assert (spf.result, spf.explanation) == ("fail", "")


def test_a_long_explanation_is_whole() -> None:
    """RFC 7208 section 6.2; the 253 characters of section 7.3 are for domains."""
    zones = zones_with("v=spf1 -all exp=why.own.test")
    sentence = "Mail of own.test comes from its own hosts. "
    zones.set("why.own.test", "TXT", [sentence * 10 + "%{i}"])

    spf = judge_spf("192.0.2.5", helo="", sender="a@own.test", zones=zones, now=NOW)

    assert spf.explanation == sentence * 10 + "192.0.2.5"


@pytest.mark.parametrize("label", [60, 25])
def test_a_domain_that_grows_too_long_loses_labels_on_its_left(label: int) -> None:
    """RFC 7208 section 7.3: label by label, until no more than 253 characters are left."""
    local = ".".join(["x" * label] * (700 // label))
    wanted = f"{local}.own.test"
    while len(wanted) > 253:
        wanted = wanted.partition(".")[2]
    zones = zones_with("v=spf1 exists:%{l}.%{d} -all")
    zones.set(wanted, "A", ["127.0.0.2"])

    assert judge_spf("192.0.2.5", helo="", sender=f"{local}@own.test", zones=zones, now=NOW).result == "pass"


@pytest.mark.parametrize(
    ("matching", "mechanisms", "result"),
    [
        (0, 10, "pass"),
        (9, 10, "pass"),  # redirect= is not followed, so it is not one of the ten
        (None, 9, "pass"),
        (None, 10, "permerror"),
        (10, 11, "permerror"),
    ],
)
def test_ten_terms_may_ask_dns_and_redirect_is_one_when_it_is_followed(
    matching: int | None, mechanisms: int, result: str
) -> None:
    """RFC 7208 section 4.6.4: the terms are counted during the evaluation."""
    zones = zones_with(
        f"v=spf1 {' '.join(f'a:n{number}.own.test' for number in range(mechanisms))} redirect=other.test"
    )
    for number in range(mechanisms):
        zones.set(f"n{number}.own.test", "A", ["192.0.2.4" if number == matching else "192.0.2.99"])

    assert result_of("192.0.2.4", zones) == result


def test_a_redirect_inside_an_include_counts_too() -> None:
    """RFC 7208 section 4.6.4: all terms of an evaluation, in whichever record."""
    for mechanisms, result in ((8, "pass"), (9, "permerror")):
        terms = " ".join(f"a:n{number}.own.test" for number in range(mechanisms))
        zones = zones_with("v=spf1 include:in.test -all")
        zones.set("in.test", "TXT", [f"v=spf1 {terms} redirect=other.test"])
        for number in range(mechanisms):
            zones.set(f"n{number}.own.test", "A", ["192.0.2.99"])

        assert result_of("192.0.2.4", zones) == result


def test_an_endless_redirect_is_a_permanent_error() -> None:
    """RFC 7208 section 4.6.4."""
    assert result_of("192.0.2.4", zones_with("v=spf1 redirect=own.test")) == "permerror"


def test_the_domain_of_a_sender_is_behind_its_last_at() -> None:
    """RFC 5321 section 4.1.2: a quoted local part may have one; RFC 7208 section 7.2 for the macros."""
    zones = zones_with("v=spf1 ip4:192.0.2.4 -all exp=why.own.test")
    zones.set("why.own.test", "TXT", ["%{l} %{o} %{d} %{s}"])

    def said(peer_ip: str) -> tuple[str, str]:
        spf = judge_spf(peer_ip, helo="", sender='"a@b"@own.test', zones=zones, now=NOW)
        return spf.result, spf.explanation

    assert said("192.0.2.4") == ("pass", "")
    assert said("192.0.2.5") == ("fail", '"a@b" own.test own.test "a@b"@own.test')


def zones_with(record: str) -> Zones:
    zones = Zones()
    zones.set("own.test", "TXT", [record])
    zones.set("other.test", "TXT", ["v=spf1 ip4:192.0.2.4 -all"])
    return zones


def result_of(peer_ip: str, zones: Zones) -> str:
    return judge_spf(peer_ip, helo="out.own.test", sender="a@own.test", zones=zones, now=NOW).result
