"""Behaviours as JSON: the form in which a user sets them and reads them back.

    {"behaviour": "greylist"}
    {"script": [{"at": "RCPT", "reply": "450 4.2.0 later", "times": 3}]}
    {"script": [{"at": "CONNECT", "delay": "5s"}, {"at": "DOT", "drop": true, "for": "5m"}], "tls": "self-signed"}
    {"script": [], "port": "refused"}           {"script": [], "dns": "servfail"}
    {"hosts": [{"preference": 10, "port": "blackhole"}, {"host": "mx2", "preference": 20, "script": []}]}

A script's name is ``script``, and what to expect of it is found by playing it (``expectation``). The law
that tests hold: ``parse_behaviour(to_json(b)) == b`` for every ``b`` that ``parse_behaviour`` gave.

    >>> parse_behaviour({"script": [{"at": "RCPT", "reply": "550 no"}]}).expected    # Expected.BOUNCED

Steps are read in ``form_steps``. The types are in ``script``, the entries in ``catalogue``. Nothing here runs anything.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from fakemx.behaviours.catalogue import CATALOGUE
from fakemx.behaviours.expectation import expect
from fakemx.behaviours.form_steps import parse_step, step_to_json
from fakemx.behaviours.form_values import BehaviourError, duration, listed, members_of, seconds, whole, word
from fakemx.behaviours.script import Address, Behaviour, Certificate, Expected, Extension, Host, Port
from fakemx.dns.zones import DnsFault

__all__ = ["Behaviour", "BehaviourError", "in_full", "parse_behaviour", "to_json"]

MAX_STEPS = 100
MAX_HOSTS = 20
MAX_SIZE = 2**31
MAX_TTL = 7 * 86_400
_OF_DOMAIN = ("dns", "ttl")
_OF_HOST = ("script", "port", "address", "tls", "without", "size")
_LABEL = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?)?")


def parse_behaviour(data: object) -> Behaviour:
    """Read the JSON form of a behaviour.

    Raises:
        BehaviourError: it is not one; the message names the field and what would pass.
    """
    members = members_of("The behaviour", data, {"behaviour", "hosts", *_OF_HOST, *_OF_DOMAIN})
    if "behaviour" in members:
        if len(members) > 1:
            raise BehaviourError("The 'behaviour' field stands alone: give it, or a 'script', or 'hosts'.")
        return _entry(members["behaviour"])
    hosts = _hosts(members)
    fault = word("dns", members["dns"], DnsFault) if "dns" in members else None
    ttl = whole("ttl", members["ttl"], 0, MAX_TTL) if "ttl" in members else 0
    behaviour = Behaviour("script", "a script", Expected.DELIVERED, hosts, fault, ttl)
    return replace(behaviour, expected=expect(behaviour))


def to_json(behaviour: Behaviour) -> dict[str, object]:
    """Write a behaviour so that ``parse_behaviour`` reads it back."""
    return {"behaviour": behaviour.name} if CATALOGUE.get(behaviour.name) == behaviour else in_full(behaviour)


def in_full(behaviour: Behaviour) -> dict[str, object]:
    """Write a behaviour with all that it does, even if it has a name: to be changed into another one."""
    members: dict[str, object] = {}
    if len(behaviour.hosts) == 1 and behaviour.hosts[0] == _bare(behaviour.hosts[0]):
        members |= _host_to_json(behaviour.hosts[0])
    else:
        members["hosts"] = [
            {"host": host.label, "preference": host.preference, **_host_to_json(host), **_times(host)}
            for host in behaviour.hosts
        ]
    if behaviour.dns_fault is not None:
        members["dns"] = behaviour.dns_fault.value
    if behaviour.ttl:
        members["ttl"] = behaviour.ttl
    return members


def _entry(name: object) -> Behaviour:
    if not isinstance(name, str) or name not in CATALOGUE:
        raise BehaviourError(f"The 'behaviour' field must be one of {listed(CATALOGUE)}.")
    return CATALOGUE[name]


def _hosts(members: Mapping[str, object]) -> tuple[Host, ...]:
    if "hosts" not in members:
        if "script" not in members:
            raise BehaviourError("The behaviour must have a 'script' field, a 'hosts' field or a 'behaviour' field.")
        return (_host("", members),)
    extra = [name for name in _OF_HOST if name in members]
    if extra:
        raise BehaviourError(f"The '{extra[0]}' field belongs into each of the 'hosts', not beside them.")
    hosts = members["hosts"]
    if not isinstance(hosts, list) or len(hosts) > MAX_HOSTS:
        raise BehaviourError(f"The 'hosts' field must be a list of at most {MAX_HOSTS} hosts.")
    read = tuple(_named_host(f"hosts[{index}]", host) for index, host in enumerate(hosts))
    labels = [host.label for host in read]
    if len(set(labels)) < len(labels):
        raise BehaviourError("The 'hosts' field must give each host a name of its own: 'host': 'mx2'.")
    return read


def _named_host(where: str, data: object) -> Host:
    members = members_of(f"The host '{where}'", data, {"host", "preference", "from", "until", *_OF_HOST})
    label = members.get("host", "mx")
    if not isinstance(label, str) or not _LABEL.fullmatch(label):
        raise BehaviourError(f"The '{where}.host' field must be a label like 'mx2', or '' for the domain itself.")
    host = replace(_host(f"{where}.", {"script": [], **members}), label=label)
    if "preference" in members:
        host = replace(host, preference=whole(f"{where}.preference", members["preference"], 0, 65_535))
    if "from" in members:
        host = replace(host, from_s=seconds(f"{where}.from", members["from"]))
    if "until" in members:
        host = replace(host, until_s=seconds(f"{where}.until", members["until"]))
    return host


def _host(where: str, members: Mapping[str, object]) -> Host:
    script = members["script"]
    if not isinstance(script, list) or len(script) > MAX_STEPS:
        raise BehaviourError(f"The '{where}script' field must be a list of at most {MAX_STEPS} steps.")
    return Host(
        steps=tuple(parse_step(f"{where}script[{index}]", step) for index, step in enumerate(script)),
        port=word(f"{where}port", members["port"], Port) if "port" in members else Port.OPEN,
        address=word(f"{where}address", members["address"], Address) if "address" in members else Address.V4,
        tls=word(f"{where}tls", members["tls"], Certificate) if "tls" in members else None,
        without=_extensions(f"{where}without", members.get("without", [])),
        size_limit=whole(f"{where}size", members["size"], 1, MAX_SIZE) if "size" in members else None,
    )


def _extensions(where: str, data: object) -> frozenset[Extension]:
    if not isinstance(data, list):
        raise BehaviourError(f"The '{where}' field must be a list of {listed(list(Extension), sort=False)}.")
    return frozenset(word(where, one, Extension) for one in data)


def _bare(host: Host) -> Host:
    """Return a host as it is when nothing is said of its place among others."""
    usual = Host()
    return replace(host, label=usual.label, preference=usual.preference, from_s=usual.from_s, until_s=usual.until_s)


def _host_to_json(host: Host) -> dict[str, object]:
    members: dict[str, object] = {"script": [step_to_json(step) for step in host.steps]}
    if host.port is not Port.OPEN:
        members["port"] = host.port.value
    if host.address is not Address.V4:
        members["address"] = host.address.value
    if host.tls is not None:
        members["tls"] = host.tls.value
    if host.without:
        members["without"] = sorted(host.without)
    if host.size_limit is not None:
        members["size"] = host.size_limit
    return members


def _times(host: Host) -> dict[str, object]:
    members: dict[str, object] = {}
    if host.from_s:
        members["from"] = duration(host.from_s)
    if host.until_s is not None:
        members["until"] = duration(host.until_s)
    return members
