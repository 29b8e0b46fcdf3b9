"""Reading a zone file (RFC 1035 section 5): what a lab's DNS says of the domains that the program under test sends for.

yourdomain.com.                  TXT "v=spf1 ip4:192.0.2.1 -all"
s1._domainkey.yourdomain.com.    TXT "v=DKIM1; k=rsa; p=..."
"""

import re
from collections.abc import Mapping, Sequence

import dns.exception
import dns.name
import dns.rdatatype
import dns.zone
from dns.rdtypes.ANY.TXT import TXT

Records = Mapping[tuple[str, str], Sequence[str]]
"""The records by name and type, each as the fake DNS takes it."""


class ZoneFileError(ValueError):
    """A text that is no zone file; the message says where."""


def parse_zone(text: str) -> Records:
    """Return the records of a zone file; names without a final dot are taken as if they had one.

    Raises:
        ZoneFileError: it is none.
    """
    try:
        zone = dns.zone.from_text(
            f"$TTL 60\n{text}", origin=dns.name.root, relativize=False, check_origin=False, allow_include=False
        )
    except (dns.exception.DNSException, ValueError) as ex:
        told = re.sub(r"^<string>:(\d+)", lambda at: f"near line {int(at[1]) - 1}", str(ex))  # ours is the first one
        raise ZoneFileError(f"it is no zone file with lines like 'name. TXT \"text\"': {told}") from ex
    return {
        (name.to_text(omit_final_dot=True), dns.rdatatype.to_text(rdataset.rdtype)): [
            b"".join(one.strings).decode("utf-8", "replace") if isinstance(one, TXT) else one.to_text()
            for one in rdataset
        ]
        for name, node in zone.nodes.items()
        for rdataset in node
    }
