"""What a careful receiver thinks of a mail: DKIM per signature, SPF and DMARC, each with its reason.

    >>> verdict = judge(mail, peer_ip="127.0.0.1", helo="out.own.test", sender="a@own.test", zones=zones, now=now)
    >>> [(one.selector, one.result) for one in verdict.dkim]      # [("s1", "pass")]
    >>> authentication_results(verdict, "mx.ok.test")             # the header that a receiver would add

The result words are those of RFC 8601 section 2.7. Records come from ``zones`` in process, time comes with
the call, and a hostile mail gives a bad verdict, never an exception. Here are the types and the header; the
checking is in ``judge.dkim``, ``judge.spf`` and ``judge.dmarc``. ARC is not looked at.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from fakemx.dns.zones import Zones
from fakemx.judge.dkim import DkimResult, judge_dkim
from fakemx.judge.dmarc import DmarcResult, judge_dmarc
from fakemx.judge.spf import SpfResult, judge_spf

__all__ = ["DkimResult", "DmarcResult", "SpfResult", "Verdict", "authentication_results", "judge"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a receiver found; no signature at all is an empty ``dkim``."""

    dkim: tuple[DkimResult, ...]
    spf: SpfResult
    dmarc: DmarcResult


def judge(data: bytes, *, peer_ip: str, helo: str, sender: str, zones: Zones, now: datetime) -> Verdict:
    """Return the verdict on a mail that came from ``peer_ip``."""
    dkim = judge_dkim(data, zones=zones, now=now)
    spf = judge_spf(peer_ip, helo=helo, sender=sender, zones=zones, now=now)
    return Verdict(dkim, spf, judge_dmarc(data, dkim=dkim, spf=spf, zones=zones))


def authentication_results(verdict: Verdict, host: str) -> str:
    """Write the verdict as the header of RFC 8601, folded, without the final line end."""
    results = [
        f"dkim={one.result} header.d={_value(one.domain)} header.s={_value(one.selector)}"
        f" header.a={_value(one.algorithm)}"
        for one in verdict.dkim
    ] or ["dkim=none"]
    results.append(f"spf={verdict.spf.result} smtp.mailfrom={_value(verdict.spf.domain)}")
    results.append(
        f"dmarc={verdict.dmarc.result} header.from={_value(verdict.dmarc.domain)}"
        f" policy.dmarc={_value(verdict.dmarc.policy)}"
    )
    return ";\r\n\t".join([f"Authentication-Results: {_value(host)}", *results])


def _value(text: str) -> str:
    # Most of these come from the mail: only a token (RFC 2045) goes in unquoted, and a line end not at all.
    if re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]+", text):
        return text
    return '"' + re.sub(r'[^\x20-\x7e]|["\\]', "?", text) + '"'
