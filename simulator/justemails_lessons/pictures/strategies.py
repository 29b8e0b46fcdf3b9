"""Several clients at the same work: how many of their requests passed over time, and which were in vain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from justemails_lessons.pictures.svg import BLUE, INK, MUTED, RED, RULE, Svg
from justemails_lessons.times import write_span

Asked = Sequence[tuple[datetime, int]]

_WIDTH, _LEFT, _RIGHT, _TOP, _PANEL, _HIGH = 680, 60, 660, 44, 122, 56


@dataclass(frozen=True, slots=True, repr=False)
class Strategies:
    """The picture: a panel for each client, one below the other, on one axis of time; as text, a line for each.

    Args:
        title: what the work was.
        clients: when each request was made and the status of its answer, by the client's name.
    """

    title: str
    clients: Mapping[str, Asked]

    def __repr__(self) -> str:
        lines = [f"{name}: {_told(asked)}" for name, asked in self.clients.items()]
        return "\n".join([self.title, *lines])

    def _repr_svg_(self) -> str:
        longest = max(_seconds(asked)[-1] for asked in self.clients.values())
        most = max(sum(_passed(asked)) for asked in self.clients.values())
        bottom = _TOP + _PANEL * len(self.clients)
        svg = Svg(_WIDTH, bottom + 62, self.title)
        for number, (name, asked) in enumerate(self.clients.items()):
            _panel(svg, _TOP + number * _PANEL, name, asked, longest, most)
        every = 60 if longest > 120 else 10
        for second in range(0, int(longest) + 1, every):
            x = _LEFT + (_RIGHT - _LEFT) * second / longest
            svg.text(x, bottom + 12, str(second), MUTED, anchor="middle", size=13)
        svg.text((_LEFT + _RIGHT) / 2, bottom + 32, "time in seconds", MUTED, anchor="middle", size=13)
        svg.line(_LEFT, bottom + 42, _LEFT, bottom + 54, RED, 1.5)
        svg.text(_LEFT + 10, bottom + 53, "a request in vain (429)", RED, size=13)
        svg.line(_LEFT + 220, bottom + 48, _LEFT + 244, bottom + 48, BLUE, 2)
        svg.text(_LEFT + 252, bottom + 53, "requests that passed so far", BLUE, size=13)
        return str(svg)


def _panel(svg: Svg, top: float, name: str, asked: Asked, longest: float, most: int) -> None:
    base = top + 22 + _HIGH
    svg.text(_LEFT, top + 12, name, INK, bold=True, size=13)
    svg.text(_RIGHT, top + 12, _told(asked), MUTED, anchor="end", size=13)
    for share in (0, most):
        y = base - _HIGH * share / most
        svg.line(_LEFT, y, _RIGHT, y, RULE)
        svg.text(_LEFT - 8, y + 5, str(share), MUTED, anchor="end", size=13)
    taken, points = 0, []
    for second, passed in zip(_seconds(asked), _passed(asked), strict=True):
        x = _LEFT + (_RIGHT - _LEFT) * second / longest
        if passed:
            points.append(f"{x:.1f} {base - _HIGH * taken / most:.1f} L{x:.1f} {base - _HIGH * (taken + 1) / most:.1f}")
            taken += 1
        else:
            svg.line(x, base + 4, x, base + 16, RED, 1)
    svg.path("M" + " L".join(points), BLUE, 2)


def _told(asked: Asked) -> str:
    wasted = len(asked) - sum(_passed(asked))
    span = write_span(timedelta(seconds=_seconds(asked)[-1]))
    return f"{len(asked)} requests, {wasted} in vain, done after {span}"


def _seconds(asked: Asked) -> list[float]:
    return [(at - asked[0][0]).total_seconds() for at, _ in asked]


def _passed(asked: Asked) -> list[bool]:
    return [status == 200 for _, status in asked]
