"""What a sandbox is started with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it takes long to load, and a sandbox needs it after it is ready
    from fakemx.behaviours.script import Behaviour


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """Everything that the command's options decide.

    Args:
        data: the folder that keeps the state between runs; None keeps nothing.
        port: of the API, the control API and the dashboard; 0 lets the system pick one.
        virtual: whether the clock stands still until it is moved.
        seed: of the retry jitter and of the order of equal MX hosts; None draws one.
        key: the API key to accept; None keeps the last run's, or makes one.
        story: whether an account without mail is given a first story to look at.
        domains: who behaves how, beside the catalogue's domains.
    """

    data: Path | None = None
    host: str = "127.0.0.1"
    port: int = 0
    virtual: bool = False
    seed: int | None = None
    key: str | None = None
    story: bool = False
    domains: "Mapping[str, Behaviour]" = field(default_factory=lambda: MappingProxyType({}))
