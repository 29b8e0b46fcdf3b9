"""Servers that accept what they must refuse, refuse what they must accept, or answer a send wrongly."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.conformance.mutants.exchange import (
    Api,
    Asked,
    Change,
    Ground,
    Json,
    Said,
    answers,
    asked,
    ids,
    refusal,
    renamed,
    replies,
    said,
    set_to,
    without,
)
from tests.conformance.mutants.mutant import Need, careless, must, should
from tests.conformance.mutants.times import later

from justemails_conformance.clauses import Level

_GOOD: Mapping[str, str] = {
    "from": "hello@yourdomain.com",
    "to": "user@example.com",
    "subject": "Welcome!",
    "html": "<h1>Hello</h1>",
}

_LONG_AGO = "2020-01-01T00:00:00Z"


def _sending(change: Callable[[dict[str, Any]], object]) -> Change:
    """Change the members of a send before the server sees them; what is returned and is an answer is given at once."""

    def act(request: Asked, _: Ground) -> Asked | Said | None:
        body = request.json
        if request.operation != "send" or not isinstance(body, dict):
            return None
        answer = change(body)
        return answer if isinstance(answer, Said) else request.saying(body)

    return asked(act)


def _refusing(wanted: Callable[[Json], bool], status: int = 400) -> Change:
    """Refuse each send of this kind."""
    return _sending(lambda body: refusal(status) if wanted(body) else None)


def _filled_in(name: str) -> Change:
    return _sending(lambda body: body.setdefault(name, _GOOD[name]))


def _mended(name: str, wanted: Callable[[Json], bool]) -> Change:
    """Take what is given for a member as if it were a good one."""
    return _sending(lambda body: body.update({name: _GOOD[name]}) if name in body and wanted(body[name]) else None)


def _is_nonsense(value: Json) -> bool:
    return isinstance(value, str) and ("@" not in value or " " in value or value.endswith("@"))


def _unverified(status: int) -> Change:
    """Answer another status where the domain of ``from`` is not verified."""
    return said(lambda req, ans: ans.with_status(status) if req.operation == "send" and ans.status == 422 else None)


def _domain_passes(wanted: Callable[[str], bool]) -> Change:
    """Take these domains for verified, and say in the answers that they were the sender's."""

    def put(api: Api, _: Ground) -> Api:
        senders: dict[str, str] = {}

        def around(request: Asked) -> Said:
            body, sender = request.json, ""
            if request.operation == "send" and isinstance(body, dict) and isinstance(body.get("from"), str):
                domain = body["from"].rpartition("@")[2]
                if domain != "yourdomain.com" and wanted(domain):
                    sender, body["from"] = body["from"], "hello@yourdomain.com"
                    request = request.saying(body)
            answer = api(request)
            shown = answer.json
            if answer.good and isinstance(shown, dict) and "from" in shown:
                if sender:
                    senders[shown["id"]] = sender
                return answer.saying({**shown, "from": senders.get(shown["id"], shown["from"])})
            return answer

        return around

    return put


def _queued_all_the_same(status: int) -> Change:
    """Refuse, and keep what was refused as if it had been sent."""

    def put(api: Api, ground: Ground) -> Api:
        def around(request: Asked) -> Said:
            answer = api(request)
            body = request.json
            if request.operation == "send" and answer.status == status and isinstance(body, dict):
                api(request.saying({**_GOOD, "subject": "Refused"}).with_key(ground.key))
            return answer

        return around

    return put


def _one_id_for_all(api: Api, _: Ground) -> Api:
    first: list[str] = []

    def around(request: Asked) -> Said:
        answer = api(request)
        if request.operation == "send" and answer.good:
            first.append(answer.json["id"])
            return answer.saying({**answer.json, "id": first[0]})
        return answer

    return around


def _the_third_is_short(api: Api, _: Ground) -> Api:
    """Leave a member out of one answer, and not of the first ones."""
    sends = 0

    def around(request: Asked) -> Said:
        nonlocal sends
        answer = api(request)
        if request.operation != "send" or not answer.good:
            return answer
        sends += 1
        body = answer.json
        return answer.saying({"id": body["id"], "from": body["from"]}) if sends == 3 else answer

    return around


def _once_for_a_recipient(api: Api, _: Ground) -> Api:
    """Take a second mail to somebody for the first one, sent again."""
    known: dict[str, Said] = {}

    def around(request: Asked) -> Said:
        body = request.json
        if request.operation != "send" or not isinstance(body, dict):
            return api(request)
        to = str(body.get("to"))
        if to in known:
            return known[to]
        answer = api(request)
        if answer.good:
            known[to] = answer
        return answer

    return around


def _turned_to_text(name: str) -> Change:
    return _sending(
        lambda body: body.update({name: str(body[name])}) if not isinstance(body.get(name, ""), str | None) else None
    )


def _nonsense_left_out(name: str, is_nonsense: Callable[[Json], bool]) -> Change:
    return _sending(lambda body: body.pop(name) if name in body and is_nonsense(body[name]) else None)


def _is_elsewhere(request: Asked, _: Ground) -> Said | None:
    return refusal(404, "NOT_FOUND", "There is nothing here.") if request.operation == "send" else None


def _not_ascii(name: str) -> Callable[[Json], bool]:
    return lambda body: not str(body.get(name, "")).isascii()


SEND = [
    # What must be refused.
    must("a missing to is filled in", "send.request.to.required", _filled_in("to")),
    should("a missing subject is filled in", "send.request.subject", _filled_in("subject")),
    must("the third answer to a send has no createdAt", "contract.answers", _the_third_is_short),
    must("a missing from is filled in", "errors.400 send.request.from", _filled_in("from")),
    must("an empty to is a recipient", "errors.400 send.request.to", _mended("to", lambda value: value == "")),
    must("any text is a recipient", "errors.400 send.request.to", _mended("to", _is_nonsense)),
    must(
        "any text is a sender", "errors.400 send.request.from send.request.from.domain", _mended("from", _is_nonsense)
    ),
    must("a number is a recipient", "errors.400 send.request.to", _mended("to", lambda v: isinstance(v, int | float))),
    must("every domain is verified", "send.request.from.domain", _domain_passes(lambda domain: True)),
    must(
        "a domain that ends alike is verified",
        "send.request.from.domain",
        _domain_passes(lambda domain: domain.endswith("yourdomain.com") and not domain.endswith(".yourdomain.com")),
    ),
    must(
        "a domain that begins alike is verified",
        "send.request.from.domain",
        _domain_passes(lambda domain: domain.startswith("yourdomain.com")),
    ),
    must("an unverified domain is 400", "send.request.from.domain", _unverified(400), Need.UNVERIFIED),
    must("an unverified domain is 403", "send.request.from.domain", _unverified(403), Need.UNVERIFIED),
    must("an unverified domain is 404", "send.request.from.domain", _unverified(404), Need.UNVERIFIED),
    must(
        "what is refused with 422 is sent all the same",
        "send.request.from.domain messages.purpose messages.pagination.total errors.400",
        _queued_all_the_same(422),
        Need.UNVERIFIED,
    ),
    must(
        "what is refused with 400 is sent all the same",
        "errors.400 messages.purpose messages.pagination.total send.request.to.required",
        _queued_all_the_same(400),
    ),
    must(
        "a refusal is a good answer that tells an error",
        "errors.400 send.request.to.required",
        said(lambda req, ans: ans.with_status(200) if req.operation == "send" and ans.status == 400 else None),
    ),
    must(
        "bad input is answered 500",
        "errors.500 errors.400",
        said(lambda req, ans: ans.with_status(500) if req.operation == "send" and ans.status == 400 else None),
    ),
    must(
        "bad input is answered 404",
        "errors.400 send.request.to.required",
        said(lambda req, ans: ans.with_status(404) if req.operation == "send" and ans.status == 400 else None),
    ),
    # What must be accepted.
    must(
        "html alone is refused", "send.request.minimal", _refusing(lambda body: "text" not in body and "html" in body)
    ),
    must("text is refused", "send.request.text send.request.both", _refusing(lambda body: "text" in body)),
    must("text beyond ASCII is refused", "send.request.text", _refusing(_not_ascii("text"))),
    must("text beyond ASCII is a fault", "send.request.text errors.500", _refusing(_not_ascii("text"), 500)),
    must(
        "html and text together are refused",
        "send.request.both",
        _refusing(lambda body: "text" in body and "html" in body),
    ),
    must("replyTo is refused", "send.request send.request.replyTo", _refusing(lambda body: "replyTo" in body)),
    must("headers are refused", "send.request send.request.headers", _refusing(lambda body: "headers" in body)),
    must("a subject beyond ASCII is a fault", "errors.500 send.request.subject", _refusing(_not_ascii("subject"), 500)),
    must(
        "mail goes to its sender",
        "send.response.to status.response.to",
        _sending(lambda body: body.update(to=body["from"]) if {"from", "to"} <= {*body} else None),
    ),
    careless("a number is a subject", "security.send.boolean-as-subject", _turned_to_text("subject"), Level.SHOULD),
    careless("a list is an html body", "security.send.object-as-html", _turned_to_text("html"), Level.SHOULD),
    careless(
        "any text is a replyTo",
        "security.reply-to.no-address",
        _nonsense_left_out("replyTo", _is_nonsense),
        Level.SHOULD,
    ),
    careless(
        "a list is taken for headers",
        "security.headers.list",
        _nonsense_left_out("headers", lambda value: isinstance(value, list)),
        Level.SHOULD,
    ),
    must("a mail with all members is refused", "send.request", _refusing(lambda body: len(body) == 7)),
    must(
        "a recipient's capitals are lost",
        "send.response.to",
        answers("send", lambda body: body.update(to=body["to"].lower())),
    ),
    must("sending is at another path", "base.relative send.request send.request.minimal", asked(_is_elsewhere)),
    must(
        "what is sent is answered 403",
        "send.request send.request.minimal",
        said(lambda req, ans: refusal(403, "FORBIDDEN") if req.operation == "send" and ans.good else None),
    ),
    # The answer.
    should("ids of messages have no msg_", "send.response.id.prefix", ids(lambda id_: f"m-{id_[4:]}", ".*", 404)),
    must(
        "createdAt of a send is in local time",
        "send.response.createdAt",
        answers("send", lambda body: body.update(createdAt=later(body["createdAt"], 7200))),
    ),
    must("a send has no answer", "send.response base.json.response", replies("send", lambda body: None)),
    must("a send is answered with a list", "send.response base.json.response", replies("send", lambda body: [body])),
    must("a send's answer stands in data", "send.response", replies("send", lambda body: {"data": body})),
    must("a send has no id", "send.response.id", answers("send", without("id"))),
    must(
        "a send's id has another name",
        "send.response.id send.response.id.read",
        answers("send", renamed("id", "messageId")),
    ),
    must("a send's id is empty", "send.response.id", answers("send", set_to(id=""))),
    must("a send's id is a number", "send.response.id", answers("send", set_to(id=17))),
    must("all messages have one id", "send.response.id", _one_id_for_all),
    must("a second mail to somebody is the first", "send.response.id", _once_for_a_recipient),
    must(
        "a send's id names nothing",
        "status.purpose send.response.id send.response.id.read",
        answers("send", lambda body: body.update(id=body["id"][:-1] + ("0" if body["id"][-1] != "0" else "1"))),
    ),
    must("a send has no status", "send.response.status", answers("send", without("status"))),
    must("a send's status is null", "send.response.status", answers("send", set_to(status=None))),
    must("a send's status is a number", "send.response.status", answers("send", set_to(status=1))),
    must("a send does not tell from", "send.response.from", answers("send", without("from"))),
    must("a send does not tell to", "send.response.to", answers("send", without("to"))),
    must(
        "a send tells from and to the wrong way round",
        "send.response.from send.response.to",
        answers("send", lambda body: body.update({"from": body["to"], "to": body["from"]})),
    ),
    must("a send tells to as a list", "send.response.to", answers("send", lambda body: body.update(to=[body["to"]]))),
    must(
        "a send tells from with a name",
        "send.response.from",
        answers("send", lambda body: body.update({"from": f"Hello <{body['from']}>"})),
    ),
    must("a send tells another sender", "send.response.from", answers("send", set_to(**{"from": "x@y.example"}))),
    must("createdAt of a send is long ago", "send.response.createdAt", answers("send", set_to(createdAt=_LONG_AGO))),
    must("a send does not tell createdAt", "send.response.createdAt", answers("send", without("createdAt"))),
    must("createdAt of a send is seconds", "send.response.createdAt", answers("send", set_to(createdAt=1775476800))),
    must(
        "createdAt of a send has another form",
        "send.response.createdAt",
        answers("send", set_to(createdAt="Mon, 06 Apr 2026 12:00:00 GMT")),
    ),
    must(
        "createdAt of a send has no zone",
        "send.response.createdAt",
        answers("send", lambda body: body.update(createdAt=body["createdAt"].removesuffix("Z"))),
    ),
    must(
        "createdAt of a send is called created_at",
        "send.response.createdAt",
        answers("send", renamed("createdAt", "created_at")),
    ),
]
