"""Calling the API as any client does, with a key and under its limits, only without a socket."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from falcon.testing import StartResponseMock, create_environ

from justemails.http_server import WsgiApp
from justemails_contract.operations import BASE_PATH
from justemails_sandbox.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """What the API answered."""

    status: int
    body: Mapping[str, Any]

    @property
    def succeeded(self) -> bool:
        return self.status == 200


def call_api(
    sandbox: Sandbox, api: WsgiApp, method: str, path: str, body: bytes | Mapping[str, object] | None = None
) -> ApiAnswer:
    """Ask the API something with the sandbox's own key.

    Args:
        path: below the base path, with its query.
        body: octets to be sent as they are, or an object to be sent as JSON.
    """
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {sandbox.key}"} | ({"Content-Type": "application/json"} if data else {})
    address, _, query = (BASE_PATH + path).partition("?")
    environ = create_environ(address, headers=headers, body=data or b"")
    # Set here, for a program may have asked in ways that Falcon's tests would not.
    environ |= {"REQUEST_METHOD": method, "QUERY_STRING": query}
    response = StartResponseMock()
    text = b"".join(api(environ, response))
    # The server wakes the engine when it has committed; here nobody else does.
    sandbox.loop.call_soon(sandbox.engine.wake)
    code, _, _ = str(response.status).partition(" ")
    return ApiAnswer(int(code), json.loads(text) if text else {})
