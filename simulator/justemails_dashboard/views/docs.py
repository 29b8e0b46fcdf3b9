"""The API's own documentation: Swagger UI over the contract, with this sandbox and its key filled in."""

from functools import cached_property
from typing import Any

import falcon

from justemails_contract.limits import LIMITS
from justemails_contract.openapi import Contract, reference_contract
from justemails_contract.operations import BASE_PATH, OPERATIONS
from justemails_dashboard.guard import POLICY
from justemails_dashboard.pages import Pages
from justemails_sandbox.control import reading
from justemails_sandbox.sandbox import Sandbox

SPECIFICATION = "/docs/openapi.json"

# Swagger UI sets styles on its elements; nothing more is let in for it, and nothing from outside.
DOCS_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")


class Docs:
    """``GET /docs``."""

    def __init__(self, sandbox: Sandbox, pages: Pages, specification: "Specification") -> None:
        self._sandbox, self._pages, self._specification = sandbox, pages, specification

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        reading.query(req)
        paths = self._specification.contract["paths"]
        resp.set_header("Content-Security-Policy", DOCS_POLICY)
        self._pages.show(
            req,
            resp,
            "docs.html",
            specification=SPECIFICATION,
            key=self._sandbox.key,
            base=req.prefix + BASE_PATH,
            operations=[
                (one, paths[one.path][one.method.lower()]["summary"], LIMITS[one.tier].requests) for one in OPERATIONS
            ],
        )


class Specification:
    """``GET /docs/openapi.json``: the reference's contract, whose server is the one that was asked for it."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        # The contract's own server is this sandbox with its port left open; any other a browser would not let us ask.
        here = {"url": req.prefix + BASE_PATH, "description": "This sandbox"}
        resp.media = {**self.contract, "servers": [here]}

    @cached_property
    def contract(self) -> Contract:
        """The contract, read when first asked for: it takes as long as the rest of the start."""
        contract = reference_contract()
        paths = {path: {way: _unfilled(one) for way, one in ways.items()} for path, ways in contract["paths"].items()}
        return {**contract, "paths": paths}


def _unfilled(part: Any) -> Any:  # Any: JSON
    """Return an operation without the examples of its parameters: Swagger UI would fill every filter in."""
    if "parameters" not in part:
        return part
    parameters = [{name: value for name, value in one.items() if name != "examples"} for one in part["parameters"]]
    return {**part, "parameters": parameters}
