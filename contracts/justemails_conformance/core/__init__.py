"""The core profile: a check for each clause that can be judged with a few requests, in an order that spends few.

Each check is bound to one clause, and passes, breaks it, or says what it lacks. What the document does not promise is
not checked. The modules are named for what is done, and their checks are made in this order:

    sending    POST /send
    looking    GET /send/:id
    listing    GET /messages
    managing   /api-keys, and the end of the first key that was made
    asking     with no key, with a wrong one, over plain HTTP
    ending     what has to hold at the very end
"""

from collections.abc import Mapping

from justemails_conformance.checks import Check, Look, bound
from justemails_conformance.core import asking, ending, listing, looking, managing, sending
from justemails_conformance.run import Run

CORE: Mapping[str, Look[Run]] = {
    **sending.CHECKS,
    **looking.CHECKS,
    **listing.CHECKS,
    **managing.CHECKS,
    **asking.CHECKS,
}
"""The checks by their clauses."""

ENDING: Mapping[str, Look[Run]] = ending.CHECKS
"""Those that are made when the other profiles have been judged."""


def checks(run: Run) -> Mapping[str, Check]:
    """Return the checks of a run."""
    return bound(CORE, run)


def last_checks(run: Run) -> Mapping[str, Check]:
    """Return the checks for the end of a run."""
    return bound(ENDING, run)
