"""The exercises of lesson 06."""

from collections.abc import Mapping
from datetime import timedelta

from justemails_lessons.exercises.exercise import Exercise

EXERCISES: Mapping[str, Exercise] = {
    "6.1": Exercise(
        lambda story: story.status == "delivered" and story.began_after[-1] > timedelta(days=3),
        lambda story: (
            f"it is {story.status}, and the last attempt was {story.began_after[-1].total_seconds() / 86_400:.1f} days "
            "after the first. Four days are the end."
        ),
        "Between three days and the end of the fourth.",
    ),
    "6.2": Exercise(
        lambda story: len(story.tries) == 2,
        lambda story: f"attempts so far: {len(story.tries)}. The waits are about 1 min and 5 min.",
        "The second attempt is about a minute after the first, the third some five minutes after that.",
    ),
}
