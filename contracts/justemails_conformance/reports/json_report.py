"""The report of a run as one JSON object, in the form of ``report.schema.json``; everything else derives from it."""

import hashlib
import json
import math
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from justemails_conformance.clauses import DOCUMENT
from justemails_conformance.reports.again import curl, replay
from justemails_conformance.reports.visible import decoded
from justemails_conformance.reports.wording import UNDECIDED, reason_of
from justemails_conformance.transport import Exchange
from justemails_conformance.verdict import Finding, Outcome, Verdict
from justemails_contract.files import FOLDER

SCHEMA = FOLDER / "report.schema.json"
SCHEMA_VERSION = 1
_BODY_SHOWN = 4096  # octets
_DEEPEST = 8

Json = Mapping[str, Any]  # Any: JSON


def dumped(verdict: Verdict) -> str:
    """Return the report as text: in ASCII, so that no terminal obeys what a server put into it."""
    return json.dumps(as_json(verdict), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def as_json(verdict: Verdict) -> Json:
    """Return the report; no key is in it."""
    report = {
        "schemaVersion": SCHEMA_VERSION,
        "suite": {"version": suite_version(), "seed": verdict.seed},
        "document": {"id": DOCUMENT.name, "sha256": document_sha256()},
        "target": _target(verdict),
        "profiles": list(verdict.profiles),
        "started": verdict.started.isoformat(timespec="seconds"),
        "seconds": round(verdict.seconds, 3),
        "requests": {
            **{tier.value: count for tier, count in verdict.journal.requests.items()},
            "unexpected429": verdict.journal.unexpected_429,
        },
        "summary": {outcome.value: verdict.count(outcome) for outcome in Outcome},
        "results": [_result(verdict, finding) for finding in verdict.findings],
        "observed": {name: _bounded(value) for name, value in verdict.observed.items()},
        "cleanup": {"created": len(verdict.created), "removed": len(verdict.removed), "left": left(verdict)},
    }
    return {name: _well_formed(value) for name, value in report.items()}


def suite_version() -> str:
    return version("justemails")


def document_sha256() -> str:
    """Return the fingerprint of the document that the server was judged by."""
    return hashlib.sha256(DOCUMENT.read_bytes()).hexdigest()


def left(verdict: Verdict) -> list[str]:
    """Return the ids of the keys that were made and could not be revoked."""
    return [key for key in verdict.created if key not in verdict.removed]


def _target(verdict: Verdict) -> Json:
    about = verdict.about
    told = {"name": about.name, "version": about.version, "url": about.url, "contact": list(about.contact)}
    return {"baseUrl": verdict.base_url, **{name: value for name, value in told.items() if value}}


def _result(verdict: Verdict, finding: Finding) -> Json:
    clause, exchange = finding.clause, finding.exchange
    return {
        "clause": clause.id,
        "level": clause.level,
        "profile": clause.profile,
        "sentence": clause.sentence,
        "outcome": finding.outcome,
        "expected": finding.expected or None,
        "got": None if finding.outcome in UNDECIDED else finding.got or None,
        "reason": reason_of(finding),
        "expectedFailure": finding.expected_failure,
        "exchanges": [_exchange(exchange)] if exchange else [],
        "curl": curl(verdict.base_url, exchange) if exchange else None,
        "replay": replay(verdict, finding),
    }


def _exchange(exchange: Exchange) -> Json:
    request, answer = exchange.request, exchange.answer
    return {
        "request": {
            "method": request.method,
            "path": request.path,
            "headers": dict(request.headers),
            **_body(request.body if request.raw is None else request.raw),
            "raw": request.raw is not None,
        },
        "answer": answer
        and {
            "status": answer.status,
            "headers": [[name, value] for name, value in answer.headers],
            **_body(answer.body, truncated=answer.truncated),
        },
        "trouble": exchange.trouble,
        "seconds": round(exchange.seconds, 3),
    }


def _body(body: bytes | None, *, truncated: bool = False) -> Json:
    if body is None:
        return {"body": None, "truncated": False}
    return {"body": decoded(body[:_BODY_SHOWN]), "truncated": truncated or len(body) > _BODY_SHOWN}


def _bounded(value: object, depth: int = 0) -> object:
    """Return what a server said without its excesses: a report is no place for a megabyte, or a thousand brackets."""
    if isinstance(value, str):
        return value[:_BODY_SHOWN]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no word for it
    if isinstance(value, Mapping | list | tuple) and depth == _DEEPEST:
        return "..."
    if isinstance(value, Mapping):
        return {str(name)[:_BODY_SHOWN]: _bounded(one, depth + 1) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_bounded(one, depth + 1) for one in value]
    return value


def _well_formed(value: object) -> object:
    """Spell every lone surrogate out: strict readers of JSON refuse them, escaped or not."""
    if isinstance(value, str):
        return str(value).encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {_well_formed(name): _well_formed(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_well_formed(one) for one in value]
    return value
