"""The exercises of lesson 09."""

from collections.abc import Mapping

from justemails_lessons.exercises.exercise import Exercise

EXERCISES: Mapping[str, Exercise] = {
    "9.1": Exercise(
        lambda folded, spaced: folded == "pass" and spaced == "fail",
        lambda folded, spaced: (
            f"folded, the verdict is {folded}; with two spaces in the body it is {spaced}. "
            "The word before the slash is for the headers, the word behind it for the body."
        ),
        "The headers are evened out, and of the body every space counts.",
    ),
    "9.2": Exercise(
        lambda domain, ours, shop, stranger: domain.verified and (ours, shop, stranger) == ("pass", "pass", "fail"),
        lambda domain, ours, shop, stranger: (
            f"the domain is {domain.json['status']}; our server: {ours}, the shop's: {shop}, a stranger: {stranger}. "
            "A record may have several ip4: in a row."
        ),
        "Both are named, and -all at the end shuts out the rest.",
    ),
}
