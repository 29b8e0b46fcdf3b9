"""The report for people: one page without script, that asks nobody for anything.

From the top: the verdict in words, what was judged and how, what is broken, what is doubtful, every promise by its
group, what the server does where the document is silent, and what is left behind. Whatever a server said goes through
``_text`` or ``_code``; nothing else puts foreign text on the page.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape

from justemails_conformance.reports.again import curl, replay
from justemails_conformance.reports.json_report import document_sha256, left, suite_version
from justemails_conformance.reports.style import STYLE
from justemails_conformance.reports.tally import headline, promises, tally
from justemails_conformance.reports.visible import visible
from justemails_conformance.reports.wording import (
    LEVELS,
    MARKS,
    STANDINGS,
    asked,
    group,
    is_expected,
    known,
    of_interest,
    reason_of,
    silence,
)
from justemails_conformance.transport import Exchange
from justemails_conformance.verdict import Finding, Outcome, Verdict

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_BODY_SHOWN = 1200  # characters
_VALUE_SHOWN = 300
_HEADERS_SHOWN = 40


def as_html(verdict: Verdict) -> str:
    """Return the page."""
    return "\n".join(_page(verdict)) + "\n"


def _page(verdict: Verdict) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer">'
    yield f"<title>{_text(headline(verdict))}: {_text(verdict.base_url)}</title>"
    yield f"<style>{STYLE}</style>\n</head>\n<body>"
    yield from _head(verdict)
    yield "<main>"
    for title, wanted in _SECTIONS.items():
        yield from _section(verdict, title, wanted)
    yield from _groups(verdict)
    yield from _observed(verdict)
    yield from _cleanup(verdict)
    yield "</main>"
    yield f"<footer>Made by justemails conform {_text(suite_version())}. No key is on this page.</footer>"
    yield "</body>\n</html>"


_SECTIONS: Mapping[str, Callable[[Finding], bool]] = {
    "Broken promises": lambda one: one.outcome is Outcome.FAIL and not is_expected(one),
    "Broken, as expected": is_expected,
    "Warnings": lambda one: one.outcome is Outcome.WARN,
    "Faults of the suite": lambda one: one.outcome is Outcome.ERROR,
    "Checked, and nothing shown": lambda one: one.outcome is Outcome.INCONCLUSIVE,
    "Not checked": lambda one: one.outcome is Outcome.SKIP,
}


def _head(verdict: Verdict) -> Iterator[str]:
    yield "<header>"
    yield '<p class="quiet">Conformance report</p>'
    yield f"<h1>{_text(headline(verdict))}</h1>"
    yield '<ul class="counts">'
    yield from (f"<li>{_mark(one, f' {verdict.count(one)}')}</li>" for one in Outcome if verdict.count(one))
    yield "</ul>"
    yield _facts(_about(verdict))
    yield "</header>"


def _about(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """Yield what a reader has to know to make the same run again, as HTML."""
    about, count, journal = verdict.about, tally(verdict), verdict.journal
    name = " ".join(one for one in (about.name, about.version) if one)
    for term, text in (("Server", name), ("Its address", verdict.base_url), ("Its home", about.url or "")):
        if text:
            yield term, _text(text)
    if about.contact:
        yield "Contact", _text(", ".join(about.contact))
    profiles = _text(", ".join(verdict.profiles))
    yield "Judged", f"{count.judged} of the {promises(count.promised)} of the profile {profiles}"
    yield "When", f"{_text(verdict.started.isoformat(' ', 'seconds'))}, for {verdict.seconds:.1f} s"
    asked_for = ", ".join(f"{number} {tier}" for tier, number in journal.requests.items())
    yield "Requests", f"{asked_for}; {journal.unexpected_429} answered with 429 out of turn"
    yield "Suite", f"version {_text(suite_version())}, seed <code>{verdict.seed}</code>"
    yield "Document", f"SHA-256 <code>{document_sha256()}</code>"


def _section(verdict: Verdict, title: str, wanted: Callable[[Finding], bool]) -> Iterator[str]:
    findings = [finding for finding in verdict.findings if wanted(finding)]
    if findings:
        yield f"<section>\n<h2>{title} ({len(findings)})</h2>"
        for finding in findings:
            yield from _article(verdict, finding) if finding.outcome is not Outcome.SKIP else _skipped(finding)
        yield "</section>"


def _skipped(finding: Finding) -> Iterator[str]:
    """Yield what is missing; a line that judges it again would miss it again."""
    id_ = _text(finding.clause.id)
    yield f'<p id="{id_}">{_mark(finding.outcome)} <code>{id_}</code>: {_unbroken(_text(reason_of(finding) or ""))}</p>'


def _article(verdict: Verdict, finding: Finding) -> Iterator[str]:
    clause = finding.clause
    yield f'<article class="{finding.outcome}" id="{_text(clause.id)}">'
    yield f"<h3>{_mark(finding.outcome)} <code>{_text(clause.id)}</code></h3>"
    yield f'<p class="promise">{_marked_up(clause.sentence)}</p>'
    yield _facts(_details(verdict, finding))
    yield "</article>"


def _details(verdict: Verdict, finding: Finding) -> Iterator[tuple[str, str]]:
    clause, reason = finding.clause, reason_of(finding)
    if finding.expected_failure is not None:
        yield "Known", _text(finding.expected_failure)
    if reason is not None:
        yield "Why", _unbroken(_text(reason))
    else:
        yield "Level", f"{clause.level}: {LEVELS[clause.level]}"
        yield "Expected", _text(finding.expected)
        yield "Got", _text(finding.got)
    if finding.exchange is not None:
        yield "Asked", _text(asked(finding))
        yield "Request", _code(_request(finding.exchange, clause.id))
        yield "Answer", _code(_answer(finding.exchange, clause.id))
        yield "Ask again", _command(curl(verdict.base_url, finding.exchange))
    yield "Judge again", _command(replay(verdict, finding))


def _request(exchange: Exchange, clause: str) -> str:
    request = exchange.request
    if request.raw is not None:
        return _message("These octets", (), request.raw, clause)
    return _message(f"{request.method} {request.path}", request.headers.items(), request.body or b"", clause)


def _answer(exchange: Exchange, clause: str) -> str:
    answer = exchange.answer
    if answer is None:
        return f"none: {exchange.trouble}"
    return _message(f"status {answer.status}", answer.headers, answer.body, clause)


def _message(first: str, headers: Iterable[tuple[str, str]], body: bytes, clause: str) -> str:
    lines = [first, *(f"{name}: {value}" for name, value in headers)]
    shown = of_interest(body, clause, _BODY_SHOWN)
    rest = [f"(from a body of {len(body)} octets)"] if len(body) > _BODY_SHOWN else []
    return "\n".join([*(one[:_VALUE_SHOWN] for one in lines[:_HEADERS_SHOWN]), *(["", shown] if body else []), *rest])


def _groups(verdict: Verdict) -> Iterator[str]:
    groups: dict[str, list[Finding]] = {}
    for finding in verdict.findings:
        groups.setdefault(group(finding.clause.id), []).append(finding)
    yield "<section>\n<h2>Every promise that was looked at</h2>"
    for name, findings in groups.items():
        counts = Counter(finding.outcome for finding in findings)
        others = "".join(f", {_mark(one, f' {counts[one]}')}" for one in (Outcome.FAIL, Outcome.WARN) if counts[one])
        yield f"<details>\n<summary><h3><code>{_text(name)}</code></h3>"
        yield f'<span class="quiet">{counts[Outcome.PASS]} of {len(findings)} kept{others}</span></summary>\n<ul>'
        yield from map(_item, findings)
        yield "</ul>\n</details>"
    yield "</section>"


def _item(finding: Finding) -> str:
    clause = finding.clause
    said = f"; {_text(one)}" if (one := known(finding)) else ""
    name = f"<code>{_text(clause.id)}</code>"
    link = name if finding.outcome is Outcome.PASS else f'<a href="#{_text(clause.id)}">{name}</a>'
    return f"<li>{_mark(finding.outcome)}<div>{link} ({clause.level}{said})<br>{_marked_up(clause.sentence)}</div></li>"


def _observed(verdict: Verdict) -> Iterator[str]:
    if not verdict.observed:
        return
    yield "<section>\n<h2>Where the document is silent</h2>"
    yield "<p>What this server does is one of several right ways; nothing here counts for or against it.</p>"
    yield "<table>\n<thead><tr><th scope=col>Silence</th><th scope=col>This server</th></tr></thead>\n<tbody>"
    for name, value in verdict.observed.items():
        shown = json.dumps(value, ensure_ascii=False, default=repr)[:_VALUE_SHOWN]
        yield f"<tr><th scope=row>{_text(silence(name))}</th><td><code>{_text(shown)}</code></td></tr>"
    yield "</tbody>\n</table>\n</section>"


def _cleanup(verdict: Verdict) -> Iterator[str]:
    yield "<section>\n<h2>Cleanup</h2>"
    yield f"<p>Keys made: {len(verdict.created)}. Revoked: {len(verdict.removed)}.</p>"
    for key in left(verdict):
        yield f"<p>Left behind: the key <code>{_text(key[:_VALUE_SHOWN])}</code>, which could not be revoked.</p>"
    yield "<p>Messages that were sent cannot be taken back.</p>\n</section>"


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    """Return a list of facts, the second part of each being HTML."""
    return "\n".join(["<dl>", *(f"<dt>{term}</dt><dd>{html}</dd>" for term, html in facts), "</dl>"])


def _mark(outcome: Outcome, more: str = "") -> str:
    mark = MARKS[outcome]
    return f'<span class="mark {outcome}"><span aria-hidden="true">{mark.sign}</span> {mark.word}{more}</span>'


def _marked_up(sentence: str) -> str:
    """Return one of our own sentences with its code words marked, and with its standing in plain words."""
    html = re.sub(r"`([^`]+)`", r"<code>\1</code>", _text(sentence).replace(" | *", " *").replace(" | ", " · "))
    for standing, words in STANDINGS.items():
        html = html.replace(f"*{standing}*", f'<span class="quiet">({words})</span>')
    return html


def _command(line: str) -> str:
    return _unbroken(_code(line))


def _unbroken(html: str) -> str:
    """Return HTML in which no option of a command is torn apart where the page wraps it."""
    return re.sub(r"(?<=[ (])--?[a-zA-Z][\w-]*", r'<span class="option">\g<0></span>', html)


def _code(text: str) -> str:
    return f"<pre>{escape(visible(text, keep=chr(10)))}</pre>"


def _text(text: str) -> str:
    return escape(visible(text))
