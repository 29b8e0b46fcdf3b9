"""Times of the API, moved."""

from datetime import datetime, timedelta

_FORM = "%Y-%m-%dT%H:%M:%SZ"


def later(time: str, seconds: float) -> str:
    """Return a time so many seconds after another."""
    return (datetime.strptime(time, _FORM) + timedelta(seconds=seconds)).strftime(_FORM)  # noqa: DTZ007  # it is UTC
