"""What a sandbox's memory does while mails pass through it: it should not grow with them.

Mails are accepted over HTTP with many keys while the engine delivers. Looked at after the first ones, when all
those are delivered; halfway; after all are accepted; and once more when all are delivered. Bounded caches (the log
of the last events) fill up on the way, so what tells most is the growth over the second half.
"""

import re
from pathlib import Path

from tests.benchmarks.load import run_load
from tests.benchmarks.population import populate
from tests.benchmarks.processes import STORE, delivered, messages, sandbox, wait_for
from tests.benchmarks.report import Row, at_most
from tests.benchmarks.settings import Settings

_GOAL = 1.2  # of the resident size: room for caches that fill up and stay
_GROWTH_KIB = 0.5
_PER_KEY = 90  # below the limit of a key [limits.send]


def run(settings: Settings, folder: Path) -> list[Row]:
    """Accept, look, accept more, look again."""
    keys = settings.memory_last // _PER_KEY + 1
    senders = populate(folder / STORE, keys)
    looks: list[tuple[str, int, int, int, int]] = []
    with sandbox(folder) as running:

        def look(when: str) -> None:
            looks.append((when, messages(folder), delivered(folder), *resident_kib(running.pid)))

        def pass_through(most: int) -> int:
            result = run_load(running.port, senders, requests=most - messages(folder))
            if most == settings.memory_last:
                look(f"{most:,} accepted")
            wait_for(lambda: delivered(folder) >= most, settings.patience_s)
            look(f"{most:,} accepted, delivered")
            return result.refused

        look("at the start")
        stages = (settings.memory_first, settings.memory_last // 2, settings.memory_last)
        refused = sum(pass_through(most) for most in stages)
    first, half, last = looks[1], looks[2], looks[-1]
    growth_kib = (last[3] - half[3]) / max(1, last[2] - half[2])
    note = f"{refused} refused" if refused else ""
    rows = [at_most(f"memory: {last[0]} / {first[0]}", last[3] / first[3], _GOAL, note)]
    rows.append(
        Row(
            "memory: growth over the second half",
            round(growth_kib, 2),
            "KiB a mail",
            f"goal <= {_GROWTH_KIB}",
            growth_kib <= _GROWTH_KIB,
        )
    )
    for when, accepted, done, rss_kib, peak_kib in looks:
        note = f"VmHWM {peak_kib / 1024:.0f} MiB; {accepted} accepted, {done} delivered by then"
        rows.append(Row(f"memory: VmRSS, {when}", round(rss_kib / 1024, 1), "MiB", note=note))
    return rows


def resident_kib(pid: int) -> tuple[int, int]:
    """Return VmRSS and VmHWM of a process."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    sizes = dict(re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB$", status, re.MULTILINE))
    return int(sizes["VmRSS"]), int(sizes["VmHWM"])
