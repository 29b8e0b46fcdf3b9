"""The exercises of lesson 12."""

from collections.abc import Mapping

from justemails_lessons.exercises.exercise import Exercise

EXERCISES: Mapping[str, Exercise] = {
    "12.1": Exercise(
        lambda judgement: not judgement.ids("fail") and judgement.observed.get("send.successStatus") != 200,
        lambda judgement: (
            "that is the number here; find another one."
            if not judgement.ids("fail")
            else f"it breaks {len(judgement.ids('fail'))} promises, {judgement.ids('fail')[0]} first. "
            "Which numbers of HTTP mean success?"
        ),
        "Any number of success with a body will do.",
    ),
    "12.2": Exercise(
        lambda choice: choice.number == "CHOICE-03",
        lambda choice: f"{choice.number} is about {choice.title}. Look for the words that a status may be.",
        "The set of words is open: a client should live with one that it does not know.",
    ),
}
