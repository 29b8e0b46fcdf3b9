"""Reading an OpenAPI contract: its operations, its parts, and what is wrong with a value or an answer by it.

Patterns are those of ECMA-262, as OpenAPI has it. There ``$`` is the end of the text; Python's own would also let a
line break after it pass.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Any

import jsonschema
from jsonschema.protocols import Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from justemails_contract.openapi import Contract

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
JSON = "application/json"

_BASE = "urn:contract"


def _pattern(
    validator: Validator, pattern: str, value: object, schema: object
) -> Iterator[jsonschema.exceptions.ValidationError]:
    if isinstance(value, str) and not re.search(pattern.replace("$", r"\Z"), value):
        yield jsonschema.exceptions.ValidationError(f"{value!r} does not match {pattern!r}")


# Typed as its own argument: the stubs leave "extend" without types.
_Validator: type[jsonschema.Draft202012Validator] = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft202012Validator, {"pattern": _pattern}
)
_FORMATS = _Validator.FORMAT_CHECKER


@dataclass(frozen=True)
class Part:
    """A part of a contract, with the JSON pointer that leads to it once every reference is followed."""

    contract: Contract
    pointer: str

    @property
    def value(self) -> Any:  # Any: YAML
        found: Any = self.contract
        for step in self.pointer.split("/")[1:]:
            found = found[int(step) if isinstance(found, list) else step.replace("~1", "/").replace("~0", "~")]
        return found

    def at(self, *steps: str | int) -> "Part":
        """Return the part below, with a reference followed."""
        pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
        return Part(self.contract, self.pointer + pointer).followed()

    def followed(self) -> "Part":
        value = self.value
        if isinstance(value, dict) and set(value) == {"$ref"}:
            return Part(self.contract, value["$ref"].removeprefix("#")).followed()
        return self

    def items(self, name: str) -> Iterator[tuple[str, "Part"]]:
        """Yield the named parts in one of this part's objects."""
        for key in self.value.get(name, {}):
            yield key, self.at(name, key)

    def faults(self, value: object) -> list[str]:
        """Return what is wrong with a value by this schema."""
        registry = Registry().with_resource(_BASE, DRAFT202012.create_resource(self.contract))
        validator = _Validator({"$ref": f"{_BASE}#{self.pointer}"}, registry=registry, format_checker=_FORMATS)
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


@dataclass(frozen=True)
class ContractOperation:
    """An operation of a contract."""

    path: str
    method: str
    part: Part

    @property
    def id(self) -> str:
        return str(self.part.value["operationId"])

    @property
    def parameters(self) -> list[Part]:
        shared = Part(self.part.contract, "").at("paths", self.path)
        return [
            owner.at("parameters", number)
            for owner in (shared, self.part)
            for number in range(len(owner.value.get("parameters", [])))
        ]

    @property
    def request(self) -> Part | None:
        """The media type of the body, if there is one."""
        return self.part.at("requestBody", "content", JSON) if "requestBody" in self.part.value else None

    @property
    def responses(self) -> dict[str, Part]:
        return dict(self.part.items("responses"))

    def response(self, status: int) -> Part | None:
        """Return the response of a status: its own, or else the one of its hundred."""
        return self.responses.get(str(status), self.responses.get(f"{status // 100}XX"))


def part_of(contract: Contract, *steps: str) -> Part:
    return Part(contract, "").at(*steps)


def schema_of(contract: Contract, name: str) -> Part:
    return part_of(contract, "components", "schemas", name)


def operations_of(contract: Contract) -> list[ContractOperation]:
    return [
        ContractOperation(path, method.upper(), Part(contract, "").at("paths", path, method))
        for path, item in contract["paths"].items()
        for method in item
        if method in METHODS
    ]


def answer_faults(response: Part | None, headers: Message, body: bytes) -> list[str]:
    """Return what is wrong with an answer by the response of its status."""
    if response is None:
        return ["the contract has no such status here"]
    faults = []
    for name, header in response.items("headers"):
        value: object = headers.get(name)
        if header.value["schema"].get("type") == "integer":
            value = int(str(value)) if str(value).isdecimal() else value
        faults += [f"{name}: {fault}" for fault in header.at("schema").faults(value)]
    if headers.get("Content-Type") != JSON:
        return [*faults, f"Content-Type: {headers.get('Content-Type')}"]
    try:
        value = json.loads(body)
    except ValueError as ex:
        return [*faults, f"not JSON: {ex}"]
    return faults + response.at("content", JSON, "schema").faults(value)


def walk(value: object, trail: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield every object in a contract, with the names that lead to it."""
    if isinstance(value, dict):
        yield trail, value
        for name, inside in value.items():
            yield from walk(inside, (*trail, str(name)))
    elif isinstance(value, list):
        for number, inside in enumerate(value):
            yield from walk(inside, (*trail, str(number)))
