"""SPF: may this address send for that domain (RFC 7208), evaluated by pyspf over records in process.

pyspf reaches DNS in one method, ``query.dns``; a subclass answers there from the zones, so nothing is
patched and no packet is sent. It also does what pyspf alone does otherwise than the RFC says:

- the sender's domain is behind the last ``@``, and a quoted local part may have others;
- names of modifiers are in any case, and unknown ones may be repeated (sections 4.6.1 and 6);
- macros hold to the grammar, a domain is cut to 253 characters and an explanation is not (sections 7.1 and 7.3);
- ``redirect=`` counts among the ten terms only when it is followed (section 4.6.4);
- DNS errors on the way to a validated name of the client do not end the evaluation (section 5.5).

One thing stays harsher than the RFC: ``include:`` of the record's own domain is a permerror even where a mechanism
before it matches.
"""

import re
import warnings
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import idna
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

from fakemx.dns.zones import Outcome, ProviderError, Zones

# Its doctests have backslashes that Python warns of, once, when it compiles the file.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", SyntaxWarning)
    import spf


MAX_NAME = 253  # characters of a domain, section 7.3

_MODIFIER = re.compile(r"([a-z][a-z0-9_.-]*)=(.*)", re.IGNORECASE | re.DOTALL)
# Section 7.1, and 7.3 for the number of parts, which is not 0.
_MACRO = re.compile(r"%(?:[%_-]|\{[slodiphcrtv](?:0*[1-9][0-9]*)?r?[-.+,/_=]*\})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SpfResult:
    """What SPF says, and the domain that was asked about."""

    result: str
    reason: str
    domain: str
    explanation: str = ""
    """On a fail, what the domain tells those it rejects (``exp=``, RFC 7208 section 6.2): text of a stranger's."""


class _ZoneQuery(spf.query):  # type: ignore[misc]  # pyspf ships no types
    """pyspf's evaluation, asking the zones."""

    def __init__(self, zones: Zones, now: datetime, *, i: str, s: str, h: str) -> None:
        super().__init__(i=i, s=s, h=h)
        if s.count("@") > 1:  # where the library would have cut at the first one
            self.l, _, self.o = s.rpartition("@")
            self.d = self.o
        self._depth: int | None = None
        self._redirects_to_come = 0
        self.zones = zones
        self.t = str(int(now.timestamp()))  # the %{t} macro; the library has filled in the machine's time
        self.bug: ProviderError | None = None
        self.set_default_explanation("")  # the library's own words are not the domain's

    # pyspf's own signature; the values are of whatever kind it expects for the type, hence Any.
    def dns(self, name: str, qtype: str, _: object = None, ignore_void: bool = False) -> list[Any]:  # noqa: FBT001, FBT002
        try:
            found = self.zones.lookup(name, qtype)
        except ProviderError as ex:
            self.bug = ex  # kept, since the library takes anything raised on the way to exp= for nothing
            raise
        if found.outcome in {Outcome.SERVFAIL, Outcome.TIMEOUT}:
            raise spf.TempError(f"no answer from DNS for {name}")
        if not found.records and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:  # RFC 7208 section 4.6.4
                raise spf.PermError(f"more than {spf.MAX_VOID_LOOKUPS} look-ups without an answer")
        return [_value(record) for record in found.records]

    def check0(self, spf: str | None, recursion: int) -> tuple[str, int, str]:
        terms = [] if spf is None else spf.split(" ")
        read = [self._modifier(term) for term in terms[1:]]
        # The library counts a redirect= when it reads it, before any mechanism; ``check1`` counts the followed ones.
        self._redirects_to_come = sum(term.startswith("redirect=") for term in read)
        around, self._depth = self._depth, recursion
        try:
            result: tuple[str, int, str] = super().check0(" ".join([*terms[:1], *read]), recursion)
        finally:
            self._depth = around
        return result

    def check1(self, spf: str | None, domain: str, recursion: int) -> tuple[str, int, str]:
        if recursion == self._depth:  # an include would be one deeper
            self.check_lookups()
        result: tuple[str, int, str] = super().check1(spf, domain, recursion)
        return result

    def check_lookups(self) -> None:
        if self._redirects_to_come:
            self._redirects_to_come -= 1
        else:
            super().check_lookups()

    def _modifier(self, term: str) -> str:
        """Return a term as the library reads it rightly: redirect and exp in small letters, unknown modifiers gone."""
        modifier = _MODIFIER.fullmatch(term)
        if modifier is None:
            return term
        name, value = modifier[1].lower(), modifier[2]
        _check_macros(value)
        return f"{name}={value}" if name in {"exp", "redirect"} else ""

    def expand(self, s: str, stripdot: bool = True) -> str:  # noqa: FBT001, FBT002  # the library's own signature
        _check_macros(s)
        if not stripdot:  # an explanation, word by word, since the library cuts what is long
            return " ".join(self._expanded(word, stripdot=False) for word in s.split(" "))
        name = self._expanded(s, stripdot=True)
        while len(name) > MAX_NAME and "." in name:
            name = name.partition(".")[2]
        return name

    def _expanded(self, text: str, *, stripdot: bool) -> str:
        # The library takes %% at the end for half a macro.
        guard = "x" if text.endswith("%%") else ""
        return str(super().expand(text + guard, stripdot)).removesuffix(guard)

    def validated_ptrs(self) -> list[str]:
        # RFC 7208 section 5.5: where the addresses of one name cannot be looked up the next one is tried, and where the
        # names themselves cannot, nothing matches. pyspf makes a temperror of both.
        try:
            names = self.dns_ptr(self.i)
        except spf.TempError:
            return []
        return [name for name in names[: spf.MAX_PTR] if self._has_client_address(name)]

    def _has_client_address(self, name: str) -> bool:
        try:
            return bool(self.cidrmatch(self.dns_a(name, self.A), self.cidrmax))
        except spf.TempError:
            return False


def judge_spf(peer_ip: str, *, helo: str, sender: str, zones: Zones, now: datetime) -> SpfResult:
    """Return whether ``peer_ip`` may send for the sender's domain, or for the HELO name if the sender is null."""
    helo = ascii_domain(helo)
    local, at, host = sender.rpartition("@")
    sender = f"{local}{at}{ascii_domain(host)}"
    domain = (sender or f"postmaster@{helo}").rpartition("@")[2].lower()
    try:
        query = _ZoneQuery(zones, now, i=peer_ip, s=sender, h=helo)
        result, _, words = query.check()
    except ProviderError:
        raise
    except Exception as ex:  # noqa: BLE001  # a hostile name or record must not cost the mail
        return SpfResult("permerror", f"{type(ex).__name__}: {ex}", domain)
    if query.bug is not None:
        raise query.bug
    explanation = words if result == "fail" else ""
    return SpfResult(result, _reason(result, words, peer_ip, domain), domain, explanation)


def ascii_domain(domain: str) -> str:
    """Return a domain with its U-labels as A-labels (RFC 8616 section 4); what has none stays as it is."""
    return ".".join(label if label.isascii() else _a_label(label) for label in domain.split("."))


def _a_label(label: str) -> str:
    try:
        return idna.alabel(label.lower()).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return label  # no domain has it, which is what the look-up will say


def _check_macros(text: str) -> None:
    if "%" in _MACRO.sub("", text):
        raise spf.PermError("a macro that there is not", text)


def _value(record: object) -> object:
    match record:
        case TXT():
            return record.strings
        case MX():
            return (record.preference, record.exchange.to_text(omit_final_dot=True))
        case _:
            return str(record).removesuffix(".")


def _reason(result: str, words: str, peer_ip: str, domain: str) -> str:
    match result:
        case "pass":
            return f"{peer_ip} may send for {domain}"
        case "fail":
            return f"{domain} says that {peer_ip} may not send for it"
        case "softfail":
            return f"{domain} says that {peer_ip} probably may not send for it"
        case "neutral":
            return f"{domain} says nothing about {peer_ip}"
        case "none":
            return f"{domain} has no SPF record"
        case _:
            return words
