"""One attempt as a ladder: our server on the left, the recipient's on the right, a rung for everything said."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from justemails.records import Attempt
from justemails_lessons.pictures.svg import AMBER, BLUE, GREEN, INK, MONO_WIDTH, MUTED, PALE, PAPER, RED, RULE, Svg
from justemails_lessons.pictures.transcript import Transcript

US = "our server"
_WIDTH, _LEFT, _RIGHT, _SIZE = 652, 116, 636, 13
_CHARACTERS = int((_RIGHT - _LEFT - 28) / (_SIZE * MONO_WIDTH))
_LINE, _GAP = 18, 14

# What a rung is about, by the command that opens it; written once, at the left.
_ABOUT = {
    "EHLO": "hello",
    "HELO": "hello",
    "STARTTLS": "encryption",
    "MAIL": "sender",
    "RCPT": "recipient",
    "DATA": "may I?",
    "<": "the mail",
    "QUIT": "goodbye",
    "RSET": "once more",
}
_COLOURS = {"2": GREEN, "3": BLUE, "4": AMBER, "5": RED}
_MEANINGS = {"2": "yes", "3": "go on", "4": "not now", "5": "no"}


@dataclass(frozen=True, slots=True)
class Rung:
    """Something said: by whom (``C`` us, ``S`` the other server, ``-`` neither), and the lines of it."""

    who: str
    lines: tuple[str, ...]

    @property
    def code(self) -> str:
        return self.lines[0][:3] if self.who == "S" else ""


@dataclass(frozen=True, slots=True, repr=False)
class Ladder:
    """The picture; as text it is the transcript, ``C`` for us, the client, and ``S`` for the server.

    Args:
        short: whether of a reply of several lines only the first is drawn.
    """

    attempt: Attempt
    short: bool = False

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """What was said, a reply of several lines as one."""
        return tuple(_rungs(self.attempt.transcript))

    def replies(self, digit: str) -> list[str]:
        """Return the replies whose code begins with a digit."""
        return [rung.lines[0] for rung in self.rungs if rung.code.startswith(digit)]

    def __repr__(self) -> str:
        return repr(Transcript(self.attempt))

    def _repr_svg_(self) -> str:
        host = self.attempt.host or "no host"
        wrapped = [(rung, _wrap(_shortened(rung) if self.short else rung)) for rung in self.rungs]
        height = 84 + sum(len(lines) * _LINE + _GAP for _, lines in wrapped)
        svg = Svg(_WIDTH, height, f"Attempt {self.attempt.number}: what {US} and {host} said")
        svg.text(_LEFT, 54, US, BLUE, bold=True)
        svg.text(_RIGHT, 54, host, INK, bold=True, anchor="end")
        svg.line(_LEFT, 62, _LEFT, height - 12, RULE, 3)
        svg.line(_RIGHT, 62, _RIGHT, height - 12, RULE, 3)
        y = 68
        for rung, lines in wrapped:
            _draw(svg, y, rung, lines)
            y += len(lines) * _LINE + _GAP
        return str(svg)


def _draw(svg: Svg, y: float, rung: Rung, lines: list[str]) -> None:
    colour = BLUE if rung.who == "C" else _COLOURS.get(rung.code[:1], MUTED)
    bottom = y + len(lines) * _LINE + 5
    about = _about(rung)
    if about:
        svg.text(_LEFT - 12, y + _LINE - 4, about, colour, anchor="end", size=13, bold=rung.who == "S")
    svg.rect(_LEFT + 10, y, _RIGHT - _LEFT - 20, len(lines) * _LINE + 4, PALE[colour] if rung.who == "S" else PAPER)
    for number, line in enumerate(lines):
        svg.text(_LEFT + 14, y + 14 + number * _LINE, line, colour, mono=True, size=_SIZE)
    if rung.who == "C":
        svg.arrow(_LEFT + 2, bottom, _RIGHT - 2, colour)
    elif rung.who == "S":
        svg.arrow(_RIGHT - 2, bottom, _LEFT + 2, colour, dashed=True)


def _about(rung: Rung) -> str:
    if rung.who == "C":
        return next((about for begins, about in _ABOUT.items() if rung.lines[0].startswith(begins)), "")
    return f"{rung.code[:1]}xx: {_MEANINGS[rung.code[0]]}" if rung.code[:1] in _MEANINGS else ""


def _rungs(transcript: tuple[str, ...]) -> Iterator[Rung]:
    lines: list[str] = []
    who = ""
    for line in transcript:
        if line.startswith("S:     ") and who == "S":
            lines.append(line[3:])
            continue
        if lines:
            yield Rung(who, tuple(lines))
        who, lines = line[0], [line[3:]]
    if lines:
        yield Rung(who, tuple(lines))


def _shortened(rung: Rung) -> Rung:
    first, *more = rung.lines
    return Rung(rung.who, (f"{first}  (and {len(more)} lines more)",)) if len(more) > 1 else rung


def _wrap(rung: Rung) -> list[str]:
    return [
        part
        for line in rung.lines
        for part in textwrap.wrap(line, _CHARACTERS, subsequent_indent="    ", drop_whitespace=False) or [""]
    ]
