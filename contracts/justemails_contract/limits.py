"""The rate limits of the document's table, per API key [limits.scope]."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Tier(StrEnum):
    """A row of the document's table of limits."""

    SEND = "send"
    READ = "read"
    KEYS = "keys"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``requests`` in any ``window``."""

    requests: int
    window: timedelta


LIMITS: Mapping[Tier, Limit] = {
    Tier.SEND: Limit(100, timedelta(minutes=1)),  # [limits.send]
    Tier.READ: Limit(300, timedelta(minutes=1)),  # [limits.read]
    Tier.KEYS: Limit(10, timedelta(minutes=1)),  # [limits.keys]
}
