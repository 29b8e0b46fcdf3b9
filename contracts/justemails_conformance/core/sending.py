"""POST /send: what is taken, what is refused, and the answer."""

from justemails_conformance.checks import Look, binder
from justemails_conformance.client import Tier
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
from justemails_conformance.run import HTML, TEXT, Run
from justemails_conformance.transport import Exchange

CHECKS: dict[str, Look[Run]] = {}

check = binder(CHECKS)


@check("send.request")
def send_request(run: Run) -> None:
    succeeded(run.full)


@check("send.request.minimal")
def send_request_minimal(run: Run) -> None:
    succeeded(run.minimal)


@check("send.request.text")
def send_request_text(run: Run) -> None:
    given(run.minimal, "send.request.minimal")
    succeeded(run.in_text)


def _is_taken(**members: object) -> Look[Run]:
    """Return a check that some members are taken: they were in the full body, and by themselves if that was refused."""

    def look(run: Run) -> None:
        given(run.minimal, "send.request.minimal")
        if not run.full.succeeded:
            succeeded(run.send(**members))

    return look


check("send.request.both")(_is_taken(html=HTML, text=TEXT))
check("send.request.html")(_is_taken(html=HTML))
check("send.request.headers")(_is_taken(headers={"X-My-Tag": "onboarding"}))


@check("send.request.replyTo")
def send_request_reply_to(run: Run) -> None:
    _is_taken(replyTo=run.credentials.sender)(run)


@check("send.response")
def send_response(run: Run) -> None:
    response_of(given(run.full, "send.request"), SENT)


@check("send.response.id")
def send_response_id(run: Run) -> None:
    ids = [member(sent(run), *a_text("id"))]
    for exchange in (run.minimal, run.in_text):
        if exchange.succeeded:
            ids.append(member(given(exchange, "send.request", "send.response", SENT), *a_text("id")))
            if ids[-1] in ids[:-1]:
                raise BreachError("id: another one for each message", f"{shown(ids[-1])} twice", exchange)


@check("send.response.id.prefix")
def send_response_id_prefix(run: Run) -> None:
    prefix(sent(run), "id", "msg_")


@check("send.response.status")
def send_response_status(run: Run) -> None:
    status = member(sent(run), *a_status())
    if status != "queued":
        raise BreachError('status: "queued"', shown(status), run.full, warns=True)


@check("send.response.from")
def send_response_from(run: Run) -> None:
    member(sent(run), *exactly("from", run.full_body["from"]))


@check("send.response.to")
def send_response_to(run: Run) -> None:
    """The second mail goes to an address with capitals: the part before the @ is the recipient's own business."""
    member(sent(run), *exactly("to", run.full_body["to"]))
    second = given(run.minimal, "send.request.minimal", "send.response")
    told = member(second, *a_text("to"))
    if _with_a_small_domain(told) != _with_a_small_domain(run.capital_to):
        raise BreachError(f"to: {shown(run.capital_to)}", shown(told), second)


def _with_a_small_domain(address: str) -> str:
    local, at, domain = address.rpartition("@")
    return local + at + domain.lower()


@check("send.response.createdAt")
def send_response_created_at(run: Run) -> None:
    near_now(sent(run), "createdAt")


def _sent_badly(run: Run, **changed: object) -> Exchange:
    """Send a mail that ought to be refused, or skip where good ones are: then it says nothing."""
    _needs_sends(run)
    return run.send_badly(**changed)


def _needs_sends(run: Run) -> None:
    if not run.a_send_is_taken:
        raise SkippedError("needs send.request.minimal")


@check("send.request.from")
def send_request_from(run: Run) -> None:
    refused(_sent_badly(run, **{"from": None}), 400, 422)
    refused(_sent_badly(run, **{"from": "hello"}), 400, 422)


@check("send.request.to.required")
def send_request_to_required(run: Run) -> None:
    _needs_sends(run)
    refused(run.without_to, 400, 422)


@check("send.request.to")
def send_request_to(run: Run) -> None:
    for wrong in (12, "", "not an address"):
        refused(_sent_badly(run, to=wrong), 400, 422)


@check("send.request.subject")
def send_request_subject(run: Run) -> None:
    refused(_sent_badly(run, subject=None), 400, 422)


@check("send.request.from.domain")
def send_request_from_domain(run: Run) -> None:
    """Also a domain that only ends, or begins, like the verified one."""
    local, _, domain = run.credentials.sender.rpartition("@")
    for sender in (run.unverified, f"{local}@{run.run_id}{domain}", f"{local}@{domain}.{run.run_id}.com"):
        refused(_sent_badly(run, **{"from": sender}), 422)


@check("errors.example")
def errors_example(run: Run) -> None:
    exchange = refused(run.without_to, 400, 422)
    body = object_of(exchange)
    if body.get("error") != "VALIDATION_ERROR" or "to" not in str(body.get("message")):
        expected = 'error: "VALIDATION_ERROR", and a message that names to'
        raise BreachError(expected, shown(body), exchange, warns=True)


@check("errors.400")
def errors_400(run: Run) -> None:
    _needs_sends(run)
    refused(run.client.ask(Tier.SEND, "POST", "/send", b"[]"), 400, 415, 422)
    exchange = refused(run.client.ask(Tier.SEND, "POST", "/send", b'{"from": '), 400, 415, 422)
    if exchange.status != 400:
        raise BreachError("400", str(exchange.status), exchange, warns=True)
