"""Printing from many threads without ever making one of them wait.

A reader that stops reading fills the pipe, and a write to it then blocks. If the engine or a request printed by
itself, the sandbox would stand still; so one thread prints, and what it cannot get rid of in time is left out.
"""

import contextlib
import queue
import threading
from typing import TextIO

_KEPT = 10_000
_LAST_WORDS_S = 2


class Printer:
    """Prints whole lines to a stream, in order."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: queue.Queue[str | None] = queue.Queue(_KEPT)
        self._thread = threading.Thread(target=self._run, name="justemails-printer", daemon=True)
        self._thread.start()

    def print(self, line: str | None) -> None:
        """Print a line after those before it; None prints nothing."""
        if line is None:
            return
        with contextlib.suppress(queue.Full):  # left out; the event log still has it
            self._lines.put_nowait(line)

    def close(self) -> bool:
        """Print what is left; False when the reader did not take it in time."""
        try:
            self._lines.put(None, timeout=_LAST_WORDS_S)
        except queue.Full:
            return False
        self._thread.join(_LAST_WORDS_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._stream.write(line + "\n")
                if self._lines.empty():
                    self._stream.flush()
            except OSError:
                return  # the reader has gone; that is no reason to stop working
