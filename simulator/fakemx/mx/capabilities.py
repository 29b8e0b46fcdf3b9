"""What a host offers in its answer to EHLO, and what it refuses since it does not offer it."""

from collections.abc import Iterable

from fakemx.behaviours.actions import Reply
from fakemx.behaviours.script import Extension, Host

DATA_LIMIT = 32 * 1024 * 1024


def size_limit(host: Host) -> int:
    """Return the largest message that a host takes, in bytes."""
    return DATA_LIMIT if host.size_limit is None else host.size_limit


def extensions(host: Host) -> list[str]:
    """Return the extensions as EHLO lists them (RFC 5321 section 4.1.1.1), STARTTLS apart."""
    offered = {
        Extension.PIPELINING: "PIPELINING",
        Extension.SIZE: f"SIZE {size_limit(host)}",
        Extension.EIGHT_BIT: "8BITMIME",
        Extension.SMTPUTF8: "SMTPUTF8",
        Extension.ENHANCED_CODES: "ENHANCEDSTATUSCODES",
    }
    return [line for extension, line in offered.items() if extension not in host.without]


def refuse_parameters(host: Host, options: Iterable[str]) -> Reply | None:
    """Refuse a parameter of MAIL that belongs to an extension that is not offered."""
    owners = {"BODY": Extension.EIGHT_BIT, "SMTPUTF8": Extension.SMTPUTF8, "SIZE": Extension.SIZE}
    for option in options:
        keyword = option.partition("=")[0].upper()
        if owners.get(keyword) in host.without:
            return Reply(555, f"5.5.4 {keyword} is not offered here")
    return None


def refuse_address(host: Host, address: str) -> Reply | None:
    """Refuse an address outside ASCII where SMTPUTF8 is not offered (RFC 6531 section 3.5)."""
    if address.isascii() or Extension.SMTPUTF8 not in host.without:
        return None
    return Reply(553, "5.6.7 this host takes ASCII addresses only")


def refuse_content(host: Host, data: bytes) -> Reply | None:
    """Refuse eight-bit content where 8BITMIME is not offered (RFC 6152 section 3)."""
    if data.isascii() or Extension.EIGHT_BIT not in host.without:
        return None
    return Reply(554, "5.6.3 this host takes seven-bit content only")


_ENHANCED = {"500": "5.5.2", "501": "5.5.4", "502": "5.5.1", "503": "5.5.1", "504": "5.5.4", "552": "5.3.4",
             "555": "5.5.4"}  # fmt: skip


def with_enhanced_code(line: str) -> str:
    """Give a line of aiosmtpd's own an enhanced status code (RFC 2034 section 4), if it has none."""
    code, _, text = line.partition(" ")
    if code[:1] not in "245" or text[:2] in {"2.", "4.", "5."}:
        return line
    return f"{code} {_ENHANCED.get(code, code[:1] + '.0.0')} {text}"
