"""What a mutant is: a server that breaks one promise, and the clauses that may say so."""

from dataclasses import dataclass, field
from enum import Enum

from tests.conformance.mutants.exchange import Change

from justemails_conformance.clauses import Level, Profile

CORE = (Profile.CORE,)
LIMITS = (Profile.LIMITS,)
ALL = (Profile.CORE, Profile.LIMITS)


class Need(Enum):
    """What the judge has to be handed, or has to have, for the mutant to show itself."""

    OTHER_KEY = "a key of another account"
    RESTRICTED_KEY = "a key that may send and nothing else"
    UNVERIFIED = "an address of a domain that is not verified"
    MOVABLE_CLOCK = "a clock that waiting moves"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A server that breaks one promise.

    Args:
        name: the breach, in plain words.
        right: the clauses that it breaks; one of them at least has to be among those that fail.
        change: what is put around the sound server.
        level: what the breach has to be taken for: a failure, or a warning where only an example shows the promise.
        profiles: what it is judged by.
        needs: what the judge needs to see it.
    """

    name: str
    right: frozenset[str]
    change: Change
    level: Level = Level.MUST
    profiles: tuple[Profile, ...] = CORE
    needs: frozenset[Need] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Variant:
    """A server that is right in another way than the reference.

    Args:
        name: what is different, in plain words.
        over_http: whether it can be seen only where HTTP is spoken.
    """

    name: str
    change: Change
    profiles: tuple[Profile, ...] = CORE
    over_http: bool = False


def must(name: str, right: str, change: Change, *needs: Need) -> Mutant:
    """Return a mutant that breaks what the document says; the right clauses are parted by spaces."""
    return Mutant(name, frozenset(right.split()), change, needs=frozenset(needs))


def careless(name: str, right: str, change: Change, level: Level = Level.MUST) -> Mutant:
    """Return a mutant that only the many inputs of the security profile bring to light."""
    return Mutant(name, frozenset(right.split()), change, level, (*CORE, Profile.SECURITY))


def should(name: str, right: str, change: Change, *needs: Need) -> Mutant:
    """Return a mutant that breaks what only an example shows."""
    return Mutant(name, frozenset(right.split()), change, Level.SHOULD, needs=frozenset(needs))
