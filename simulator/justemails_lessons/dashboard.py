"""What the document calls the dashboard: where accounts, domains and keys with a scope are made.

It is the control API of the sandbox, asked in process; a page of buttons does no more.
"""

import json

from justemails_lessons.asking import ask
from justemails_lessons.domain_answer import DomainAnswer
from justemails_lessons.exchange import Exchange
from justemails_lessons.world import LessonWorld
from justemails_sandbox.control import CONTROL_PATH


class Dashboard:
    """The dashboard of a lab; every method does it for the lab's own account where no other is named."""

    def __init__(self, world: LessonWorld) -> None:
        self._world = world
        # Asked while there is one alone: of two that were made in one instant, either may be the first in the list.
        self._own = str(self._ask("GET", "/accounts")["data"][0]["id"])

    @property
    def account(self) -> str:
        """The id of the account that the lab's key belongs to."""
        return self._own

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
