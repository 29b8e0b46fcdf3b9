"""The exercises of lesson 13."""

from collections.abc import Mapping

from justemails_lessons.exercises.exercise import Exercise

EXERCISES: Mapping[str, Exercise] = {
    "13.1": Exercise(
        lambda judgement: judgement.ids("fail") == ["status.unknown"],
        lambda judgement: (
            f"broken so far: {', '.join(judgement.ids('fail')) or 'nothing'}. "
            "The body is an error still, so another number of an error will do."
        ),
        "Whatever else it is, it is not the 404 that was promised.",
    ),
    "13.2": Exercise(
        lambda outcome, finding, of: finding in of.ids(outcome),
        lambda outcome, finding, of: "it is shown in an example, and no sentence says so. What did lastUsed get?",
        "An example is not a promise: a warning, and the server passes.",
    ),
}
