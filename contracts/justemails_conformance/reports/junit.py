"""The report for CI servers: JUnit XML, a suite for each profile and a case for each clause.

What they all read is kept to: the counts on ``testsuites`` and ``testsuite``, and in a case at most one of ``failure``,
``error`` and ``skipped``. A warning passes, with its text in ``system-out``; a failure that was expected is skipped,
and so is what could not be decided: neither is ever a pass in disguise.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from justemails_conformance.reports.again import replay
from justemails_conformance.reports.json_report import document_sha256, suite_version
from justemails_conformance.reports.text import told
from justemails_conformance.reports.visible import visible
from justemails_conformance.reports.wording import group, is_expected, known, reason_of
from justemails_conformance.verdict import Finding, Outcome, Verdict


def as_junit(verdict: Verdict) -> str:
    """Return the report as an XML document."""
    root = Element("testsuites", {"name": "justemails conform", **_counts(verdict.findings, verdict.seconds)})
    for profile in dict.fromkeys(finding.clause.profile for finding in verdict.findings):
        _suite(root, verdict, str(profile), [one for one in verdict.findings if one.clause.profile == profile])
    indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(root, "unicode")}\n'


def _suite(root: Element, verdict: Verdict, profile: str, findings: Sequence[Finding]) -> None:
    started = verdict.started.isoformat(timespec="seconds")
    seconds = sum(_seconds(finding) for finding in findings)
    suite = SubElement(root, "testsuite", {"name": profile, "timestamp": started, **_counts(findings, seconds)})
    _properties(
        suite,
        {
            "profile": profile,
            "suite.version": suite_version(),
            "document.sha256": document_sha256(),
            "target": verdict.base_url,
            "seed": str(verdict.seed),
        },
    )
    for finding in findings:
        _case(suite, verdict, finding)


def _case(suite: Element, verdict: Verdict, finding: Finding) -> None:
    clause = finding.clause
    case = SubElement(
        suite,
        "testcase",
        {"classname": group(clause.id), "name": clause.id, "time": f"{_seconds(finding):.3f}"},
    )
    _properties(case, {"level": str(clause.level), "profile": str(clause.profile)})
    text = "\n".join([*told(verdict.base_url, finding), f"  replay    {replay(verdict, finding)}"])
    kind = _kind(finding)
    if kind is not None:
        message = _message(finding)
        _say(SubElement(case, kind, {"message": _flat(message), "type": finding.outcome.value}), text)
    elif finding.outcome is Outcome.WARN:
        _say(SubElement(case, "system-out"), text)
    elif said := known(finding):
        _say(SubElement(case, "system-out"), said)


def _kind(finding: Finding) -> str | None:
    """Return the element that a case has; None: it passed."""
    if finding.outcome is Outcome.FAIL:
        return "skipped" if is_expected(finding) else "failure"
    if finding.outcome is Outcome.ERROR:
        return "error"
    return "skipped" if finding.outcome in {Outcome.SKIP, Outcome.INCONCLUSIVE} else None


def _message(finding: Finding) -> str:
    if is_expected(finding):
        return f"expected to fail: {finding.expected_failure}"
    reason = reason_of(finding)
    return f"expected {finding.expected}, got {finding.got}" if reason is None else reason


def _counts(findings: Iterable[Finding], seconds: float) -> Mapping[str, str]:
    kinds = Counter(_kind(finding) for finding in findings)
    return {
        "tests": str(kinds.total()),
        "failures": str(kinds["failure"]),
        "errors": str(kinds["error"]),
        "skipped": str(kinds["skipped"]),
        "time": f"{seconds:.3f}",
    }


def _seconds(finding: Finding) -> float:
    return finding.exchange.seconds if finding.exchange else 0.0


def _properties(owner: Element, values: Mapping[str, str]) -> None:
    properties = SubElement(owner, "properties")
    for name, value in values.items():
        SubElement(properties, "property", {"name": name, "value": _flat(value)})


def _say(element: Element, text: str) -> None:
    element.text = visible(text, keep="\n")


def _flat(text: str) -> str:
    return visible(text)
