"""The public test suite of RFC 7208 against the SPF that the fake receiver uses.

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


def read_suite() -> Iterator[Vector]:
    for scenario in yaml.safe_load_all(SUITE.read_bytes()):
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
    scenarios = list(yaml.safe_load_all(SUITE.read_bytes()))

    assert len(scenarios) == 16
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


def result_of(peer_ip: str, zones: Zones) -> str:
    return judge_spf(peer_ip, helo="out.own.test", sender="a@own.test", zones=zones, now=NOW).result
