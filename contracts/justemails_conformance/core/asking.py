"""Who may ask: without a key, with something that is none, with one that may not, and over what."""

from urllib.parse import urlencode

from justemails_conformance.checks import Look, binder
from justemails_conformance.client import Client, Journal, Tier
from justemails_conformance.evidence import BreachError, SkippedError, answered, given, json_of, refused, succeeded
from justemails_conformance.run import UNKNOWN_KEY, Run
from justemails_conformance.shapes import in_another_case, with_another_end
from justemails_conformance.transport import Target

CHECKS: dict[str, Look[Run]] = {}

check = binder(CHECKS)

_PLAIN_DEADLINE_S = 5.0


@check("auth.required")
def auth_required(run: Run) -> None:
    """Also where the key stands elsewhere; in the query some may take it for a parameter that they do not know."""
    for exchange in run.asked_by_nobody():
        refused(exchange, 401)
    if not run.listed.succeeded:
        return
    key = run.second_key.secret  # which is revoked in the end, and may stand in a log
    headers = {"X-API-Key": key, "X-Api-Token": key, "Cookie": f"api_key={key}"}
    refused(run.nobody.ask(Tier.READ, "GET", "/messages", headers=headers), 401)
    refused(run.nobody.ask(Tier.READ, "GET", f"/messages?{urlencode({'api_key': key})}"), 401, 400)


@check("auth.header")
def auth_header(run: Run) -> None:
    given(run.listed, "base.relative")
    for value in (f"Basic {run.credentials.key}", run.credentials.key, "Bearer"):
        refused(run.nobody.ask(Tier.READ, "GET", "/messages", headers={"Authorization": value}), 401)


@check("errors.401")
def errors_401(run: Run) -> None:
    """Keys that are almost right, and for what changes something one that is all wrong."""
    key = run.credentials.key
    refused(run.without_key, 401)
    refused(run.with_a_wrong_key, 401)
    for wrong in (with_another_end(key), in_another_case(key), f"{key}0"):
        if wrong is not None:
            refused(run.probe(run.client.with_key(wrong)), 401)
    if run.a_send_is_taken:
        refused(run.client.with_key(UNKNOWN_KEY).send(run.foreign_body), 401)
    if run.revocation.succeeded:
        refused(run.client.with_key("not-a-key").revoke_key(run.second_key.id), 401)


@check("errors.404")
def errors_404(run: Run) -> None:
    """Whatever refuses a path that is none will do, but no fault and no page [errors.always]."""
    exchange = run.client.ask(Tier.READ, "GET", "/conformance")
    answered(exchange, range(400, 500), "404, or another refusal (4xx)")


@check("errors.403")
def errors_403(run: Run) -> None:
    if run.credentials.restricted_key is None:
        raise SkippedError("needs a key that may send and nothing else (--send-only-key)")
    run.needs_keys_to_matter()
    restricted = run.client.with_key(run.credentials.restricted_key)
    refused(run.probe(restricted), 403)
    refused(run.create_badly({"name": run.new_name()}, restricted), 403)


@check("base.relative")
def base_relative(run: Run) -> None:
    succeeded(run.listed)
    json_of(run.listed)


@check("base.https")
def base_https(run: Run) -> None:
    """Asked with the key that the run made, which is revoked at its end: the other one never travels in the open."""
    base_url = run.client.target.base_url
    if not base_url.startswith("https://"):
        raise SkippedError("needs a base URL that begins with https://")
    key = run.second_key.secret
    plain = Target(f"http://{base_url.removeprefix('https://')}", deadline_s=_PLAIN_DEADLINE_S)
    exchange = Client(plain, key, Journal(), run.pace).messages()
    if exchange.succeeded:
        raise BreachError("no success over plain HTTP", f"{exchange.status} at {plain.base_url}/messages", exchange)
