"""A small SVG writer: fixed layout, the same bytes for the same picture, no ids, no classes, no fonts to fetch.

Several pictures stand in one page, so nothing in them may have a name that another could have too. Every picture has
its own paper, so that it reads on a dark page; the site has a darker palette and exchanges the colours by their values.
"""

from html import escape

INK, MUTED, RULE, PAPER = "#1f2328", "#57606a", "#d0d7de", "#ffffff"
BLUE, GREEN, AMBER, RED = "#0550ae", "#116329", "#8a5a00", "#b3131d"
PALE = {BLUE: "#ddf4ff", GREEN: "#dafbe1", AMBER: "#fff3c4", RED: "#ffe5e3", MUTED: "#eef1f4"}

SIZE = 14  # of text, in pixels
MONO, SANS = "ui-monospace, Consolas, 'DejaVu Sans Mono', monospace", "system-ui, 'DejaVu Sans', sans-serif"
MONO_WIDTH = 0.61  # of a character, in parts of the size; a little more than any of these fonts take
SANS_WIDTH = 0.6


class Svg:
    """A picture being drawn: coordinates in pixels, down and to the right."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.width, self.height = width, height
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" role="img" aria-label="{escape(title)}" font-size="{SIZE}">',
            f"<title>{escape(title)}</title>",
        ]
        self.rect(0, 0, width, height, PAPER, radius=6)
        self.text(16, 26, title, bold=True, size=15)

    def rect(
        self, x: float, y: float, width: float, height: float, fill: str, stroke: str = "none", radius: float = 0
    ) -> None:
        self._parts.append(
            f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" rx="{_n(radius)}" '
            f'fill="{fill}" stroke="{stroke}"/>'
        )

    def line(
        self, x1: float, y1: float, x2: float, y2: float, stroke: str = INK, width: float = 1, *, dashed: bool = False
    ) -> None:
        dashes = ' stroke-dasharray="4 4"' if dashed else ""
        self._parts.append(
            f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}" stroke="{stroke}" '
            f'stroke-width="{_n(width)}"{dashes}/>'
        )

    def path(self, d: str, stroke: str = INK, width: float = 1, *, fill: str = "none", dashed: bool = False) -> None:
        dashes = ' stroke-dasharray="4 4"' if dashed else ""
        self._parts.append(f'<path d="{d}" fill="{fill}" stroke="{stroke}" stroke-width="{_n(width)}"{dashes}/>')

    def dot(self, x: float, y: float, radius: float, fill: str, stroke: str = "none") -> None:
        self._parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{fill}" stroke="{stroke}"/>')

    def arrow(self, x1: float, y: float, x2: float, stroke: str, *, width: float = 2, dashed: bool = False) -> None:
        """Draw a level arrow from x1 to x2."""
        back = -8 if x2 > x1 else 8
        self.line(x1, y, x2 + back / 2, y, stroke, width, dashed=dashed)
        self.path(f"M{_n(x2 + back)} {_n(y - 5)} L{_n(x2)} {_n(y)} L{_n(x2 + back)} {_n(y + 5)} Z", stroke, fill=stroke)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        fill: str = INK,
        *,
        anchor: str = "start",
        bold: bool = False,
        mono: bool = False,
        size: float = SIZE,
    ) -> None:
        """Write a line; ``y`` is its base line."""
        weight = ' font-weight="600"' if bold else ""
        self._parts.append(
            f'<text x="{_n(x)}" y="{_n(y)}" fill="{fill}" text-anchor="{anchor}" font-size="{_n(size)}" '
            f'font-family="{escape(MONO if mono else SANS)}"{weight} xml:space="preserve">{escape(text)}</text>'
        )

    def __str__(self) -> str:
        return "\n".join([*self._parts, "</svg>"])


def _n(number: float) -> str:
    """Write a coordinate to a tenth of a pixel, without a needless ``.0``."""
    return f"{number:.1f}".removesuffix(".0")
