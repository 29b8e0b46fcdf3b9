"""GET /send/:id: one message, at once and later."""

from datetime import timedelta

from justemails_conformance.checks import Look, binder
from justemails_conformance.core.shared import TOLD, exactly, sent
from justemails_conformance.evidence import (
    BreachError,
    SkippedError,
    given,
    is_time,
    member,
    object_of,
    refused,
    response_of,
    right,
    shown,
    succeeded,
    time_of,
)
from justemails_conformance.scene import Scene
from justemails_conformance.transport import Exchange

CHECKS: dict[str, Look[Scene]] = {}

check = binder(CHECKS)

_A_SECOND = timedelta(seconds=1)
"""Times are told in whole seconds here and in fractions there (CHOICE-04)."""


def _status(scene: Scene) -> Exchange:
    return given(scene.status, "status.purpose", "status.response", TOLD)


@check("send.response.id.read")
def _(scene: Scene) -> None:
    _status(scene)


@check("status.purpose")
def _(scene: Scene) -> None:
    succeeded(scene.status)


@check("status.response")
def _(scene: Scene) -> None:
    response_of(given(scene.status, "status.purpose"), TOLD)


@check("status.response.id")
def _(scene: Scene) -> None:
    member(_status(scene), *exactly("id", scene.id_of(scene.full, "send.response.id")))


@check("status.response.from")
def _(scene: Scene) -> None:
    member(_status(scene), *exactly("from", scene.full_body["from"]))


@check("status.response.to")
def _(scene: Scene) -> None:
    member(_status(scene), *exactly("to", scene.full_body["to"]))


@check("status.response.subject")
def _(scene: Scene) -> None:
    """Of two messages, so that nobody tells the one's for the other's."""
    member(_status(scene), *exactly("subject", scene.full_body["subject"]))
    second = scene.party.status(scene.id_of(scene.minimal, "send.request.minimal"))
    member(given(second, "status.purpose", "status.response", TOLD), *exactly("subject", scene.subject))


@check("status.response.createdAt")
def _(scene: Scene) -> None:
    """Seen again more than a second later, so that a time made anew for each answer is another one."""
    told = object_of(sent(scene)).get("createdAt")
    if not is_time(told):
        raise SkippedError("needs send.response.createdAt")
    for exchange in (_status(scene), given(scene.later, "status.purpose", "status.response")):
        again = member(exchange, "createdAt", is_time, "an RFC 3339 time")
        if not _same(again, told):
            raise BreachError(f"createdAt: {shown(told)}, as the answer to the send has it", shown(again), exchange)


@check("status.response.deliveredAt")
def _(scene: Scene) -> None:
    exchange = scene.delivered
    body = object_of(succeeded(exchange))
    if body.get("status") != "delivered":
        if body.get("deliveredAt") is not None:
            raise BreachError("deliveredAt: null or absent before delivery", shown(body["deliveredAt"]), exchange)
        if scene.declared.delivers_within_s is not None:
            within = f"{scene.declared.delivers_within_s:g} s, as the target file declares"
            raise BreachError(f'status: "delivered" within {within}', shown(body.get("status")), exchange)
        raise SkippedError("needs a message that is delivered within five seconds")
    delivered_at = right(exchange, body, "deliveredAt", is_time, "an RFC 3339 time on a delivered message")
    created_at, at = time_of(body.get("createdAt")), time_of(delivered_at)
    if created_at is not None and at is not None and at <= created_at - _A_SECOND:
        raise BreachError(f"deliveredAt: not before {shown(body['createdAt'])}", shown(delivered_at), exchange)
    later = succeeded(scene.later)
    member(later, *exactly("status", "delivered"))
    again = object_of(later).get("deliveredAt")
    if not _same(again, delivered_at):
        raise BreachError(f"deliveredAt: {shown(delivered_at)}, as before", shown(again), later)


def _same(one: object, other: object) -> bool:
    first, second = time_of(one), time_of(other)
    return first is not None and second is not None and abs(first - second) < _A_SECOND


@check("status.unknown")
def _(scene: Scene) -> None:
    """Not even one that differs from a message's by its last character, or by the case of its letters."""
    for unknown in scene.almost_ids(scene.full):
        refused(scene.party.status(unknown), 404)


@check("status.account")
def _(scene: Scene) -> None:
    """Whatever refuses it will do (CHOICE-14)."""
    exchange = scene.other.status(scene.id_of(scene.full, "send.response.id"))
    if exchange.succeeded:
        raise BreachError("no message of another account", f"{exchange.status} and the message", exchange)
