"""What is looked at once more when everything else is done, after the limits too where they are judged."""

from justemails_conformance.checks import Look, binder
from justemails_conformance.core.shared import TOLD, a_status
from justemails_conformance.evidence import BreachError, SkippedError, given, json_or_none, member, refused, shown
from justemails_conformance.scene import Scene

CHECKS: dict[str, Look[Scene]] = {}

check = binder(CHECKS)


@check("status.response.status")
def _(scene: Scene) -> None:
    """In all looks at a message: whatever it was, once it is delivered it stays so."""
    member(given(scene.status, "status.purpose", "status.response", TOLD), *a_status())
    last = scene.look()
    delivered = False
    for exchange in scene.party.exchanges:
        if exchange.request.path != last.request.path or not exchange.succeeded:
            continue
        body = json_or_none(exchange)
        status = body.get("status") if isinstance(body, dict) else None
        if delivered and status != "delivered":
            raise BreachError('status: "delivered", as at an earlier look', shown(status), exchange)
        delivered = status == "delivered"


@check("keys.revoke.irreversible")
def _(scene: Scene) -> None:
    """Whatever is asked, and also after it is revoked again."""
    if not scene.revoked:
        raise SkippedError("needs keys.revoke")
    scene.needs_keys_to_matter()
    revoked = scene.party.with_key(scene.key.secret)
    if scene.a_send_is_taken:
        refused(revoked.send(scene.foreign_body), 401)
    refused(revoked.list_keys(), 401)
    scene.party.revoke_key(scene.key.id)
    refused(scene.probe(revoked), 401)
