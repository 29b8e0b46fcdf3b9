"""The report of a run as one JSON object, and as text for people."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from shlex import quote
from typing import Any
from urllib.parse import urlsplit

from justemails_conformance.clauses import DOCUMENT
from justemails_conformance.evidence import shown
from justemails_conformance.transport import Exchange
from justemails_conformance.verdict import Finding, Outcome, Verdict

SCHEMA_VERSION = 1
_SHOWN = 4096  # octets
_MARKS: Mapping[Outcome, str] = {
    Outcome.PASS: "ok",
    Outcome.FAIL: "FAIL",
    Outcome.WARN: "warn",
    Outcome.SKIP: "skip",
    Outcome.INCONCLUSIVE: "unclear",
    Outcome.ERROR: "ERROR",
}


def as_json(verdict: Verdict) -> Mapping[str, Any]:  # Any: JSON
    """Return the report; no key is in it."""
    requests = {tier.value: count for tier, count in verdict.journal.requests.items()}
    left = [key for key in verdict.created if key not in verdict.removed]
    return {
        "schemaVersion": SCHEMA_VERSION,
        "suite": {"version": version("justemails"), "seed": verdict.seed},
        "document": {"id": DOCUMENT.name, "sha256": hashlib.sha256(DOCUMENT.read_bytes()).hexdigest()},
        "target": {"baseUrl": verdict.base_url},
        "profiles": list(verdict.profiles),
        "started": verdict.started.isoformat(timespec="seconds"),
        "seconds": round(verdict.seconds, 3),
        "requests": {**requests, "unexpected429": verdict.journal.unexpected_429},
        "summary": {outcome.value: verdict.count(outcome) for outcome in Outcome},
        "results": [_result(verdict, finding) for finding in verdict.findings],
        "observed": verdict.observed,
        "cleanup": {"created": len(verdict.created), "removed": len(verdict.removed), "left": left},
    }


def _result(verdict: Verdict, finding: Finding) -> Mapping[str, Any]:
    clause, exchange = finding.clause, finding.exchange
    return {
        "clause": clause.id,
        "level": clause.level,
        "sentence": clause.sentence,
        "outcome": finding.outcome,
        "expected": finding.expected,
        "got": finding.got,
        "exchanges": [_exchange(exchange)] if exchange else [],
        "curl": curl(verdict.base_url, exchange) if exchange else None,
        "replay": f"justemails conform {quote(verdict.base_url)} --key ... --from ... --only {clause.id}",
    }


def _exchange(exchange: Exchange) -> Mapping[str, Any]:
    request, answer = exchange.request, exchange.answer
    return {
        "request": {
            "method": request.method,
            "path": request.path[:_SHOWN],
            "headers": dict(request.headers),
            "body": request.body and request.body.decode("utf-8", "replace"),
            "raw": request.raw and request.raw[:_SHOWN].decode("latin-1"),
        },
        "answer": answer
        and {
            "status": answer.status,
            "headers": [[name, value] for name, value in answer.headers],
            "body": answer.body[:_SHOWN].decode("utf-8", "replace"),
        },
        "trouble": exchange.trouble,
        "seconds": round(exchange.seconds, 3),
    }


def curl(base_url: str, exchange: Exchange) -> str:
    """Return a command line that asks the same again, if one can; a key stands in it by its name."""
    request = exchange.request
    octets = request.raw or request.body or b""
    if len(octets) > _SHOWN:
        return f"{request.method} {request.path[:100]} with {len(octets)} octets, too many for a command line"
    if request.raw is not None:
        return _netcat(base_url, request.raw)
    parts = ["curl", "-i"] if request.method == "GET" else ["curl", "-i", "-X", request.method]
    parts.append(quote(base_url + request.path))
    parts += [f"-H {quote(f'{name}: {value}')}" for name, value in request.headers.items()]
    if request.body is not None:
        parts.append(f"-d {quote(request.body.decode('utf-8', 'replace'))}")
    return " ".join(parts)


def _netcat(base_url: str, octets: bytes) -> str:
    parts = urlsplit(base_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    program = "openssl s_client -quiet -connect {}:{}" if parts.scheme == "https" else "nc {} {}"
    escaped = "".join(chr(octet) if 32 <= octet < 127 and octet != 92 else f"\\0{octet:03o}" for octet in octets)
    return f"printf %b {quote(escaped)} | {program.format(parts.hostname, port)}"


def line_of(finding: Finding) -> str:
    """Return a line for one finding."""
    reason = f"  {finding.got}" if finding.outcome in {Outcome.SKIP, Outcome.INCONCLUSIVE, Outcome.ERROR} else ""
    return f"  {_MARKS[finding.outcome]:<7} {finding.clause.id}{reason}"


def told(base_url: str, finding: Finding) -> Iterator[str]:
    """Yield what somebody has to know who wants to mend a breach."""
    yield f"{finding.outcome.value.upper()}  {finding.clause.id} ({finding.clause.level})"
    yield f"  promise   {finding.clause.sentence}"
    yield f"  expected  {finding.expected}"
    yield f"  got       {finding.got}"
    if finding.exchange is not None:
        answer = finding.exchange.answer
        if answer is not None:
            yield f"  answer    {answer.status}  {shown(answer.body[:300].decode('utf-8', 'replace'))}"
        yield f"  again     {curl(base_url, finding.exchange)}"


def dump(verdict: Verdict, path: Path) -> None:
    """Write the report to a file."""
    path.write_text(json.dumps(as_json(verdict), indent=2, ensure_ascii=False) + "\n", "utf-8")
