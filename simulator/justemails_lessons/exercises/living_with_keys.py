"""The exercises of lesson 11."""

from collections.abc import Mapping
from datetime import timedelta

from justemails_lessons.exercises.exercise import Exercise, Observed


def _revoked_in_time(old: Observed) -> bool:
    """Say whether nobody was refused, and the old key did not live on for longer than a round of requests."""
    last_used = max(at for at, status in old.uses)
    return old.revoked is not None and not old.count(refused=True) and old.revoked - last_used <= timedelta(minutes=5)


def _hint(old: Observed) -> str:
    if old.revoked is None:
        return "the old key was never revoked; the minutes are 0, 5, 10 and so on, up to 55."
    refused = old.count(refused=True)
    return f"{refused} requests were refused." if refused else "nobody was refused, but it could have been earlier."


EXERCISES: Mapping[str, Exercise] = {
    "11.1": Exercise(
        lambda refused: not refused,
        lambda refused: f"two days later this was refused with 401: {', '.join(sorted(refused))}.",
        "It was not used for longer than the longest pause of any program.",
    ),
    "11.2": Exercise(
        _revoked_in_time,
        _hint,
        "As soon as the last server had the new key, and not before.",
    ),
}
