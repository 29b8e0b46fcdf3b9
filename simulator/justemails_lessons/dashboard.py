"""What the document calls the dashboard: where accounts, domains and keys with a scope are made.

It is the control API of the sandbox, asked in process; a page of buttons does no more.
"""

import json
from dataclasses import dataclass
from typing import Any

from justemails_lessons.asking import ask
from justemails_lessons.exchange import Exchange
from justemails_lessons.world import LessonWorld
from justemails_sandbox.control.app import CONTROL_PATH


@dataclass(frozen=True, slots=True, repr=False)
class DomainAnswer:
    """What the dashboard said of a domain: whether it is verified, and the DNS records that it asks its owner for.

    A record's value is shown cut, because a key in it is new at every run; ``json`` has all of it.
    """

    exchange: Exchange

    @property
    def status(self) -> int:
        return self.exchange.status

    @property
    def json(self) -> Any:  # Any: JSON
        return self.exchange.json

    @property
    def verified(self) -> bool:
        return bool(self.json.get("verified"))

    def __repr__(self) -> str:
        if self.status != 200:
            return self.exchange.answer_text
        lines = [f"{one['state']:<8} {one['type']:<4} {one['name']}" for one in self.json["records"]]
        return "\n".join([f"{self.json['domain']}: {self.json['status']}", *lines])


class Dashboard:
    """The dashboard of a lab; every method does it for the lab's own account where no other is named."""

    def __init__(self, world: LessonWorld) -> None:
        self._world = world

    @property
    def account(self) -> str:
        """The id of the account that the lab's key belongs to."""
        return str(self._ask("GET", "/accounts")["data"][0]["id"])

    def add_account(self, name: str) -> Exchange:
        """Make an account, for nothing [product.account]."""
        return self._ask("POST", "/accounts", {"name": name})

    def add_key(self, name: str, scope: str = "full", account: str | None = None) -> Exchange:
        """Make a key that may do everything (``full``), send alone (``send``) or read alone (``read``)."""
        return self._ask("POST", f"{self._of(account)}/keys", {"name": name, "scope": scope})

    def add_domain(self, domain: str, account: str | None = None) -> DomainAnswer:
        """Add a domain to send from, and learn which DNS records it needs."""
        return DomainAnswer(self._ask("POST", f"{self._of(account)}/domains", {"domain": domain}))

    def verify(self, domain: str, account: str | None = None) -> DomainAnswer:
        """Have the domain's records looked up."""
        return DomainAnswer(self._ask("POST", f"{self._of(account)}/domains/{domain}/verify", {}))

    def _of(self, account: str | None) -> str:
        return f"/accounts/{account or self.account}"

    def _ask(self, method: str, path: str, body: object = None) -> Exchange:
        headers = {} if body is None else {"Content-Type": "application/json"}
        data, control = None if body is None else json.dumps(body), self._world.control
        return self._world.run(lambda: ask(control, method, CONTROL_PATH + path, headers, data, shown=body))
