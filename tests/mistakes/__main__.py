"""``python -m tests.mistakes``: the table of mistakes, and the test that notices each."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.mistakes.noticed import notices
from tests.mistakes.registry import MISTAKES


def main() -> None:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        noticed = [*pool.map(notices, MISTAKES)]
    for mistake, seen in zip(MISTAKES, noticed, strict=True):
        mark = "noticed" if seen else "NOT NOTICED"
        sys.stdout.write(f"{mistake.number:>2}  {mistake.title:<58} {mark}\n      by {mistake.test}\n")
    sys.stdout.write(f"\n{sum(noticed)} of {len(MISTAKES)} ways to make 30 mistakes noticed\n")
    sys.exit(0 if all(noticed) else 1)


if __name__ == "__main__":
    main()
