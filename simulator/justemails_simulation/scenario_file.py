"""Scenarios as YAML files: read with complaints that name the line and the field, and written so that they read back.

    name: greylisted, then full, then taken
    domains:
      story.test:
        script:
          - {at: RCPT, reply: 451 4.7.1 greylisted, for: 5m}
          - {at: RCPT, reply: 452 4.2.2 mailbox full, for: 40h}
    traffic:
      - {at: 0s, to: ann@story.test}
      - {every: 30s, count: 20, to: ben@example.com}
    crashes:
      - {at: 3h, who: worker-1, restart: 10s}
    expect:
      ann@story.test: {status: delivered, within: 3d, copies: 1}

A domain behaves as in the control API: the name of a catalogue entry, a ``script``, or ``hosts``
(``fakemx.behaviours.form``).
"""

import re
from collections.abc import Mapping, Set
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

import yaml

from fakemx.behaviours.form import Behaviour, BehaviourError, parse_behaviour, to_json
from fakemx.dns.zones import DnsFault, looks_like_a_mail_domain, normal
from justemails_contract.delivery import Status
from justemails_sandbox.durations import DurationError, parse_duration, write_duration
from justemails_sandbox.yaml_reading import Located, YamlError, read_yaml
from justemails_simulation.scenario import (
    FOREVER,
    Call,
    Conditions,
    Crash,
    DnsTrouble,
    Expectation,
    LinkFault,
    Pause,
    Scenario,
    Send,
    Visit,
    Weather,
)

__all__ = ["YamlError", "dump_scenario", "load_domains", "load_scenario"]

Word = TypeVar("Word", bound=StrEnum)

MOST_MESSAGES = 10_000
MOST_WORKERS = 16
_WORKER = re.compile(r"worker-[1-9][0-9]?")
_FIELD = re.compile(r"'([a-z]+[a-z0-9_.\[\]-]*)'")

_TOP = {
    "name", "seed", "length", "workers", "domains", "conditions", "weather", "dns", "traffic", "calls", "crashes",
    "pauses", "expect", "found",
}  # fmt: skip


def load_scenario(text: str) -> Scenario:
    """Read a scenario.

    Raises:
        YamlError: it is none; the message names the line and the field.
    """
    root = read_yaml(text)
    members = root.members(_TOP)
    defaults = Scenario()
    workers = _number(members, "workers", defaults.workers, 1, MOST_WORKERS)
    traffic = [send for item in _items(members, "traffic") for send in _sends(item)]
    if not traffic:
        members.get("traffic", root).wrong("a scenario needs a message to send, like '- {at: 0s, to: ann@example.com}'")
    if len(traffic) > MOST_MESSAGES:
        members["traffic"].wrong(f"these are {len(traffic)} messages; {MOST_MESSAGES} are the most")
    return Scenario(
        name=_text(members["name"]) if "name" in members else defaults.name,
        seed=_number(members, "seed", 0, 0, 2**63),
        length=_duration(members["length"]) if "length" in members else defaults.length,
        workers=workers,
        domains=_domains(members["domains"]) if "domains" in members else defaults.domains,
        conditions=_conditions(members["conditions"]) if "conditions" in members else defaults.conditions,
        weather=tuple(_weather(item) for item in _items(members, "weather")),
        dns=tuple(_trouble(item) for item in _items(members, "dns")),
        traffic=tuple(sorted(traffic, key=lambda send: send.at)),
        calls=tuple(_call(item) for item in _items(members, "calls")),
        crashes=tuple(_crash(item, workers) for item in _items(members, "crashes")),
        pauses=tuple(_pause(item, workers) for item in _items(members, "pauses")),
        expect=_expectations(_members(members, "expect"), {send.recipient for send in traffic}),
    )


def load_domains(text: str) -> Mapping[str, Behaviour]:
    """Read a file that has only what stands under ``domains`` in a scenario.

    Raises:
        YamlError: it cannot be read; the message names the line and the field.
    """
    return _domains(read_yaml(text))


def dump_scenario(scenario: Scenario) -> str:
    """Write a scenario as a file that ``load_scenario`` reads back; what is as usual is left out."""
    usual = Scenario()
    document: dict[str, object] = {"name": scenario.name, "seed": scenario.seed}
    if scenario.length != usual.length:
        document["length"] = write_duration(scenario.length)
    if scenario.workers != usual.workers:
        document["workers"] = scenario.workers
    lists: Mapping[str, list[object]] = {
        "weather": [_weather_out(one) for one in scenario.weather],
        "dns": [_trouble_out(one) for one in scenario.dns],
        "traffic": [_send_out(one) for one in scenario.traffic],
        "calls": [{"at": write_duration(one.at), "do": one.visit.value} for one in scenario.calls],
        "crashes": [_crash_out(one) for one in scenario.crashes],
        "pauses": [_pause_out(one) for one in scenario.pauses],
    }
    if scenario.domains:
        document["domains"] = {name: _behaviour_out(one) for name, one in scenario.domains.items()}
    if scenario.conditions != usual.conditions:
        document["conditions"] = _conditions_out(scenario.conditions)
    document |= {name: items for name, items in lists.items() if items}
    if scenario.expect:
        document["expect"] = {recipient: _expectation_out(one) for recipient, one in scenario.expect.items()}
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None))


# One function for each kind of thing, reading and writing side by side.


def _sends(item: Located) -> list[Send]:
    members = item.members({"at", "every", "count", "to", "subject", "text"})
    to = _required(item, "to", "the recipient, like 'to: ann@example.com'")
    recipient = _text(to)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", recipient):
        to.wrong("must be an address like ann@example.com")
    start = _duration(members["at"]) if "at" in members else timedelta(0)
    every = _duration(members["every"]) if "every" in members else timedelta(0)
    count = _number(members, "count", 1, 1, MOST_MESSAGES)
    subject = _text(members["subject"]) if "subject" in members else None
    text = _text(members["text"]) if "text" in members else None
    return [Send(start + number * every, recipient, subject, text) for number in range(count)]


def _send_out(send: Send) -> dict[str, object]:
    out: dict[str, object] = {"at": write_duration(send.at), "to": send.recipient}
    if send.subject is not None:
        out["subject"] = send.subject
    if send.text is not None:
        out["text"] = send.text
    return out


def _domains(item: Located) -> Mapping[str, Behaviour]:
    return {normal(name): _behaviour(name, one) for name, one in item.members().items()}


def _behaviour(domain: str, item: Located) -> Behaviour:
    if not looks_like_a_mail_domain(domain):
        item.wrong("the domain must be one that can have mail, like shop.example")
    plain = item.plain()
    try:
        return parse_behaviour({"behaviour": plain} if isinstance(plain, str) else plain)
    except BehaviourError as ex:
        named = _FIELD.search(str(ex))
        (item.at(named[1]) if named else item).wrong(str(ex))


def _behaviour_out(behaviour: Behaviour) -> object:
    out = to_json(behaviour)
    return out.get("behaviour", out)


def _conditions(item: Located) -> Conditions:
    members = item.members({"latency", "chunk", "udp_loss", "dns_packets"})
    usual = Conditions()
    latency = usual.latency
    if "latency" in members:
        ends = members["latency"].items()
        if len(ends) != 2:
            members["latency"].wrong("must be the least and the most, like [5ms, 40ms]")
        low, high = (_duration(end).total_seconds() for end in ends)
        if low > high:
            members["latency"].wrong("must be the least and the most, in this order")
        latency = (low, high)
    chunk = _number(members, "chunk", 1, 1, 1_000_000) if "chunk" in members else None
    return Conditions(latency, chunk, _share(members, "udp_loss", 0.0), _yes(members, "dns_packets"))


def _conditions_out(conditions: Conditions) -> dict[str, object]:
    low, high = (write_duration(timedelta(seconds=end)) for end in conditions.latency)
    out: dict[str, object] = {"latency": [low, high]}
    if conditions.largest_chunk is not None:
        out["chunk"] = conditions.largest_chunk
    if conditions.udp_loss:
        out["udp_loss"] = conditions.udp_loss
    if conditions.dns_packets:
        out["dns_packets"] = True
    return out


def _weather(item: Located) -> Weather:
    members = item.members({"link", "domain", "since", "until", "probability", "after_bytes"})
    usual = Weather(LinkFault.REFUSE, timedelta(0), timedelta(0))
    fault = _word(_required(item, "link", "what goes wrong"), LinkFault)
    since, until = _window(item)
    return Weather(
        fault,
        since,
        until,
        _text(members["domain"]) if "domain" in members else None,
        _share(members, "probability", usual.probability),
        _number(members, "after_bytes", usual.after_bytes, 0, 10_000_000),
    )


def _weather_out(weather: Weather) -> dict[str, object]:
    usual = Weather(weather.fault, weather.since, weather.until)
    out: dict[str, object] = {
        "link": weather.fault.value,
        "since": write_duration(weather.since),
        "until": write_duration(weather.until),
    }
    if weather.domain is not None:
        out["domain"] = weather.domain
    if weather.probability != usual.probability:
        out["probability"] = weather.probability
    if weather.after_bytes != usual.after_bytes:
        out["after_bytes"] = weather.after_bytes
    return out


def _trouble(item: Located) -> DnsTrouble:
    members = item.members({"domain", "fault", "since", "until"})
    domain = _text(_required(item, "domain", "whose name servers are broken"))
    fault = _word(_required(item, "fault", "what is wrong with them"), DnsFault)
    usual = DnsTrouble(domain, fault)
    since = _duration(members["since"]) if "since" in members else usual.since
    return DnsTrouble(domain, fault, since, _duration(members["until"]) if "until" in members else usual.until)


def _trouble_out(trouble: DnsTrouble) -> dict[str, object]:
    return {
        "domain": trouble.domain,
        "fault": trouble.fault.value,
        "since": write_duration(trouble.since),
        "until": write_duration(trouble.until),
    }


def _call(item: Located) -> Call:
    members = item.members({"at", "do"})
    at = _duration(members["at"]) if "at" in members else timedelta(0)
    return Call(at, _word(_required(item, "do", "what the client does"), Visit))


def _crash(item: Located, workers: int) -> Crash:
    members = item.members({"at", "who", "restart", "step"})
    who = _required(item, "who", "worker-1, api or all")
    name = _text(who)
    if name not in {"api", "all"} and not _is_worker(name, workers):
        who.wrong(f"must be api, all, or a worker up to worker-{workers}")
    at = _duration(members["at"]) if "at" in members else timedelta(0)
    usual = Crash(at, name)
    restart = _duration(members["restart"]) if "restart" in members else usual.restart_after
    return Crash(at, name, restart, _number(members, "step", 0, 0, 10**9) if "step" in members else None)


def _crash_out(crash: Crash) -> dict[str, object]:
    out: dict[str, object] = {
        "at": write_duration(crash.at),
        "who": crash.who,
        "restart": write_duration(crash.restart_after),
    }
    if crash.step is not None:
        out["step"] = crash.step
    return out


def _pause(item: Located, workers: int) -> Pause:
    members = item.members({"at", "who", "lasts", "step"})
    who = _required(item, "who", "worker-1")
    name = _text(who)
    if not _is_worker(name, workers):
        who.wrong(f"must be a worker up to worker-{workers}")
    at = _duration(members["at"]) if "at" in members else timedelta(0)
    lasts = _duration(_required(item, "lasts", "how long it stands still"))
    return Pause(at, name, lasts, _number(members, "step", 0, 0, 10**9) if "step" in members else None)


def _pause_out(pause: Pause) -> dict[str, object]:
    out: dict[str, object] = {"at": write_duration(pause.at), "who": pause.who, "lasts": write_duration(pause.lasts)}
    if pause.step is not None:
        out["step"] = pause.step
    return out


def _is_worker(name: str, workers: int) -> bool:
    return bool(_WORKER.fullmatch(name)) and int(name[7:]) <= workers


def _expectations(members: Mapping[str, Located], recipients: Set[str]) -> Mapping[str, Expectation]:
    for recipient, item in members.items():
        if recipient not in recipients:
            item.wrong(f"nothing is sent to this recipient; 'traffic' sends to {', '.join(sorted(recipients)[:3])}")
    return {recipient: _expectation(item) for recipient, item in members.items()}


def _expectation(item: Located) -> Expectation:
    members = item.members({"status", "within", "copies"})
    return Expectation(
        _word(members["status"], Status) if "status" in members else None,
        _duration(members["within"]) if "within" in members else None,
        _range(members["copies"]) if "copies" in members else None,
    )


def _expectation_out(expectation: Expectation) -> dict[str, object]:
    out: dict[str, object] = {}
    if expectation.status is not None:
        out["status"] = expectation.status.value
    if expectation.within is not None:
        out["within"] = write_duration(expectation.within)
    if expectation.copies is not None:
        fewest, most = expectation.copies
        out["copies"] = fewest if fewest == most else [fewest, most]
    return out


# Scalars.


def _required(item: Located, name: str, what: str) -> Located:
    members = item.members()
    if name not in members:
        item.wrong(f"the field '{name}' is missing: {what}")
    return members[name]


def _items(members: Mapping[str, Located], name: str) -> list[Located]:
    return list(members[name].items()) if name in members else []


def _members(members: Mapping[str, Located], name: str) -> Mapping[str, Located]:
    return members[name].members() if name in members else {}


def _text(item: Located) -> str:
    if not isinstance(item.value, str):
        item.wrong("must be a text; put it in quotes if it looks like something else")
    return item.value


def _number(members: Mapping[str, Located], name: str, usual: int, least: int, most: int) -> int:
    if name not in members:
        return usual
    value = members[name].value
    if type(value) is not int or not least <= value <= most:
        members[name].wrong(f"must be a whole number from {least} to {most}")
    return value


def _share(members: Mapping[str, Located], name: str, usual: float) -> float:
    if name not in members:
        return usual
    value = members[name].value
    if type(value) not in {int, float} or not isinstance(value, int | float) or not 0 <= value <= 1:
        members[name].wrong("must be a number from 0 to 1")
    return float(value)


def _yes(members: Mapping[str, Located], name: str) -> bool:
    if name not in members:
        return False
    if not isinstance(members[name].value, bool):
        members[name].wrong("must be true or false")
    return members[name].value is True


def _duration(item: Located) -> timedelta:
    try:
        return parse_duration(item.value)
    except DurationError as ex:
        item.wrong(str(ex))


def _window(item: Located) -> tuple[timedelta, timedelta]:
    members = item.members()
    since = _duration(members["since"]) if "since" in members else timedelta(0)
    until = _duration(members["until"]) if "until" in members else FOREVER
    if until <= since:
        members["until"].wrong("must be after 'since'")
    return since, until


def _range(item: Located) -> tuple[int, int]:
    value = item.plain()
    ends = [end for end in (value if isinstance(value, list) else [value, value]) if type(end) is int and end >= 0]
    if len(ends) != 2 or ends[0] > ends[1] or (isinstance(value, list) and len(value) != 2):
        item.wrong("must be a whole number, or the fewest and the most, like [1, 2]")
    return ends[0], ends[1]


def _word(item: Located, words: type[Word]) -> Word:
    if not isinstance(item.value, str) or item.value not in set(words):
        item.wrong(f"must be one of {', '.join(words)}")
    return words(item.value)
