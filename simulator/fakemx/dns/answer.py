"""From a DNS packet to the packet that answers it: the whole protocol, and no sockets.

Bytes in, bytes or nothing out, so the same function serves UDP, TCP and a loop without sockets.

    >>> query = dns.message.make_query("greylist.test", "MX")
    >>> respond(zones, query.to_wire(), udp=True)        # the answer's bytes
    >>> respond(zones, b"garbage", udp=True)             # None: ignored

What is deliberately not here: zone transfer and ANY (REFUSED; RFC 8482 lets a server do that), other
classes than IN (REFUSED), other operations than a query (NOTIMP), DNSSEC, and SOA records: without one, and
with a TTL of 0, nothing may be cached (RFC 2308 section 5), so a changed behaviour shows at once.
"""

import struct

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from fakemx.dns.zones import SLOW_S, DnsFault, Found, Outcome, Zones

UDP_DEFAULT = 512  # RFC 1035 section 4.2.1
UDP_LARGEST = 1232  # what fits into any path's packet; also what we advertise
TCP_LARGEST = 65_535

_RCODES = {
    Outcome.FOUND: dns.rcode.NOERROR,
    Outcome.NODATA: dns.rcode.NOERROR,
    Outcome.NXDOMAIN: dns.rcode.NXDOMAIN,
    Outcome.SERVFAIL: dns.rcode.SERVFAIL,
}
_QUESTIONS_ONLY = frozenset({dns.rdatatype.AXFR, dns.rdatatype.IXFR, dns.rdatatype.ANY, dns.rdatatype.OPT})


def respond(zones: Zones, packet: bytes, *, udp: bool) -> bytes | None:
    """Return the answer to a packet; None when there is none: not a query, or a name that times out."""
    query = _read(packet)
    if query is None:
        return None
    response = answer(zones, query)
    if response is None:
        return None
    if not udp:  # faults of datagrams alone do not show here
        return _render(response, TCP_LARGEST) or _render(_failure(query, dns.rcode.SERVFAIL), TCP_LARGEST)
    name = query.question[0].name.to_text()
    largest = min(max(UDP_DEFAULT, query.payload), UDP_LARGEST) if query.edns >= 0 else UDP_DEFAULT
    fault = zones.fault_of(name)
    if fault is DnsFault.GARBAGE:
        return packet[:2] + b"\xff" * 10  # the right id, so that nobody takes it for somebody else's answer
    if fault is DnsFault.TRUNCATED:
        return _render(_truncated(query), largest)
    if fault is DnsFault.WRONG_ID:
        response.id = query.id ^ 0xFFFF
    return _render(response, largest) or _render(_truncated(query), largest)


def answer(zones: Zones, query: dns.message.Message) -> dns.message.Message | None:
    """Return the answer to a query with one question; None when the name times out."""
    if query.opcode() != dns.opcode.QUERY:
        return _failure(query, dns.rcode.NOTIMP)
    question = query.question[0]
    if question.rdclass != dns.rdataclass.IN or question.rdtype in _QUESTIONS_ONLY:
        return _failure(query, dns.rcode.REFUSED)
    fault = zones.fault_of(question.name.to_text())
    if fault is DnsFault.REFUSED:
        return _failure(query, dns.rcode.REFUSED)
    if fault is DnsFault.LAME:
        return _failure(query, dns.rcode.NOERROR)  # without AA, RA or records
    found = zones.lookup(question.name.to_text(), dns.rdatatype.to_text(question.rdtype))
    if found.outcome is Outcome.TIMEOUT:
        return None
    response = _failure(query, _RCODES[found.outcome])
    response.flags |= dns.flags.AA | dns.flags.RA  # who asks sees one server that knows everything
    _fill(response, question.name, found, zones.ttl_of(question.name.to_text()))
    return response


def waits_for(zones: Zones, packet: bytes) -> float:
    """Return how many seconds the answer to a packet takes."""
    query = _read(packet)
    slow = query is not None and zones.fault_of(query.question[0].name.to_text()) is DnsFault.SLOW
    return SLOW_S if slow else 0.0


def failure(packet: bytes) -> bytes | None:
    """Return SERVFAIL for a packet: the answer when answering it went wrong on our side."""
    query = _read(packet)
    return None if query is None else _render(_failure(query, dns.rcode.SERVFAIL), UDP_DEFAULT)


def _read(packet: bytes) -> dns.message.Message | None:
    try:
        query = dns.message.from_wire(packet)
    except (dns.exception.DNSException, ValueError, struct.error):
        return None
    # An answer is never answered: two servers would talk for ever.
    if query.flags & dns.flags.QR or len(query.question) != 1:
        return None
    return query


def _fill(response: dns.message.Message, name: dns.name.Name, found: Found, ttl: int) -> None:
    owner = name  # the question's own spelling, which some resolvers compare
    for _, alias in found.aliases:
        response.answer.append(dns.rrset.from_rdata(owner, ttl, alias))
        owner = alias.target
    if found.records:
        response.answer.append(dns.rrset.from_rdata(owner, ttl, *found.records))


def _failure(query: dns.message.Message, rcode: dns.rcode.Rcode) -> dns.message.Message:
    response = dns.message.make_response(query, our_payload=UDP_LARGEST)
    response.set_rcode(rcode)
    return response


def _truncated(query: dns.message.Message) -> dns.message.Message:
    response = _failure(query, dns.rcode.NOERROR)
    response.flags |= dns.flags.AA | dns.flags.RA | dns.flags.TC
    return response


def _render(message: dns.message.Message, largest: int) -> bytes | None:
    try:
        return message.to_wire(max_size=largest)
    except dns.exception.TooBig:
        return None
