"""The exercises of lesson 02."""

from collections.abc import Mapping

from justemails_lessons.exercises.exercise import Exercise

EXERCISES: Mapping[str, Exercise] = {
    "2.1": Exercise(
        lambda answer: answer.status_code == 200,
        lambda answer: f"the answer is {answer.status_code}. Which word stands before the key?",
        "The word, a space, the key.",
    ),
    "2.2": Exercise(
        lambda looked, stolen: (looked.status, stolen.status) == (200, 403),
        lambda looked, stolen: (
            f"looking is answered {looked.status} and sending {stolen.status}; wanted are 200 and 403."
        ),
        "A key that may do no more than its task is worth less to a thief.",
    ),
}
