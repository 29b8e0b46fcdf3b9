"""The exercises of lesson 03."""

from collections.abc import Mapping

from justemails_lessons.exercises.exercise import Exercise, Observed


def _said(tried: Observed) -> str:
    return f"the answer was {tried.status}" + (f": {tried['message']}" if tried.status >= 400 else ".")


EXERCISES: Mapping[str, Exercise] = {
    "3.1": Exercise(
        lambda tried, arrived: tried.status == 200 and arrived.headers.get("Reply-To") == "help@yourdomain.com",
        lambda tried, arrived: _said(tried),
        "The mail says where answers go; the recipient's program does the rest.",
    ),
    "3.2": Exercise(
        lambda tried: tried.status == 422,
        lambda tried: f"{_said(tried)} Which headers does the server write itself?",
        "The name can be read, and a rule keeps it for the server: 422.",
    ),
}
