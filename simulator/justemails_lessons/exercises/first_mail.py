"""The exercises of lesson 01."""

from collections.abc import Mapping

from justemails_lessons.exercises.exercise import Exercise, Observed


def _status_was_asked(asked: Observed, sent: Observed) -> bool:
    return bool(asked.status == 200 and asked.method == "GET" and asked.json.get("id") == sent["id"])


EXERCISES: Mapping[str, Exercise] = {
    "1.1": Exercise(
        _status_was_asked,
        lambda asked, sent: f"the answer was {asked.status}. GET /send/:id, where :id is the one in the answer.",
        "One request tells how the mail stands.",
    ),
    "1.2": Exercise(
        lambda tried: tried.status == 200,
        lambda tried: "mail goes out from a verified domain alone; which one does this account have?",
        "Any name before the @ will do: it is the domain that is verified.",
    ),
}
