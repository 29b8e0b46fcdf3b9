"""From a scenario's words about the network to what the network in memory understands."""

from fakemx.dns.zones import Zones
from fakemx.virtual.rules import BlackHole, Fate, HalfOpen, Line, Refuse, ResetAfter, Rule, Throttle
from justemails_simulation.routes import route_of
from justemails_simulation.scenario import Conditions, LinkFault, Weather

_CRAWL = 200.0  # octets a second


def line_of(conditions: Conditions) -> Line:
    """Return the network of an ordinary day."""
    return Line(conditions.latency, conditions.largest_chunk, conditions.udp_loss)


def rule_of(weather: Weather, zones: Zones) -> Rule:
    """Return the rule of a fault; the hosts of its domain are those that DNS names now."""
    return Rule(
        _fate_of(weather),
        None
        if weather.domain is None
        else frozenset(ip for group in route_of(zones, weather.domain).groups for ip in group),
        weather.since.total_seconds(),
        weather.until.total_seconds(),
        weather.probability,
    )


def _fate_of(weather: Weather) -> Fate:
    match weather.fault:
        case LinkFault.REFUSE:
            return Refuse()
        case LinkFault.BLACKHOLE:
            return BlackHole()
        case LinkFault.RESET:
            return ResetAfter(weather.after_bytes)
        case LinkFault.HALF_OPEN:
            return HalfOpen(weather.after_bytes)
        case LinkFault.THROTTLE:
            return Throttle(_CRAWL)
