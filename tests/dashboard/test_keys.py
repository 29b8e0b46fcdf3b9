"""Keys: a secret that is shown once, scopes, what was asked this minute, and revoking."""

import html
import re
import subprocess
from dataclasses import replace

import pytest
from tests.dashboard.client import Client, Page

from justemails.api.keys import KEY_FORM
from justemails.domains.domain import make_domain
from justemails.records import Key
from justemails_contract.operations import Scope
from justemails_sandbox.sandbox import Sandbox


def account_of(sandbox: Sandbox) -> str:
    return sandbox.store.accounts()[0].id


def make(client: Client, name: str = "Production", scope: str = "full") -> tuple[Page, str, Key]:
    page = client.send("/keys", account=account_of(client.sandbox), name=name, scope=scope)
    (secret,) = re.findall(rf"<pre[^>]*>({KEY_FORM.pattern})</pre>", page.html)
    made = next(key for key in client.sandbox.store.keys(account_of(client.sandbox)) if key.name == name)
    return page, secret, made


def add_key(sandbox: Sandbox, account_id: str, number: int) -> None:
    key = Key(f"key_{number:03}", account_id, f"Key {number}", Scope.FULL, "je_live_none", sandbox.clock.now())
    sandbox.store.add_key(key, f"hash {number}")


def shown(page: Page) -> list[str]:
    """Return the names of the keys that a page lists, but for the sandbox's own."""
    return re.findall(r'<a id="key-\w+"[^>]*>(Key \d+)</a>', page.html)


def test_the_sandbox_has_one_key_and_the_page_shows_no_secret(client: Client, sandbox: Sandbox) -> None:
    page = client.get("/keys")

    assert "Sandbox the sandbox's own" in page.text
    assert sandbox.key[:12] + "\u2026" in page.text
    assert not KEY_FORM.search(page.html)


def test_a_key_that_was_made_works_and_its_secret_is_never_shown_again(client: Client, sandbox: Sandbox) -> None:
    page, secret, made = make(client)

    assert page.status == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert page.html.index(secret) < page.html.index('id="live"')
    assert client.api("GET", "/messages", key=secret)["data"] == []
    for path in ("/keys", "/keys?state=0.0.", "/limits", "/requests", "/"):
        assert secret not in client.get(path).html
    assert made.id in client.get("/keys").text


@pytest.mark.parametrize(("scope", "passes"), [("full", "queued"), ("send", "queued"), ("read", '"pagination"')])
def test_the_command_beside_the_secret_works_as_pasted(client: Client, scope: str, passes: str) -> None:
    page, secret, _ = make(client, scope=scope)
    (commands,) = re.findall(r"<pre[^>]*command[^>]*>([^<]+)</pre>", page.html)

    run = subprocess.run(["/bin/bash", "-c", html.unescape(commands)], capture_output=True, text=True, check=True)

    assert secret in commands
    assert passes in run.stdout


def test_the_command_sends_from_the_domain_that_was_not_tampered_with(client: Client, sandbox: Sandbox) -> None:
    other = make_domain(account_of(sandbox), "another.example", sandbox.clock, sandbox.new_id)
    sandbox.store.add_domain(replace(other, verified_at=sandbox.clock.now()))

    assert "hello@yourdomain.com" in make(client)[0].text


def test_without_a_verified_domain_the_command_is_one_that_passes_or_says_what_is_missing(
    client: Client, sandbox: Sandbox
) -> None:
    sandbox.store.remove_domain(account_of(sandbox), "yourdomain.com")

    assert "/api/v1/messages" in make(client, "Full", "full")[0].text
    assert "answered 422 until the account has a verified domain" in make(client, "Send", "send")[0].text


def test_a_key_may_do_what_its_scope_says(client: Client) -> None:
    _, secret, made = make(client, "Reports", "read")

    assert made.scope == "read"
    mail = {"from": "hello@yourdomain.com", "to": "ann@example.com", "subject": "Hi", "text": "Hi"}
    assert client.api("POST", "/send", mail, key=secret)["error"] == "FORBIDDEN"
    assert "data" in client.api("GET", "/messages", key=secret)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "The 'name' field must not be empty."),
        ({}, "The 'name' field"),
        ({"name": "x" * 500}, "The 'name' field must have at most"),
        ({"name": "a\nb"}, "The 'name' field must not contain control characters"),
        ({"name": "CI", "scope": "admin"}, "The 'scope' field must be one of full, send, read."),
    ],
)
def test_what_makes_no_key_is_told_and_makes_none(
    client: Client, sandbox: Sandbox, fields: dict[str, str], said: str
) -> None:
    page = client.send("/keys", None, account=account_of(sandbox), **fields)

    assert page.status == 400
    assert said in page.text
    assert len(sandbox.store.keys(account_of(sandbox))) == 1


def test_a_name_is_shown_and_not_obeyed(client: Client) -> None:
    page, _, _ = make(client, '"><script>alert(1)</script>\u202egpj')

    assert "<script>alert" not in page.html
    assert '"><script>alert(1)</script>[U+202E]gpj' in page.text
    assert "<script>alert" not in client.get("/limits").html


def test_a_key_that_was_revoked_is_401(client: Client, sandbox: Sandbox) -> None:
    _, secret, made = make(client)
    assert f'action="/keys/{account_of(sandbox)}/{made.id}/revoke"' in client.get("/keys").html

    page = client.send(f"/keys/{account_of(sandbox)}/{made.id}/revoke")

    assert page.path == "/keys"
    assert made.id not in page.text
    assert client.api("GET", "/messages", key=secret)["error"] == "UNAUTHORIZED"
    assert client.send(f"/keys/{account_of(sandbox)}/{made.id}/revoke").status == 404


def test_of_many_keys_the_newest_are_shown_and_those_of_one_account_when_asked_for(
    client: Client, sandbox: Sandbox
) -> None:
    client.advance("1s")
    client.send("/accounts", name="Other", back="/keys")
    own, other = (account.id for account in sandbox.store.accounts())
    for number in range(60):
        add_key(sandbox, own, number)
        add_key(sandbox, other, 100 + number)

    page = client.get("/keys")
    assert "The newest 50 of 61 keys. More of this account" in page.text
    assert "The newest 50 of 60 keys. More of this account" in page.text
    # The first is the sandbox's own.
    assert shown(page) == [f"Key {number}" for number in [*range(59, 10, -1), *range(159, 109, -1)]]

    page = client.get(f"/keys?only={other}")
    assert shown(page) == [f"Key {number}" for number in range(159, 99, -1)]
    assert "of 60 keys" not in page.text
    assert client.get("/keys?only=acc_none").status == 404


def test_a_key_of_another_account_is_not_revoked(client: Client, sandbox: Sandbox) -> None:
    _, secret, made = make(client)
    client.send("/accounts", name="Other", back="/keys")
    other = next(account for account in sandbox.store.accounts() if account.name == "Other")

    assert client.send(f"/keys/{other.id}/{made.id}/revoke").status == 404
    assert client.send("/keys", account="acc_none", name="x").status == 404
    assert "data" in client.api("GET", "/messages", key=secret)


def test_what_was_asked_this_minute_is_counted_per_tier_and_ages(client: Client) -> None:
    _, secret, made = make(client)
    for _ in range(3):
        client.api("GET", "/messages", key=secret)
    for _ in range(10):
        client.api("GET", "/api-keys", key=secret)

    row = next(row for row in client.get("/keys").html.split("<tr") if made.id in row)
    text = " ".join(re.sub("<[^>]+>", " ", row).split())
    assert "send 0 of 100 read 3 of 300 keys 10 of 10, full" in text
    assert f"last used {client.sandbox.clock.now():%Y-%m-%d %H:%M:%S}" in text

    client.advance("61s")
    assert "3 of 300" not in client.get("/keys").text
    assert "10 of 10" not in client.get("/keys").text
