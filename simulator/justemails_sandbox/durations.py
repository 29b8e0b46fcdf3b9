"""Durations as people write them: ``5ms``, ``90s``, ``15m``, ``1h``, ``4d``."""

import re
from datetime import timedelta

_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_FORM = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)", re.ASCII)

LONGEST = timedelta(days=3660)


class DurationError(ValueError):
    """A text that is no duration; the message fits after a field's name."""


def parse_duration(text: object) -> timedelta:
    """Return a duration.

    Raises:
        DurationError: ``text`` is none, or more than ten years.
    """
    match = _FORM.fullmatch(text) if isinstance(text, str) else None
    duration = float(match[1]) * _UNITS[match[2]] if match else LONGEST + timedelta.resolution
    if duration > LONGEST:
        raise DurationError("must be a duration like 90s, 15m, 1h or 4d, of at most ten years")
    return duration


def write_duration(duration: timedelta) -> str:
    """Write a duration so that ``parse_duration`` reads it back, in the largest unit that it is a whole number of."""
    for unit, length in reversed(_UNITS.items()):
        count, rest = divmod(duration, length)
        if not rest:
            return f"{count}{unit}"
    return f"{duration.total_seconds():.6f}s"
