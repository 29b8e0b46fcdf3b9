"""The two OpenAPI contracts, as data: they stand beside the packages, where people look for them.

``contracts/document.yaml`` says what the API document promises and is open wherever that is silent; other servers are
judged by it. ``contracts/openapi.yaml`` is the reference's own, with every choice filled in.

    document_contract()["paths"]["/send"]["post"]["x-limit"]["requests"]
"""

from typing import Any

import yaml

from justemails_contract.files import FOLDER

Contract = dict[str, Any]  # Any: an OpenAPI document, as YAML has it


def document_contract() -> Contract:
    """Return what the document promises of any server."""
    return _read("document.yaml")


def reference_contract() -> Contract:
    """Return what the reference does."""
    return _read("openapi.yaml")


def _read(name: str) -> Contract:
    contract: Contract = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    return contract
