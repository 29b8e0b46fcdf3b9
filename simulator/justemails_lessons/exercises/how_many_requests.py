"""The exercises of lesson 07."""

from collections.abc import Mapping

from justemails_lessons.exercises.exercise import Exercise

EXERCISES: Mapping[str, Exercise] = {
    "7.1": Exercise(
        lambda waited, refused, after: after.status == 200 and waited == refused.retry_after,
        lambda waited, refused, after: (
            f"after {waited} s the answer is {after.status}. The refused one, burst[-1], has a retry_after."
        ),
        "Neither too early nor too late.",
    ),
    "7.2": Exercise(
        lambda pause, seen: set(seen) == {200} and pause == 6,
        lambda pause, seen: (
            f"{seen.count(429)} of {len(seen)} are refused"
            + ("." if 429 in seen else ", and a shorter pause will do.")
            + " Ten may pass in sixty seconds."
        ),
        "Ten in sixty seconds is one in six.",
    ),
}
