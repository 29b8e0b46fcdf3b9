"""The statuses and the moves between them, drawn from the state table itself.

What a lesson has seen is drawn in full, the rest in outline; a table with another move gives another picture.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from justemails_contract.delivery import INITIAL, TRANSITIONS, Event, Status, is_terminal, next_status
from justemails_lessons.pictures.svg import BLUE, INK, MUTED, PALE, PAPER, Svg
from justemails_lessons.pictures.timeline import COLOURS

_WIDTH, _BOX, _HIGH, _TOP, _ROW = 600, 116, 40, 62, 84
_FROM, _TO = 24, 430


@dataclass(frozen=True, slots=True, repr=False)
class StateDiagram:
    """The picture; as text, the table.

    Args:
        seen: the events of each message that was watched.
    """

    seen: Iterable[tuple[Event, ...]] = ()

    @property
    def moves(self) -> frozenset[tuple[Status, Event]]:
        """The moves that were seen."""
        found = set()
        for events in self.seen:
            status = INITIAL
            for event in events:
                found.add((status, event))
                status = next_status(status, event)
        return frozenset(found)

    def __repr__(self) -> str:
        seen = self.moves
        return "\n".join(
            f"{status} --{event}--> {to}{'   (seen)' if (status, event) in seen else ''}"
            for status, row in TRANSITIONS.items()
            for event, to in row.items()
        )

    def _repr_svg_(self) -> str:
        ends = [status for status in TRANSITIONS if is_terminal(status)]
        svg = Svg(
            _WIDTH, _TOP + _ROW * len(ends) - 20, "The life of a message: what happened (full), what may (dashed)"
        )
        middle = _TOP + _ROW * (len(ends) - 1) / 2
        seen = self.moves
        reached = {INITIAL} | {TRANSITIONS[status][event] for status, event in seen}
        for number, end in enumerate(ends):
            y = _TOP + number * _ROW
            events = [event for event, to in TRANSITIONS[INITIAL].items() if to is end]
            self._edges(svg, events, (middle + _HIGH / 2, y + _HIGH / 2))
            _box(svg, _TO, y, end, drawn=end in reached)
        loops = [event for event, to in TRANSITIONS[INITIAL].items() if to is INITIAL]
        self._loop(svg, loops, middle)
        _box(svg, _FROM, middle, INITIAL, drawn=True)
        return str(svg)

    def _edges(self, svg: Svg, events: list[Event], ends: tuple[float, float]) -> None:
        begin, end = ends
        happened = [event for event in events if (INITIAL, event) in self.moves]
        colour = INK if happened else MUTED
        bend = _FROM + _BOX + 60
        svg.path(
            f"M{_FROM + _BOX} {begin:.0f} C{bend} {begin:.0f} {bend} {end:.0f} {bend + 50} {end:.0f} "
            f"L{_TO - 6} {end:.0f}",
            colour,
            2.5 if happened else 1.2,
            dashed=not happened,
        )
        svg.path(f"M{_TO - 10} {end - 5:.0f} L{_TO - 2} {end:.0f} L{_TO - 10} {end + 5:.0f} Z", colour, fill=colour)
        for number, event in enumerate(events):
            drawn = event in happened
            y = end - 8 if number == 0 else end + 18
            svg.text(bend + 44, y, _named(event), INK if drawn else MUTED, bold=drawn, size=13)

    def _loop(self, svg: Svg, events: list[Event], y: float) -> None:
        for event in events:
            drawn = (INITIAL, event) in self.moves
            colour = INK if drawn else MUTED
            left, right = _FROM + 30, _FROM + _BOX - 30
            svg.path(
                f"M{right} {y:.0f} C{right + 10} {y - 52:.0f} {left - 10} {y - 52:.0f} {left} {y - 4:.0f}",
                colour,
                2.5 if drawn else 1.2,
                dashed=not drawn,
            )
            svg.path(f"M{left - 5} {y - 9:.0f} L{left} {y:.0f} L{left + 5} {y - 9:.0f} Z", colour, fill=colour)
            svg.text(_FROM + _BOX / 2, y - 46, _named(event), colour, anchor="middle", bold=drawn, size=13)


_WORDS = {
    Event.ACCEPTED: "accepted (2xx)",
    Event.DEFERRED: "deferred (4xx)",
    Event.REFUSED: "refused (5xx)",
    Event.EXPIRED: "expired (4 days)",
    Event.WITHDRAWN: "withdrawn (domain lost)",
}


def _named(event: Event) -> str:
    return _WORDS.get(event, str(event))


def _box(svg: Svg, x: float, y: float, status: Status, *, drawn: bool) -> None:
    colour = COLOURS.get(status, BLUE)
    svg.rect(x, y, _BOX, _HIGH, PALE[colour] if drawn else PAPER, colour if drawn else MUTED, radius=8)
    svg.text(x + _BOX / 2, y + _HIGH / 2 + 5, status, colour if drawn else MUTED, anchor="middle", bold=drawn)
