"""Runs a function in a process that is forked for it and thrown away afterwards.

A test that breaks the product on purpose changes its modules, and nothing may be left of that for the next one. A new
interpreter for each breakage would spend its time on imports. So a server process imports everything once, starts no
thread, and forks for each call:

    in_fork(exit_code, "tests/reference/test_engine.py::test_one", "ignores a null MX")

The function and its arguments are pickled: it must be at the top level of a module. What the fork prints goes to a file
that only a failure shows, and its temporary files to a folder that is removed with it. The server belongs to the
process that calls: each worker of pytest-xdist has one, and it ends with its owner.
"""

import os
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE_S = 120
_OUTPUT = "output.txt"
_SHOWN_CHARACTERS = 6000

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.breaking.preloaded"])


class ForkError(Exception):
    """The function did not come to its end: it raised something, the process died, or it took too long."""


def in_fork(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function in a fork of its own and return its result.

    Raises:
        ForkError: there is no result; the message has the reason and the last of what the fork printed.
    """
    with tempfile.TemporaryDirectory(prefix="fork", ignore_cleanup_errors=True) as folder:
        ours, theirs = _CONTEXT.Pipe(duplex=False)
        process = _CONTEXT.Process(target=_answer, args=(theirs, folder, work, args, kwargs))
        process.start()
        theirs.close()
        try:
            with ours:
                if not ours.poll(PATIENCE_S):
                    raise _error(f"no answer within {PATIENCE_S} s", folder)
                failure, result = ours.recv()
        except EOFError:
            raise _error("the process died", folder) from None
        finally:
            process.kill()  # with whatever the breakage left running in it
            process.join()
            process.close()
        if failure:
            raise _error(failure, folder)
        returned: T = result
        return returned


def _error(reason: str, folder: str) -> ForkError:
    output = Path(folder, _OUTPUT)
    printed = output.read_text("utf-8", "replace")[-_SHOWN_CHARACTERS:] if output.exists() else ""
    return ForkError(f"{reason}\n{printed}")


def _answer(
    answer: "Connection[tuple[str, object], object]",
    folder: str,
    work: Callable[..., object],
    args: tuple[object, ...],
    kwargs: dict[str, object],
) -> None:
    """Run in the fork: send ``("", result)``, or a traceback and nothing."""
    _end_with_owner()
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    with Path(folder, _OUTPUT).open("wb") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    try:
        told = "", work(*args, **kwargs)
    except BaseException:  # noqa: BLE001  # SystemExit too: it is no answer
        told = traceback.format_exc(), None
    sys.stdout.flush()
    answer.send(told)


def _end_with_owner() -> None:
    """End this process when the one that asked for it is gone, though the function may hang."""
    owner = parent_process()
    assert owner is not None

    def watch() -> None:
        owner.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
