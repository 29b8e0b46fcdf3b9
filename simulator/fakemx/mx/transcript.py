"""The dialogue of one connection as text, safe to show."""

import re
from collections import deque

LINES = 1_000  # of a connection; older ones are forgotten, so that nobody can fill our memory
_LINE_BYTES = 2_000


class Transcript:
    """``C: ...`` and ``S: ...``, the data as a count."""

    def __init__(self) -> None:
        """Start empty."""
        self._lines: deque[str] = deque(maxlen=LINES)

    def note(self, who: str, said: bytes) -> None:
        """Write down what was said, line by line."""
        for line in said[:_LINE_BYTES].rstrip(b"\r\n").split(b"\n"):
            self._lines.append(f"{who}: {shown(line.decode('utf-8', 'replace').rstrip())}")

    def note_data(self, size: int) -> None:
        """Write down that so many bytes of data came."""
        if size:
            self._lines.append(f"C: ({size} bytes of data)")

    @property
    def lines(self) -> tuple[str, ...]:
        """All that is remembered."""
        return tuple(self._lines)


def shown(text: str) -> str:
    """Return a text whose control characters are written out."""
    return re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", lambda match: f"\\x{ord(match[0]):02x}", text)
