"""The behaviours that are always there, as data.

Each has a ready domain, ``NAME.test``, and a tag, ``user+NAME@anything``, so that a reader needs no set-up to meet it:
mail to anyone at ``greylist.test``, or to ``ann+greylist@example.com``, is greylisted. A tag that names nothing here
means nothing: ``user+newsletter@`` is a normal address.

A host first hears of the recipient at RCPT, so what happens earlier cannot be done for one tagged address. One rule
says what a tag does instead (``tagged``): what an entry does at RCPT or later stays; a refusal before that moves to
RCPT, as 451 where a careful sender would only try another host; a host that cannot be reached becomes 421, DNS that
fails 451 and DNS that says no 550; and what only makes mail arrive in another manner does nothing.

    >>> CATALOGUE["greylist"].expected     # Expected.DEFERRED_THEN_DELIVERED
    >>> DOMAINS["greylist.test"]           # the same behaviour
    >>> TAGS["down"].hosts[0].steps        # (Step(Stage.RCPT, Reply(421, ...)),)

The types are in ``script``; the form these take in JSON is in ``form``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from fakemx.behaviours.actions import BEFORE_RCPT, Reply, Stage
from fakemx.behaviours.catalogue import accept, after, connect, data, envelope, names, policy, tls
from fakemx.behaviours.expectation import PERMANENT_FAULTS, expect
from fakemx.behaviours.playbook import tag_of
from fakemx.behaviours.script import Address, Behaviour, Expected, Host, Port, Step, WithoutTls

__all__ = ["CATALOGUE", "DOMAINS", "PARTS", "TAGS", "tag_of", "tagged"]

PARTS: Mapping[str, tuple[Behaviour, ...]] = MappingProxyType(
    {
        "Accepts, in its own manner": accept.ENTRIES,
        "At the connection": connect.ENTRIES,
        "At MAIL and RCPT": envelope.ENTRIES,
        "In the message and at its end": data.ENTRIES,
        "At STARTTLS": tls.ENTRIES,
        "In DNS": names.ENTRIES,
        "By policy": policy.ENTRIES,
        "After it accepted": after.ENTRIES,
    }
)
"""The entries by where they show, for those who list them."""

_ENTRIES = tuple(entry for entries in PARTS.values() for entry in entries)

_NO_SUCH_DOMAIN = Step(Stage.RCPT, Reply(550, "5.1.2 no such domain"))
_CANNOT_LOOK_UP = Step(Stage.RCPT, Reply(451, "4.4.3 cannot look up that domain now"))
_GOING_DOWN = Step(Stage.RCPT, Reply(421, "4.3.2 going down"))
_NO_DOMAIN = frozenset({Address.NONE, Address.SELF, Address.LITERAL})


def tagged(entry: Behaviour) -> Behaviour:
    """Return what a recipient that is tagged with an entry does."""
    steps = tuple(_at_rcpt(entry))
    return replace(
        entry,
        hosts=(Host(steps=steps),),
        dns_fault=None,
        ttl=0,
        expected=expect(replace(entry, hosts=(Host(steps=steps),), dns_fault=None)),
    )


def _at_rcpt(entry: Behaviour) -> Iterator[Step]:
    hosts = entry.hosts
    if entry.dns_fault in PERMANENT_FAULTS or all(host.address in _NO_DOMAIN for host in hosts):
        yield _NO_SUCH_DOMAIN
    elif entry.dns_fault is not None and entry.expected is Expected.FAILED:
        yield _CANNOT_LOOK_UP
    elif all(host.port is not Port.OPEN for host in hosts):
        yield _GOING_DOWN
    elif hosts[0].port is Port.OPEN:
        for step in hosts[0].steps:
            yield from _moved(step, hosts[0])


def _moved(step: Step, host: Host) -> Iterator[Step]:
    """Yield a step at RCPT or later; what is only about the conversation is left out."""
    if step.at not in BEFORE_RCPT:
        yield step
    elif step.at is Stage.STARTTLS or (host.tls is not None and isinstance(step.when, WithoutTls)):
        return
    elif not isinstance(step.action, Reply):
        yield replace(step, at=Stage.RCPT)
    elif step.action.code >= 400 and not (step.at is Stage.EHLO and step.action.code != 421):
        later = step.action.code >= 500 and step.at is not Stage.MAIL
        action = Reply(451, "4.3.2 " + step.action.text[6:]) if later else step.action
        yield replace(step, at=Stage.RCPT, action=action)


CATALOGUE: Mapping[str, Behaviour] = MappingProxyType({entry.name: entry for entry in _ENTRIES})

DOMAINS: Mapping[str, Behaviour] = MappingProxyType({f"{entry.name}.test": entry for entry in _ENTRIES})

TAGS: Mapping[str, Behaviour] = MappingProxyType({entry.name: tagged(entry) for entry in _ENTRIES})
