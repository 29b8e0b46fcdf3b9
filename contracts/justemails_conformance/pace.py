"""The time that a run goes by: the machine's, and on top of it what a clock that can be moved has skipped."""

from collections.abc import Callable

from justemails_conformance import clock
from justemails_conformance.clock import Wait


class Pace:
    """Waits, and knows how late it is for the server.

    Args:
        wait: waits for so many seconds, or moves the server's clock on by as many.
        listen: told before each wait how long it is going to be.
        stands_still: whether the server's clock goes on by such waits alone.
    """

    def __init__(
        self,
        wait: Wait = clock.wait,
        listen: Callable[[float], None] = lambda seconds: None,
        *,
        stands_still: bool = False,
    ) -> None:
        self._wait = wait
        self._listen = listen
        self._stands_still = stands_still
        self._skipped_s = 0.0

    def wait(self, seconds: float) -> None:
        """Wait; a moved clock makes it short for us and not for the server."""
        began = clock.elapsed_s()
        self._listen(seconds)
        self._wait(seconds)
        passed_s = 0.0 if self._stands_still else clock.elapsed_s() - began
        self._skipped_s += max(0.0, seconds - passed_s)

    @property
    def costs_nothing(self) -> bool:
        """Whether a wait has been skipped, and the next one will be."""
        return self._skipped_s > 0

    def elapsed_s(self) -> float:
        """Return the server's seconds; only differences mean anything."""
        return self._skipped_s if self._stands_still else clock.elapsed_s() + self._skipped_s
