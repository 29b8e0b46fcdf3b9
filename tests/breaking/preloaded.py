"""What a fork finds imported: the product, the lessons, and the tests that notice mistakes.

It saves time and means nothing else: what is imported only after a breakage gets the broken object all the same.
"""

import gc
import importlib
import os
import threading

# Before tests.conftest and the tests, which read it at import.
os.environ["HYPOTHESIS_PROFILE"] = "first"

from tests.mistakes.registry import MISTAKES

_FILES = {"tests/conftest.py", *(mistake.test.partition("::")[0] for mistake in MISTAKES)}
_MODULES = [
    "xdist.plugin",
    "xdist.looponfail",
    "anyio.pytest_plugin",
    "tests.notebooks.broken",
    *(file.removesuffix(".py").replace("/", ".") for file in sorted(_FILES)),
]

for _module in _MODULES:
    importlib.import_module(_module)

# What is imported stays: no collection in a fork has to look through it again, and copy its pages.
gc.collect()
gc.freeze()

assert threading.active_count() == 1, "a fork would lose the other threads, with what they hold locked"
