"""Whether a test notices a mistake: it runs in a process of its own, in which the product makes the mistake."""

import os
import subprocess
import sys
from pathlib import Path

from tests.mistakes.registry import Mistake

_ROOT = Path(__file__).parents[2]
_PATIENCE_S = 120
_SOME_FAILED = 1  # pytest's exit code; any other one means that the test itself could not be run


def notices(mistake: Mistake) -> bool:
    """Run the mistake's test with the mistake made; True when it fails, as it should.

    Raises:
        RuntimeError: the test did not run at all.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "tests.mistakes.plugin", mistake.test]
    environment = {**os.environ, "JUSTEMAILS_MISTAKE": mistake.title}
    done = subprocess.run(
        command, cwd=_ROOT, env=environment, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
    )
    if done.returncode not in {0, _SOME_FAILED}:
        raise RuntimeError(done.stdout[-3000:] + done.stderr[-3000:])
    return done.returncode == _SOME_FAILED
