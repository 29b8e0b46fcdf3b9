"""Servers that lose a message, mix messages up, or tell a status that is not true."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from html import escape
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
    refusal,
    replies,
    said,
    set_to,
    without,
)
from tests.conformance.mutants.mutant import Need, must
from tests.conformance.mutants.times import later


def _at_each_look(act: Callable[[dict[str, Any], int], object]) -> Change:
    """Change the status of a message by how often it was looked at, from 1."""

    def put(api: Api, _: Ground) -> Api:
        looks: Counter[str] = Counter()

        def around(request: Asked) -> Said:
            answer = api(request)
            if request.operation != "status" or not answer.good:
                return answer
            looks[request.id] += 1
            body = answer.json
            act(body, looks[request.id])
            return answer.saying(body)

        return around

    return put


def _sent(give: Callable[[list[str], str], str]) -> Change:
    """Look up another id than the one that was asked for; ``give`` knows all that were given, in their order."""

    def put(api: Api, _: Ground) -> Api:
        ids: list[str] = []

        def around(request: Asked) -> Said:
            if request.operation == "status" and ids:
                return api(request.with_id(give(ids, request.id)))
            answer = api(request)
            if request.operation == "send" and answer.good:
                ids.append(answer.json["id"])
            return answer

        return around

    return put


def _subject_of_the_first(api: Api, _: Ground) -> Api:
    first: list[str] = []

    def around(request: Asked) -> Said:
        answer = api(request)
        if request.operation == "status" and answer.good:
            first.append(answer.json["subject"])
            return answer.saying({**answer.json, "subject": first[0]})
        return answer

    return around


def _unknown(make: Callable[[Asked], Said]) -> Change:
    """Answer an id that names no message in another way."""
    return said(lambda req, ans: make(req) if req.operation == "status" and ans.status == 404 else None)


def _nulls(request: Asked) -> Said:
    names = ("status", "from", "to", "subject", "createdAt", "deliveredAt")
    return Said(200).saying({"id": request.id, **dict.fromkeys(names)})


def _others_read(request: Asked, ground: Ground) -> Asked | None:
    is_other = request.key == ground.other_key and ground.other_key != ""
    return request.with_key(ground.key) if is_other and request.operation == "status" else None


def _delivered(act: Callable[[dict[str, Any], int], object]) -> Change:
    """Have every message delivered at the first look two seconds after it was made, then change it."""

    def deliver(body: dict[str, Any], look: int) -> None:
        body |= {"status": "delivered", "deliveredAt": later(body["createdAt"], 2)}
        act(body, look)

    return _at_each_look(deliver)


def _back_to_queued(body: dict[str, Any], look: int) -> None:
    if look > 2:
        body |= {"status": "queued", "deliveredAt": None}


def _back_and_forth(body: dict[str, Any], look: int) -> None:
    if look % 2 == 0:
        body |= {"status": "queued", "deliveredAt": None}


def _queued_and_delivered(body: dict[str, Any], _: int) -> None:
    body |= {"status": "queued", "deliveredAt": later(body["createdAt"], 2)}


def _moved(name: str, seconds: float) -> Callable[[Json], object]:
    return lambda body: body.update({name: later(body[name], seconds)}) if body[name] else None


def _subject(change: Callable[[str], str]) -> Change:
    return answers("status", lambda body: body.update(subject=change(body["subject"])))


def _by_any_case(ids: list[str], wanted: str) -> str:
    return next((one for one in ids if one.lower() == wanted.lower()), wanted)


def _by_its_beginning(ids: list[str], wanted: str) -> str:
    return next((one for one in ids if one[:-1] == wanted[: len(one) - 1]), wanted)


def _lost(request: Asked, _: Ground) -> Said | None:
    return refusal(404, "NOT_FOUND", "There is no such message.") if request.operation == "status" else None


def _in_utf_16(request: Asked, answer: Said) -> Said | None:
    return replace(answer, body=answer.body.decode().encode("utf-16")) if request.operation == "status" else None


STATUS = [
    must("messages are lost", "status.purpose", asked(_lost)),
    must("every id is the last message's", "status.response.id status.unknown", _sent(lambda ids, _: ids[-1])),
    must("every id is the first message's", "status.response.id status.unknown", _sent(lambda ids, _: ids[0])),
    must(
        "an unknown id is the last message's",
        "status.unknown",
        _sent(lambda ids, wanted: wanted if wanted in ids else ids[-1]),
    ),
    must("the case of an id does not matter", "status.unknown", _sent(_by_any_case)),
    must("the last character of an id does not matter", "status.unknown", _sent(_by_its_beginning)),
    must("an unknown message is a good answer of nulls", "status.unknown", _unknown(_nulls)),
    must("an unknown message is 500", "status.unknown errors.500", _unknown(lambda _: refusal(500, "OOPS"))),
    must("an unknown message is 400", "status.unknown", _unknown(lambda _: refusal(400))),
    must(
        "an unknown message is a good answer that tells an error",
        "status.unknown",
        said(lambda req, ans: ans.with_status(200) if req.operation == "status" and ans.status == 404 else None),
    ),
    must("an unknown message is 410", "status.unknown", _unknown(lambda _: refusal(410))),
    must("an unknown message is 204", "status.unknown", _unknown(lambda _: Said(204))),
    must("others can read a message", "status.account", asked(_others_read), Need.OTHER_KEY),
    must("a status is answered with a list", "status.response base.json.response", replies("status", lambda b: [b])),
    must("a status stands in data", "status.response", replies("status", lambda body: {"data": body})),
    must("a status has no id", "status.response.id", answers("status", without("id"))),
    must("a status has another id", "status.response.id", answers("status", set_to(id="msg_0000000000000000000000"))),
    must("a status has no status", "status.response.status", answers("status", without("status"))),
    must("a status is null", "status.response.status", answers("status", set_to(status=None))),
    must("a status is an object", "status.response.status", answers("status", set_to(status={"name": "queued"}))),
    must("a status has no from", "status.response.from", answers("status", without("from"))),
    must("a status has no to", "status.response.to", answers("status", without("to"))),
    must(
        "a status has from and to the wrong way round",
        "status.response.from status.response.to",
        answers("status", lambda body: body.update({"from": body["to"], "to": body["from"]})),
    ),
    must("a status has another recipient", "status.response.to", answers("status", set_to(to="someone@example.com"))),
    must("a status has another sender", "status.response.from", answers("status", set_to(**{"from": "x@y.example"}))),
    must("a status has no subject", "status.response.subject", answers("status", without("subject"))),
    must("a status has a subject of its own", "status.response.subject", answers("status", set_to(subject="Hello"))),
    must("every status has the first one's subject", "status.response.subject", _subject_of_the_first),
    must("a subject is cut off", "status.response.subject", _subject(lambda text: text[:8])),
    must("a subject is in lower case", "status.response.subject", _subject(str.lower)),
    must("a subject is escaped for HTML", "status.response.subject", _subject(escape)),
    must(
        "a subject loses what is beyond ASCII",
        "status.response.subject",
        _subject(lambda text: text.encode("ascii", "replace").decode()),
    ),
    must(
        "a subject beyond ASCII is mangled",
        "status.response.subject",
        _subject(lambda text: text.encode().decode("latin-1")),
    ),
    must("a status has no createdAt", "status.response.createdAt", answers("status", without("createdAt"))),
    must(
        "createdAt of a status is long ago",
        "status.response.createdAt",
        answers("status", set_to(createdAt="2020-01-01T00:00:00Z")),
    ),
    must(
        "createdAt of a status is seconds", "status.response.createdAt", answers("status", set_to(createdAt=1775476800))
    ),
    must("createdAt is in local time", "status.response.createdAt", answers("status", _moved("createdAt", 7200))),
    must(
        "createdAt is made anew at each look",
        "status.response.createdAt",
        _at_each_look(lambda body, look: body.update(createdAt=later(body["createdAt"], 5 * (look - 1)))),
    ),
    must(
        "createdAt is when it was looked at",
        "status.response.createdAt",
        _at_each_look(lambda body, look: body.update(createdAt=later(body["createdAt"], 5 * look))),
    ),
    must(
        "a message is delivered before it was made",
        "status.response.deliveredAt",
        _delivered(lambda body, _: body.update(deliveredAt=later(body["createdAt"], -60))),
    ),
    must(
        "a message is delivered soon",
        "status.response.deliveredAt",
        _delivered(lambda body, _: body.update(deliveredAt="soon")),
    ),
    must(
        "a delivered message has no deliveredAt",
        "status.response.deliveredAt",
        _delivered(lambda body, _: body.pop("deliveredAt")),
    ),
    must(
        "a delivered message has a null for deliveredAt",
        "status.response.deliveredAt",
        _delivered(lambda body, _: body.update(deliveredAt=None)),
    ),
    must(
        "deliveredAt is seconds",
        "status.response.deliveredAt",
        _delivered(lambda body, _: body.update(deliveredAt=1775476802)),
    ),
    must(
        "deliveredAt is called delivered_at",
        "status.response.deliveredAt",
        _delivered(lambda body, _: body.update(delivered_at=body.pop("deliveredAt"))),
    ),
    must(
        "deliveredAt moves at each look",
        "status.response.deliveredAt",
        _delivered(lambda body, look: body.update(deliveredAt=later(body["createdAt"], 2 + 60 * look))),
    ),
    must(
        "a delivered message is queued again",
        "status.response.status status.response.deliveredAt",
        _delivered(_back_to_queued),
    ),
    must(
        "every second look is queued again",
        "status.response.status status.response.deliveredAt",
        _delivered(_back_and_forth),
    ),
    must(
        "a queued message has been delivered",
        "status.response.deliveredAt status.response.status",
        _at_each_look(_queued_and_delivered),
    ),
    must("a status is in UTF-16", "base.json.response status.response", said(_in_utf_16)),
]
