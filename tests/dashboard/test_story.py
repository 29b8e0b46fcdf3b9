"""The story that a sandbox may begin with: one mail of each kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.dashboard.client import Client
from tests.sandbox.harness import in_process

from justemails_command.serving import ServedSandbox
from justemails_sandbox.inbox import MailFilter
from justemails_sandbox.settings import SandboxSettings


@pytest.fixture
def told(tmp_path: Path) -> Iterator[ServedSandbox]:
    with in_process(SandboxSettings(tmp_path / "data", virtual=True, story=True)) as sandbox:
        yield sandbox


def test_one_is_delivered_one_waits_one_bounced_and_one_has_signatures_that_do_not_hold(told: ServedSandbox) -> None:
    client = Client(told)
    client.advance("1s")

    found = {one["to"]: one for one in client.api("GET", "/messages")["data"]}
    assert {to: one["status"] for to, one in found.items()} == {
        "ann@example.com": "delivered",
        "bob@greylist.test": "queued",
        "cleo@bounce.test": "bounced",
        "dora@example.com": "delivered",
    }
    verdicts = {
        mail.recipient: {signature["result"] for signature in mail.auth["dkim"]}  # type: ignore[attr-defined]
        for mail in told.inbox.page(MailFilter(), 1, 10)[0]
    }
    assert verdicts["ann@example.com"] == {"pass"}
    assert "pass" not in verdicts["dora@example.com"]


def test_who_has_mail_is_told_no_story(tmp_path: Path) -> None:
    for _ in range(2):
        with in_process(SandboxSettings(tmp_path / "data", virtual=True, story=True)) as sandbox:
            assert Client(sandbox).api("GET", "/messages")["pagination"]["total"] == 4
