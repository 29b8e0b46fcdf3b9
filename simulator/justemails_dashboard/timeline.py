"""The picture of a message's life: where each attempt stands on the axis, how long each wait was, and how it ended.

A retry comes after a minute, the last one after days: on an even axis the first hour would be one blot. So a wait's
width grows with the logarithm of its length, and its length is written on it. Pure; a template draws what comes out.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from justemails.api import wire
from justemails.records import Attempt
from justemails_contract.delivery import is_terminal
from justemails_dashboard.outcomes import LOOKS
from justemails_sandbox.store.message_admin import Details

HEIGHT = 128
_WIDTH = 960
_LEFT, _RIGHT = 70, 130  # room for what is written beside the first and the last mark
_LEAST_GAP = 64
_LEAST_SHARE = 7  # of a wait's logarithm, so that its length can be written on it; what gets too wide is scrolled
_LETTER = 7  # the width of one, about


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened, or will: an attempt has a number and a reply.

    Args:
        kind: start, due, or an attempt's good, later, bad or pending.
        over: what is written above it.
        under: what is written below it, or nothing where there is no room.
    """

    x: float
    kind: str
    sign: str
    over: str
    under: str


@dataclass(frozen=True, slots=True)
class Wait:
    """The time between two marks; ``ahead``: it is not over yet."""

    left: float
    right: float
    text: str
    ahead: bool

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


@dataclass(frozen=True, slots=True)
class Timeline:
    """The picture; ``told`` is the same in sentences."""

    width: int
    height: int
    marks: Sequence[Mark]
    waits: Sequence[Wait]
    end: str
    told: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Moment:
    at: datetime
    kind: str
    sign: str
    over: str
    told: str


def timeline(details: Details, attempts: Sequence[Attempt]) -> Timeline:
    """Return the picture of a message."""
    moments = [*_moments(details, attempts)]
    spans = [max(later.at - earlier.at, timedelta()) for earlier, later in pairwise(moments)]
    weights = [math.log1p(span.total_seconds()) for span in spans]
    width = max(_WIDTH, round(_LEFT + _RIGHT + _LEAST_GAP * len(spans) + _LEAST_SHARE * sum(weights)))
    places = _places(weights, width)
    waits = [
        Wait(left, right, _fitting(span, right - left), ahead=later.kind == "due")
        for (left, right), span, later in zip(pairwise(places), spans, moments[1:], strict=True)
    ]
    written = _written([moment.at for moment in moments], places)
    marks = [
        Mark(x, one.kind, one.sign, one.over, under) for x, one, under in zip(places, moments, written, strict=True)
    ]
    status = details.message.status
    end = str(status) if is_terminal(status) else ""
    return Timeline(width, HEIGHT, marks, waits, end, [*(one.told for one in moments), *_end(details)])


def lasting(span: timedelta) -> str:
    """Return a span of time in its two greatest units."""
    seconds = round(span.total_seconds())
    parts = []
    for length, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count} {unit}")
        if len(parts) == 2 or (parts and count >= 10):
            break
        if parts and not count:
            break
    return " ".join(parts) or "0 s"


def _moments(details: Details, attempts: Sequence[Attempt]) -> Iterator[_Moment]:
    created = details.message.created_at
    yield _Moment(created, "start", "", "created", f"Created at {wire.timestamp(created)}.")
    for attempt in attempts:
        look = LOOKS[attempt.event]
        reply = f", {attempt.code}" if attempt.code else ""
        told = f"Attempt {attempt.number} at {wire.timestamp(attempt.at)}: {look.told}{reply}."
        # Shape and sign tell marks apart without their colour.
        yield _Moment(attempt.at, look.mark, look.sign, str(attempt.code or look.told.partition(",")[0]), told)
    if details.due_at is not None and not details.under_way:
        told = f"The next attempt is due at {wire.timestamp(details.due_at)}."
        yield _Moment(details.due_at, "due", "", "due", told)


def _end(details: Details) -> Iterator[str]:
    if is_terminal(details.message.status):
        yield f"The message is {details.message.status}."
    elif details.under_way:
        yield "An attempt is under way."


def _places(weights: Sequence[float], width: int) -> Sequence[float]:
    """Return where the marks stand."""
    room = width - _LEFT - _RIGHT - _LEAST_GAP * len(weights)
    # A lone short wait does not have to fill the picture.
    share = min(room / sum(weights), 60) if sum(weights) else 0
    places = [float(_LEFT)]
    for weight in weights:
        places.append(round(places[-1] + _LEAST_GAP + weight * share, 1))
    return places


def _fitting(span: timedelta, width: float) -> str:
    text = lasting(span) if span >= timedelta(seconds=1) else ""
    return text if len(text) * _LETTER < width - 28 else ""


def _written(moments: Sequence[datetime], places: Sequence[float]) -> Sequence[str]:
    """Return each mark's time, with the day where that is another one, or nothing where it would cover the last."""
    written, free_from, day = [], -math.inf, None
    for at, x in zip(moments, places, strict=True):
        text = at.strftime("%H:%M:%S") if at.date() == day else at.strftime("%m-%d %H:%M:%S")
        half = len(text) * _LETTER / 2
        if x - half >= free_from:
            written.append(text)
            free_from, day = x + half + 8, at.date()
        else:
            written.append("")
    return written
