"""What a server does where the document is silent (``choices.md``): told, and held against nobody."""

from justemails_conformance.evidence import json_or_none
from justemails_conformance.scene import Scene
from justemails_conformance.transport import Exchange


def observed(scene: Scene) -> dict[str, object]:
    """Return the choices that can be seen in what was asked anyway, and how much was tried."""
    asked = vars(scene)
    told: dict[str, object] = {}
    for name, key in (("full", "send"), ("created", "keys.create"), ("revocation", "keys.revoke")):
        if isinstance(exchange := asked.get(name), Exchange):
            told[f"{key}.successStatus"] = exchange.status
    if isinstance(listed := asked.get("listed"), Exchange):
        body = json_or_none(listed)
        if isinstance(body, dict) and isinstance(body.get("pagination"), dict):
            told["messages.perPage"] = body["pagination"].get("perPage")
    for clause, counts in scene.tried.items():
        told |= {f"{clause}.{name}": count for name, count in counts.items()}
    return told
