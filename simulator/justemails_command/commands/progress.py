"""How far a judge has come: a line for each finding, or on a terminal one line that is written anew."""

import shutil
import sys

import click

from justemails_conformance.reports.text import line_of
from justemails_conformance.verdict import Finding, Outcome

_LONG_S = 5.0  # a wait that somebody would wonder at


class Progress:
    """Tells what is found as soon as it is.

    Args:
        total: how many findings there are going to be.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._live = sys.stdout.isatty()

    def found(self, finding: Finding) -> None:
        """Tell a finding; on a terminal those that passed only count."""
        self._done += 1
        if not self._live or finding.outcome is not Outcome.PASS:
            self._clear()
            click.echo(line_of(finding))
        self._write(finding.clause.id)

    def waiting(self, seconds: float) -> None:
        """Tell that nothing happens for a while."""
        if seconds < _LONG_S:
            return
        words = f"waiting {seconds:.0f} s, as the limits ask"
        if self._live:
            self._write(words)
        else:
            click.echo(f"  ...     {words}")

    def end(self) -> None:
        """Leave a clean line."""
        self._clear()

    def _write(self, words: str) -> None:
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            line = f"  {self._done}/{self._total}  {words}"
            click.echo(f"\r{line[:width]:<{width}}", nl=False)

    def _clear(self) -> None:
        if self._live:
            click.echo(f"\r{' ' * (shutil.get_terminal_size().columns - 1)}\r", nl=False)
