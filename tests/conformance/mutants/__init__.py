"""The suite's own test: servers that break one promise each, and servers that are right in another way.

They were written from the API document, and not from the suite's checks: the suite has to find what it did not know of.
``MUTANTS`` has to be found out, each by a right clause and few others; of ``VARIANTS`` none may fail. ``exchange``
has what both are made of, ``kills`` beside this package judges them all.
"""

from tests.conformance.mutants.auth import AUTH
from tests.conformance.mutants.errors import ERRORS
from tests.conformance.mutants.keys import KEYS
from tests.conformance.mutants.limits import LIMITS
from tests.conformance.mutants.messages import MESSAGES
from tests.conformance.mutants.mutant import Mutant, Need, Variant
from tests.conformance.mutants.send import SEND
from tests.conformance.mutants.status import STATUS
from tests.conformance.mutants.variants import VARIANTS

__all__ = ["MUTANTS", "VARIANTS", "Mutant", "Need", "Variant"]

MUTANTS: list[Mutant] = [*AUTH, *SEND, *STATUS, *MESSAGES, *KEYS, *LIMITS, *ERRORS]
