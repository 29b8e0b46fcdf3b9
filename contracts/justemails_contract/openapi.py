"""The two OpenAPI contracts, as data: they stand beside the packages, where people look for them.

``contracts/document.yaml`` says what the API document promises and is open wherever that is silent; other servers are
judged by it. ``contracts/openapi.yaml`` is the reference's own, with every choice filled in.

    document_contract()["paths"]["/send"]["post"]["x-limit"]["requests"]
"""

from typing import Any

from justemails_contract.files import read_yaml

Contract = dict[str, Any]  # Any: an OpenAPI document, as YAML has it


def document_contract() -> Contract:
    """Return what the document promises of any server."""
    contract: Contract = read_yaml("document.yaml")
    return contract


def reference_contract() -> Contract:
    """Return what the reference does."""
    contract: Contract = read_yaml("openapi.yaml")
    return contract
