"""The API's own documentation: the contract, this sandbox and its key, and nothing from outside."""

import json
import re
from html import unescape

from tests.dashboard.client import Client

from justemails_contract.openapi import reference_contract
from justemails_contract.operations import OPERATIONS


def test_the_specification_is_the_contract_with_this_sandbox_as_its_server(client: Client) -> None:
    page = client.get("/docs/openapi.json")

    assert page.headers["Content-Type"] == "application/json"
    served = json.loads(page.html)
    assert served.pop("servers")[0]["url"] == client.sandbox.api
    expected = {name: value for name, value in reference_contract().items() if name != "servers"}
    for ways in expected["paths"].values():
        for operation in ways.values():
            for parameter in operation.get("parameters", []) if isinstance(operation, dict) else []:
                parameter.pop("examples", None)  # else each filter is filled in with one
    assert served == expected


def test_the_server_is_under_the_name_that_the_page_is_opened_under(client: Client) -> None:
    port = client.sandbox.url.rpartition(":")[2]
    page = client.get("/docs/openapi.json", {"Host": f"localhost:{port}"})

    assert json.loads(page.html)["servers"][0]["url"] == f"http://localhost:{port}/api/v1"


def test_the_page_has_the_key_and_every_operation_for_who_has_no_script(client: Client) -> None:
    page = client.get("/docs")

    assert f'data-key="{client.sandbox.key}"' in page.html
    (without_script,) = re.findall(r"<noscript>(.*?)</noscript>", page.html, re.DOTALL)
    for operation in OPERATIONS:
        assert f"<code>{operation.method} {operation.path}</code>" in unescape(without_script)


def test_this_page_alone_lets_styles_be_set_and_no_page_lets_anything_in_from_outside(client: Client) -> None:
    policy = client.get("/docs").headers["Content-Security-Policy"]

    assert "style-src 'self' 'unsafe-inline';" in policy
    assert policy.replace(" 'unsafe-inline'", "") == client.get("/").headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "img-src 'self' data:" in policy


def test_what_the_page_loads_is_here(client: Client) -> None:
    page = client.get("/docs")
    loaded = re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css|svg|json))"', page.html)

    assert "/static/swagger/swagger-ui-bundle.js" in loaded
    for address in loaded:
        assert client.get(address).status == 200
    assert not re.findall(r"<script(?![^>]* src=)", page.html)
    assert not re.findall(r"\sstyle=", page.html)
