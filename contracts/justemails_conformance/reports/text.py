"""A run told in a terminal: a line for each finding, and a paragraph for each breach."""

from collections.abc import Iterator, Mapping, Sequence

from justemails_conformance.clauses import Clause, Level
from justemails_conformance.reports.again import curl
from justemails_conformance.reports.visible import only_ascii
from justemails_conformance.reports.wording import asked, headers_of_interest, in_words, known, of_interest, reason_of
from justemails_conformance.verdict import Finding, Outcome

_MARKS: Mapping[Outcome, str] = {
    Outcome.PASS: "ok",
    Outcome.FAIL: "FAIL",
    Outcome.WARN: "warn",
    Outcome.SKIP: "skip",
    Outcome.INCONCLUSIVE: "unclear",
    Outcome.ERROR: "ERROR",
}
_KEYS: Mapping[str, str] = {
    "JUSTEMAILS_KEY": "the --key",
    "JUSTEMAILS_OTHER_KEY": "another account's",
    "JUSTEMAILS_SEND_ONLY_KEY": "one that may only send",
    "JUSTEMAILS_NEW_KEY": "a new one, since the run has revoked its own",
}
_BODY_SHOWN = 300  # characters


def line_of(finding: Finding) -> str:
    """Return a line for one finding."""
    why = [only_ascii(one) for one in (reason_of(finding), known(finding)) if one]
    return "  ".join([f"  {_MARKS[finding.outcome]:<7} {finding.clause.id}", *why])


def told(base_url: str, finding: Finding) -> Iterator[str]:
    """Yield what somebody has to know who wants to mend a breach; what is to be pasted stays on its line."""
    yield f"{finding.outcome.value.upper()}  {finding.clause.id} ({finding.clause.level})"
    for name, text in _told(base_url, finding):
        yield f"  {name:<9} {text}"


def to_go_on(breaches: Sequence[Finding]) -> Iterator[str]:
    """Yield what a reader can do with the paragraphs above."""
    if not breaches:
        return
    one = "it" if len(breaches) == 1 else "each"
    yield f"How {one} is judged, and what would pass:  justemails explain {breaches[0].clause.id}"
    asked_again = "".join(curl("http://host", one.exchange) for one in breaches if one.exchange is not None)
    if keys := [f"{variable} ({whose})" for variable, whose in _KEYS.items() if f"${variable}" in asked_again]:
        yield f'The lines behind "again" take from the shell: {", ".join(keys)}'


def explained(clause: Clause) -> Iterator[str]:
    """Yield what a clause promises, and how a server is judged by it."""
    yield clause.id
    if not clause.checked:
        yield f"  promise     {in_words(clause.sentence)}"
        yield f"  not checked {clause.how}"
        return
    meaning = "a breach fails the server" if clause.level == Level.MUST else "a breach is a warning"
    yield f"  promise  {in_words(clause.sentence)}"
    yield f"  level    {clause.level}: {meaning}"
    yield f"  profile  {clause.profile}"
    yield f"  check    {clause.how}"


def _told(base_url: str, finding: Finding) -> Iterator[tuple[str, str]]:
    exchange = finding.exchange
    yield "promise", in_words(finding.clause.sentence)
    if exchange is not None:
        yield "asked", only_ascii(asked(finding))
    yield "expected", only_ascii(finding.expected)
    yield "got", only_ascii(finding.got)
    if finding.expected_failure is not None:
        yield "known", only_ascii(finding.expected_failure)
    if exchange is None:
        return
    sent = exchange.request.body if exchange.request.raw is None else exchange.request.raw
    if sent is not None:
        yield "sent", only_ascii(of_interest(sent, finding.clause.id, _BODY_SHOWN))
    if exchange.answer is not None:
        body = of_interest(exchange.answer.body, finding.clause.id, _BODY_SHOWN)
        yield "answer", only_ascii(f"{exchange.status}  {body}").rstrip()
        for name, value in headers_of_interest(finding):
            yield "header", f"no {name}" if value is None else only_ascii(f"{name}: {value}")
    yield "again", only_ascii(curl(base_url, exchange))
