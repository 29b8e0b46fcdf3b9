"""The fuzz profile: requests that nobody wrote down, drawn from the contract, and stories of an account.

All of it is advice. A server that answers odd requests with what the document has for answers passes; which of them it
takes is its own affair. What schemathesis and Hypothesis draw goes out through the same client as everything else, so
that budget, deadlines, journal and redaction hold. Both libraries come with the extra ``fuzz`` and are imported when
the first check is made.

    cases       what is drawn, by whom, and how the libraries are kept quiet
    bodies      what is made of it, so that it does no harm and shows one fault at a time
    asking      asks, counts, and gives up where limits leave nothing to judge
    conformity  whether an answer is one of the contract
    operations  a check for each of the six operations
    account     what an account has to look like after all that was done to it
    story       what is done to it
"""

from collections.abc import Mapping
from functools import partial
from importlib.util import find_spec
from random import Random

from justemails_conformance.checks import Check
from justemails_conformance.evidence import SkippedError
from justemails_conformance.fuzz.asking import Sent
from justemails_conformance.run import Run

CLAUSES = (
    "fuzz.send",
    "fuzz.status",
    "fuzz.messages",
    "fuzz.keys.create",
    "fuzz.keys.list",
    "fuzz.keys.revoke",
    "fuzz.story",
)
"""In the order in which they are judged: what is made by one is looked at by another."""

_NEEDED = ("hypothesis", "schemathesis")


def checks(run: Run) -> Mapping[str, Check]:
    """Return the checks of a run."""
    sent: list[Sent] = []
    return {clause: partial(_look, clause, run, sent) for clause in CLAUSES}


def _look(clause: str, run: Run, sent: list[Sent]) -> None:
    if not all(find_spec(name) for name in _NEEDED):
        raise SkippedError("needs pip install 'justemails[fuzz]'")
    from justemails_conformance.fuzz.operations import OPERATIONS
    from justemails_conformance.fuzz.story import tell

    # A clause draws the same whether it is judged alone or after others; the run's id comes from its seed.
    seed = Random(f"{run.run_id} {clause}").getrandbits(64)  # noqa: S311  # no secret is drawn
    look = tell if clause == "fuzz.story" else OPERATIONS[clause]
    look(run, sent, seed)
