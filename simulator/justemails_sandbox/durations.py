"""Durations as people write them: ``90s``, ``15m``, ``1h``, ``4d``."""

import re
from datetime import timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_FORM = re.compile(r"(\d{1,7}(?:\.\d{1,3})?)([smhd])", re.ASCII)

LONGEST = timedelta(days=3660)


class DurationError(ValueError):
    """A text that is no duration; the message fits after a field's name."""


def parse_duration(text: object) -> timedelta:
    """Return a duration.

    Raises:
        DurationError: ``text`` is none, or more than ten years.
    """
    match = _FORM.fullmatch(text) if isinstance(text, str) else None
    duration = timedelta(**{_UNITS[match[2]]: float(match[1])}) if match else LONGEST + timedelta.resolution
    if duration > LONGEST:
        raise DurationError("must be a duration like 90s, 15m, 1h or 4d, of at most ten years")
    return duration
