"""POST /send: what is taken, what is refused, and the answer."""

from justemails_conformance.checks import Look, binder
from justemails_conformance.core.shared import SENT, a_status, a_text, exactly, near_now, prefix, sent
from justemails_conformance.evidence import (
    BreachError,
    SkippedError,
    given,
    member,
    object_of,
    refused,
    response_of,
    shown,
    succeeded,
)
from justemails_conformance.party import Tier
from justemails_conformance.scene import HTML, TEXT, Scene
from justemails_conformance.transport import Exchange

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
    succeeded(scene.in_text)


def _is_taken(**members: object) -> Look[Scene]:
    """Return a check that some members are taken: they were in the full body, and by themselves if that was refused."""

    def look(scene: Scene) -> None:
        given(scene.minimal, "send.request.minimal")
        if not scene.full.succeeded:
            succeeded(scene.send(**members))

    return look


check("send.request.both")(_is_taken(html=HTML, text=TEXT))
check("send.request.html")(_is_taken(html=HTML))
check("send.request.headers")(_is_taken(headers={"X-My-Tag": "onboarding"}))


@check("send.request.replyTo")
def _(scene: Scene) -> None:
    _is_taken(replyTo=scene.means.sender)(scene)


@check("send.response")
def _(scene: Scene) -> None:
    response_of(given(scene.full, "send.request"), SENT)


@check("send.response.id")
def _(scene: Scene) -> None:
    ids = [member(sent(scene), *a_text("id"))]
    for exchange in (scene.minimal, scene.in_text):
        if exchange.succeeded:
            ids.append(member(given(exchange, "send.request", "send.response", SENT), *a_text("id")))
            if ids[-1] in ids[:-1]:
                raise BreachError("id: another one for each message", f"{shown(ids[-1])} twice", exchange)


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


def _sent_badly(scene: Scene, **changed: object) -> Exchange:
    """Send a mail that ought to be refused, or skip where good ones are: then it says nothing."""
    _needs_sends(scene)
    return scene.send_badly(**changed)


def _needs_sends(scene: Scene) -> None:
    if not scene.a_send_is_taken:
        raise SkippedError("needs send.request.minimal")


@check("send.request.from")
def _(scene: Scene) -> None:
    refused(_sent_badly(scene, **{"from": None}), 400, 422)
    refused(_sent_badly(scene, **{"from": "hello"}), 400, 422)


@check("send.request.to.required")
def _(scene: Scene) -> None:
    _needs_sends(scene)
    refused(scene.without_to, 400, 422)


@check("send.request.to")
def _(scene: Scene) -> None:
    for wrong in (12, "", "not an address"):
        refused(_sent_badly(scene, to=wrong), 400, 422)


@check("send.request.subject")
def _(scene: Scene) -> None:
    refused(_sent_badly(scene, subject=None), 400, 422)


@check("send.request.from.domain")
def _(scene: Scene) -> None:
    """Also a domain that only ends, or begins, like the verified one."""
    local, _, domain = scene.means.sender.rpartition("@")
    for sender in (scene.unverified, f"{local}@{scene.run_id}{domain}", f"{local}@{domain}.{scene.run_id}.com"):
        refused(_sent_badly(scene, **{"from": sender}), 422)


@check("errors.example")
def _(scene: Scene) -> None:
    exchange = refused(scene.without_to, 400, 422)
    body = object_of(exchange)
    if body.get("error") != "VALIDATION_ERROR" or "to" not in str(body.get("message")):
        expected = 'error: "VALIDATION_ERROR", and a message that names to'
        raise BreachError(expected, shown(body), exchange, warns=True)


@check("errors.400")
def _(scene: Scene) -> None:
    _needs_sends(scene)
    refused(scene.party.ask(Tier.SEND, "POST", "/send", b"[]"), 400, 415, 422)
    exchange = refused(scene.party.ask(Tier.SEND, "POST", "/send", b'{"from": '), 400, 415, 422)
    if exchange.status != 400:
        raise BreachError("400", str(exchange.status), exchange, warns=True)
