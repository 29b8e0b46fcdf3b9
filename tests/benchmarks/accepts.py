"""Durable accepts a second, beside the bare stack that they run on.

Four contestants in turn, round after round, each a fresh process on a fresh copy of one database: Falcon on
waitress answering a constant; the product with one commit for all that arrive together; the product with a commit for
each request; the whole sandbox, accepting while its engine delivers. Medians of the rounds are compared, and
afterwards every acknowledged message must be on disk, although the process was killed.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from statistics import median
from typing import Literal

from tests.benchmarks.load import Result, run_load
from tests.benchmarks.population import Sender, populate
from tests.benchmarks.processes import STORE, Running, messages, sandbox, server
from tests.benchmarks.report import Row, at_least
from tests.benchmarks.settings import Settings

Contestant = Literal["bare", "group", "inline", "sandbox"]

_NAMES: dict[Contestant, str] = {
    "bare": "bare Falcon on waitress",
    "group": "product, shared commits",
    "inline": "product, a commit each",
    "sandbox": "sandbox, delivering meanwhile",
}
_STARTS: dict[Contestant, Callable[[Path], AbstractContextManager[Running]]] = {
    "bare": lambda data: server("bare", data / STORE),
    "group": lambda data: server("group", data / STORE),
    "inline": lambda data: server("inline", data / STORE),
    "sandbox": sandbox,
}
_LOAD_TOO_BUSY = 0.8


class LostMailError(AssertionError):
    """Something was acknowledged and is not on disk."""


def run(settings: Settings, folder: Path) -> list[Row]:
    """Measure all four, alternating."""
    senders = populate(folder / "template" / STORE, settings.keys)
    results: dict[Contestant, list[Result]] = {name: [] for name in _NAMES}
    for _ in range(settings.rounds):
        for name, its_results in results.items():
            its_results.append(_round(name, settings, folder, senders))
    return _rows(results)


def _round(name: Contestant, settings: Settings, folder: Path, senders: list[Sender]) -> Result:
    data = folder / "round"
    shutil.copytree(folder / "template", data)
    os.sync()  # so that nobody pays for the copy
    try:
        with _STARTS[name](data) as running:
            result = run_load(running.port, senders, warm_up_s=settings.warm_up_s, seconds=settings.round_s)
        if name != "bare" and messages(data) < result.answered:
            raise LostMailError(f"{name}: {result.answered} acknowledged, {messages(data)} on disk")
    finally:
        shutil.rmtree(data)
    return result


def _rows(results: dict[Contestant, list[Result]]) -> list[Row]:
    rates = {name: median(result.rate for result in its) for name, its in results.items()}
    busiest = max(result.busy for its in results.values() for result in its)
    rows = [
        at_least("accepts: product / bare", rates["group"] / rates["bare"], 0.5, _spread(results, "group")),
        Row("accepts: product, a commit each / bare", round(rates["inline"] / rates["bare"], 2), "x"),
        Row("accepts: sandbox while delivering / bare", round(rates["sandbox"] / rates["bare"], 2), "x"),
        Row(
            "accepts: load's share of a core",
            round(busiest, 2),
            "x",
            f"else it is measured itself: <= {_LOAD_TOO_BUSY}",
            busiest <= _LOAD_TOO_BUSY,
        ),
    ]
    for name, its in results.items():
        refused = sum(result.refused for result in its)
        note = (
            f"p50 {median(result.p50_ms for result in its):.1f} ms, "
            f"p99 {median(result.p99_ms for result in its):.1f} ms, "
            f"rounds {', '.join(f'{result.rate:.0f}' for result in its)}"
        )
        if name != "bare":
            note += f"; {sum(result.answered for result in its)} acknowledged, all on disk after a kill"
        if refused:
            note += f"; {refused} REFUSED"
        rows.append(Row(f"accepts: {_NAMES[name]}", round(rates[name]), "req/s", note=note))
    return rows


def _spread(results: dict[Contestant, list[Result]], name: Contestant) -> str:
    ratios = [f"{its.rate / bare.rate:.2f}" for its, bare in zip(results[name], results["bare"], strict=True)]
    return f"by round {', '.join(ratios)}"
