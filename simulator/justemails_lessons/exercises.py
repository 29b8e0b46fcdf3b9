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
    """How to judge, and what to say.

    Args:
        solved: whether what came of the reader's value is what was asked for.
        hint: what to say where it is not.
        why: a sentence for who has found it.
    """

    solved: Callable[..., bool]
    hint: Callable[..., str]
    why: str


def _status_was_asked(asked: Observed, sent: Observed) -> bool:
    return bool(asked.status == 200 and asked.method == "GET" and asked.json.get("id") == sent["id"])


def _answer_in_words(tried: Observed) -> str:
    return f"the answer was {tried.status}" + (f": {tried['message']}" if tried.status >= 400 else ".")


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


def _bounced_invoices_alone(found: Observed, wanted: Observed) -> bool:
    return bool(found.status == 200 and {item["id"] for item in found["data"]} == wanted)


def _counted(pages: Observed) -> tuple[int, int]:
    ids = [one for page in pages for one in page]
    return len(ids), len(set(ids))


def _each_once(pages: Observed, wanted: Observed) -> bool:
    items, messages = _counted(pages)
    return items == messages and wanted <= {one for page in pages for one in page}


def _revoked_in_time(old: Observed) -> bool:
    """Say whether nobody was refused, and the old key did not live on for longer than a round of requests."""
    last_used = max(at for at, status in old.uses)
    return old.revoked is not None and not old.count(refused=True) and old.revoked - last_used <= timedelta(minutes=5)


def _revocation_hint(old: Observed) -> str:
    if old.revoked is None:
        return "the old key was never revoked; the minutes are 0, 5, 10 and so on, up to 55."
    refused = old.count(refused=True)
    return f"{refused} requests were refused." if refused else "nobody was refused, but it could have been earlier."


EXERCISES: Mapping[str, Exercise] = {
    # 01: first mail
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
    # 02: who am i
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
    # 03: what may be in a send
    "3.1": Exercise(
        lambda tried, arrived: tried.status == 200 and arrived.headers.get("Reply-To") == "help@yourdomain.com",
        lambda tried, arrived: _answer_in_words(tried),
        "The mail says where answers go; the recipient's program does the rest.",
    ),
    "3.2": Exercise(
        lambda tried: tried.status == 422,
        lambda tried: f"{_answer_in_words(tried)} Which headers does the server write itself?",
        "The name can be read, and a rule keeps it for the server: 422.",
    ),
    # 04: where is my mail
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
    # 05: what the servers said
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
    # 06: why mail waits
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
    # 07: how many requests
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
    # 08: how to retry
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
    # 09: what breaks a signature
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
    # 10: finding mail
    "10.1": Exercise(
        _bounced_invoices_alone,
        lambda found, wanted: (
            f"this finds {found['pagination']['total']} messages, and there are {len(wanted)} such invoices. "
            "Filters are joined with '&'."
            if found.status == 200
            else found["message"]
        ),
        "Where there are two filters, both must hold.",
    ),
    "10.2": Exercise(
        _each_once,
        lambda pages, wanted: "{} items for {} messages. Which filter keeps out what is newer than the walk?".format(
            *_counted(pages)
        ),
        "The list up to a moment in the past no longer grows.",
    ),
    # 11: living with keys
    "11.1": Exercise(
        lambda refused: not refused,
        lambda refused: f"two days later this was refused with 401: {', '.join(sorted(refused))}.",
        "It was not used for longer than the longest pause of any program.",
    ),
    "11.2": Exercise(
        _revoked_in_time,
        _revocation_hint,
        "As soon as the last server had the new key, and not before.",
    ),
    # 12: what is not said
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
    # 13: judging a server
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
