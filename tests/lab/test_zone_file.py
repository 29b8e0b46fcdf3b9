"""Zone files: read into records as the fake DNS takes them, or refused with the line at fault."""

import pytest

from justemails_sandbox.lab.zone_file import ZoneFileError, parse_zone


def test_records_are_read_by_name_and_type() -> None:
    """RFC 1035 5: a TXT record of several strings is one text (RFC 7208 3.3)."""
    records = parse_zone(
        'example.com. 300 IN TXT "v=spf1 -all"\n'
        "; a comment\n"
        's1._domainkey.example.com TXT ( "v=DKIM1; p=" "abc" )\n'
        "example.com. MX 10 mx.example.com.\n"
        "example.com. MX 20 mx2.example.com.\n"
    )

    assert records["example.com", "TXT"] == ["v=spf1 -all"]
    assert records["s1._domainkey.example.com", "TXT"] == ["v=DKIM1; p=abc"]
    assert sorted(records["example.com", "MX"]) == ["10 mx.example.com.", "20 mx2.example.com."]


@pytest.mark.parametrize("text", ["example.com.", "example.com. A 300.1.1.1", "$INCLUDE /etc/passwd", "x. NOTYPE 1"])
def test_what_is_no_zone_file_is_refused_with_the_line_that_it_is_near(text: str) -> None:
    with pytest.raises(ZoneFileError, match=r"near line [23]"):
        parse_zone(f"ok.example. A 192.0.2.1\n{text}\n")
