"""The exercises of lesson 04."""

from collections.abc import Mapping
from datetime import timedelta

from justemails_lessons.exercises.exercise import Exercise

EXERCISES: Mapping[str, Exercise] = {
    "4.1": Exercise(
        lambda story: story.status == "delivered" and story.told_at - story.created_at <= timedelta(minutes=15),
        lambda story: (
            f"it is {story.status} after {len(story.tries)} attempts; "
            "the server wants five minutes, and our server asks again only at its own times."
        ),
        "The server wanted five minutes, and our next attempt came after these.",
    ),
    "4.2": Exercise(
        lambda answer: answer["status"] == "failed",
        lambda answer: (
            f"this one is {answer['status']}. A server that says no, or a domain that does, ends it at once."
        ),
        "A server that is switched off says nothing, so it is tried until the time is over.",
    ),
}
