"""DKIM: every signature of a mail, verified with dkimpy (RFC 6376, RFC 8463).

dkimpy canonicalises, hashes and computes. What it does not do as the RFC says, or not as a network in a test needs it,
is ours, by overriding one method each and not by patching the library:

- reading the mail: only CRLF ends a line, and a header's colon may have white space before it;
- reading the signature: ``from`` must be in ``h=``, ``i=`` is an address, ``q=`` is a list, base64 holds nothing else;
  and ``t=`` and ``x=`` are compared with the network's clock, since a network whose time has been moved a week ahead
  would find every signature to be from the future;
- reading the key: ``h=``, ``s=`` and ``t=s`` restrict it, ``v=`` comes first; and one that is missing, revoked or
  unreadable is told apart from a signature that does not fit, where dkimpy answers False to all of them.

Stricter than RFC 6376: rsa-sha1 is refused (RFC 8301 section 3.1), ``l=`` gives ``policy``, since anything may be added
after that many bytes (RFC 6376 section 8.2), and a second From header spoils any signature. One thing stays undone:
under ``c=simple``, a signed header with white space before its colon, which RFC 5322 calls obsolete, fails.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import dkim
from dkim.util import parse_tag_value

from fakemx.dns.zones import Outcome, ProviderError, Zones
from fakemx.judge.spf import ascii_domain

MIN_RSA_BITS = 1_024  # RFC 8301 section 3.2
MAX_SIGNATURES = 10  # RFC 6376 section 6.1 lets a verifier stop: a mail with thousands would cost too much
CLOCK_SLOP_S = 36_000  # as dkimpy allows senders whose clocks are off

# Python's decoder passes over what is none, so that many texts would be one signature or key.
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/][ \t\r\n]*)+(?:=[ \t\r\n]*){0,2}")


@dataclass(frozen=True, slots=True)
class DkimResult:
    """What became of one signature; the first three are as it says itself, empty where it cannot be read."""

    selector: str
    domain: str
    algorithm: str
    result: str
    reason: str


class _Verdict(Exception):  # noqa: N818  # not an error: the way out of dkimpy with a result and its reason
    def __init__(self, result: str, reason: str) -> None:
        super().__init__(reason)
        self.result = result
        self.reason = reason


def judge_dkim(data: bytes, *, zones: Zones, now: datetime) -> tuple[DkimResult, ...]:
    """Return a result for each signature, topmost first, at most ``MAX_SIGNATURES``."""
    try:
        count = len(_Verifier(data, zones, now).signatures())
    except Exception as ex:  # noqa: BLE001  # dkimpy leaks many kinds on hostile headers
        if re.search(rb"dkim-signature[ \t]*:", data, re.IGNORECASE) is None:
            return ()
        return (DkimResult("", "", "", "permerror", f"the header cannot be read ({_words(ex)})"),)
    return tuple(_judge_one(_Verifier(data, zones, now), index) for index in range(min(count, MAX_SIGNATURES)))


def _judge_one(verifier: "_Verifier", index: int) -> DkimResult:
    try:
        valid = verifier.verify(idx=index, dnsfunc=None)
        result, reason = ("pass", "") if valid else ("fail", "the signature does not fit the headers")
    except _Verdict as ex:
        result, reason = ex.result, ex.reason
    except dkim.ValidationError as ex:
        changed = str(ex).startswith("body hash mismatch")
        result = "fail" if changed else "permerror"
        reason = "the body is not the one that was signed" if changed else _words(ex)
    except ProviderError:
        raise
    except Exception as ex:  # noqa: BLE001  # binascii.Error and others leak out of dkimpy on hostile mails
        result, reason = "permerror", f"the signature cannot be read ({_words(ex)})"
    tags = verifier.tags
    if result == "pass" and b"l" in tags:
        result, reason = "policy", "l= leaves the end of the body unsigned"
    selector, domain, algorithm = (_text(tags.get(name, b"")) for name in (b"s", b"d", b"a"))
    return DkimResult(selector, domain, algorithm, result, reason)


class _Verifier(dkim.DKIM):  # type: ignore[misc]  # dkimpy ships no types
    """dkimpy's verifier on our time and our records."""

    def __init__(self, data: bytes, zones: Zones, now: datetime) -> None:
        super().__init__(data)
        self.tags: Mapping[bytes, bytes] = {}
        self._zones = zones
        self._now = now

    def set_message(self, message: bytes) -> None:
        super().set_message(b"")
        self.headers, self.body = _parsed(message)

    def signatures(self) -> list[tuple[bytes, bytes]]:
        return [(name, value) for name, value in self.headers if name.strip().lower() == b"dkim-signature"]

    def verify_headerprep(self, idx: int = 0) -> tuple[dict[bytes, bytes], list[bytes], list[tuple[bytes, bytes]]]:
        signatures = self.signatures()
        tags: dict[bytes, bytes] = parse_tag_value(signatures[idx][1])
        self.tags = tags
        # Without t= and x= the library has nothing to hold against the machine's clock; and it takes q= for one word.
        dkim.validate_signature_fields({name: value for name, value in tags.items() if name not in {b"q", b"t", b"x"}})
        names = _listed(tags[b"h"].lower())
        _check_signature(tags, names)
        _check_times(tags, int(self._now.timestamp()))
        return tags, names, signatures

    def verify_sig(
        self,
        sig: dict[bytes, bytes],
        include_headers: list[bytes],
        sig_header: tuple[bytes, bytes],
        _: object,
    ) -> bool:
        name = f"{_text(sig[b's'])}._domainkey.{ascii_domain(_text(sig[b'd']))}"
        record = _key_record(self._zones, name)
        try:
            key: dict[bytes, bytes] = parse_tag_value(record.encode())
            _check_key(key, sig, name)
            # Only what it reads rightly.
            known = b";".join(tag + b"=" + key[tag] for tag in (b"v", b"k", b"p") if tag in key)
            self.pk, self.keysize, self.ktag, _ = dkim.evaluate_pk(name, known)
        except _Verdict:
            raise
        except Exception as ex:
            raise _Verdict("permerror", f"the key at {name} cannot be read ({_words(ex)})") from ex
        if not sig[b"a"].startswith(self.ktag + b"-"):
            raise _Verdict("permerror", f"the key at {name} is of another kind than a= says")
        if self.ktag == b"rsa" and self.keysize < MIN_RSA_BITS:
            raise _Verdict("permerror", f"the key at {name} is shorter than {MIN_RSA_BITS} bits (RFC 8301)")
        return bool(self.verify_sig_process(sig, include_headers, sig_header, None))


def _parsed(data: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Cut a mail into headers, each value with its line end, and the body.

    A bare CR or LF ends no line (RFC 5321 section 2.3.8). In a header they are refused, and so are the two other
    characters that Python takes for white space where RFC 6376 section 2.8 has only space and tab.
    """
    lines = data.split(b"\r\n")
    head = lines[: lines.index(b"")] if b"" in lines else lines
    headers: list[tuple[bytes, bytes]] = []
    for line in head:
        if re.search(rb"[\r\n\v\f]", line):
            raise dkim.MessageFormatError("a control character that some take for white space or a line end")
        field = re.match(rb"([\x21-\x39\x3b-\x7e]+[ \t]*):", line)
        if line.startswith((b" ", b"\t")) and headers:
            name, value = headers[-1]
            headers[-1] = name, value + line + b"\r\n"
        elif field is not None:
            headers.append((field[1], line[field.end() :] + b"\r\n"))
        else:
            raise dkim.MessageFormatError("a line that is no header")
    return headers, b"\r\n".join(lines[len(head) + 1 :])


def _check_signature(tags: Mapping[bytes, bytes], names: Sequence[bytes]) -> None:
    if tags[b"a"] == b"rsa-sha1":
        raise _Verdict("permerror", "rsa-sha1 is too weak to count (RFC 8301)")
    if b"" in names:
        raise _Verdict("permerror", "h= has an empty name")
    if not (_BASE64.fullmatch(tags[b"b"]) and _BASE64.fullmatch(tags[b"bh"])):
        raise _Verdict("permerror", "b= or bh= is not base64")
    if b"from" not in names:
        raise _Verdict("permerror", "From is not signed (h=)")  # RFC 6376 section 6.1.1
    if b"@" not in tags.get(b"i", b"@"):
        raise _Verdict("permerror", "i= is not an address")
    if b"dns/txt" not in _listed(tags.get(b"q", b"dns/txt")):
        raise _Verdict("permerror", "the key is not to be had from DNS (q=)")


def _check_times(tags: Mapping[bytes, bytes], now: int) -> None:
    times = {}
    for name in (b"t", b"x"):
        if name in tags:
            if not re.fullmatch(rb"[0-9]{1,12}", tags[name]):
                raise _Verdict("permerror", f"{_text(name)}= is not a number")
            times[name] = int(tags[name])
    if times.get(b"t", now) > now + CLOCK_SLOP_S:
        raise _Verdict("permerror", "the signature is from the future (t=)")
    if times.get(b"x", now) < now - CLOCK_SLOP_S:
        raise _Verdict("fail", "the signature has expired (x=)")
    if len(times) == 2 and times[b"x"] <= times[b"t"]:  # RFC 6376 section 3.5: x= is the greater one
        raise _Verdict("permerror", "the signature expires before it was made (x= before t=)")


def _check_key(key: Mapping[bytes, bytes], signature: Mapping[bytes, bytes], name: str) -> None:
    """Refuse a key that is not for this signature (RFC 6376 sections 3.6.1 and 6.1.2)."""
    if b"v" in key and next(iter(key)) != b"v":
        raise _Verdict("permerror", f"the key at {name} cannot be read (v= is not first)")
    if key.get(b"p") == b"":
        raise _Verdict("permerror", f"the key at {name} is revoked (empty p=)")
    if b"p" in key and not _BASE64.fullmatch(key[b"p"]):
        raise _Verdict("permerror", f"the key at {name} cannot be read (p= is not base64)")
    if b"h" in key and signature[b"a"].rpartition(b"-")[2] not in _listed(key[b"h"]):
        raise _Verdict("permerror", f"the key at {name} is for other hashes than a= says (h=)")
    if not {b"*", b"email"} & set(_listed(key.get(b"s", b"*"))):
        raise _Verdict("permerror", f"the key at {name} is not for e-mail (s=)")
    domain = signature[b"d"].lower()
    identity = signature.get(b"i", b"@" + domain).lower()
    if b"s" in _listed(key.get(b"t", b"")) and identity.rpartition(b"@")[2] != domain:
        raise _Verdict("permerror", f"the key at {name} is not for subdomains (t=s)")


def _key_record(zones: Zones, name: str) -> str:
    found = zones.lookup(name, "TXT")
    if found.outcome in {Outcome.SERVFAIL, Outcome.TIMEOUT}:
        raise _Verdict("temperror", f"no answer from DNS for the key at {name}")
    if found.outcome is not Outcome.FOUND:
        raise _Verdict("permerror", f"there is no key at {name}")
    return found.texts[0]


def _listed(value: bytes) -> list[bytes]:
    return re.split(rb"\s*:\s*", value)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _words(ex: Exception) -> str:
    return re.sub(r"[^\x20-\x7e]", "?", str(ex))[:200] or type(ex).__name__
