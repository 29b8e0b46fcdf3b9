"""What the fake DNS says about a name."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakemx.dns.zones import DnsFault, Outcome, ProviderError, Zones


def test_every_domain_that_looks_like_one_has_the_catch_all_mx() -> None:
    assert Zones().lookup("Example.COM.", "mx").texts == ("10 mx.catchall.test.",)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "com",
        "localhost",
        "x.invalid",
        "x.local",
        "1.0.0.127.in-addr.arpa",
        "192.0.2.1",
        "_dmarc.example.com",
        "-a.example",
        "a-.example",
        "a b.example",
        "x" * 64 + ".example",
        "a..example",
        "ä.example",
    ],
)
def test_a_name_that_cannot_have_mail_does_not_exist(name: str) -> None:
    assert Zones().lookup(name, "MX").outcome is Outcome.NXDOMAIN


def test_a_name_without_that_type_is_nodata_and_not_nxdomain() -> None:
    zones = Zones()
    zones.set("own.test", "TXT", ["v=spf1 -all"])

    assert zones.lookup("example.com", "TXT").outcome is Outcome.NODATA
    assert zones.lookup("own.test", "MX").outcome is Outcome.NODATA
    assert zones.lookup("_x.own.test", "TXT").outcome is Outcome.NXDOMAIN


def test_a_name_with_names_below_it_exists() -> None:
    zones = Zones()
    zones.set("s1._domainkey.own.test", "TXT", ["p=x"])

    assert zones.lookup("_domainkey.own.test", "TXT").outcome is Outcome.NODATA


def test_a_removed_record_is_gone() -> None:
    zones = Zones()
    zones.set("_dmarc.own.test", "TXT", ["v=DMARC1; p=none"])
    zones.set("own.test", "MX", ["5 a.test"])
    zones.set("own.test", "TXT", ["x"])

    zones.remove("_DMARC.own.test.", "txt")
    zones.remove("own.test")

    assert zones.lookup("_dmarc.own.test", "TXT").outcome is Outcome.NXDOMAIN
    assert zones.lookup("own.test", "MX").texts == ("10 mx.catchall.test.",)


def test_a_record_that_cannot_be_read_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="not a MX record"):
        Zones().set("own.test", "MX", ["mx.own.test"])


@given(st.text(max_size=2_000))
def test_a_text_comes_back_whole_whatever_its_length(text: str) -> None:
    """A TXT record reads as it was written (what is not Unicode text aside)."""
    text = text.encode("utf-8", "replace").decode()
    zones = Zones()
    zones.set("own.test", "TXT", [text])

    assert zones.lookup("own.test", "TXT").texts == (text,)


def test_records_by_hand_come_before_providers_and_those_in_their_order() -> None:
    zones = Zones()
    zones.add_provider(lambda name, rdtype: ["first"] if (name, rdtype) == ("own.test", "TXT") else None)
    zones.add_provider(lambda name, rdtype: ["second"] if rdtype == "TXT" and name.endswith("own.test") else None)

    assert zones.lookup("OWN.test", "TXT").texts == ("first",)
    assert zones.lookup("_x.own.test", "TXT").texts == ("second",)
    zones.set("own.test", "TXT", ["by hand"])
    assert zones.lookup("own.test", "TXT").texts == ("by hand",)


def test_a_provider_that_knows_the_name_keeps_it_from_the_catch_all() -> None:
    def provider(name: str, _: str) -> Sequence[str] | None:
        return [] if name == "own.test" else None

    zones = Zones()
    zones.add_provider(provider)

    assert zones.lookup("own.test", "MX").outcome is Outcome.NODATA
    assert zones.lookup("other.test", "MX").outcome is Outcome.FOUND


@pytest.mark.parametrize("records", [["nonsense"], 7])
def test_a_provider_with_a_bug_is_called_one(records: Any) -> None:
    zones = Zones()
    zones.add_provider(lambda _, rdtype: records if rdtype == "MX" else None)

    with pytest.raises(ProviderError, match=r"the provider of ok\.test MX"):
        zones.lookup("ok.test", "MX")


def test_a_fault_holds_for_the_domain_and_below_until_it_is_cleared() -> None:
    zones = Zones()
    zones.set("_dmarc.own.test", "TXT", ["v=DMARC1; p=none"])
    zones.set_fault("own.test", DnsFault.SERVFAIL)

    assert zones.lookup("own.test", "MX").outcome is Outcome.SERVFAIL
    assert zones.lookup("_dmarc.own.test", "TXT").outcome is Outcome.SERVFAIL
    assert zones.lookup("disown.test", "MX").outcome is Outcome.FOUND
    zones.clear_fault("Own.test")
    assert zones.lookup("_dmarc.own.test", "TXT").outcome is Outcome.FOUND


def test_a_null_mx_leaves_the_other_records_alone() -> None:
    zones = Zones()
    zones.set("own.test", "TXT", ["x"])
    zones.set_fault("own.test", DnsFault.NULL_MX)

    assert zones.lookup("own.test", "MX").texts == ("0 .",)
    assert zones.lookup("own.test", "TXT").texts == ("x",)
    assert zones.lookup("sub.own.test", "MX").texts == ("10 mx.catchall.test.",)


def test_an_alias_is_followed_and_a_loop_is_a_failure() -> None:
    zones = Zones()
    zones.set("a.test", "CNAME", ["b.test"])
    zones.set("b.test", "CNAME", ["c.test"])
    zones.set("c.test", "TXT", ["end"])
    zones.set("x.test", "CNAME", ["y.test"])
    zones.set("y.test", "CNAME", ["x.test"])

    found = zones.lookup("a.test", "TXT")

    assert (found.texts, len(found.aliases)) == (("end",), 2)
    assert zones.lookup("a.test", "CNAME").texts == ("b.test.",)
    assert zones.lookup("x.test", "TXT").outcome is Outcome.SERVFAIL


@given(st.text(max_size=300), st.sampled_from(["A", "MX", "TXT", "CNAME"]))
def test_any_text_may_be_asked_about(name: str, rdtype: str) -> None:
    """Looking up never raises."""
    Zones().lookup(name, rdtype)
