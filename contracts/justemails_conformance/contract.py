"""Every success of a run beside the contract of the document: what no check happened to look at is looked at too.

A hand-made check looks at one answer; the others of the same operation may have another shape. What a clause has told
already is not told again.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

import jsonschema
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from justemails_conformance.checks import Check
from justemails_conformance.evidence import BreachError, json_or_none
from justemails_conformance.transport import Exchange
from justemails_conformance.verdict import Finding, Outcome
from justemails_contract.openapi import document_contract

_BASE = "urn:document"
_SHOWN = 200
_TOLD_BY = {
    "sendEmail": "send.response",
    "getMessage": "status.response",
    "listMessages": "messages.",
    "createApiKey": "keys.create.response",
    "listApiKeys": "keys.list.response",
    "revokeApiKey": "keys.revoke.response",
}
"""How the clauses begin that tell what is wrong with an operation's answer."""


@dataclass(frozen=True, slots=True)
class _Operation:
    """What an operation is asked by, and what its successes have to be."""

    id: str
    method: str
    path: re.Pattern[str]
    validator: jsonschema.Draft202012Validator


def checks(exchanges: Sequence[Exchange], findings: Sequence[Finding]) -> Mapping[str, Check]:
    """Return the check of all that was said, for the end of a run."""
    return {"contract.answers": partial(_all_fit, exchanges, findings)}


def _all_fit(exchanges: Sequence[Exchange], findings: Sequence[Finding]) -> None:
    told = [one.clause.id for one in findings if one.outcome in {Outcome.FAIL, Outcome.WARN}]
    for operation in _operations():
        if not any(clause.startswith((_TOLD_BY[operation.id], "base.json.response")) for clause in told):
            for exchange in exchanges:
                _fits(operation, exchange)


def _fits(operation: _Operation, exchange: Exchange) -> None:
    request = exchange.request
    asked = request.raw is None and request.method == operation.method
    if not exchange.succeeded or not asked or not operation.path.fullmatch(request.path.partition("?")[0]):
        return
    body = json_or_none(exchange)
    fault = jsonschema.exceptions.best_match(operation.validator.iter_errors(body))
    if fault is not None:
        got = f"{fault.json_path}: {ascii(fault.message)[1:-1][:_SHOWN]}"
        raise BreachError(f"an answer as document.yaml has it for {operation.id}", got, exchange)


@cache
def _operations() -> Sequence[_Operation]:
    contract = document_contract()
    registry = Registry().with_resource(_BASE, DRAFT202012.create_resource(contract))
    found = []
    for path, item in contract["paths"].items():
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
        for method, operation in item.items():
            if method != "parameters":
                schema = operation["responses"]["2XX"]["content"]["application/json"]["schema"]["$ref"]
                validator = jsonschema.Draft202012Validator(
                    {"$ref": f"{_BASE}{schema}"},
                    registry=registry,
                    format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
                )
                found.append(_Operation(operation["operationId"], method.upper(), pattern, validator))
    return found
