"""A target file: who the server is, with what means it is judged, and what it chooses where the document is silent.

[target]
name = "Example Mail"
base_url = "http://127.0.0.1:3000/api/v1"
[keys]
primary = "${EXAMPLE_KEY}"               # from the environment; addresses and URLs may be, too
[mail]
from = "hello@example.com"
[capabilities]
delivers_within_s = 30                   # a message that is not delivered by then breaks a promise
retries_within_s = 600                   # likewise one that the recipient's server has put off
[choices]
filters = ["status", "to"]               # a choice that is declared is judged
"send.successStatus" = 202               # or compared with what is observed
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from justemails_conformance.declared import FILTERS, Declared
from justemails_conformance.observed import observable
from justemails_conformance.toml_reading import TomlError, members, read, text
from justemails_conformance.verdict import About

_OF = {
    "target": ("name", "version", "url", "contact", "base_url", "control"),
    "keys": ("primary", "other", "send_only"),
    "mail": ("from", "to", "unverified_from"),
    "capabilities": ("delivers_within_s", "retries_within_s"),
}
OPTIONS = {
    "base_url": ("target", "base_url"),
    "control": ("target", "control"),
    "key": ("keys", "primary"),
    "other_key": ("keys", "other"),
    "send_only_key": ("keys", "send_only"),
    "sender": ("mail", "from"),
    "to": ("mail", "to"),
    "unverified_from": ("mail", "unverified_from"),
}
"""Where the file says what an option of the command says."""

_MOST_S = 3600
_VARIABLE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class TargetFile:
    """A target file.

    Args:
        about: who the server is, for the report.
        options: what else would be given by an option of the command, by that option's name.
    """

    about: About
    options: Mapping[str, str]
    declared: Declared


def read_target(path: Path) -> TargetFile:
    """Read a target file.

    Raises:
        TomlError: it is none.
    """
    tables = members("the file", read(path), [*_OF, "choices"])
    given = {name: members(f"[{name}]", tables.get(name, {}), _OF[name]) for name in _OF}
    options = {
        option: _expanded(f"[{table}] {name}", given[table][name])
        for option, (table, name) in OPTIONS.items()
        if name in given[table]
    }
    return TargetFile(_about(given["target"]), options, _declared(given["capabilities"], tables.get("choices", {})))


def _about(target: Mapping[str, Any]) -> About:
    contact = target.get("contact", [])
    if not isinstance(contact, list):
        raise TomlError("[target] contact has to be a list of texts")
    texts = {name: text(f"[target] {name}", target[name]) for name in ("name", "version", "url") if name in target}
    return About(**texts, contact=[text("[target] contact", one) for one in contact])


def _expanded(where: str, value: object) -> str:
    def of_environment(variable: re.Match[str]) -> str:
        # A secret that a CI server does not hand out is an empty variable there.
        if not os.environ.get(variable[1], "").strip():
            raise TomlError(f"{where} names {variable[1]}, which the environment has not, or has empty")
        return os.environ[variable[1]]

    return _VARIABLE.sub(of_environment, text(where, value))


def _declared(capabilities: Mapping[str, Any], choices: object) -> Declared:
    seconds = {name: _seconds(name, capabilities[name]) for name in capabilities}
    if not isinstance(choices, dict):
        raise TomlError("[choices] has to be a table")
    filters = choices.get("filters", [])
    if not isinstance(filters, list) or any(one not in FILTERS for one in filters):
        raise TomlError(f"[choices] filters has to be a list of some of {', '.join(FILTERS)}")
    rest = {name: value for name, value in choices.items() if name != "filters"}
    if nested := [name for name, value in rest.items() if isinstance(value, dict)]:
        raise TomlError(f'[choices] {nested[0]} has to be one value; names with a dot are quoted, as "{nested[0]}.x"')
    if unknown := [name for name in rest if name not in observable()]:
        raise TomlError(f"[choices] knows no {unknown[0]!r}; it may have filters, {', '.join(observable())}")
    return Declared(**seconds, filters=filters, choices=rest)


def _seconds(name: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= _MOST_S:
        raise TomlError(f"[capabilities] {name} has to be a number of seconds, up to {_MOST_S}")
    return value
