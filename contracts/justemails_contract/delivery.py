"""The delivery state table: statuses, events and legal moves, here and nowhere else.

Two rules. Everything that decides a message's status is in ``TRANSITIONS``: an absent cell is an error, and a
terminal status stands there with an empty row. And the table knows no server: it says what may happen to a
message, not how anyone finds out.

The document shows two words, ``queued`` [send.response.status] and ``delivered`` [status.response.status].
The other two, and every event, are CHOICE-03: other servers may use more words.
"""

from collections.abc import Mapping
from enum import StrEnum


class Status(StrEnum):
    """The delivery status of a message, as the API says it."""

    QUEUED = "queued"  # [send.response.status]
    DELIVERED = "delivered"  # [status.response.status]
    BOUNCED = "bounced"  # CHOICE-03: the recipient's side (its server or its DNS) said no for good
    FAILED = "failed"  # CHOICE-03: our side gave up: the time ran out, or we may not send it


class Event(StrEnum):
    """What an attempt, or the lack of one, means for a message."""

    ACCEPTED = "accepted"  # the recipient's MX answered 250 to the final dot
    DEFERRED = "deferred"  # not now: a 4xx, a lost connection, a silent name server
    REFUSED = "refused"  # a 5xx, a null MX, a domain that does not exist
    EXPIRED = "expired"  # deferred for as long as the give-up time
    WITHDRAWN = "withdrawn"  # the sending domain is no longer verified


TRANSITIONS: Mapping[Status, Mapping[Event, Status]] = {
    Status.QUEUED: {
        Event.ACCEPTED: Status.DELIVERED,
        Event.DEFERRED: Status.QUEUED,
        Event.REFUSED: Status.BOUNCED,
        Event.EXPIRED: Status.FAILED,
        Event.WITHDRAWN: Status.FAILED,
    },
    Status.DELIVERED: {},
    Status.BOUNCED: {},
    Status.FAILED: {},
}

INITIAL = Status.QUEUED


class IllegalMoveError(Exception):
    """A move that the table does not have."""


def next_status(status: Status, event: Event) -> Status:
    """Return the status that ``event`` moves a message to.

    Raises:
        IllegalMoveError: the table has no such move.
    """
    try:
        return TRANSITIONS[status][event]
    except KeyError:
        raise IllegalMoveError(f"no move from {status} by {event}") from None


def is_terminal(status: Status) -> bool:
    """Say whether nothing can happen to a message in this status any more."""
    return not TRANSITIONS[status]
