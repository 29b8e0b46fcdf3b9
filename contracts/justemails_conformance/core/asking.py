"""Who may ask: without a key, with something that is none, with one that may not, and over what."""

from urllib.parse import urlencode

from justemails_conformance.checks import Look, binder
from justemails_conformance.evidence import BreachError, SkippedError, answered, given, json_of, refused, succeeded
from justemails_conformance.party import Journal, Party, Tier
from justemails_conformance.scene import UNKNOWN_KEY, Scene
from justemails_conformance.shapes import in_another_case, with_another_end
from justemails_conformance.transport import Target

CHECKS: dict[str, Look[Scene]] = {}

check = binder(CHECKS)

_PLAIN_DEADLINE_S = 5.0


@check("auth.required")
def _(scene: Scene) -> None:
    """Also where the key stands elsewhere; in the query some may take it for a parameter that they do not know."""
    for exchange in scene.asked_by_nobody():
        refused(exchange, 401)
    if not scene.listed.succeeded:
        return
    key = scene.second_key.secret  # which is revoked in the end, and may stand in a log
    headers = {"X-API-Key": key, "X-Api-Token": key, "Cookie": f"api_key={key}"}
    refused(scene.nobody.ask(Tier.READ, "GET", "/messages", headers=headers), 401)
    refused(scene.nobody.ask(Tier.READ, "GET", f"/messages?{urlencode({'api_key': key})}"), 401, 400)


@check("auth.header")
def _(scene: Scene) -> None:
    given(scene.listed, "base.relative")
    for value in (f"Basic {scene.means.key}", scene.means.key, "Bearer"):
        refused(scene.nobody.ask(Tier.READ, "GET", "/messages", headers={"Authorization": value}), 401)


@check("errors.401")
def _(scene: Scene) -> None:
    """Keys that are almost right, and for what changes something one that is all wrong."""
    key = scene.means.key
    refused(scene.without_key, 401)
    refused(scene.with_a_wrong_key, 401)
    for wrong in (with_another_end(key), in_another_case(key), f"{key}0"):
        if wrong is not None:
            refused(scene.probe(scene.party.with_key(wrong)), 401)
    if scene.a_send_is_taken:
        refused(scene.party.with_key(UNKNOWN_KEY).send(scene.foreign_body), 401)
    if scene.revocation.succeeded:
        refused(scene.party.with_key("not-a-key").revoke_key(scene.second_key.id), 401)


@check("errors.404")
def _(scene: Scene) -> None:
    """Whatever refuses a path that is none will do, but no fault and no page [errors.always]."""
    exchange = scene.party.ask(Tier.READ, "GET", "/conformance")
    answered(exchange, range(400, 500), "404, or another refusal (4xx)")


@check("errors.403")
def _(scene: Scene) -> None:
    if scene.means.restricted_key is None:
        raise SkippedError("needs a key that may send and nothing else (--send-only-key)")
    scene.needs_keys_to_matter()
    restricted = scene.party.with_key(scene.means.restricted_key)
    refused(scene.probe(restricted), 403)
    refused(scene.create_badly({"name": scene.new_name()}, restricted), 403)


@check("base.relative")
def _(scene: Scene) -> None:
    succeeded(scene.listed)
    json_of(scene.listed)


@check("base.https")
def _(scene: Scene) -> None:
    """Asked with the key that the run made, which is revoked at its end: the other one never travels in the open."""
    base_url = scene.party.target.base_url
    if not base_url.startswith("https://"):
        raise SkippedError("needs a base URL that begins with https://")
    key = scene.second_key.secret
    plain = Target(f"http://{base_url.removeprefix('https://')}", deadline_s=_PLAIN_DEADLINE_S)
    exchange = Party(plain, key, Journal(), scene.pace).messages()
    if exchange.succeeded:
        raise BreachError("no success over plain HTTP", f"{exchange.status} at {plain.base_url}/messages", exchange)
