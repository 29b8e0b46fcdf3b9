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
from justemails_conformance.scene import Scene

CHECKS: dict[str, Look[Scene]] = {}

check = binder(CHECKS)


@check("send.response.id.read")
def _(scene: Scene) -> None:
    told(scene)


@check("status.purpose")
def _(scene: Scene) -> None:
    succeeded(scene.status)


@check("status.response")
def _(scene: Scene) -> None:
    response_of(given(scene.status, "status.purpose"), TOLD)


@check("status.response.id")
def _(scene: Scene) -> None:
    member(told(scene), *exactly("id", scene.id_of(scene.full, "send.response.id")))


@check("status.response.from")
def _(scene: Scene) -> None:
    member(told(scene), *exactly("from", scene.full_body["from"]))


@check("status.response.to")
def _(scene: Scene) -> None:
    member(told(scene), *exactly("to", scene.full_body["to"]))


@check("status.response.subject")
def _(scene: Scene) -> None:
    """Of two messages, so that nobody tells the one's for the other's."""
    member(told(scene), *exactly("subject", scene.full_body["subject"]))
    second = scene.party.status(scene.id_of(scene.minimal, "send.request.minimal"))
    member(given(second, "status.purpose", "status.response", TOLD), *exactly("subject", scene.subject))


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
