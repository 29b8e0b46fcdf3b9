"""``python -m tests.benchmarks``, from the repository's root: every benchmark, one table.

Figures of different machines cannot be compared, and a busy machine disturbs them all; ratios within one run can.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import accepts, dashboard, deliveries, listing, memory, simulation
from tests.benchmarks.report import as_json, table
from tests.benchmarks.settings import FULL, QUICK

_BENCHMARKS = {
    "accepts": accepts.run,
    "dashboard": dashboard.run,
    "deliveries": deliveries.run,
    "listing": listing.run,
    "memory": memory.run,
    "simulation": simulation.run,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Measure the product's speed.")
    parser.add_argument("only", nargs="*", metavar="BENCHMARK", help=f"of {', '.join(_BENCHMARKS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="shorter rounds and smaller sizes: under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    options = parser.parse_args()
    unknown = set(options.only) - set(_BENCHMARKS)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    settings = QUICK if options.quick else FULL
    rows = []
    for name in options.only or _BENCHMARKS:
        began = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="justemails-bench-") as folder:
            rows += _BENCHMARKS[name](settings, Path(folder))
        sys.stderr.write(f"{name}: {time.perf_counter() - began:.0f} s, load average {os.getloadavg()[0]:.1f}\n")
    sys.stdout.write((as_json(rows) if options.json else table(rows)) + "\n")


if __name__ == "__main__":
    main()
