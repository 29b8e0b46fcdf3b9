"""The contract's tables, against the document's tables and examples, written out by hand."""

from datetime import timedelta

from justemails_contract import errors
from justemails_contract.limits import LIMITS, Tier
from justemails_contract.operations import BASE_PATH, OPERATIONS, Scope


def test_a_key_may_send_100_read_300_and_manage_keys_10_times_a_minute() -> None:
    limits = {tier.value: (limit.requests, limit.window) for tier, limit in LIMITS.items()}

    assert limits == {  # [limits.send] [limits.read] [limits.keys]
        "send": (100, timedelta(seconds=60)),
        "read": (300, timedelta(seconds=60)),
        "keys": (10, timedelta(seconds=60)),
    }


def test_the_documented_errors_are_the_eight_rows_of_the_documents_table_in_its_order() -> None:
    rows = [(kind.status, kind.meaning) for kind in errors.DOCUMENTED]

    assert rows == [
        (400, "Bad Request"),  # [errors.400]
        (401, "Unauthorized"),  # [errors.401]
        (403, "Forbidden"),  # [errors.403]
        (404, "Not Found"),  # [errors.404]
        (409, "Conflict"),  # [errors.409]
        (422, "Unprocessable Entity"),  # [errors.422]
        (429, "Too Many Requests"),  # [errors.429]
        (500, "Internal Server Error"),  # [errors.500]
    ]


def test_the_code_words_are_those_of_choice_05() -> None:
    assert {kind.status: kind.code for kind in errors.DOCUMENTED} == {
        400: "VALIDATION_ERROR",  # [errors.example]
        401: "UNAUTHORIZED",
        403: "FORBIDDEN",
        404: "NOT_FOUND",
        409: "CONFLICT",
        422: "VALIDATION_ERROR",
        429: "RATE_LIMITED",
        500: "INTERNAL_ERROR",
    }


def test_an_unverified_domain_has_the_documents_422_and_a_word_of_its_own() -> None:
    kind = errors.DOMAIN_NOT_VERIFIED

    assert (kind.status, kind.code, kind.meaning) == (422, "DOMAIN_NOT_VERIFIED", "Unprocessable Entity")


def test_the_refusals_of_http_itself_are_those_of_choice_06() -> None:
    assert [(kind.status, kind.code, kind.meaning) for kind in errors.TRANSPORT] == [
        (405, "METHOD_NOT_ALLOWED", "Method Not Allowed"),
        (413, "PAYLOAD_TOO_LARGE", "Payload Too Large"),
        (415, "UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type"),
        (431, "HEADERS_TOO_LARGE", "Request Header Fields Too Large"),
        (501, "NOT_IMPLEMENTED", "Not Implemented"),
    ]


def test_a_status_outside_the_documents_table_is_never_one_inside_it() -> None:
    assert not {kind.status for kind in errors.TRANSPORT} & {kind.status for kind in errors.DOCUMENTED}


def test_the_six_operations_have_the_documents_methods_paths_and_tiers() -> None:
    rows = [(operation.method, operation.path, operation.tier) for operation in OPERATIONS]

    assert rows == [
        ("POST", "/send", Tier.SEND),  # [send.request.method] [send.request.path]
        ("GET", "/send/{id}", Tier.READ),  # [status.path]
        ("GET", "/messages", Tier.READ),  # [messages.path]
        ("POST", "/api-keys", Tier.KEYS),  # [keys.create.method] [keys.create.path]
        ("GET", "/api-keys", Tier.KEYS),  # [keys.list.path]
        ("DELETE", "/api-keys/{id}", Tier.KEYS),  # [keys.revoke.path]
    ]


def test_the_paths_stand_below_the_documents_base_url() -> None:
    assert f"https://justemails.app{BASE_PATH}" == "https://justemails.app/api/v1"  # [base.url]


def test_operations_have_names_of_their_own() -> None:
    assert [operation.name for operation in OPERATIONS] == [
        "send",
        "status",
        "messages",
        "keys.create",
        "keys.list",
        "keys.revoke",
    ]


def test_a_full_key_may_do_everything_a_send_key_sends_and_a_read_key_reads() -> None:
    """CHOICE-13."""
    may = {scope: [operation.name for operation in OPERATIONS if scope in operation.scopes] for scope in Scope}

    assert may == {
        Scope.FULL: ["send", "status", "messages", "keys.create", "keys.list", "keys.revoke"],
        Scope.SEND: ["send"],
        Scope.READ: ["status", "messages"],
    }
