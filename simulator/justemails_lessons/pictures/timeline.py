"""Messages over time: a row for each, its attempts, its waits, and how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from justemails_contract.delivery import Status
from justemails_lessons.pictures.axis import TimeAxis
from justemails_lessons.pictures.svg import AMBER, BLUE, GREEN, INK, MUTED, PALE, PAPER, RED, Svg
from justemails_lessons.times import write_span
from justemails_lessons.world import Try

COLOURS = {Status.QUEUED: BLUE, Status.DELIVERED: GREEN, Status.BOUNCED: RED, Status.FAILED: AMBER}
_WIDTH, _LEFT, _RIGHT, _TOP, _ROW = 680, 170, 560, 52, 44


class Told(Protocol):
    """As much of a story as the picture needs."""

    @property
    def recipient(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def told_at(self) -> datetime: ...
    @property
    def tries(self) -> tuple[Try, ...]: ...
    @property
    def status(self) -> Status: ...
    @property
    def over(self) -> bool: ...


@dataclass(frozen=True, slots=True, repr=False)
class Timeline:
    """The picture; as text, a line for each message."""

    stories: Sequence[Told]

    def __repr__(self) -> str:
        return "\n".join(
            f"{story.recipient}: {len(story.tries)} attempt{'' if len(story.tries) == 1 else 's'}, "
            f"{story.status} after {write_span(_end(story) - story.created_at)}"
            for story in self.stories
        )

    def _repr_svg_(self) -> str:
        longest = max((_end(story) - story.created_at).total_seconds() for story in self.stories)
        axis = TimeAxis(_LEFT, _RIGHT, 0.1, max(longest * 1.1, 1))
        bottom = _TOP + _ROW * len(self.stories)
        svg = Svg(_WIDTH, bottom + 84, "Where each message was, and when")
        axis.draw(svg, _TOP, bottom, "time since POST /send (logarithmic)")
        for number, story in enumerate(self.stories):
            _draw(svg, axis, story, _TOP + number * _ROW)
        _legend(svg, bottom + 66)
        return str(svg)


def _draw(svg: Svg, axis: TimeAxis, story: Told, y: float) -> None:
    middle, begin = y + _ROW / 2, axis.x(0)
    colour = COLOURS[story.status]
    svg.text(_LEFT - 12, middle + 5, story.recipient, INK, anchor="end", size=13)
    end = axis.x(_seconds(_end(story), story))
    svg.rect(begin, middle - 7, end - begin, 14, PALE[BLUE], BLUE)
    for one in story.tries:
        left, right = axis.x(_seconds(one.attempt.at, story)), axis.x(_seconds(one.ended_at, story))
        svg.rect(left, middle - 11, max(right - left, 3), 22, BLUE)
    if story.over:
        svg.dot(end, middle, 9, colour, PAPER)
    svg.text(end + 16, middle + 5, story.status, colour, bold=True)


def _legend(svg: Svg, y: float) -> None:
    svg.rect(_LEFT, y - 8, 3, 18, BLUE)
    svg.text(_LEFT + 10, y + 6, "an attempt", MUTED, size=13)
    svg.rect(_LEFT + 110, y - 6, 34, 14, PALE[BLUE], BLUE)
    svg.text(_LEFT + 152, y + 6, "waiting, queued", MUTED, size=13)
    svg.dot(_LEFT + 280, y + 1, 8, MUTED, PAPER)
    svg.text(_LEFT + 294, y + 6, "the end of it", MUTED, size=13)


def _end(story: Told) -> datetime:
    return story.tries[-1].ended_at if story.over else story.told_at


def _seconds(moment: datetime, story: Told) -> float:
    span: timedelta = moment - story.created_at
    return span.total_seconds()
