"""GET /send/:id: one message, at once and later."""

from justemails_conformance.checks import Look, binder
from justemails_conformance.core.shared import TOLD, exactly, told
from justemails_conformance.evidence import (
    BreachError,
    given,
    member,
    refused,
    response_of,
    succeeded,
)
from justemails_conformance.run import Run

CHECKS: dict[str, Look[Run]] = {}

check = binder(CHECKS)


@check("send.response.id.read")
def send_response_id_read(run: Run) -> None:
    told(run)


@check("status.purpose")
def status_purpose(run: Run) -> None:
    succeeded(run.status)


@check("status.response")
def status_response(run: Run) -> None:
    response_of(given(run.status, "status.purpose"), TOLD)


@check("status.response.id")
def status_response_id(run: Run) -> None:
    member(told(run), *exactly("id", run.id_of(run.full, "send.response.id")))


@check("status.response.from")
def status_response_from(run: Run) -> None:
    member(told(run), *exactly("from", run.full_body["from"]))


@check("status.response.to")
def status_response_to(run: Run) -> None:
    member(told(run), *exactly("to", run.full_body["to"]))


@check("status.response.subject")
def status_response_subject(run: Run) -> None:
    """Of two messages, so that nobody tells the one's for the other's."""
    member(told(run), *exactly("subject", run.full_body["subject"]))
    second = run.client.status(run.id_of(run.minimal, "send.request.minimal"))
    member(given(second, "status.purpose", "status.response", TOLD), *exactly("subject", run.subject))


@check("status.unknown")
def status_unknown(run: Run) -> None:
    """Not even one that differs from a message's by its last character, or by the case of its letters."""
    for unknown in run.almost_ids(run.full):
        refused(run.client.status(unknown), 404)


@check("status.account")
def status_account(run: Run) -> None:
    """Whatever refuses it will do (CHOICE-14)."""
    exchange = run.other.status(run.id_of(run.full, "send.response.id"))
    if exchange.succeeded:
        raise BreachError("no message of another account", f"{exchange.status} and the message", exchange)
