"""What a sandbox's memory does while mails pass through it: it should not grow with them.

Mails are accepted over HTTP with many keys while the engine delivers. Looked at after the first ones, when all
those are delivered; after ten times as many are accepted; and once more when those are delivered too.
"""

import re
from pathlib import Path

from tests.benchmarks.load import run_load
from tests.benchmarks.population import populate
from tests.benchmarks.processes import STORE, delivered, messages, sandbox, wait_for
from tests.benchmarks.report import Row, at_most
from tests.benchmarks.settings import Settings

_GOAL = 1.2  # of the resident size: room for caches that fill up and stay
_PER_KEY = 90  # below the limit of a key [limits.send]


def run(settings: Settings, folder: Path) -> list[Row]:
    """Accept, look, accept more, look again."""
    keys = settings.memory_last // _PER_KEY + 1
    senders = populate(folder / STORE, keys)
    looks: list[tuple[str, int, int, int, int]] = []
    with sandbox(folder) as running:

        def look(when: str) -> None:
            looks.append((when, messages(folder), delivered(folder), *resident_kib(running.pid)))

        look("at the start")
        few = settings.memory_first
        refused = run_load(running.port, senders, requests=few).refused
        wait_for(lambda: delivered(folder) >= few, settings.patience_s)
        look(f"{few:,} accepted and delivered")
        refused += run_load(running.port, senders, requests=settings.memory_last - few).refused
        look(f"{settings.memory_last:,} accepted")
        wait_for(lambda: delivered(folder) >= settings.memory_last, settings.patience_s)
        look(f"{settings.memory_last:,} accepted, delivered")
    first, last = looks[1], looks[-1]
    note = f"{refused} refused" if refused else ""
    rows = [at_most(f"memory: {last[0]} / {first[0]}", last[3] / first[3], _GOAL, note)]
    for when, accepted, done, rss_kib, peak_kib in looks:
        note = f"VmHWM {peak_kib / 1024:.0f} MiB; {accepted} accepted, {done} delivered by then"
        rows.append(Row(f"memory: VmRSS, {when}", round(rss_kib / 1024, 1), "MiB", note=note))
    return rows


def resident_kib(pid: int) -> tuple[int, int]:
    """Return VmRSS and VmHWM of a process."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    sizes = dict(re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB$", status, re.MULTILINE))
    return int(sizes["VmRSS"]), int(sizes["VmHWM"])
