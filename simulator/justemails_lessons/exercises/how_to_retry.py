"""The exercises of lesson 08."""

from collections.abc import Mapping

from justemails_lessons.exercises.exercise import Exercise, Observed


def _all_through_and_nothing_in_vain(repeats: Observed, night: Observed) -> bool:
    statuses = [answer.status for answer in night]
    return 200 in statuses and statuses.count(400) == 1 and 429 in repeats


def _what_went_wrong(repeats: Observed, night: Observed) -> str:
    statuses = [answer.status for answer in night]
    if 200 not in statuses:
        return f"the mail did not get through; it ended with {statuses[0]}, which the set does not have."
    if statuses.count(400) > 1:
        return f"a request without a recipient was sent {statuses.count(400)} times, and was 400 each time."
    return "there is a second status that says: later."


def _only_that_order_was_found(found: Observed, lost: Observed, order: Observed) -> bool:
    listed = found["data"] if found.status == 200 else []
    return lost["id"] in [one["id"] for one in listed] and {one["subject"] for one in listed} == {order["subject"]}


EXERCISES: Mapping[str, Exercise] = {
    "8.1": Exercise(
        _all_through_and_nothing_in_vain,
        _what_went_wrong,
        "The two that speak of the moment, and not of the request.",
    ),
    "8.2": Exercise(
        _only_that_order_was_found,
        lambda found, lost, order: (
            f"the answer is {found.status}"
            + (f", and has {len(found['data'])} messages" if found.status == 200 else "")
            + ". Every order has a number of its own."
        ),
        "It is there, so it need not be sent again.",
    ),
}
