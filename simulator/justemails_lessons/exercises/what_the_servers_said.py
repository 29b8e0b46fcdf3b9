"""The exercises of lesson 05."""

from collections.abc import Mapping

from justemails_lessons.exercises.exercise import Exercise

EXERCISES: Mapping[str, Exercise] = {
    "5.1": Exercise(
        lambda story: story.events[:1] == ("deferred",) and story.status == "delivered",
        lambda story: f"the first attempt was {', '.join(story.events[:1])}. Which first digit means 'not now'?",
        "A 4xx at the first attempt, and the second one was taken.",
    ),
    "5.2": Exercise(
        lambda story: story.attempt(1).phase == "DOT" and story.status == "bounced",
        lambda story: (
            f"you said it at {story.attempt(1).phase}, when the mail was not there yet. What ends the mail?"
            if story.tries
            else "there was no attempt."
        ),
        "The reply to the final dot is the first one that can know what is in the mail.",
    ),
}
