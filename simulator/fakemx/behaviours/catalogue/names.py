"""What DNS says: which hosts there are, where they are, and whether it says anything."""

from fakemx.behaviours.script import Address, Behaviour, Expected, Host, Port, Reply, Stage, Step, one_host
from fakemx.dns.zones import DnsFault

_NO_SUCH_USER = Step(Stage.RCPT, Reply(550, "5.1.1 no such user here"))

ENTRIES = (
    one_host(
        "nullmx",
        "says in DNS that it takes no mail: MX 0 . (RFC 7505), though it has an address",
        Expected.BOUNCED,
        label="",
        dns_fault=DnsFault.NULL_MX,
    ),
    one_host("nxdomain", "does not exist in DNS", Expected.BOUNCED, dns_fault=DnsFault.NXDOMAIN),
    one_host("implicit-mx", "has no MX record; its own address takes the mail", Expected.DELIVERED, label=""),
    Behaviour("no-address", "exists, and has neither an MX record nor an address", Expected.BOUNCED, ()),
    one_host(
        "mx-alias",
        "its MX names an alias (CNAME), which is forbidden and works",
        Expected.DELIVERED,
        address=Address.ALIAS,
    ),
    Behaviour(
        "mx-missing",
        "its best MX does not exist; the next one takes the mail",
        Expected.DELIVERED,
        (Host("mx", address=Address.NONE), Host("mx2", 20)),
    ),
    one_host("mx-nowhere", "its only MX does not exist", Expected.BOUNCED, address=Address.NONE),
    one_host("servfail", "its name server is broken: SERVFAIL", Expected.FAILED, dns_fault=DnsFault.SERVFAIL),
    one_host("dns-timeout", "its name server never answers", Expected.FAILED, dns_fault=DnsFault.TIMEOUT),
    one_host("dns-refused", "its name server refuses to answer", Expected.FAILED, dns_fault=DnsFault.REFUSED),
    one_host("dns-slow", "its name server answers three seconds late", Expected.DELIVERED, dns_fault=DnsFault.SLOW),
    one_host(
        "dns-truncated",
        "its answers are truncated over UDP and have to be fetched over TCP",
        Expected.DELIVERED,
        dns_fault=DnsFault.TRUNCATED,
    ),
    Behaviour(
        "equal-mx",
        "has two mail hosts of the same preference, to share the load",
        Expected.DELIVERED,
        (Host("mx", 10), Host("mx2", 10)),
    ),
    Behaviour(
        "failover",
        "its best mail host is down; the second takes the mail",
        Expected.DELIVERED,
        (Host("mx", 10, port=Port.REFUSED), Host("mx2", 20)),
    ),
    Behaviour(
        "first-refuses",
        "its best mail host refuses for good, and the second must not be asked",
        Expected.BOUNCED,
        (Host("mx", 10, (_NO_SUCH_USER,)), Host("mx2", 20)),
    ),
    Behaviour(
        "mx-moves",
        "its mail host is down, and ten minutes after it was first looked up DNS names another one",
        Expected.DEFERRED_THEN_DELIVERED,
        (Host("old", 10, port=Port.REFUSED, until_s=600), Host("new", 10, from_s=600)),
        ttl=300,
    ),
    one_host("mx-loop", "its MX is the sender's own address, 127.0.0.1", Expected.BOUNCED, address=Address.SELF),
    one_host(
        "mx-literal", "its MX names an IP address, which is no host name", Expected.BOUNCED, address=Address.LITERAL
    ),
    one_host("ipv6", "its mail host has an IPv6 address only", Expected.DELIVERED, address=Address.V6),
)
