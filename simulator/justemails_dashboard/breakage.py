"""Breaking a sending domain's DNS records by hand, and mending them: each act is told as the line that does it.

What is set by hand in the fake DNS comes before what the owner published, and a fault before both. So the published
record is never lost, and to mend is to take back what was set.

    >>> break_record(network.zones, record, Breakage.MISSING)
    "network.zones.set_fault('bounce.example.com', DnsFault.NXDOMAIN)"
"""

from collections.abc import Sequence
from enum import StrEnum

from fakemx.dns.zones import DnsFault, Zones
from justemails.domains.domain import RequiredRecord


class Breakage(StrEnum):
    """How a record can be broken."""

    WRONG = "wrong"  # its name has another value
    MISSING = "missing"  # its name does not exist; a record of another type at that name is gone too
    SILENT = "servfail"  # the name servers cannot say; the same holds for that name and all its records


LABELS = {Breakage.WRONG: "wrong value", Breakage.MISSING: "missing", Breakage.SILENT: "SERVFAIL"}
"""What stands on the button."""

_FAULTS = {Breakage.MISSING: DnsFault.NXDOMAIN, Breakage.SILENT: DnsFault.SERVFAIL}


def break_record(zones: Zones, record: RequiredRecord, how: Breakage) -> str:
    """Break a record, and return the line that does it."""
    if how in _FAULTS:
        fault = _FAULTS[how]
        zones.set_fault(record.name, fault)
        return f"network.zones.set_fault({record.name!r}, DnsFault.{fault.name})"
    zones.clear_fault(record.name)
    value = wrong_value(record)
    zones.set(record.name, record.type, [value])
    return f"network.zones.set({record.name!r}, {record.type!r}, [{value!r}])"


def mend_record(zones: Zones, record: RequiredRecord) -> Sequence[str]:
    """Take back whatever was done by hand to a record, and return the lines that do it."""
    zones.remove(record.name, record.type)
    lines = [f"network.zones.remove({record.name!r}, {record.type!r})"]
    if record.name in zones.faults:
        zones.clear_fault(record.name)
        lines.append(f"network.zones.clear_fault({record.name!r})")
    return lines


def wrong_value(record: RequiredRecord) -> str:
    """Return a value that DNS takes and that is a likely mistake for this record."""
    match record.purpose:
        case "ownership":
            return "je-verify=of-somebody-else"
        case "spf":
            return "v=spf1 ip4:203.0.113.9 -all"  # RFC 5737: nobody's address, and so not ours
        case "bounce":
            return "0 ."  # RFC 7505: takes no mail
        case "dmarc":
            return "v=DMARC1; sp=none"  # the policy itself is left out
    head, _, key = record.value.partition("p=")
    middle = len(key) // 2
    return f"{head}p={key[:middle]}{'A' if key[middle] != 'A' else 'B'}{key[middle + 1 :]}"
