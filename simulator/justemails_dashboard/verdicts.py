"""What a receiver thought of a mail, as a page shows it: DKIM for each signature, SPF, DMARC, each with its reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PASS, NOTE, FAIL, NONE = "pass", "warn", "fail", "none"
_SIGNS = {PASS: "\u2713", NOTE: "\u26a0", FAIL: "\u2717", NONE: "\u2013"}
_KINDS = {"pass": PASS, "fail": FAIL, "permerror": FAIL, "none": NONE}

_MEANINGS = {
    "DKIM": "Is a signature there, and is the mail as it was signed?",
    "SPF": "May the address that it came from send for the envelope sender's domain?",
    "DMARC": "Does a pass of DKIM or SPF belong to the domain in From?",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One verdict.

    Args:
        result: the word of RFC 8601.
        about: what was judged, such as the domain and the selector; pairs of a word and what it is.
    """

    name: str
    result: str
    reason: str = ""
    about: tuple[tuple[str, str], ...] = ()
    explanation: str = ""

    @property
    def kind(self) -> str:
        return _KINDS.get(self.result, NOTE)

    @property
    def sign(self) -> str:
        return _SIGNS[self.kind]

    @property
    def meaning(self) -> str:
        return _MEANINGS[self.name]


def verdicts(auth: Mapping[str, Any]) -> Sequence[Verdict]:  # Any: JSON
    """Return each verdict, the signatures' first."""
    return [*_signatures(auth), _spf(auth), _dmarc(auth)]


def summary(auth: Mapping[str, Any]) -> Sequence[Verdict]:
    """Return one verdict for each of the three: a signature that holds is enough, as it is for DMARC."""
    signatures = [*_signatures(auth)]
    best = next((one for one in signatures if one.kind == PASS), signatures[0])
    return [best, _spf(auth), _dmarc(auth)]


def _signatures(auth: Mapping[str, Any]) -> Iterator[Verdict]:
    found = auth.get("dkim") or [{"result": "none", "reason": "there is no signature"}]
    for one in found:
        about = _about(one, ("domain", "domain"), ("selector", "selector"), ("algorithm", "algorithm"))
        reason = one.get("reason") or ("the signature holds" if one["result"] == PASS else "")
        yield Verdict("DKIM", one["result"], reason, about)


def _spf(auth: Mapping[str, Any]) -> Verdict:
    spf = auth["spf"]
    about = _about(spf, ("domain", "envelope sender's domain"))
    return Verdict("SPF", spf["result"], spf.get("reason", ""), about, spf.get("explanation", ""))


def _dmarc(auth: Mapping[str, Any]) -> Verdict:
    dmarc = auth["dmarc"]
    about = _about(dmarc, ("domain", "domain in From"), ("policy", "policy"))
    return Verdict("DMARC", dmarc["result"], dmarc.get("reason", ""), about)


def _about(judged: Mapping[str, Any], *members: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, judged[member]) for member, name in members if judged.get(member))
