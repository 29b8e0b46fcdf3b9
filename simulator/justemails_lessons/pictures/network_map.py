"""Which servers take mail for which domain, and what each of them said when it was asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from justemails_lessons.pictures.dns import Route
from justemails_lessons.pictures.svg import AMBER, BLUE, GREEN, INK, MUTED, PALE, PAPER, RED, Svg

_WIDTH, _DOMAIN, _HOST, _TOP = 680, 16, 330, 66
_DOMAIN_WIDE, _HOST_WIDE, _HIGH, _GAP = 190, 334, 52, 12
_COLOURS = {"2": GREEN, "4": AMBER, "5": RED}
NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True, repr=False)
class Way:
    """Where mail for a domain goes, and what came of it.

    Args:
        said: by the name of a host, the last reply of it, or what happened in its place.
    """

    route: Route
    said: Mapping[str, str]


@dataclass(frozen=True, slots=True, repr=False)
class NetworkMap:
    """The picture; as text, a line for each host."""

    ways: Sequence[Way]

    def __repr__(self) -> str:
        return "\n".join(
            f"{way.route.domain}  MX {preference}  {host}: {way.said.get(host, NOT_ASKED)}"
            for way in self.ways
            for preference, host, _ in _hosts(way)
        )

    def _repr_svg_(self) -> str:
        rows = sum(len(way.route.records) for way in self.ways)
        svg = Svg(_WIDTH, _TOP + rows * (_HIGH + _GAP) + 8, "Where the mail went")
        svg.text(_DOMAIN, _TOP - 14, "mail for", MUTED, size=13)
        svg.text((_DOMAIN + _DOMAIN_WIDE + _HOST) / 2, _TOP - 14, "MX preference", MUTED, anchor="middle", size=13)
        svg.text(_HOST, _TOP - 14, "server, and what it said last", MUTED, size=13)
        y = float(_TOP)
        for way in self.ways:
            y = _draw(svg, y, way)
        return str(svg)


def _draw(svg: Svg, top: float, way: Way) -> float:
    hosts = _hosts(way)
    middle = top + (len(hosts) * (_HIGH + _GAP) - _GAP) / 2
    svg.rect(_DOMAIN, middle - 16, _DOMAIN_WIDE, 32, PALE[BLUE], BLUE, radius=6)
    svg.text(_DOMAIN + _DOMAIN_WIDE / 2, middle + 5, way.route.domain, BLUE, anchor="middle", bold=True)
    left = _DOMAIN + _DOMAIN_WIDE
    for number, (preference, host, ip) in enumerate(hosts):
        y = top + number * (_HIGH + _GAP)
        said = way.said.get(host, NOT_ASKED)
        colour = _COLOURS.get(said[:1], MUTED if said == NOT_ASKED else AMBER)
        bend, end = left + 36, y + _HIGH / 2
        svg.path(f"M{left} {middle:.0f} L{bend} {end:.0f} L{_HOST - 6} {end:.0f}", INK, 1.5, dashed=said == NOT_ASKED)
        svg.path(f"M{_HOST - 10} {end - 5:.0f} L{_HOST - 2} {end:.0f} L{_HOST - 10} {end + 5:.0f} Z", INK, fill=INK)
        svg.text(left + 62, end - 6, str(preference), INK, anchor="middle", size=13)
        svg.rect(_HOST, y, _HOST_WIDE, _HIGH, PALE.get(colour, PAPER), colour, radius=6)
        svg.text(_HOST + 12, y + 20, host, INK, bold=True, size=13)
        svg.text(_HOST + _HOST_WIDE - 12, y + 20, ip, MUTED, anchor="end", size=13)
        svg.text(_HOST + 12, y + 41, _short(said), colour, size=13)
    return top + len(hosts) * (_HIGH + _GAP)


def _hosts(way: Way) -> list[tuple[int, str, str]]:
    return [(preference, host.removesuffix("."), ", ".join(ips)) for preference, host, ips in way.route.records]


def _short(said: str) -> str:
    return said if len(said) <= 40 else f"{said[:38]}..."
