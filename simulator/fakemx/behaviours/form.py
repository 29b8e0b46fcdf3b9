"""Behaviours as JSON: the form in which a user sets them and reads them back.

    {"behaviour": "greylist"}
    {"script": [{"at": "RCPT", "reply": "450 4.2.0 later", "times": 3}]}
    {"script": [{"at": "CONNECT", "delay": "5s"}, {"at": "DOT", "drop": true, "for": "5m"}]}
    {"script": [], "listens": false}            {"script": [], "dns": "servfail"}

A script's name is ``script``, and what to expect of it is found by playing it (``expectation``). The law
that tests hold: ``parse_behaviour(to_json(b)) == b`` for every ``b`` that ``parse_behaviour`` gave.

    >>> parse_behaviour({"script": [{"at": "RCPT", "reply": "550 no"}]}).expected    # Expected.BOUNCED

The types are in ``script``, the entries in ``catalogue``. Nothing here runs a behaviour.
"""

import re
from collections.abc import Collection, Mapping

from fakemx.behaviours.catalogue import CATALOGUE
from fakemx.behaviours.expectation import expect
from fakemx.behaviours.script import Action, Behaviour, Delay, Drop, Reply, Silence, Stage, Step
from fakemx.dns.zones import DnsFault

__all__ = ["Behaviour", "BehaviourError", "parse_behaviour", "to_json"]

MAX_STEPS = 100
MAX_TIMES = 1_000_000
MAX_SECONDS = 366 * 86_400
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile(r"([0-9]{1,8}(?:\.[0-9]{1,3})?)([smhd])")
_REPLY = re.compile(r"([0-9]{3})(?: ([\x20-\x7e]{0,500}))?")  # RFC 5321 section 4.5.3.1.5: 512 with code and CRLF
_ACTIONS = ("reply", "drop", "silence", "delay")


class BehaviourError(ValueError):
    """A behaviour that cannot be read; the message names the field and what would pass."""


def parse_behaviour(data: object) -> Behaviour:
    """Read the JSON form of a behaviour.

    Raises:
        BehaviourError: it is not one.
    """
    members = _members("The behaviour", data, {"behaviour", "script", "listens", "dns"})
    if "behaviour" in members:
        if len(members) > 1:
            raise BehaviourError("The 'behaviour' field stands alone: give it, or a 'script'.")
        return _entry(members["behaviour"])
    if "script" not in members:
        raise BehaviourError("The behaviour must have a 'script' field or a 'behaviour' field.")
    script = members["script"]
    if not isinstance(script, list) or len(script) > MAX_STEPS:
        raise BehaviourError(f"The 'script' field must be a list of at most {MAX_STEPS} steps.")
    listens = members.get("listens", True)
    if not isinstance(listens, bool):
        raise BehaviourError("The 'listens' field must be true or false.")
    steps = tuple(_step(f"script[{index}]", step) for index, step in enumerate(script))
    fault = _dns_fault(members["dns"]) if "dns" in members else None
    return Behaviour("script", "a script", expect(steps, listens=listens, dns_fault=fault), steps, listens, fault)


def to_json(behaviour: Behaviour) -> dict[str, object]:
    """Write a behaviour so that ``parse_behaviour`` reads it back."""
    if CATALOGUE.get(behaviour.name) == behaviour:
        return {"behaviour": behaviour.name}
    members: dict[str, object] = {"script": [_step_to_json(step) for step in behaviour.steps]}
    if not behaviour.listens:
        members["listens"] = False
    if behaviour.dns_fault is not None:
        members["dns"] = behaviour.dns_fault.value
    return members


def _members(what: str, data: object, known: Collection[str]) -> Mapping[str, object]:
    if not isinstance(data, dict):
        raise BehaviourError(f"{what} must be an object.")
    for name in data:
        if name not in known:
            raise BehaviourError(f"{what} has an unknown field {str(name)!r}; known are {_listed(known)}.")
    return data


def _entry(name: object) -> Behaviour:
    if not isinstance(name, str) or name not in CATALOGUE:
        raise BehaviourError(f"The 'behaviour' field must be one of {_listed(CATALOGUE)}.")
    return CATALOGUE[name]


def _dns_fault(value: object) -> DnsFault:
    if not isinstance(value, str) or value not in set(DnsFault):
        raise BehaviourError(f"The 'dns' field must be one of {_listed(list(DnsFault))}.")
    return DnsFault(value)


def _step(where: str, data: object) -> Step:
    members = _members(f"The step '{where}'", data, {"at", "times", "for", *_ACTIONS})
    stage = members.get("at")
    if not isinstance(stage, str) or stage not in set(Stage):
        raise BehaviourError(f"The '{where}.at' field must be one of {_listed(list(Stage), sort=False)}.")
    named = [name for name in _ACTIONS if name in members]
    if len(named) != 1:
        raise BehaviourError(f"The step '{where}' must have exactly one of {_listed(_ACTIONS, sort=False)}.")
    action = _action(f"{where}.{named[0]}", named[0], members[named[0]], Stage(stage))
    times = members.get("times")
    if times is not None and (type(times) is not int or not 1 <= times <= MAX_TIMES):
        raise BehaviourError(f"The '{where}.times' field must be a whole number from 1 to {MAX_TIMES}.")
    lasting = _seconds(f"{where}.for", members["for"]) if "for" in members else None
    return Step(Stage(stage), action, times if isinstance(times, int) else None, lasting)


def _action(where: str, name: str, value: object, stage: Stage) -> Action:
    if name == "reply":
        return _reply(where, value, stage)
    if name == "delay":
        return Delay(_seconds(where, value))
    if value is not True:
        raise BehaviourError(f"The '{where}' field must be true.")
    return Drop() if name == "drop" else Silence()


def _reply(where: str, value: object, stage: Stage) -> Reply:
    match = _REPLY.fullmatch(value) if isinstance(value, str) else None
    # A 2xx says yes in other words. Not at DATA: yes is 354 there, and a 250 would leave both sides waiting.
    allowed = (400, 600) if stage is Stage.DATA else (200, 600)
    code = int(match[1]) if match else 0
    if match is None or not allowed[0] <= code < allowed[1] or 300 <= code < 400:
        codes = "400 to 599" if stage is Stage.DATA else "200 to 299 or 400 to 599"
        raise BehaviourError(
            f"The '{where}' field must be a code, {codes} at {stage}, a space and plain ASCII text "
            "of at most 500 characters, like '450 4.2.0 later'."
        )
    return Reply(code, (match[2] or "").strip())


def _seconds(where: str, value: object) -> float:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    seconds = round(float(match[1]) * _UNITS[match[2]], 3) if match else 0.0
    if not 0 < seconds <= MAX_SECONDS:
        raise BehaviourError(f"The '{where}' field must be a duration up to 366d, like '90s', '15m', '1h' or '4d'.")
    return seconds


def _step_to_json(step: Step) -> dict[str, object]:
    members: dict[str, object] = {"at": step.at.value}
    match step.action:
        case Reply():
            members["reply"] = str(step.action)
        case Drop():
            members["drop"] = True
        case Silence():
            members["silence"] = True
        case Delay(seconds):
            members["delay"] = _duration(seconds)
    if step.times is not None:
        members["times"] = step.times
    if step.for_seconds is not None:
        members["for"] = _duration(step.for_seconds)
    return members


def _duration(seconds: float) -> str:
    for unit, length in _UNITS.items():
        if seconds % length == 0:
            return f"{int(seconds // length)}{unit}"
    return f"{seconds:.3f}s"


def _listed(names: Collection[str], *, sort: bool = True) -> str:
    return ", ".join(f"'{name}'" for name in (sorted(names) if sort else names))
