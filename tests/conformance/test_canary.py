"""Whatever keeps a run from verifying anything, it never ends as if all were well."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

import pytest
from tests.conformance.hostile import hangs, says, server
from tests.conformance.typed import FROM, run
from tests.sandbox.harness import Client

Served = Callable[[Client], AbstractContextManager[tuple[str, str]]]
"""Gives the base URL of a server and a key; it may take those of the sandbox."""


def answering(status: str, body: object, header: str = "X-Nothing: 1") -> Served:
    """Serve one answer for everything."""
    data = json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{header}\r\nContent-Length: {len(data)}\r\n\r\n"

    @contextmanager
    def served(_: Client) -> Iterator[tuple[str, str]]:
        with server(says(head.encode() + data)) as base_url:
            yield base_url, "je_live_x"

    return served


@contextmanager
def nobody(_: Client) -> Iterator[tuple[str, str]]:
    with server(hangs) as base_url:
        pass
    yield base_url, "je_live_x"


@contextmanager
def sandbox(client: Client) -> Iterator[tuple[str, str]]:
    yield client.api, client.key


ERROR = {"error": "NO", "message": "No."}
RUNS: Mapping[str, tuple[Served, tuple[str, ...], int]] = {
    "nothing is wanted": (sandbox, ("--only", "no.such.*"), 2),
    "what is wanted is in another profile": (sandbox, ("--only", "limits.send"), 2),
    "all that is wanted is skipped": (sandbox, ("--only", "errors.403", "--only", "messages.account"), 3),
    "a whole profile is skipped": (sandbox, ("--profile", "delivery"), 3),
    "nobody is there": (nobody, (), 3),
    "every answer is 401": (answering("401 Unauthorized", ERROR), (), 3),
    "every answer is 429": (answering("429 Too Many Requests", ERROR, "Retry-After: 0"), (), 3),
    "every answer is 200 and no object": (answering("200 OK", 1), (), 1),
    "every answer is 500": (answering("500 Oops", ERROR), (), 1),
    "every answer is 404": (answering("404 Not Found", ERROR), (), 1),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_verified_nothing_never_ends_with_zero(name: str, client: Client) -> None:
    started, options, code = RUNS[name]

    with started(client) as (base_url, key):
        done = run("conform", base_url, "--key", key, *FROM, *options, code=code)

    assert "It keeps every promise" not in done.stdout
