"""Durations as people write them: ``5ms``, ``90s``, ``15m``, ``1h``, ``4d``, and ``2h30m``, greatest unit first."""

import re
from datetime import timedelta

_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_WORDS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_PART = r"\d{1,12}(?:\.\d{1,6})?"
_FORM = re.compile("(?=.)" + "".join(f"(?:({_PART}){unit})?" for unit in reversed(_UNITS)), re.ASCII)

LONGEST = timedelta(days=3660)


class DurationError(ValueError):
    """A text that is no duration; the message fits after a field's name."""


def parse_duration(text: object) -> timedelta:
    """Return a duration.

    Raises:
        DurationError: ``text`` is none, or more than ten years.
    """
    match = _FORM.fullmatch(text) if isinstance(text, str) else None
    if match is not None:
        counts = zip(match.groups(default="0"), reversed(_UNITS.values()), strict=True)
        seconds = sum(float(count) * length.total_seconds() for count, length in counts)
        if seconds <= LONGEST.total_seconds():
            return timedelta(seconds=seconds)
    raise DurationError("must be a duration like 90s, 15m, 2h30m or 4d, of at most ten years")


def in_words(span: timedelta) -> str:
    """Return a span of time by its two greatest units that are not zero, to the second: ``2 d 3 h``."""
    seconds = round(span.total_seconds())
    parts = []
    for unit, length in _WORDS:
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def write_duration(duration: timedelta) -> str:
    """Write a duration, to the millisecond if it has no finer part, so that ``parse_duration`` reads it back."""
    parts, rest = "", duration
    for unit, length in reversed(_UNITS.items()):
        count, rest = divmod(rest, length)
        parts += f"{count}{unit}" if count else ""
    return f"{duration.total_seconds():.6f}s" if rest else parts or "0s"
