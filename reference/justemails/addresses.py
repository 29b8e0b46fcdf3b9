r"""Mail addresses, parsed once into typed values: the only road from a caller's text to an envelope or a header.

The grammar is narrower than RFC 5322's on purpose: a dot-atom, an "@", a domain of at least two labels. Quoted
local parts, comments, source routes, groups and address literals are refused, because mail libraries disagree
on what they mean, and a sender may not be talked into a recipient that nobody named.

Beyond ASCII a local part may have (RFC 6531 3.3) what a name in some script needs, and nothing that one program or
another could take for something else: letters, marks and digits in their normal form (RFC 8264 4.2).
"""

import re
import unicodedata
from dataclasses import dataclass

import idna

# RFC 5322 atext without "!" and "%", the old routing characters, and what is beyond ASCII, which is looked at again.
# Written as what is not in it, for a class up to the last character takes 5 ms to compile, at every start.
_ATEXT = r'[^\x00-\x20!"%(),.:;<>@\[\\\]\x7f]+'
_CATEGORIES = frozenset(("Ll", "Lu", "Lo", "Lm", "Mn", "Mc", "Nd"))  # RFC 8264 9.1
_LOCAL = re.compile(rf"{_ATEXT}(?:\.{_ATEXT})*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]*)>")
_QUOTED = re.compile(r'"(?P<inside>(?:[^"\\]|\\.)*)"')
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

MAX_LOCAL = 64  # octets, RFC 5321 4.5.3.1.1
MAX_ADDRESS = 254  # octets, RFC 5321 4.5.3.1.3: a path of 256 with its angle brackets
MAX_DOMAIN = 253  # RFC 1035 2.3.4: 255 octets on the wire
MAX_NAME = 200


class AddressError(ValueError):
    """A text that is no address; the message says what is wrong with it and fits after a field's name."""


@dataclass(frozen=True, slots=True)
class Address:
    """A mail address; ``domain`` is in lower-case A-labels, so equal domains are equal texts.

    ``local`` may be beyond ASCII; then the message needs SMTPUTF8 all the way.
    """

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address with an optional display name (RFC 5322 3.4)."""

    address: Address
    name: str | None = None


def parse_domain(text: str) -> str:
    """Return a domain name in lower-case A-labels.

    Raises:
        AddressError: no such domain name can exist in the public DNS, or it is an IP address.
    """
    name = _domain_name(text)
    if name is None:
        raise AddressError(f"must be a domain name like example.com, not {_shown(text)}")
    return name


def _domain_name(text: str) -> str | None:
    try:
        # No UTS 46 mapping: a name that only looks like another one after mapping is refused, not rewritten.
        # Label by label, since idna takes the full stops of other scripts for dots.
        labels = [_a_label(label) for label in text.split(".")]
    except (idna.IDNAError, UnicodeError):
        return None
    name = ".".join(labels)
    well_formed = all(_LABEL.fullmatch(label) for label in labels) and len(name) <= MAX_DOMAIN
    return name if well_formed and len(labels) > 1 and not labels[-1].isdigit() else None


def _shown(text: str) -> str:
    """Return a caller's own text, safe and short enough for a message."""
    return ascii(text if len(text) <= 60 else text[:57] + "...")


def _a_label(label: str) -> str:
    if not label.isascii():
        return idna.alabel(label).decode("ascii")
    if label.lower().startswith("xn--"):
        idna.ulabel(label.lower())  # raises for an A-label that stands for nothing
    return label.lower()


def parse_address(text: str) -> Address:
    """Return the typed form of a bare address such as ``user@example.com``.

    Raises:
        AddressError: the text is anything else.
    """
    local, at, domain = text.rpartition("@")
    if not at:
        raise AddressError("must be an address like user@example.com")
    if not _LOCAL.fullmatch(local) or "=?" in local:
        raise AddressError("must be one bare address like user@example.com, without quotes, comments or routes")
    if not local.isascii() and not _is_plain_in_its_script(local):
        raise AddressError("has a character before the @ that is no letter, mark or digit in normal form (NFKC)")
    if (octets := len(local.encode())) > MAX_LOCAL:
        raise AddressError(f"has a local part of {octets} octets, but at most {MAX_LOCAL} may stand before the @")
    name = _domain_name(domain)
    if name is None:
        raise AddressError(f"must have a domain name like example.com after the @, not {_shown(domain)}")
    address = Address(local, name)
    if len(str(address).encode()) > MAX_ADDRESS:
        raise AddressError(f"is longer than {MAX_ADDRESS} octets")
    return address


def _is_plain_in_its_script(local: str) -> bool:
    if unicodedata.normalize("NFKC", local) != local:
        return False
    return all(unicodedata.category(character) in _CATEGORIES for character in local if not character.isascii())


def parse_mailbox(text: str) -> Mailbox:
    """Return the typed form of ``user@example.com`` or ``Name <user@example.com>`` (CHOICE-11).

    Raises:
        AddressError: the text is anything else.
    """
    text = text.strip(" ")
    match = _NAMED.fullmatch(text)
    if match is None:
        return Mailbox(parse_address(text))
    return Mailbox(parse_address(match["address"].strip(" ")), _parse_name(match["name"].strip(" ")) or None)


def _parse_name(text: str) -> str:
    quoted = _QUOTED.fullmatch(text)
    name = re.sub(r"\\(.)", r"\1", quoted["inside"]) if quoted else text
    if _CONTROL.search(name):
        raise AddressError("has control characters in its display name")
    # "a@evil.example <b@example.com>" and "x, y <b@example.com>" read as other addresses to some mail programs.
    if not quoted and re.search(r'[@,;:"\\()\[\]]', name):
        raise AddressError('has a display name that must be in double quotes, like "Doe, Jane" <jane@example.com>')
    if len(name) > MAX_NAME:
        raise AddressError(f"has a display name longer than {MAX_NAME} characters")
    return name
