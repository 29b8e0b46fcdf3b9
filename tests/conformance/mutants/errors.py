"""Servers whose refusals are not what a program can read, and servers that fall over what they are sent."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.conformance.mutants.exchange import (
    Api,
    Asked,
    Change,
    Ground,
    Json,
    Said,
    asked,
    refusal,
    refusals,
    said,
    set_to,
    without,
)
from tests.conformance.mutants.mutant import Need, careless, must, should

_EMPTY_HTML = b"<html><body><h1>Bad Request</h1></body></html>"


def _told(act: Callable[[dict[str, Any]], object], *statuses: int) -> Change:
    """Change the body of refusals."""

    def change(answer: Said) -> Said:
        body = answer.json
        act(body)
        return answer.saying(body)

    return refusals(change, *statuses)


def _page(answer: Said) -> Said:
    return replace(answer, body=_EMPTY_HTML, headers={**answer.headers, "Content-Type": "text/html"})


def _nothing(answer: Said) -> Said:
    return replace(answer, body=b"")


def _words(answer: Said) -> Said:
    return replace(answer, body=b"something is wrong", headers={**answer.headers, "Content-Type": "text/plain"})


def _fault(wanted: Callable[[Asked], bool]) -> Change:
    """Fall over requests of this kind."""
    return asked(lambda request, _: refusal(500, "INTERNAL_ERROR", "Try again.") if wanted(request) else None)


def _body(wanted: Callable[[Json], bool], operation: str = "send") -> Callable[[Asked], bool]:
    return lambda request: request.operation == operation and wanted(request.json)


def _is_no_json(request: Asked) -> bool:
    return request.operation == "send" and request.body.strip() not in {b"", b"null"} and request.json is None


def _member(name: str, wanted: Callable[[Json], bool]) -> Callable[[Asked], bool]:
    return _body(lambda body: isinstance(body, dict) and name in body and wanted(body[name]))


def _is_no_text(value: Json) -> bool:
    return not isinstance(value, str)


def _header(name: str, value: str | None) -> Change:
    return said(lambda _, answer: answer.with_header(name, value))


def _is_nowhere(request: Asked) -> bool:
    return request.operation == ""


def _nowhere(change: Callable[[Said], Said]) -> Change:
    return said(lambda req, ans: change(ans) if _is_nowhere(req) and ans.status in {404, 405} else None)


def _bad_json_is_mended(request: Asked, _: Ground) -> Asked | None:
    """Read a body that is no JSON as the mail of the examples."""
    if not _is_no_json(request):
        return None
    mail = {"from": "hello@yourdomain.com", "to": "user@example.com", "subject": "", "html": "<p>"}
    return request.saying(mail)


def _wrapped(api: Api, _: Ground) -> Api:
    def around(request: Asked) -> Said:
        answer = api(request)
        return answer.saying({"error": answer.json}) if answer.status >= 400 else answer

    return around


ERRORS = [
    must("errors are pages", "errors.always", refusals(_page)),
    must("errors are words", "errors.always", refusals(_words)),
    must("errors have no body", "errors.always", refusals(_nothing)),
    must("the errors of 400 are pages", "errors.always errors.body", refusals(_page, 400)),
    must("the errors of 404 are pages", "errors.always errors.body", refusals(_page, 404)),
    must("the errors of 404 have no body", "errors.always errors.body", refusals(_nothing, 404)),
    must("the errors of 422 have no body", "errors.always errors.body", refusals(_nothing, 422), Need.UNVERIFIED),
    must("the errors of 403 have no body", "errors.always errors.body", refusals(_nothing, 403), Need.RESTRICTED_KEY),
    must("the errors of 401 are null", "errors.body errors.always", refusals(lambda ans: ans.saying(None), 401)),
    must("errors are lists", "errors.body", refusals(lambda answer: answer.saying([answer.json]))),
    must("errors stand in errors", "errors.body", refusals(lambda answer: answer.saying({"errors": [answer.json]}))),
    must("error has the code and the message in it", "errors.body.error errors.body.message errors.body", _wrapped),
    must("errors have no code word", "errors.body errors.body.error", _told(without("error"))),
    must("errors have no message", "errors.body errors.body.message", _told(without("message"))),
    must("the errors of 400 have no message", "errors.body errors.body.message", _told(without("message"), 400)),
    must("the errors of 401 have no code word", "errors.body errors.body.error", _told(without("error"), 401)),
    must("the errors of 404 have no code word", "errors.body errors.body.error", _told(without("error"), 404)),
    must(
        "the code word is called code",
        "errors.body errors.body.error",
        _told(lambda body: body.update(code=body.pop("error"))),
    ),
    must("the code word is a number", "errors.body.error", _told(set_to(error=400))),
    must("the code word is true", "errors.body.error", _told(set_to(error=True))),
    must("the code word is empty", "errors.body.error", _told(set_to(error=""))),
    must("the code word of 422 is null", "errors.body.error", _told(set_to(error=None), 422), Need.UNVERIFIED),
    must("the message is empty", "errors.body.message", _told(set_to(message=""))),
    must("the message is a list", "errors.body.message", _told(lambda body: body.update(message=[body["message"]]))),
    must("the message is null", "errors.body.message", _told(set_to(message=None))),
    should(
        "the message names no field",
        "errors.example errors.body.message",
        _told(set_to(message="The request is not valid."), 400),
    ),
    must("errors are cut off", "errors.always", refusals(lambda answer: replace(answer, body=answer.body[:-5]))),
    should("answers have no content type", "base.json.response errors.always", _header("Content-Type", None)),
    should("answers are text/html", "base.json.response errors.always", _header("Content-Type", "text/html")),
    # Faults.
    must("a body that is no JSON is a fault", "errors.500 errors.400", _fault(_is_no_json)),
    must("a body that is no JSON is sent", "errors.400", asked(_bad_json_is_mended)),
    must(
        "a body that is a list is a fault", "errors.500 errors.400", _fault(_body(lambda body: isinstance(body, list)))
    ),
    careless(
        "a body that is a text or a number is a fault",
        "errors.500 errors.400",
        _fault(_body(lambda body: isinstance(body, str | int | float))),
    ),
    careless(
        "a body of null is a fault",
        "errors.500 errors.400",
        _fault(lambda request: request.operation == "send" and request.body.strip() == b"null"),
    ),
    careless(
        "no body is a fault",
        "errors.500 errors.400",
        _fault(lambda request: request.operation == "send" and request.body == b""),
    ),
    careless(
        "a body that is no UTF-8 is a fault",
        "errors.500 errors.400",
        _fault(lambda request: request.operation == "send" and b"\xff" in request.body),
    ),
    must(
        "a missing to is a fault",
        "errors.500 send.request.to.required errors.400",
        _fault(_body(lambda body: isinstance(body, dict) and "to" not in body)),
    ),
    must(
        "a missing from is a fault",
        "errors.500 errors.400",
        _fault(_body(lambda body: isinstance(body, dict) and "from" not in body)),
    ),
    must("a to that is no text is a fault", "errors.500 errors.400", _fault(_member("to", _is_no_text))),
    careless("a from that is no text is a fault", "errors.500 errors.400", _fault(_member("from", _is_no_text))),
    careless("a subject that is no text is a fault", "errors.500 errors.400", _fault(_member("subject", _is_no_text))),
    careless(
        "headers that are no object are a fault",
        "errors.500 errors.400",
        _fault(_member("headers", lambda value: not isinstance(value, dict))),
    ),
    must(
        "a key's name that is no text is a fault",
        "errors.500 errors.400",
        _fault(
            _body(lambda body: isinstance(body, dict) and "name" in body and _is_no_text(body["name"]), "keys.create")
        ),
    ),
    must(
        "a key without a name is a fault",
        "errors.500 errors.400",
        _fault(_body(lambda body: isinstance(body, dict) and "name" not in body, "keys.create")),
    ),
    careless(
        "an unknown member is a fault",
        "errors.500",
        _fault(
            _body(
                lambda body: (
                    isinstance(body, dict)
                    and bool({*body} - {"from", "to", "subject", "html", "text", "replyTo", "headers"})
                )
            )
        ),
    ),
    must("what is nowhere is a page", "errors.always errors.body", _nowhere(_page)),
    must("what is nowhere is a fault", "errors.500 errors.404", _nowhere(lambda answer: answer.with_status(500))),
    must("what is nowhere is there", "errors.404", _nowhere(lambda answer: answer.with_status(200))),
]
