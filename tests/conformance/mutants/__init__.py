"""The suite's own test: servers that break one promise each, and servers that are right in another way.

They were written from the API document, and not from the suite's checks: the suite has to find what it did not know of.
``MUTANTS`` has to be found out, each by a right clause and few others; of ``VARIANTS`` none may fail. ``exchange``
has what both are made of, ``kills`` beside this package judges them all.
"""

from collections.abc import Mapping, Sequence

from tests.conformance.mutants.auth import AUTH
from tests.conformance.mutants.errors import ERRORS
from tests.conformance.mutants.keys import KEYS
from tests.conformance.mutants.limits import LIMITS
from tests.conformance.mutants.messages import MESSAGES
from tests.conformance.mutants.mutant import Mutant, Need, Variant
from tests.conformance.mutants.send import SEND
from tests.conformance.mutants.status import STATUS
from tests.conformance.mutants.variants import VARIANTS

__all__ = ["FAMILIES", "MUTANTS", "VARIANTS", "WITNESSES", "Mutant", "Need", "Variant"]

FAMILIES: Mapping[str, Sequence[Mutant]] = {
    "auth": AUTH,
    "send": SEND,
    "status": STATUS,
    "messages": MESSAGES,
    "keys": KEYS,
    "limits": LIMITS,
    "errors": ERRORS,
}
"""The mutants by the module that they are in."""

MUTANTS: list[Mutant] = [mutant for family in FAMILIES.values() for mutant in family]

WITNESSES: Mapping[str, str] = {
    "auth": "no key is needed at all",
    "send": "a missing to is filled in",
    "status": "messages are lost",
    "messages": "the list is empty",
    "keys": "a key needs no name",
    "limits": "ten sends pass",
    "errors": "errors are pages",
}
"""One mutant of each family, which `make test` has judged; `make hunt` has all of them judged."""
