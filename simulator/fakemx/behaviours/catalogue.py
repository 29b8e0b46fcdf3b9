"""The behaviours that are always there, as data.

Each has a ready domain, ``NAME.test``, and a tag, ``user+NAME@anything``, so that a reader needs no set-up
to meet it: mail to anyone at ``greylist.test``, or to ``ann+greylist@example.com``, is greylisted. A tag
that names nothing here means nothing: ``user+newsletter@`` is a normal address.

The MX first hears of the recipient at RCPT, so what happens earlier (no listener, no banner, no such
domain) cannot be done for one tagged address. ``TAGS`` says what each entry does then: the answer at RCPT
that sends a message the same way. A tag is stronger than the recipient's domain; the domain's DNS and its
banner stay what they are.

    >>> CATALOGUE["greylist"].expected     # Expected.DEFERRED_THEN_DELIVERED
    >>> DOMAINS["greylist.test"]           # the same behaviour
    >>> TAGS["down"].steps                 # (Step(Stage.RCPT, Reply(421, ...)),)

The types and the rules are in ``script``; the form these take in JSON is in ``form``.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from fakemx.behaviours.script import Behaviour, Delay, Drop, Expected, Reply, Silence, Stage, Step
from fakemx.dns.zones import DnsFault

_ENTRIES = (
    Behaviour("ok", "accepts everything", Expected.DELIVERED),
    Behaviour(
        "bounce",
        "refuses every recipient for good: 550 5.1.1",
        Expected.BOUNCED,
        (Step(Stage.RCPT, Reply(550, "5.1.1 no such user here")),),
    ),
    Behaviour(
        "greylist",
        "answers 450 4.7.1 for five minutes from first sight of client, sender and recipient, then accepts",
        Expected.DEFERRED_THEN_DELIVERED,
        (Step(Stage.RCPT, Reply(450, "4.7.1 greylisted, come back in five minutes"), for_seconds=300),),
    ),
    Behaviour("down", "nothing listens: the connection is refused", Expected.FAILED, listens=False),
    Behaviour(
        "full",
        "the mailbox stays full: 452 4.2.2 to every recipient",
        Expected.FAILED,
        (Step(Stage.RCPT, Reply(452, "4.2.2 mailbox full")),),
    ),
    Behaviour(
        "slow",
        "waits three seconds before the banner, before answering RCPT and before answering the dot",
        Expected.DELIVERED,
        (Step(Stage.CONNECT, Delay(3)), Step(Stage.RCPT, Delay(3)), Step(Stage.DOT, Delay(3))),
    ),
    Behaviour(
        "blocked",
        "reads the message, then refuses its content for good: 554 5.7.1",
        Expected.BOUNCED,
        (Step(Stage.DOT, Reply(554, "5.7.1 message content rejected")),),
    ),
    Behaviour(
        "busy",
        "answers 421 instead of a banner, always",
        Expected.FAILED,
        (Step(Stage.CONNECT, Reply(421, "4.3.2 too busy, try again later")),),
    ),
    Behaviour(
        "drop",
        "keeps the message but drops the connection before answering, once; then accepts: two copies arrive",
        Expected.DEFERRED_THEN_DELIVERED,
        (Step(Stage.DOT, Drop(), times=1),),
    ),
    Behaviour(
        "silent",
        "accepts the connection and never says a word",
        Expected.FAILED,
        (Step(Stage.CONNECT, Silence()),),
    ),
    Behaviour(
        "nullmx",
        "says in DNS that it takes no mail: MX 0 . (RFC 7505)",
        Expected.BOUNCED,
        dns_fault=DnsFault.NULL_MX,
    ),
    Behaviour("nxdomain", "does not exist in DNS", Expected.BOUNCED, dns_fault=DnsFault.NXDOMAIN),
    Behaviour("servfail", "its name server is broken: SERVFAIL", Expected.FAILED, dns_fault=DnsFault.SERVFAIL),
)

CATALOGUE: Mapping[str, Behaviour] = MappingProxyType({entry.name: entry for entry in _ENTRIES})

DOMAINS: Mapping[str, Behaviour] = MappingProxyType({f"{entry.name}.test": entry for entry in _ENTRIES})

_NO_SUCH_DOMAIN = Step(Stage.RCPT, Reply(550, "5.1.2 no such domain"))

# Only the entries that could not act at RCPT. ``slow`` loses its first wait and keeps the rest.
_AT_RCPT: Mapping[str, Step] = {
    "down": Step(Stage.RCPT, Reply(421, "4.3.2 going down")),
    "busy": Step(Stage.RCPT, Reply(421, "4.3.2 too busy, try again later")),
    "silent": Step(Stage.RCPT, Silence()),
    "nullmx": _NO_SUCH_DOMAIN,
    "nxdomain": _NO_SUCH_DOMAIN,
    "servfail": Step(Stage.RCPT, Reply(451, "4.4.3 cannot look up that domain now")),
}


def _tagged(entry: Behaviour) -> Behaviour:
    if entry.name not in _AT_RCPT:
        return entry
    return replace(entry, steps=(_AT_RCPT[entry.name],), listens=True, dns_fault=None)


TAGS: Mapping[str, Behaviour] = MappingProxyType({entry.name: _tagged(entry) for entry in _ENTRIES})


def tag_of(address: str) -> str | None:
    """Return the tag of an address, ``user+TAG@domain``, in small letters; None when it has none."""
    _, plus, tag = address.rpartition("@")[0].rpartition("+")
    return tag.lower() if plus else None
