"""Whether an answer is one that the contract has: judged by checks of schemathesis, of which a few are let speak.

What they all have in common: the document itself says what they ask for. Those that would know which requests have to
be taken or refused stay out, because the document names hardly any; the few it names are in ``operations``.
"""

from collections.abc import Sequence

import requests
from schemathesis import CheckFunction
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from justemails_conformance.evidence import BreachError
from justemails_conformance.fuzz.cases import Case
from justemails_conformance.fuzz.escaped import in_ascii, plain
from justemails_conformance.transport import Answer, Exchange

_CHECKS: Sequence[tuple[CheckFunction, str]] = (
    (status_code_conformance, "a 2xx, or a 4xx"),  # [base.success] [errors.400]
    (not_a_server_error, "any answer but 5xx"),  # [errors.500]
    (content_type_conformance, "Content-Type: application/json"),  # [base.json.response] [errors.always]
    (response_schema_conformance, "a body as document.yaml has it"),
)
_LONGEST_WORDS = 200


def conforms(case: Case, exchange: Exchange) -> None:
    """Pass, or tell the first thing that is wrong with an answer.

    Args:
        case: one of the operation that was asked; what it asks does not matter.
    """
    if exchange.answer is None:
        raise BreachError("an answer", exchange.trouble or "none", in_ascii(exchange))
    if exchange.answer.truncated:
        raise BreachError("a body of a megabyte at most", "a longer one", in_ascii(exchange))
    response = _response(case, exchange.answer)
    for check, expected in _CHECKS:
        try:
            case.validate_response(response, checks=[check])
        except FailureGroup as ex:
            words = "; ".join(sorted(_words(failure) for failure in ex.exceptions))
            raise BreachError(expected, f"{exchange.status}: {words}", in_ascii(exchange)) from None


def _words(failure: BaseException) -> str:
    """Return the beginning of what schemathesis says: the rest of it quotes schemas and values."""
    title, _, message = str(failure).partition("\n\n")
    first = " ".join(message.partition("\n\n")[0].split())
    return plain(f"{title}: {first}" if first else title)[:_LONGEST_WORDS]


def _response(case: Case, answer: Answer) -> Response:
    """Return an answer as schemathesis knows them; the request in it is a stand-in that holds no key."""
    headers: dict[str, list[str]] = {}
    for name, value in answer.headers:
        headers.setdefault(name.lower(), []).append(value)
    request = requests.Request(case.method, "http://server.invalid/").prepare()
    return Response(answer.status, headers, answer.body, request, elapsed=0.0, verify=False, encoding="utf-8")
