"""A scenario that broke an invariant, as a file: what was found, with which versions, and the scenario itself.

The hash of its trace is promised only for the same versions of everything that takes part.
"""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

import yaml

from justemails_sandbox.yaml_reading import read_yaml
from justemails_simulation.invariants.base import Violation
from justemails_simulation.scenario import Scenario
from justemails_simulation.scenario_file import dump_scenario

_LIBRARIES = ("justemails", "aiosmtpd", "aiosmtplib", "dnspython", "falcon", "pony")


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in a scenario."""

    violation: Violation
    hash: str
    versions: Mapping[str, str]


def versions() -> Mapping[str, str]:
    """Return the versions of everything that takes part in a simulation."""
    return {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}


def dump_failure(scenario: Scenario, violation: Violation, trace_hash: str) -> str:
    """Write a scenario with what was found in it; ``load_scenario`` reads it as any other."""
    found = {
        "invariant": violation.invariant,
        "text": violation.text,
        "entry": violation.entry,
        "hash": trace_hash,
        "versions": dict(versions()),
    }
    return dump_scenario(scenario) + yaml.safe_dump({"found": found}, sort_keys=False, allow_unicode=True, width=110)


def load_found(text: str) -> Found | None:
    """Return what a file says was found; None: it says nothing."""
    found = read_yaml(text).members().get("found")
    if found is None:
        return None
    members = found.members({"invariant", "text", "entry", "hash", "versions"})
    values = {name: member.plain() for name, member in members.items()}
    return Found(
        Violation(str(values.get("invariant")), str(values.get("text")), int(str(values.get("entry", 0)))),
        str(values.get("hash")),
        {name: str(member.plain()) for name, member in members["versions"].members().items()}
        if "versions" in members
        else {},
    )
