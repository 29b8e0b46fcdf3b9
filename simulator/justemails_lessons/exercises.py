"""What counts as a solution of each exercise, its hint, and a sentence for who has found it.

An exercise is judged by what came of the reader's value, not by the value: any that brings it about is right.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

Observed = Any  # what a cell hands over: exchanges, stories, texts; each exercise knows its own


@dataclass(frozen=True, slots=True)
class Exercise:
    """How to judge, and what to say."""

    solved: Callable[..., bool]
    hint: Callable[..., str]
    why: str


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
    "7.1": Exercise(
        lambda waited, refused, after: after.status == 200 and waited == refused.retry_after,
        lambda waited, refused, after: (
            f"after {waited} s the answer is {after.status}. The refused one, burst[-1], has a retry_after."
        ),
        "Neither too early nor too late.",
    ),
    "7.2": Exercise(
        lambda pause, seen: set(seen) == {200} and pause == 6,
        lambda pause, seen: (
            f"{seen.count(429)} of {len(seen)} are refused"
            + ("." if 429 in seen else ", and a shorter pause will do.")
            + " Ten may pass in sixty seconds."
        ),
        "Ten in sixty seconds is one in six.",
    ),
}
