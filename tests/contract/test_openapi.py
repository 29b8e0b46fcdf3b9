"""The two OpenAPI contracts, against each other and against everything they repeat: the router, the tables, the prose.

Whatever is in one place is in the other. What the reference answers is held against them in
``test_openapi_answers.py``, what it takes in ``test_openapi_requests.py``.
"""

import copy
import re
import subprocess
import sys
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import cast

import pytest
import yaml
from falcon import inspect
from openapi_spec_validator import OpenAPIV31SpecValidator
from tests.contract.oas import JSON, Part, operations_of, part_of, schema_of, walk

from fakemx.clock import EXAMPLE_INSTANT, MovableClock
from justemails.api import handlers, listing, validation
from justemails.api.app import Dependencies, create_app
from justemails.api.ids import make_new_id, make_new_secret
from justemails.api.keys import KEY_FORM
from justemails.api.ratelimit import RateLimiter
from justemails.pony_store import PonyStore
from justemails_contract import errors
from justemails_contract.delivery import INITIAL, Status
from justemails_contract.files import FOLDER
from justemails_contract.limits import LIMITS
from justemails_contract.openapi import Contract, document_contract, reference_contract
from justemails_contract.operations import BASE_PATH, OPERATIONS

ROOT = Path(__file__).parents[2]
ANCHORS = re.findall(r"^(?:- |\| )\[([^\]]+)\]", (FOLDER / "api-document.md").read_text("utf-8"), re.MULTILINE)
CHOICES = re.findall(r"^### (CHOICE-\d+): ", (FOLDER / "choices.md").read_text("utf-8"), re.MULTILINE)

DOCUMENT = document_contract()
REFERENCE = reference_contract()
BOTH = pytest.mark.parametrize("contract", [DOCUMENT, REFERENCE], ids=["document", "reference"])

PRODUCT = "it is about the service as a whole, and no request shows it"

# Anchors that neither contract can say, and why.
NOT_IN_OPENAPI = {
    "auth.dashboard": "a dashboard is no part of the API",
    "limits.reason": "it gives a reason and no rule",
    "product.rest": PRODUCT,
    "product.domains": PRODUCT,
    "product.reliable": PRODUCT,
    "product.tracking": PRODUCT,
    "product.dkim": PRODUCT,
    "product.spf": PRODUCT,
    "product.included": PRODUCT,
    "product.account": PRODUCT,
    "product.start": PRODUCT,
    "product.minutes": PRODUCT,
}

NOT_IN_DOCUMENT = {
    "auth.live": "another prefix is no breach as long as it begins with je_",
    "send.response.id.prefix": "ids are opaque to a judge: CHOICE-02",
    "keys.create.response.id.prefix": "ids are opaque to a judge: CHOICE-02",
    "messages.pagination.next": "no parameter is named: CHOICE-17",
    "keys.list.secret": "a schema cannot tell the secret from a hint at it",
    "errors.409.domains": "no operation adds a domain: CHOICE-19",
}

NOT_IN_REFERENCE = {
    "base.https": "the sandbox speaks HTTP on loopback: CHOICE-50",
}


# The files


def openapi_faults(contract: Contract) -> list[object]:
    return list(OpenAPIV31SpecValidator(cast(Mapping[Hashable, object], contract)).iter_errors())


@BOTH
def test_it_is_valid_openapi_3_1(contract: Contract) -> None:
    assert contract["openapi"].startswith("3.1.")
    assert openapi_faults(contract) == []


def test_the_validator_refuses_a_contract_that_is_none() -> None:
    broken = copy.deepcopy(REFERENCE)
    broken["paths"]["/send"]["post"]["responses"]["200"].pop("description")

    assert openapi_faults(broken)


class _Strict(yaml.SafeLoader):
    """Refuses what PyYAML lets pass: a name that stands twice in one object, of which only the last counts."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        names = [self.construct_object(key, deep=True) for key, _ in node.value]
        assert len(names) == len(set(names)), f"twice in one object, at {node.start_mark}"
        return super().construct_mapping(node, deep)


@pytest.mark.parametrize("name", ["document.yaml", "openapi.yaml"])
def test_no_name_stands_twice_in_one_object(name: str) -> None:
    assert yaml.load((FOLDER / name).read_text("utf-8"), _Strict)  # noqa: S506  # made from the safe loader


def test_a_name_that_stands_twice_is_found() -> None:
    with pytest.raises(AssertionError, match="twice in one object"):
        yaml.load("a: {b: 1, b: 2}", _Strict)  # noqa: S506  # likewise


def test_the_installed_package_finds_the_files_of_this_checkout_from_anywhere(tmp_path: Path) -> None:
    program = (
        "from justemails_contract import files, openapi as o; print(files.FOLDER, len(o.reference_contract()['paths']))"
    )

    found = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert found.stdout.strip() == f"{ROOT / 'contracts'} {len(REFERENCE['paths'])}"


# Operations


def test_the_router_the_table_and_both_contracts_have_the_same_operations(tmp_path: Path) -> None:
    clock = MovableClock(EXAMPLE_INSTANT, running=False)
    store = PonyStore(str(tmp_path / "store.sqlite3"))
    app = create_app(Dependencies(store, clock, RateLimiter(clock), make_new_id(clock), make_new_secret()))
    store.close()

    routes = {
        (method.method, re.sub(r"\{\w+\}", "{id}", route.path))
        for route in inspect.inspect_routes(app)
        for method in route.methods
        if not method.internal
    }
    assert routes == {(operation.method, BASE_PATH + operation.path) for operation in OPERATIONS}
    for contract in (DOCUMENT, REFERENCE):
        assert routes == {(operation.method, BASE_PATH + operation.path) for operation in operations_of(contract)}


def test_both_contracts_give_an_operation_the_same_id_tag_and_summary() -> None:
    def names(contract: Contract) -> list[tuple[str, str, object, object]]:
        return [
            (o.method, o.path, o.id, (o.part.value["tags"], o.part.value["summary"])) for o in operations_of(contract)
        ]

    assert names(DOCUMENT) == names(REFERENCE)


@BOTH
def test_the_base_url_ends_as_the_documents_does(contract: Contract) -> None:
    assert [server["url"].endswith(BASE_PATH) for server in contract["servers"]] == [True]
    assert DOCUMENT["servers"][0]["url"] == "https://justemails.app/api/v1"  # [base.url]


@BOTH
def test_every_operation_asks_for_a_bearer_key(contract: Contract) -> None:
    assert contract["security"] == [{"bearer": []}]  # [auth.required]
    assert not [operation.id for operation in operations_of(contract) if "security" in operation.part.value]
    scheme = part_of(contract, "components", "securitySchemes", "bearer").value
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


@BOTH
def test_every_operation_has_the_limit_of_its_tier(contract: Contract) -> None:
    written = {
        (operation.method, operation.path): {
            name: operation.part.value["x-limit"][name] for name in ("tier", "requests", "seconds")
        }
        for operation in operations_of(contract)
    }

    assert written == {
        (operation.method, operation.path): {
            "tier": operation.tier.value,
            "requests": LIMITS[operation.tier].requests,
            "seconds": LIMITS[operation.tier].window.total_seconds(),
        }
        for operation in OPERATIONS
    }


def test_the_references_operations_name_the_scopes_that_may_call_them() -> None:
    scopes = {(o.method, o.path): set(o.part.value["x-scopes"]) for o in operations_of(REFERENCE)}

    assert scopes == {(o.method, o.path): {scope.value for scope in o.scopes} for o in OPERATIONS}  # CHOICE-13


@BOTH
def test_every_link_leads_from_an_answer_to_a_parameter(contract: Contract) -> None:
    operations = {operation.id: operation for operation in operations_of(contract)}
    links = {
        (operation.id, link.value["operationId"]): (response, link.value["parameters"])
        for operation in operations.values()
        for response in operation.responses.values()
        for _, link in response.items("links")
    }

    assert set(links) == {("sendEmail", "getMessage"), ("createApiKey", "revokeApiKey")}
    for (_, target), (response, parameters) in links.items():
        assert list(parameters) == [parameter.value["name"] for parameter in operations[target].parameters]
        (source,) = parameters.values()
        member = source.removeprefix("$response.body#/")
        schema = response.at("content", JSON, "schema").value
        assert member in schema["required"]


# Errors


@BOTH
def test_every_error_has_the_documents_body(contract: Contract) -> None:
    assert set(schema_of(contract, "ApiError").value["required"]) == {"error", "message"}  # [errors.body]
    for name, response in part_of(contract, "components").items("responses"):
        schema = response.value["content"][JSON]["schema"]
        body = {"$ref": "#/components/schemas/ApiError"}
        assert schema == body or schema["allOf"][0] == body, name


@BOTH
def test_every_429_tells_when_to_come_back(contract: Contract) -> None:
    for operation in operations_of(contract):
        header = operation.responses["429"].at("headers", "Retry-After").value
        assert header["required"] is True, operation.id  # [limits.retry]


def test_the_documents_contract_has_each_row_of_the_table_wherever_it_can_occur() -> None:
    """400 and 422 overlap (CHOICE-07); 404 takes an id, and 409 something that is made, changed or taken away."""
    rows = {str(kind.status) for kind in errors.DOCUMENTED}

    for operation in operations_of(DOCUMENT):
        not_here = set() if "{id}" in operation.path else {"404"}
        if operation.method == "GET":
            not_here.add("409")
        assert set(operation.responses) == rows - not_here | {"2XX", "4XX", "5XX"}, operation.id


def words_of(response: Part) -> set[str]:
    error = response.value["content"][JSON]["schema"]["allOf"][1]["properties"]["error"]
    return set(error.get("enum", [error.get("const")]))


def test_the_references_contract_and_the_table_of_errors_have_the_same_codes_and_words() -> None:
    kinds = {(kind.status, kind.code) for kind in (*errors.DOCUMENTED, errors.DOMAIN_NOT_VERIFIED, *errors.TRANSPORT)}

    responses = [
        (status, response)
        for operation in operations_of(REFERENCE)
        for status, response in operation.responses.items()
        if status != "200"
    ]
    elsewhere = [
        ("404", part_of(REFERENCE, "x-other-paths", "response")),
        ("405", part_of(REFERENCE, "x-other-methods", "response")),
        ("409", part_of(REFERENCE, "x-not-here", "response")),  # CHOICE-19
    ]
    found = {(int(status), word) for status, response in responses + elsewhere for word in words_of(response)}
    assert found == kinds
    assert set(schema_of(REFERENCE, "ApiError").value["properties"]["error"]["enum"]) == {code for _, code in kinds}
    used = {response.pointer for _, response in responses + elsewhere}
    assert used == {response.pointer for _, response in part_of(REFERENCE, "components").items("responses")}


# What the reference repeats from its own code


def test_the_references_statuses_are_those_of_the_state_table_and_the_documents_are_open() -> None:
    assert schema_of(REFERENCE, "Status").value["enum"] == [status.value for status in Status]  # CHOICE-03
    assert schema_of(REFERENCE, "SendResponse").value["properties"]["status"]["const"] == INITIAL
    for name in ("SendResponse", "Message", "ListedMessage"):
        assert schema_of(DOCUMENT, name).at("properties", "status").faults("deferred") == []


def test_the_list_parameters_are_those_that_are_read_with_their_bounds() -> None:
    (messages,) = (operation for operation in operations_of(REFERENCE) if operation.id == "listMessages")
    schemas = {part.value["name"]: part.at("schema").value for part in messages.parameters}

    assert tuple(schemas) == listing._PARAMETERS  # CHOICE-17
    bounds = {name: (schemas[name]["minimum"], schemas[name]["maximum"]) for name in ("page", "perPage")}
    assert bounds == {"page": (1, 999_999_999), "perPage": (1, listing.MAX_PER_PAGE)}
    assert (schemas["page"]["default"], schemas["perPage"]["default"]) == (1, listing.DEFAULT_PER_PAGE)


def test_the_request_members_and_sizes_are_those_that_are_read() -> None:
    send = schema_of(REFERENCE, "SendRequest").value
    headers = send["properties"]["headers"]

    assert tuple(send["properties"]) == validation._SEND_MEMBERS  # CHOICE-33
    assert send["properties"]["subject"]["maxLength"] == validation.MAX_SUBJECT  # CHOICE-40
    assert headers["maxProperties"] == validation.MAX_HEADERS
    assert headers["additionalProperties"]["maxLength"] == validation.MAX_HEADER_VALUE
    assert headers["propertyNames"]["pattern"] == f"^{validation._HEADER_NAME.pattern}$"
    assert schema_of(REFERENCE, "ApiKeyName").value["maxLength"] == validation.MAX_KEY_NAME
    bodies = [operation.part.value["requestBody"] for operation in operations_of(REFERENCE) if operation.request]
    assert [body["x-max-bytes"] for body in bodies] == [handlers.MAX_BODY, handlers.MAX_BODY]


def test_the_reserved_header_names_are_those_that_are_refused() -> None:
    rows = schema_of(REFERENCE, "ReservedHeader").value["anyOf"]

    names = {re.sub(r"\[(.)(.)\]", r"\2", row["pattern"]) for row in rows}
    assert names == {f"^{name}$" for name in validation._RESERVED} | {
        f"^{name}" for name in validation._RESERVED_PREFIXES
    }
    for row in rows:  # in any case: CHOICE-12
        assert all(pair[0] == pair[1].upper() for pair in re.findall(r"\[(..)\]", row["pattern"]))
        assert not re.search(r"(?<!\[)[a-z](?!\])", re.sub(r"\[..\]", "", row["pattern"]))


def test_the_ids_and_keys_have_the_form_of_those_that_are_made() -> None:
    new_id = make_new_id(MovableClock(EXAMPLE_INSTANT, running=False))

    assert schema_of(REFERENCE, "MessageId").faults(new_id("msg_")) == []  # CHOICE-02
    assert schema_of(REFERENCE, "ApiKeyId").faults(new_id("key_")) == []
    key = schema_of(REFERENCE, "NewApiKey").at("properties", "key")
    assert key.faults(make_new_secret()()) == []
    assert re.fullmatch(key.value["pattern"], "je_live_" + "0" * 38)
    assert KEY_FORM.fullmatch("je_live_" + "0" * 38)


def test_the_documents_contract_closes_nothing() -> None:
    closing = {"additionalProperties", "enum", "maxLength", "maxItems", "maxProperties", "maximum", "minimum"}

    found = {
        ".".join(trail): sorted(closing & set(part))
        for trail, part in walk(DOCUMENT["components"]["schemas"])
        if closing & set(part)
    }

    # Header values are strings: [send.request.headers].
    assert found == {"SendRequest.properties.headers": ["additionalProperties"]}


def test_the_references_objects_have_no_members_but_those_written_down() -> None:
    objects = [
        (name, schema) for name, schema in REFERENCE["components"]["schemas"].items() if schema.get("type") == "object"
    ]

    assert objects
    assert [name for name, schema in objects if schema["additionalProperties"] is not False] == []


@BOTH
def test_no_pattern_has_a_dollar_but_for_the_end_of_the_text(contract: Contract) -> None:
    """Guards the reading of patterns in ``oas.py``."""
    patterns = [part["pattern"] for _, part in walk(contract) if isinstance(part.get("pattern"), str)]

    assert patterns
    assert [pattern for pattern in patterns if "$" in pattern.removesuffix("$")] == []


# Where a rule comes from


def cited(contract: Contract, extension: str) -> set[str]:
    return {name for _, part in walk(contract) for name in part.get(extension, [])}


@BOTH
def test_every_clause_and_every_choice_named_is_there(contract: Contract) -> None:
    assert cited(contract, "x-clauses") - set(ANCHORS) == set()
    assert cited(contract, "x-choices") - set(CHOICES) == set()


@pytest.mark.parametrize(
    ("contract", "reasons"),
    [(DOCUMENT, NOT_IN_DOCUMENT), (REFERENCE, NOT_IN_REFERENCE)],
    ids=["document", "reference"],
)
def test_every_clause_is_named_or_has_a_reason_not_to_be(contract: Contract, reasons: dict[str, str]) -> None:
    assert set(ANCHORS) - cited(contract, "x-clauses") == set(NOT_IN_OPENAPI) | set(reasons)


def test_the_documents_contract_makes_no_choice() -> None:
    assert cited(DOCUMENT, "x-choices") == set()


@BOTH
def test_every_operation_and_every_schema_says_where_it_comes_from(contract: Contract) -> None:
    parts = {operation.id: operation.part.value for operation in operations_of(contract)}
    parts |= contract["components"]["schemas"]
    parts |= contract["components"]["responses"]

    assert [name for name, part in parts.items() if not part.get("x-clauses") and not part.get("x-choices")] == []


@BOTH
def test_every_member_of_a_schema_says_where_it_comes_from(contract: Contract) -> None:
    silent = [
        f"{name}.{member}"
        for name, schema in contract["components"]["schemas"].items()
        for member, part in schema.get("properties", {}).items()
        if not part.get("x-clauses") and "$ref" not in part
    ]

    assert silent == []


# Examples


def examples_of(contract: Contract) -> dict[str, tuple[Part, object]]:
    """Return each named example with the schema beside it."""
    found = {}
    for operation in operations_of(contract):
        places = [(f"{operation.id} {part.value['name']}", part) for part in operation.parameters]
        places += [(f"{operation.id} body", operation.request)] if operation.request else []
        places += [
            (f"{operation.id} {status}", response.at("content", JSON))
            for status, response in operation.responses.items()
        ]
        for place, part in places:
            for name, example in part.items("examples"):
                found[f"{place} {name}"] = (part.at("schema"), example.value["value"])
    return found


@BOTH
def test_every_example_fits_its_schema(contract: Contract) -> None:
    examples = examples_of(contract)

    assert len(examples) > 10
    assert {name: faults for name, (schema, value) in examples.items() if (faults := schema.faults(value))} == {}


@BOTH
def test_every_body_and_every_success_has_an_example(contract: Contract) -> None:
    named = examples_of(contract)

    for operation in operations_of(contract):
        (success,) = (status for status in operation.responses if status.startswith("2"))
        places = [f"{operation.id} {success} "] + ([f"{operation.id} body "] if operation.request else [])
        for place in places:
            assert [name for name in named if name.startswith(place)], place


def test_the_documents_examples_hold_the_documents_own_values() -> None:
    text = (FOLDER / "api-document.md").read_text("utf-8").replace("\n  ", " ")
    values = [
        value
        for _, example in examples_of(DOCUMENT).values()
        for _, part in walk(example)
        for value in part.values()
        if isinstance(value, str | int)
    ]

    assert len(values) > 30
    # The sample calls' HTML is the beginning of the sample request's.
    assert [value for value in values if f"`{value}" not in text and value is not True] == []


def test_the_references_examples_are_the_documents_with_ids_and_keys_at_full_length() -> None:
    """More members may be there where the document has an ellipsis [messages.data.more]."""

    def shortened(value: object) -> object:
        match value:
            case dict():
                return {name: shortened(inside) for name, inside in value.items()}
            case list():
                return [shortened(inside) for inside in value]
            case str():
                return re.sub(
                    r"^(msg_abc123|key_xyz789)\w+$", r"\1", re.sub(r"^je_live_abc123\w+$", "je_live_abc123...", value)
                )
        return value

    theirs = {name.replace("2XX", "200"): value for name, (_, value) in examples_of(DOCUMENT).items()}
    ours = {name: shortened(value) for name, (_, value) in examples_of(REFERENCE).items()}
    shared = set(theirs) & set(ours)
    assert set(theirs) - shared == {name for name in theirs if name.endswith("422 missing")}  # 400 here: CHOICE-07
    page = "listMessages 200 page"
    assert {name: ours[name] for name in shared - {page}} == {name: theirs[name] for name in shared - {page}}
    (item,) = ours[page]["data"]  # type: ignore[index]  # JSON
    (shown,) = theirs[page]["data"]  # type: ignore[index]  # JSON
    assert item.items() >= shown.items()


def test_every_example_of_the_references_is_good_by_the_documents_contract() -> None:
    theirs = {operation.id: operation for operation in operations_of(DOCUMENT)}
    checked = 0
    for operation in operations_of(REFERENCE):
        pairs = [(operation.request, theirs[operation.id].request)]
        pairs += [
            (response.at("content", JSON), their.at("content", JSON))
            for status, response in operation.responses.items()
            if (their := theirs[operation.id].response(int(status)))
        ]
        for part, their_part in pairs:
            if part is None or their_part is None:
                continue
            for name, example in part.items("examples"):
                assert their_part.at("schema").faults(example.value["value"]) == [], (operation.id, name)
                checked += 1
    assert checked > 20
