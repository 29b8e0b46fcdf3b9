"""POST /send: what is taken, what is refused, and the answer."""

from justemails_conformance.checks import Look, binder
from justemails_conformance.core.shared import a_status, a_text, exactly, near_now, prefix, refuses, sent
from justemails_conformance.evidence import BreachError, given, member, object_of, refused, shown, succeeded
from justemails_conformance.party import Tier
from justemails_conformance.scene import HTML, TEXT, Scene

CHECKS: dict[str, Look[Scene]] = {}

check = binder(CHECKS)


@check("send.request")
def _(scene: Scene) -> None:
    succeeded(scene.full)


@check("send.request.minimal")
def _(scene: Scene) -> None:
    succeeded(scene.minimal)


@check("send.request.text")
def _(scene: Scene) -> None:
    given(scene.minimal, "send.request.minimal")
    succeeded(scene.send(html=None, text=TEXT))


@check("send.request.both")
def _(scene: Scene) -> None:
    given(scene.minimal, "send.request.minimal")
    if not scene.full.succeeded:  # else both were in it
        succeeded(scene.send(html=HTML, text=TEXT))


@check("send.response")
def _(scene: Scene) -> None:
    object_of(given(scene.full, "send.request"))


@check("send.response.id")
def _(scene: Scene) -> None:
    first = member(sent(scene), *a_text("id"))
    second = member(given(scene.minimal, "send.request.minimal", "send.response"), *a_text("id"))
    if first == second:
        raise BreachError("id: another one for each message", f"{shown(first)} twice", scene.minimal)


@check("send.response.id.prefix")
def _(scene: Scene) -> None:
    prefix(sent(scene), "id", "msg_")


@check("send.response.status")
def _(scene: Scene) -> None:
    status = member(sent(scene), *a_status())
    if status != "queued":
        raise BreachError('status: "queued"', shown(status), scene.full, warns=True)


@check("send.response.from")
def _(scene: Scene) -> None:
    member(sent(scene), *exactly("from", scene.full_body["from"]))


@check("send.response.to")
def _(scene: Scene) -> None:
    """The second mail goes to an address with capitals: the part before the @ is the recipient's own business."""
    member(sent(scene), *exactly("to", scene.full_body["to"]))
    second = given(scene.minimal, "send.request.minimal", "send.response")
    told = member(second, *a_text("to"))
    if _with_a_small_domain(told) != _with_a_small_domain(scene.capital_to):
        raise BreachError(f"to: {shown(scene.capital_to)}", shown(told), second)


def _with_a_small_domain(address: str) -> str:
    local, at, domain = address.rpartition("@")
    return local + at + domain.lower()


@check("send.response.createdAt")
def _(scene: Scene) -> None:
    near_now(sent(scene), "createdAt")


@check("send.request.from")
def _(scene: Scene) -> None:
    refuses(**{"from": None})(scene)
    refuses(**{"from": 12})(scene)


@check("send.request.to.required")
def _(scene: Scene) -> None:
    refused(scene.without_to, 400, 422)


@check("send.request.to")
def _(scene: Scene) -> None:
    refuses(to=12)(scene)
    refuses(to="not an address")(scene)


@check("send.request.subject")
def _(scene: Scene) -> None:
    refuses(subject=12)(scene)
    refuses(subject=None)(scene)


check("send.request.html")(refuses(html=12))
check("send.request.replyTo")(refuses(replyTo=12))
check("send.request.headers")(refuses(headers=["X-My-Tag: onboarding"]))


@check("send.request.from.domain")
def _(scene: Scene) -> None:
    """Also a domain that only ends like the verified one."""
    local, _, domain = scene.means.sender.rpartition("@")
    for sender in (scene.unverified, f"{local}@{scene.run_id}{domain}"):
        refused(scene.send_badly(**{"from": sender}), 422)


@check("errors.example")
def _(scene: Scene) -> None:
    exchange = refused(scene.without_to, 400, 422)
    body = object_of(exchange)
    if body.get("error") != "VALIDATION_ERROR" or "to" not in str(body.get("message")):
        expected = 'error: "VALIDATION_ERROR", and a message that names to'
        raise BreachError(expected, shown(body), exchange, warns=True)


@check("errors.400")
def _(scene: Scene) -> None:
    refused(scene.party.ask(Tier.SEND, "POST", "/send", b"[]"), 400, 422)
    exchange = refused(scene.party.ask(Tier.SEND, "POST", "/send", b'{"from": '), 400, 415, 422)
    if exchange.status != 400:
        raise BreachError("400", str(exchange.status), exchange, warns=True)
