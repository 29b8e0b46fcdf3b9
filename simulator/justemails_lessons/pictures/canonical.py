"""A mail as it was sent and as it was changed, line by line, and what a signature's hash is made of in each.

Spaces and line ends can be seen. A line that differs has a minus on the left and a plus on the right, as in a diff.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from justemails_lessons.pictures.svg import GREEN, INK, MONO_WIDTH, MUTED, PALE, RED, RULE, Svg
from justemails_lessons.raw_mail import RawMail
from justemails_lessons.signatures import hashed

_WIDTH, _LEFT, _MIDDLE, _RIGHT, _SIZE = 660, 16, 334, 644, 13
_MARK = 18  # from the left edge of a column to its text
_CHARACTERS = int((_MIDDLE - _LEFT - _MARK - 12) / (_SIZE * MONO_WIDTH))
_ROW, _HEAD, _GAP = 20, 30, 14

_SEEN = str.maketrans({" ": "\u00b7", "\t": "\u00bb"})
_END = "\u00b6"


@dataclass(frozen=True, slots=True)
class Row:
    """A line on both sides; None where one side has no such line."""

    before: str | None
    after: str | None

    @property
    def same(self) -> bool:
        return self.before == self.after


@dataclass(frozen=True, slots=True)
class Band:
    """One way of looking at the two mails."""

    name: str
    rows: Sequence[Row]

    @property
    def same(self) -> bool:
        return all(row.same for row in self.rows)


@dataclass(frozen=True, slots=True, repr=False)
class Canonical:
    """The picture; as text, the lines under each other.

    Args:
        before: the mail as it was sent.
        after: the mail as it was changed.
        canonicalization: for the headers and for the body, as ``c=`` says it: ``relaxed/relaxed``.
        headers: the headers to show.
    """

    before: RawMail
    after: RawMail
    canonicalization: str
    headers: Sequence[str] = ("Subject",)

    @property
    def bands(self) -> tuple[Band, Band, Band]:
        """The bytes, what is hashed of the headers, and what is hashed of the body."""
        in_headers, _, in_body = self.canonicalization.partition("/")
        bytes_of = [self._shown(mail, "simple/simple", raw=True) for mail in (self.before, self.after)]
        hashed_of = [self._shown(mail, self.canonicalization, raw=False) for mail in (self.before, self.after)]
        return (
            Band("the bytes", _rows(*("".join(both) for both in bytes_of))),
            Band(f"what {in_headers} hashes of the headers", _rows(*(headers for headers, _ in hashed_of))),
            Band(f"what {in_body or 'simple'} hashes of the body", _rows(*(body for _, body in hashed_of))),
        )

    def _shown(self, mail: RawMail, canonicalization: str, *, raw: bool) -> tuple[str, str]:
        headers, body = hashed(mail.below, canonicalization, self.headers)
        if raw:
            return headers, "\r\n" + mail.below.partition(b"\r\n\r\n")[2].decode("utf-8", "replace")
        return headers, body

    def __repr__(self) -> str:
        lines = []
        for band in self.bands:
            lines.append(f"{band.name}: {_verdict(band)}")
            for row in band.rows:
                if row.same:
                    lines.append(f"    {row.before}")
                else:
                    lines += [f"  {mark} {text}" for mark, text in (("-", row.before), ("+", row.after)) if text]
        return "\n".join(lines)

    def _repr_svg_(self) -> str:
        bands = [(band, [_wrapped(row) for row in band.rows]) for band in self.bands]
        height = 62 + sum(_HEAD + _GAP + _ROW * sum(map(len, rows)) for _, rows in bands)
        svg = Svg(_WIDTH, height, f"As sent and as changed, and what is hashed ({self.canonicalization})")
        svg.text(_LEFT + _MARK, 52, "as sent", MUTED, size=13)
        svg.text(_MIDDLE + _MARK, 52, "as changed", MUTED, size=13)
        y = 62.0
        for band, rows in bands:
            _head(svg, y, band)
            y += _HEAD
            for parts in rows:
                for part in parts:
                    _draw(svg, y, part)
                    y += _ROW
            y += _GAP
        return str(svg)


def _head(svg: Svg, y: float, band: Band) -> None:
    colour = GREEN if band.same else RED
    svg.line(_LEFT, y + 2, _RIGHT, y + 2, RULE)
    svg.text(_LEFT, y + 20, band.name, INK, bold=True, size=13)
    svg.text(_RIGHT, y + 20, _verdict(band), colour, bold=True, size=13, anchor="end")


def _draw(svg: Svg, y: float, part: Row) -> None:
    for x, text, mark, colour in ((_LEFT, part.before, "-", RED), (_MIDDLE, part.after, "+", GREEN)):
        if text is None:
            continue
        if not part.same:
            svg.rect(x, y, _MIDDLE - _LEFT - 8, _ROW - 1, PALE[colour])
            svg.text(x + 5, y + 14, mark, colour, bold=True, mono=True, size=_SIZE)
        svg.text(x + _MARK, y + 14, text, INK if part.same else colour, mono=True, size=_SIZE)


def _verdict(band: Band) -> str:
    return "= the same" if band.same else "\u2260 different"


def _rows(before: str, after: str) -> list[Row]:
    old, new = _lines(before), _lines(after)
    found: list[Row] = []
    for _, start, end, start2, end2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for number in range(max(end - start, end2 - start2)):
            left = old[start + number] if start + number < end else None
            right = new[start2 + number] if start2 + number < end2 else None
            found.append(Row(left, right))
    return found


def _lines(text: str) -> list[str]:
    """Return the lines with their spaces and their ends to be seen."""
    lines = text.split("\r\n")
    ended = [line.translate(_SEEN) + _END for line in lines[:-1]]
    return ended + ([lines[-1].translate(_SEEN)] if lines[-1] else [])


def _wrapped(row: Row) -> list[Row]:
    """Cut a row into rows that fit."""
    before, after = _cut(row.before), _cut(row.after)
    count = max(len(before), len(after))
    return [
        Row(before[number] if number < len(before) else None, after[number] if number < len(after) else None)
        for number in range(count)
    ]


def _cut(text: str | None) -> list[str]:
    if text is None:
        return []
    return [text[start : start + _CHARACTERS] for start in range(0, len(text), _CHARACTERS)]
