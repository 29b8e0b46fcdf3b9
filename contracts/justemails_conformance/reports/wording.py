"""What a report says in words, whatever its medium: levels, outcomes, and what was asked."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from justemails_conformance.clauses import Level
from justemails_conformance.reports.visible import decoded, shortened
from justemails_conformance.transport import Request
from justemails_conformance.verdict import Finding, Outcome

LEVELS: Mapping[Level | None, str] = {
    Level.MUST: "the document promises it; a breach fails the server",
    Level.SHOULD: "only an example of the document shows it; a breach is a warning",
    Level.ADVICE: "HTTP or the safety of users advises it; a breach is a warning",
    None: "it is not judged",
}

UNDECIDED = frozenset({Outcome.SKIP, Outcome.INCONCLUSIVE, Outcome.ERROR})
"""The outcomes that say nothing about the server; each has a reason."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How an outcome is shown: a sign, and the word that says the same to whoever cannot see it."""

    sign: str
    word: str


MARKS: Mapping[Outcome, Mark] = {
    Outcome.PASS: Mark("✓", "kept"),
    Outcome.FAIL: Mark("✗", "broken"),
    Outcome.WARN: Mark("!", "warning"),
    Outcome.SKIP: Mark("–", "skipped"),
    Outcome.INCONCLUSIVE: Mark("?", "inconclusive"),
    Outcome.ERROR: Mark("‼", "suite error"),
}

_WHOSE = {
    "<key>": "",
    "<other-key>": "the key of another account",
    "<send-only-key>": "the key that may only send",
    "<new key>": "a key made in this run",
}
_MEMBERS = frozenset({"from", "to", "subject", "html", "text", "replyTo", "headers", "name"})
_SHOWN = 60


STANDINGS: Mapping[str, str] = {"words": "said in words", "example": "shown in an example", "implied": "implied"}
"""How the document makes a promise, by the mark that stands behind it."""


def in_words(sentence: str) -> str:
    """Return a sentence of the document without marks that only its readers know."""
    for standing, words in STANDINGS.items():
        sentence = sentence.replace(f" | *{standing}*", f" ({words})").replace(f"*{standing}*", f"({words})")
    return sentence


def reason_of(finding: Finding) -> str | None:
    """Return why nothing can be said of the server, or None where something can."""
    return (finding.got or "no reason is known") if finding.outcome in UNDECIDED else None


def is_expected(finding: Finding) -> bool:
    """Say whether a promise is broken that its people know to be broken."""
    return finding.outcome is Outcome.FAIL and finding.expected_failure is not None


def known(finding: Finding) -> str | None:
    """Say what its people expected of a clause, where it has to do with what came of it."""
    if finding.expected_failure is None or finding.outcome in UNDECIDED:
        return None
    said = "kept, though it was expected to fail" if finding.outcome is Outcome.PASS else "expected"
    return f"{said}: {finding.expected_failure}"


def asked(finding: Finding) -> str:
    """Say what was asked, as one would to a colleague: ``POST /send with to = 12``."""
    if finding.exchange is None:
        return ""
    request = finding.exchange.request
    first, *others = [*_credentials(request), *_members(request, finding.clause.id)] or [""]
    return f"{request.method} {request.path} {' and '.join([first, *others])}".rstrip()


def headers_of_interest(finding: Finding) -> Sequence[tuple[str, str | None]]:
    """Return the headers of the answer that have to do with it; None: the answer has no such header."""
    exchange = finding.exchange
    if exchange is None or exchange.answer is None:
        return ()
    told = f"{finding.clause.sentence} {finding.expected} {finding.got}".lower()
    names = [name for name in ("Content-Type", "Retry-After", "WWW-Authenticate", "Allow") if name.lower() in told]
    if not _is_json(exchange.answer.body) and "Content-Type" not in names:
        names.append("Content-Type")
    if exchange.status == 429 and "Retry-After" not in names:
        names.append("Retry-After")
    if 300 <= exchange.status < 400:
        names.append("Location")
    return [(name, exchange.answer.header(name)) for name in names]


def of_interest(body: bytes, clause: str, width: int) -> str:
    """Return a body as text, or the part of it that has the member that the clause speaks of."""
    named = [f'"{part}"' for part in reversed(clause.split("."))]
    text = decoded(body[: 1 << 16])
    return shortened(text, width, around=next((name for name in named if name in text), ""))


def group(clause: str) -> str:
    """Return the group of a clause: its first one or two parts, and never all of them."""
    return ".".join(clause.split(".")[:-1][:2]) or clause


def silence(name: str) -> str:
    """Say what an observed choice is about: ``send.successStatus`` is ``send: success status``."""
    subject, _, point = name.rpartition(".")
    words = "".join(f" {one.lower()}" if one.isupper() else one for one in point)
    return f"{subject}: {words}" if subject else words


def _credentials(request: Request) -> Iterator[str]:
    value = next((value for name, value in request.headers.items() if name.lower() == "authorization"), None)
    if value is None:
        yield "without an Authorization header"
    elif not value.startswith("Bearer ") or value.removeprefix("Bearer ") not in _WHOSE:
        yield f"with Authorization: {value}"
    elif whose := _WHOSE[value.removeprefix("Bearer ")]:
        yield f"with {whose}"


def _members(request: Request, clause: str) -> Iterator[str]:
    """Say what matters of a body: the member that the clause is about, or else which members it has."""
    if request.body is None:
        return
    body = _json(request.body)
    if not isinstance(body, dict):
        yield f"with the body {shortened(decoded(request.body[:4096]), _SHOWN)}"
        return
    about = [part for part in clause.split(".") if part in _MEMBERS and ".request." in clause]
    if not about:
        yield f"with {', '.join(body) or 'no member'}"
    for name in about:
        yield f"with {name} = {shortened(json.dumps(body[name]), _SHOWN)}" if name in body else f"without {name}"


def _json(data: bytes) -> object:
    try:
        body: object = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return body


def _is_json(data: bytes) -> bool:
    return _json(data) is not None
