"""A plugin for pytest: the table that ends ``make hunt``, by family.

A test with ``@pytest.mark.hunt("broken lessons")`` counts in that family. With ``-v`` the table has a line for each
test, with what the test recorded as ``noticed by``. Under pytest-xdist the workers send both in their reports.

``-k`` finds the families' names too, and words without an operator between them all have to be there: ``-k "null MX"``.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

FAMILY, NOTICED_BY = "hunt family", "noticed by"
_OPERATORS = {"and", "or", "not"}


def pytest_configure(config: pytest.Config) -> None:
    config.option.keyword = all_words(config.option.keyword)


def all_words(expression: str) -> str:
    """Return an expression for ``-k`` in which words that stand side by side are joined by ``and``."""
    tokens = re.findall(r"[()]|[^\s()]+", expression)
    joined = tokens[:1]
    for before, token in pairwise(tokens):
        ends, begins = before not in {"(", *_OPERATORS}, token not in {")", "and", "or"}
        joined += ["and", token] if ends and begins else [token]
    return " ".join(joined)


@pytest.hookimpl(tryfirst=True)  # before -k is looked at
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if mark := item.get_closest_marker("hunt"):
            item.user_properties.append((FAMILY, mark.args[0]))
            item.extra_keyword_matches.add(mark.args[0])


@dataclass
class Family:
    """What came of the tests of one family."""

    passed: int = 0
    failed: list[str] = field(default_factory=list)
    seconds: float = 0.0


def families(reports: Iterable[pytest.TestReport]) -> dict[str, Family]:
    """Return what came of each family; set-up and teardown count in the seconds, and as failures when they fail."""
    found: dict[str, Family] = {}
    for report in reports:
        name = dict(report.user_properties).get(FAMILY)
        if name is None:
            continue
        family = found.setdefault(str(name), Family())
        family.seconds += report.duration
        if report.failed:
            family.failed.append(_short(report.nodeid))
        elif report.when == "call" and report.passed:
            family.passed += 1
    return found


def _short(nodeid: str) -> str:
    """Return what tells a test from the others: the value of its parameter, else its name."""
    name = nodeid.partition("::")[2]
    parameter = re.search(r"\[(.*)\]$", name)
    return parameter[1] if parameter else name


def table(found: dict[str, Family]) -> Iterator[str]:
    """Yield the table: a line for each family, and below it what failed."""
    width = max(map(len, found))
    yield f"{'':<{width}}  tried  passed  failed  seconds"
    for name, family in sorted(found.items()):
        tried = family.passed + len(family.failed)
        yield f"{name:<{width}}  {tried:>5}  {family.passed:>6}  {len(family.failed):>6}  {family.seconds:>7.1f}"
        yield from (f"    {failed}" for failed in family.failed)


def details(reports: Iterable[pytest.TestReport]) -> Iterator[str]:
    """Yield a line for each test that recorded what noticed its breakage."""
    for report in reports:
        noticed_by = dict(report.user_properties).get(NOTICED_BY)
        if report.when == "call" and noticed_by:
            yield f"{_short(report.nodeid)}\n    {noticed_by}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    stats = terminalreporter.stats
    # Passed set-ups and teardowns are kept under the empty name.
    reports = [
        one
        for name in ("passed", "failed", "error", "")
        for one in stats.get(name, [])
        if hasattr(one, "user_properties")
    ]
    found = families(reports)
    if not found:
        return
    terminalreporter.section("hunt")
    if terminalreporter.config.get_verbosity() > 0:
        terminalreporter.write_line("\n".join(details(reports)))
    terminalreporter.write_line("\n".join(table(found)))
