"""``justemails simulate``: explore seeds, run a scenario, replay, shrink and compare what was found."""

import hashlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

from justemails_simulation.counters import RARE
from justemails_simulation.failure import dump_failure, load_found, versions
from justemails_simulation.generate import generate
from justemails_simulation.history import Entry
from justemails_simulation.ladder import Ladder
from justemails_simulation.runner import Run, run, run_seeds
from justemails_simulation.scenario import Scenario
from justemails_simulation.scenario_file import YamlError, load_scenario
from justemails_simulation.shrink import shrink as shrink_scenario
from justemails_simulation.trace import as_line, first_difference

_SHRINKING_RUNS = 300
_SHRINKING_S = 60


class _Seeds(click.ParamType[range]):
    """``7`` or ``1..500``."""

    name = "seeds"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> range:
        first, dots, last = str(value).partition("..")
        try:
            seeds = range(int(first), int(last if dots else first) + 1)
        except ValueError:
            self.fail("must be two numbers like 1..500", param, ctx)
        if not seeds or seeds[0] < 0:
            self.fail("must be two numbers like 1..500, the smaller one first", param, ctx)
        return seeds


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(invoke_without_command=True, short_help="Deliver mail in a simulated internet, and look for what breaks.")
@click.option("--seed", type=click.IntRange(min=0), help="Run the scenario of one seed.")
@click.option("--seeds", type=_Seeds(), metavar="A..B", help="Run the scenarios of many seeds.")
@click.option(
    "--days", default=5.0, show_default=True, type=click.FloatRange(0.01, 60), help="Length of each scenario."
)
@click.option(
    "--messages", default=200, show_default=True, type=click.IntRange(1, 10_000), help="Messages sent in each scenario."
)
@click.option("--scenario", "file", type=_FILE, help="Run a scenario file, and tell its story.")
@click.option("--check-determinism", is_flag=True, help="Run everything twice, and compare.")
@click.option("--jobs", default=os.cpu_count() or 1, type=click.IntRange(1, 64), help="Processes to use.")
@click.option("--trace", type=click.Path(dir_okay=False, path_type=Path), help="Write the trace there, one seed only.")
@click.option(
    "--failures",
    default=".",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the scenarios that break something.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout, nothing else.")
@click.pass_context
def simulate(
    ctx: click.Context,
    seed: int | None,
    seeds: range | None,
    days: float,
    messages: int,
    file: Path | None,
    check_determinism: bool,  # noqa: FBT001
    jobs: int,
    trace: Path | None,
    failures: Path,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Run the API and its delivery engine in a fake internet, on a clock that jumps from event to event.

    Days of retries take milliseconds, faults and crashes are drawn from a seed, and a seed always runs the same way.
    After every event the invariants are checked. Exit code 1: one of them does not hold.
    """
    if ctx.invoked_subcommand:
        return
    if sum(option is not None for option in (seed, seeds, file)) > 1:
        raise click.UsageError("--seed, --seeds and --scenario exclude each other")
    report = _Report(as_json, failures)
    if file is not None:
        _run_file(file, trace, report)
    else:
        chosen = seeds or range(seed or 0, (seed or 0) + 1)
        if trace is not None:
            if len(chosen) > 1:
                raise click.UsageError("--trace is for one seed")
            scenario = generate(chosen[0], days=days, messages=messages)
            with _tracing(trace) as watch:
                report.take(run(scenario, watch=watch), scenario)
        else:
            runs = run_seeds(chosen, days=days, messages=messages, twice=check_determinism, jobs=jobs)
            with _progress(runs, len(chosen)) as shown:
                for one in shown:
                    report.take(one, generate(one.seed, days=days, messages=messages) if one.violation else None)
    sys.exit(report.finish())


@simulate.command(short_help="Run a scenario that was found, up to its fault.")
@click.argument("file", type=_FILE)
@click.option("--until", type=int, help="Show the trace up to this entry only.")
@click.option("--last", default=30, show_default=True, help="How many entries before the end to show.")
def replay(file: Path, until: int | None, last: int) -> None:
    """Run a scenario again and show what happened before its fault, as lines of its trace."""
    scenario, text = _read(file)
    lines: list[str] = []

    def watch(entry: Entry) -> None:
        if until is None or entry.number <= until:
            lines.append(as_line(entry))

    outcome = run(scenario, watch=watch)
    for line in lines[-last:]:
        click.echo(line)
    found = load_found(text)
    if found and found.versions != versions():
        click.echo("These are not the versions that it was found with, so it may run differently.", err=True)
    elif found and found.hash != outcome.hash:
        click.echo("It does not run as it did when it was found: its code has changed.", err=True)
    click.echo(_verdict(outcome), err=True)
    sys.exit(1 if outcome.violation else 0)


@simulate.command(short_help="Make a scenario that breaks something smaller.")
@click.argument("file", type=_FILE)
@click.option("--runs", default=_SHRINKING_RUNS, show_default=True, help="Simulations to spend on it.")
def shrink(file: Path, runs: int) -> None:
    """Take out of a scenario whatever it does not need to break, and print what is left."""
    scenario, _ = _read(file)
    outcome = run(scenario)
    if outcome.violation is None:
        raise click.ClickException("this scenario breaks nothing")
    click.echo(_shrunk(scenario, outcome, runs), nl=False)


@simulate.command(short_help="Say where two traces part.")
@click.argument("one", type=_FILE)
@click.argument("other", type=_FILE)
def diff(one: Path, other: Path) -> None:
    """Compare two traces. Exit code 1: they differ."""
    with one.open(encoding="utf-8") as left, other.open(encoding="utf-8") as right:
        difference = first_difference(left, right)
    if difference is None:
        click.echo("They are the same.")
        return
    number, left_line, right_line = difference
    click.echo(f"They part at entry {number}:")
    for line in (left_line, right_line):
        click.echo("  " + (line.rstrip("\n") if line else "(has ended)"))
    sys.exit(1)


@dataclass(slots=True)
class _Report:
    """What is told while simulations run, and at the end."""

    as_json: bool
    failures: Path
    began: float = field(default_factory=time.perf_counter)
    runs: list[Run] = field(default_factory=list)
    counters: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(RARE, 0)))

    def take(self, one: Run, scenario: Scenario | None) -> None:
        self.runs.append(one)
        self.counters.update(one.counters)
        if self.as_json:
            self._echo({"event": "seed", "seed": one.seed, "entries": one.entries, "hash": one.hash})
        if one.violation and scenario:
            self._violation(one, scenario)

    def finish(self) -> int:
        violations = [one for one in self.runs if one.violation]
        seconds = time.perf_counter() - self.began
        summary = {
            "event": "finished",
            "seeds": len(self.runs),
            "messages": sum(one.messages for one in self.runs),
            "violations": len(violations),
            "simulatedHours": round(sum(one.simulated_s for one in self.runs) / 3600, 1),
            "seconds": round(seconds, 1),
            "counters": dict(self.counters),
            "hash": _hash_of(self.runs),
        }
        if self.as_json:
            self._echo(summary)
        else:
            self._tell(summary)
        return 1 if violations else 0

    def _violation(self, one: Run, scenario: Scenario) -> None:
        assert one.violation is not None  # noqa: S101  # for mypy: asked for by the caller
        self.failures.mkdir(parents=True, exist_ok=True)
        path = self.failures / f"simulation-failure-{one.seed}.yaml"
        # Kept and told before it is made smaller, which takes a while.
        path.write_text(dump_failure(scenario, one.violation, one.hash), encoding="utf-8")
        line = f"justemails simulate replay {path}"
        if self.as_json:
            members = {"invariant": one.violation.invariant, "text": one.violation.text, "entry": one.violation.entry}
            self._echo({"event": "violation", "seed": one.seed, **members, "scenario": str(path), "replay": line})
        else:
            if sys.stderr.isatty():
                click.echo(err=True)  # the bar has not ended its line
            click.echo(f"{_verdict(one)}\n  {line}")
            click.echo(f"  making it smaller, which takes {_SHRINKING_S} seconds at most ...", err=True)
        path.write_text(_shrunk(scenario, one, _SHRINKING_RUNS, _SHRINKING_S), encoding="utf-8")

    def _tell(self, summary: dict[str, object]) -> None:
        # What one scenario by hand does not meet is not worth a word; what a search never met is.
        searched = len(self.runs) > 1
        width = max(len(name) for name in self.counters)
        for name, count in self.counters.items():
            if count or searched:
                click.echo(f"  {name:<{width}}  {count:>8}" + ("" if count else "   never"))
        scenarios, messages = _count(summary["seeds"], "scenario"), _count(summary["messages"], "message")
        time = f"{summary['simulatedHours']} simulated hours in {summary['seconds']} s"
        click.echo(f"{scenarios}, {messages}, {time}: {_count(summary['violations'], 'violation')}")
        click.echo(f"hash {summary['hash']}")

    def _echo(self, members: dict[str, object]) -> None:
        click.echo(json.dumps(members, ensure_ascii=False))


def _run_file(file: Path, trace: Path | None, report: _Report) -> None:
    scenario, _ = _read(file)
    ladder = Ladder()
    with _tracing(trace) as write:

        def watch(entry: Entry) -> None:
            ladder(entry)
            write(entry)

        outcome = run(scenario, watch=watch)
    if not report.as_json:
        click.echo(f"{scenario.name}\n\n{ladder.text()}\n")
    report.take(outcome, scenario)


def _read(file: Path) -> tuple[Scenario, str]:
    try:
        text = file.read_text(encoding="utf-8")
        return load_scenario(text), text
    except YamlError as ex:
        raise click.UsageError(f"{file}, {ex}") from ex
    except UnicodeDecodeError:
        raise click.UsageError(f"{file} is not UTF-8") from None


def _progress(runs: Iterator[Run], count: int) -> AbstractContextManager[Iterable[Run]]:
    """Show on a terminal how far it has come; nothing anywhere else."""
    return click.progressbar(
        runs, length=count, label="seeds", show_pos=True, file=sys.stderr, hidden=not sys.stderr.isatty()
    )


@contextmanager
def _tracing(path: Path | None) -> Iterator[Callable[[Entry], None]]:
    if path is None:
        yield lambda entry: None
        return
    with path.open("w", encoding="utf-8") as out:
        yield lambda entry: print(as_line(entry), file=out)  # into the file


def _shrunk(scenario: Scenario, outcome: Run, runs: int, seconds: float = float("inf")) -> str:
    """Return the file of the smallest scenario found in so many runs and seconds that breaks the same invariant."""
    assert outcome.violation is not None  # noqa: S101  # for mypy: asked for by every caller
    invariant = outcome.violation.invariant
    until = time.perf_counter() + seconds

    def breaks(candidate: Scenario) -> bool:
        if time.perf_counter() > until:
            return False
        violation = run(candidate).violation
        return violation is not None and violation.invariant == invariant

    smallest = shrink_scenario(scenario, breaks, runs) if invariant != "determinism" else scenario
    last = run(smallest)
    return dump_failure(smallest, last.violation or outcome.violation, last.hash)


def _verdict(one: Run) -> str:
    if one.violation is None:
        return f"seed {one.seed}: every invariant holds"
    return f"seed {one.seed}: {one.violation.invariant} at entry {one.violation.entry}: {one.violation.text}"


def _count(number: object, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _hash_of(runs: Sequence[Run]) -> str:
    return hashlib.sha256("".join(one.hash for one in runs).encode()).hexdigest()
