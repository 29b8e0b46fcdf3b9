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
from justemails_conformance.scene import Scene

CHECKS: dict[str, Look[Scene]] = {}

check = binder(CHECKS)

_A_MINUTE_S = 61.0
_A_SECOND = timedelta(seconds=1)
"""Times are told in whole seconds here and in fractions there (CHOICE-04)."""


@check("status.response.status")
def _(scene: Scene) -> None:
    """In all looks at a message: once it is delivered it is not queued again. A late bounce may come (CHOICE-25)."""
    member(told(scene), *a_status())
    last = scene.later
    delivered = False
    for exchange in scene.party.exchanges:
        if exchange.request.path != last.request.path or not exchange.succeeded:
            continue
        status = object_or_empty(exchange).get("status")
        if delivered and status == "queued":
            raise BreachError('status: "delivered", as at an earlier look', shown(status), exchange)
        delivered = delivered or status == "delivered"


@check("status.response.createdAt")
def _(scene: Scene) -> None:
    """Seen again more than a second later, so that a time made anew for each answer is another one."""
    first = object_of(sent(scene)).get("createdAt")
    if not is_time(first):
        raise SkippedError("needs send.response.createdAt")
    for exchange in (told(scene), given(scene.later, "status.purpose", "status.response")):
        again = member(exchange, "createdAt", is_time, "an RFC 3339 time")
        if not _same(again, first):
            raise BreachError(f"createdAt: {shown(first)}, as the answer to the send has it", shown(again), exchange)


@check("status.response.deliveredAt")
def _(scene: Scene) -> None:
    exchange = scene.delivered
    body = object_of(succeeded(exchange))
    if body.get("status") != "delivered":
        if body.get("status") == "queued" and body.get("deliveredAt") is not None:  # another word may come after it
            raise BreachError("deliveredAt: null or absent before delivery", shown(body["deliveredAt"]), exchange)
        if scene.declared.delivers_within_s is not None:
            within = f"{scene.declared.delivers_within_s:g} s, as the target file declares"
            raise BreachError(f'status: "delivered" within {within}', shown(body.get("status")), exchange)
        raise SkippedError("needs a message that is delivered within five seconds")
    delivered_at = right(exchange, body, "deliveredAt", is_time, "an RFC 3339 time on a delivered message")
    made = object_of(sent(scene)).get("createdAt")
    created_at, at = time_of(made), time_of(delivered_at)
    if created_at is not None and at is not None and at <= created_at - _A_SECOND:
        raise BreachError(f"deliveredAt: not before {shown(made)}", shown(delivered_at), exchange)
    later = object_of(succeeded(scene.later))
    if later.get("status") == "delivered" and not _same(later.get("deliveredAt"), delivered_at):
        raise BreachError(
            f"deliveredAt: {shown(delivered_at)}, as before", shown(later.get("deliveredAt")), scene.later
        )


def _same(one: object, other: object) -> bool:
    first, second = time_of(one), time_of(other)
    return first is not None and second is not None and abs(first - second) < _A_SECOND


@check("keys.revoke.irreversible")
def _(scene: Scene) -> None:
    """Whatever is asked, later where that costs nothing, and also after it is revoked again."""
    if "revocation" not in vars(scene):
        raise SkippedError("needs keys.revoke")
    scene.needs_keys_to_matter()
    if scene.pace.costs_nothing:
        scene.pace.wait(_A_MINUTE_S)
    revoked = scene.party.with_key(scene.key.secret)
    if scene.a_send_is_taken:
        refused(revoked.send(scene.foreign_body), 401)
    refused(revoked.list_keys(), 401)
    refused(scene.probe(revoked), 401)
    scene.party.revoke_key(scene.key.id)
    refused(scene.probe(revoked), 401)
