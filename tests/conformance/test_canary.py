"""Whatever keeps a run from verifying anything, it never ends as if all were well."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.conformance.hostile import hangs, says, server
from tests.conformance.typed import FROM, run
from tests.sandbox.harness import client_of, in_process

from justemails_sandbox.settings import SandboxSettings


@contextmanager
def answering(status: str, body: object, header: str = "X-Nothing: 1") -> Iterator[tuple[str, str]]:
    """Give the base URL of a server that has one answer for everything, and a key."""
    data = json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{header}\r\nContent-Length: {len(data)}\r\n\r\n"
    with server(says(head.encode() + data)) as base_url:
        yield base_url, "je_live_x"


@contextmanager
def nobody() -> Iterator[tuple[str, str]]:
    with server(hangs) as base_url:
        pass
    yield base_url, "je_live_x"


@contextmanager
def sandbox() -> Iterator[tuple[str, str]]:
    with in_process(SandboxSettings()) as served:
        client = client_of(served)
        yield client.api, client.key


ERROR = {"error": "NO", "message": "No."}
RUNS = {
    "nothing is wanted": (sandbox, ("--only", "no.such.*"), 2),
    "what is wanted is in another profile": (sandbox, ("--only", "limits.send"), 2),
    "all that is wanted is skipped": (sandbox, ("--only", "errors.403", "--only", "messages.account"), 3),
    "a whole profile is skipped": (sandbox, ("--profile", "delivery"), 3),
    "nobody is there": (nobody, (), 3),
    "every answer is 401": (lambda: answering("401 Unauthorized", ERROR), (), 3),
    "every answer is 429": (lambda: answering("429 Too Many Requests", ERROR, "Retry-After: 0"), (), 3),
    "every answer is 200 and no object": (lambda: answering("200 OK", 1), (), 1),
    "every answer is 500": (lambda: answering("500 Oops", ERROR), (), 1),
    "every answer is 404": (lambda: answering("404 Not Found", ERROR), (), 1),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_verified_nothing_never_ends_with_zero(name: str) -> None:
    started, options, code = RUNS[name]

    with started() as (base_url, key):
        done = run("conform", base_url, "--key", key, *FROM, *options, code=code)

    assert "It keeps every promise" not in done.stdout
