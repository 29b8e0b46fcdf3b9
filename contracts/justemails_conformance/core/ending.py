"""What is looked at once more when everything else is done, after the limits too where they are judged."""

from datetime import timedelta

from justemails_conformance.checks import Look, binder
from justemails_conformance.core.shared import a_status, sent, told
from justemails_conformance.evidence import (
    BreachError,
    SkippedError,
    given,
    is_time,
    member,
    object_of,
    object_or_empty,
    refused,
    right,
    shown,
    succeeded,
    time_of,
)
from justemails_conformance.run import Run

CHECKS: dict[str, Look[Run]] = {}

check = binder(CHECKS)

_A_MINUTE_S = 61.0
_A_SECOND = timedelta(seconds=1)
"""Times are told in whole seconds here and in fractions there (CHOICE-04)."""


@check("status.response.status")
def status_response_status(run: Run) -> None:
    """In all looks at a message: once it is delivered it is not queued again. A late bounce may come (CHOICE-25)."""
    member(told(run), *a_status())
    last = run.later
    delivered = False
    for exchange in run.client.exchanges:
        if exchange.request.path != last.request.path or not exchange.succeeded:
            continue
        status = object_or_empty(exchange).get("status")
        if delivered and status == "queued":
            raise BreachError('status: "delivered", as at an earlier look', shown(status), exchange)
        delivered = delivered or status == "delivered"


@check("status.response.createdAt")
def status_response_created_at(run: Run) -> None:
    """Seen again more than a second later, so that a time made anew for each answer is another one."""
    first = object_of(sent(run)).get("createdAt")
    if not is_time(first):
        raise SkippedError("needs send.response.createdAt")
    for exchange in (told(run), given(run.later, "status.purpose", "status.response")):
        again = member(exchange, "createdAt", is_time, "an RFC 3339 time")
        if not _same(again, first):
            raise BreachError(f"createdAt: {shown(first)}, as the answer to the send has it", shown(again), exchange)


@check("status.response.deliveredAt")
def status_response_delivered_at(run: Run) -> None:
    exchange = run.delivered
    body = object_of(succeeded(exchange))
    if body.get("status") != "delivered":
        if body.get("status") == "queued" and body.get("deliveredAt") is not None:  # another word may come after it
            raise BreachError("deliveredAt: null or absent before delivery", shown(body["deliveredAt"]), exchange)
        if run.declared.delivers_within_s is not None:
            within = f"{run.declared.delivers_within_s:g} s, as the target file declares"
            raise BreachError(f'status: "delivered" within {within}', shown(body.get("status")), exchange)
        raise SkippedError("needs a message that is delivered within five seconds")
    delivered_at = right(exchange, body, "deliveredAt", is_time, "an RFC 3339 time on a delivered message")
    made = object_of(sent(run)).get("createdAt")
    created_at, at = time_of(made), time_of(delivered_at)
    if created_at is not None and at is not None and at <= created_at - _A_SECOND:
        raise BreachError(f"deliveredAt: not before {shown(made)}", shown(delivered_at), exchange)
    later = object_of(succeeded(run.later))
    if later.get("status") == "delivered" and not _same(later.get("deliveredAt"), delivered_at):
        raise BreachError(f"deliveredAt: {shown(delivered_at)}, as before", shown(later.get("deliveredAt")), run.later)


def _same(one: object, other: object) -> bool:
    first, second = time_of(one), time_of(other)
    return first is not None and second is not None and abs(first - second) < _A_SECOND


@check("keys.revoke.irreversible")
def keys_revoke_irreversible(run: Run) -> None:
    """Whatever is asked, later where that costs nothing, and also after it is revoked again."""
    if "revocation" not in vars(run):
        raise SkippedError("needs keys.revoke")
    run.needs_keys_to_matter()
    if run.pace.costs_nothing:
        run.pace.wait(_A_MINUTE_S)
    revoked = run.client.with_key(run.key.secret)
    if run.a_send_is_taken:
        refused(revoked.send(run.foreign_body), 401)
    refused(revoked.list_keys(), 401)
    refused(run.probe(revoked), 401)
    run.client.revoke_key(run.key.id)
    refused(run.probe(revoked), 401)
