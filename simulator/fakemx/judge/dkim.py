"""DKIM: every signature of a mail, verified with dkimpy (RFC 6376, RFC 8463).

Two things are ours, both by overriding one method each and not by patching the library:

- ``t=`` and ``x=`` are compared with the network's clock; dkimpy would ask the machine's, and a network
  whose time has been moved a week ahead would find every signature to be from the future;
- a key that is missing, revoked or unreadable is told apart from a signature that does not fit; dkimpy
  answers False to all of them.

Stricter than dkimpy: rsa-sha1 is refused (RFC 8301 section 3.1), a key of another kind than ``a=`` says is
refused, and ``l=`` gives ``policy``, since anything may be added after that many bytes (RFC 6376 section
8.2).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import dkim
from dkim.util import parse_tag_value

from fakemx.dns.zones import Outcome, ProviderError, Zones

MAX_SIGNATURES = 10  # RFC 6376 section 6.1 lets a verifier stop: a mail with thousands would cost too much
CLOCK_SLOP_S = 36_000  # as dkimpy allows senders whose clocks are off


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
        if b"dkim-signature:" not in data.lower():
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

    def signatures(self) -> list[tuple[bytes, bytes]]:
        return [(name, value) for name, value in self.headers if name.lower() == b"dkim-signature"]

    def verify_headerprep(self, idx: int = 0) -> tuple[dict[bytes, bytes], list[bytes], list[tuple[bytes, bytes]]]:
        signatures = self.signatures()
        tags: dict[bytes, bytes] = parse_tag_value(signatures[idx][1])
        self.tags = tags
        # Without t= and x= the library has nothing to hold against the machine's clock.
        dkim.validate_signature_fields({name: value for name, value in tags.items() if name not in {b"t", b"x"}})
        _check_times(tags, int(self._now.timestamp()))
        if tags[b"a"] == b"rsa-sha1":
            raise _Verdict("permerror", "rsa-sha1 is too weak to count (RFC 8301)")
        return tags, re.split(rb"\s*:\s*", tags[b"h"].lower()), signatures

    def verify_sig(
        self,
        sig: dict[bytes, bytes],
        include_headers: list[bytes],
        sig_header: tuple[bytes, bytes],
        _: object,
    ) -> bool:
        name = f"{_text(sig[b's'])}._domainkey.{_text(sig[b'd'])}"
        record = _key_record(self._zones, name)
        try:
            self.pk, self.keysize, self.ktag, self.seqtlsrpt = dkim.evaluate_pk(name, record)
        except Exception as ex:
            raise _Verdict("permerror", f"the key at {name} cannot be read ({_words(ex)})") from ex
        if not sig[b"a"].startswith(self.ktag + b"-"):
            raise _Verdict("permerror", f"the key at {name} is of another kind than a= says")
        return bool(self.verify_sig_process(sig, include_headers, sig_header, None))


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
    if len(times) == 2 and times[b"x"] < times[b"t"]:
        raise _Verdict("permerror", "the signature expires before it was made (x= before t=)")


def _key_record(zones: Zones, name: str) -> str:
    found = zones.lookup(name, "TXT")
    if found.outcome in {Outcome.SERVFAIL, Outcome.TIMEOUT}:
        raise _Verdict("temperror", f"no answer from DNS for the key at {name}")
    if found.outcome is not Outcome.FOUND:
        raise _Verdict("permerror", f"there is no key at {name}")
    if re.search(r"(?:^|;)\s*p=\s*(?:;|$)", found.texts[0]):
        raise _Verdict("permerror", f"the key at {name} is revoked (empty p=)")
    return found.texts[0]


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _words(ex: Exception) -> str:
    return re.sub(r"[^\x20-\x7e]", "?", str(ex))[:200] or type(ex).__name__
