"""The sender under judgement: the API takes the mails, a worker brings them out."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import falcon.testing
from tests.judges.place import SENDER_IP, SENDER_NAME, SENDING_HOST

from justemails.addresses import Mailbox
from justemails.api.app import Dependencies, create_app
from justemails.api.ids import make_new_id, make_new_secret
from justemails.api.keys import key_hash, key_hint
from justemails.api.ratelimit import RateLimiter
from justemails.clock import SystemClock
from justemails.delivery.worker import Worker, WorkerSettings
from justemails.domains.domain import make_domain
from justemails.pony_store import PonyStore
from justemails.records import Account, Attempt, Content, Domain, Key, Message
from justemails_contract.limits import LIMITS
from justemails_contract.operations import BASE_PATH, Scope

_UNLIMITED = 1_000_000


class Sender:
    """An account with a verified domain, an API without limits, and a worker."""

    def __init__(self, folder: Path, domain: str) -> None:
        clock = SystemClock()
        self.store = PonyStore(str(folder / "mail.sqlite3"))
        new_id, new_secret = make_new_id(clock), make_new_secret()
        self.store.add_account(Account("acc_1", "Judged", clock.now()))
        self.domain: Domain = replace(make_domain("acc_1", domain, clock, new_id), verified_at=clock.now())
        self.store.add_domain(self.domain)
        secret = new_secret()
        self.store.add_key(Key("key_1", "acc_1", "x", Scope.FULL, key_hint(secret), clock.now()), key_hash(secret))
        limits = {tier: replace(limit, requests=_UNLIMITED) for tier, limit in LIMITS.items()}
        self._app = create_app(Dependencies(self.store, clock, RateLimiter(clock, limits), new_id, new_secret))
        self._headers = {"Authorization": f"Bearer {secret}"}

    def send(self, body: Mapping[str, object]) -> str | None:
        """Send by the API; return the id, or None where the API refuses the body as one that nobody can send."""
        result = falcon.testing.simulate_request(
            self._app, "POST", f"{BASE_PATH}/send", headers=self._headers, json=body
        )
        if result.status_code == 200:
            message_id: str = result.json["id"]
            return message_id
        if result.status_code in {400, 422}:
            return None
        raise RuntimeError(f"{result.status_code} {result.text}")

    def deliver(self) -> None:
        """Bring out what is due, once."""
        settings = WorkerSettings(
            SENDER_NAME, SENDING_HOST, sources=(SENDER_IP,), allowed=(ip_network("192.0.2.0/24"),)
        )
        asyncio.run(Worker(self.store, settings).run_once())

    def message(self, message_id: str) -> Message:
        message = self.store.message("acc_1", message_id)
        if message is None:
            raise RuntimeError(f"{message_id} is lost")
        return message

    def attempts(self, message_id: str) -> Sequence[Attempt]:
        return self.store.attempts(message_id)


def as_body(content: Content) -> Mapping[str, object]:
    """Return content as the body of POST /send that says it."""
    members = {
        "from": _spelt(content.sender),
        "to": str(content.recipient),
        "subject": content.subject,
        "html": content.html,
        "text": content.text,
        "replyTo": content.reply_to and _spelt(content.reply_to),
        "headers": dict(content.headers) or None,
    }
    return {name: value for name, value in members.items() if value is not None}


def _spelt(mailbox: Mailbox) -> str:
    if mailbox.name is None:
        return str(mailbox.address)
    quoted = mailbox.name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{mailbox.address}>'
