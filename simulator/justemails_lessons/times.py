"""Times as lessons write them: ``+1 h 5 min``, and never more digits than tell something."""

from datetime import timedelta

from justemails_sandbox.durations import in_words


def write_span(span: timedelta) -> str:
    """Write a time by its two greatest units, or below ten seconds to the tenth."""
    seconds = span.total_seconds()
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    return in_words(span)
