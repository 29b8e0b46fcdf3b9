"""What every answer of a run has to obey, whatever was asked: judged at its end, at no further request."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from justemails_conformance.checks import Check
from justemails_conformance.evidence import BreachError, is_text, json_of, json_or_none, shown
from justemails_conformance.transport import Exchange


def checks(exchanges: Sequence[Exchange]) -> Mapping[str, Check]:
    """Return the checks of all that was said."""
    return {clause: partial(_each, look, exchanges) for clause, look in OF_ALL.items()}


def _each(look: Callable[[Exchange], None], exchanges: Sequence[Exchange]) -> None:
    for exchange in exchanges:
        if exchange.request.raw is None:  # what is no HTTP may be refused before the API sees it (CHOICE-06)
            look(exchange)


def _success_is_an_object(exchange: Exchange) -> None:
    if not exchange.succeeded:
        return
    body = json_of(exchange)
    if not isinstance(body, dict):
        raise BreachError("a JSON object", shown(body), exchange)
    kind = exchange.answer.header("Content-Type") if exchange.answer else None
    if (kind or "").partition(";")[0].strip().lower() != "application/json":
        raise BreachError("Content-Type: application/json", shown(kind), exchange, warns=True)


def _error_is_json(exchange: Exchange) -> None:
    if exchange.status >= 400:
        json_of(exchange)


def _error_has_both_members(exchange: Exchange) -> None:
    if exchange.status >= 400:
        try:
            body = json_of(exchange)
        except BreachError:
            return  # [errors.always] tells it
        if not (isinstance(body, dict) and {"error", "message"} <= body.keys()):
            raise BreachError("an object with error and message", shown(body), exchange)


def _error_member(exchange: Exchange, name: str) -> None:
    if exchange.status >= 400:
        body = json_or_none(exchange)
        if isinstance(body, dict) and name in body and not is_text(body[name]):
            raise BreachError(f"{name}: a text that is not empty", shown(body[name]), exchange)


def _no_fault_of_its_own(exchange: Exchange) -> None:
    if exchange.status >= 500:
        raise BreachError("any answer but 5xx", str(exchange.status), exchange)
    if exchange.answer is None:
        raise BreachError("an answer", exchange.trouble or "none", exchange)


OF_ALL: Mapping[str, Callable[[Exchange], None]] = {
    "base.json.response": _success_is_an_object,
    "errors.always": _error_is_json,
    "errors.body": _error_has_both_members,
    "errors.body.error": partial(_error_member, name="error"),
    "errors.body.message": partial(_error_member, name="message"),
    "errors.500": _no_fault_of_its_own,
}
"""What every answer has to obey, by the clauses."""
