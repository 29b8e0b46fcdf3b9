"""A first story for who looks at an empty sandbox: four mails, and what became of each.

One is delivered, one waits, one bounced, and one arrived with signatures that do not hold, because its domain has
withdrawn its keys from DNS since.
"""

from collections.abc import Sequence
from dataclasses import replace

from justemails.domains.check import CHECKED_EVERY
from justemails.domains.domain import RequiredRecord, make_domain, records_of
from justemails.http_server import WsgiApp
from justemails.records import Domain, MessageFilter
from justemails_dashboard.api_calls import call_api
from justemails_sandbox.sandbox import Sandbox
from justemails_sandbox.seeding import SENDER
from justemails_sandbox.sending import SENDING_HOST

CARELESS = "careless.example"

_MAILS = (
    (SENDER, "ann@example.com", "Your order is on its way"),
    (SENDER, "bob@greylist.test", "Your order is being packed"),
    (SENDER, "cleo@bounce.test", "Your invoice"),
    (f"news@{CARELESS}", "dora@example.com", "News from somebody careless"),
)
_WITHDRAWN = "v=DKIM1; p="  # RFC 6376 3.6.1: no key is one that was withdrawn


def tell(sandbox: Sandbox, api: WsgiApp) -> None:
    """Send the four mails from the account of the sandbox's key, unless it has sent some before."""
    own = sandbox.own_key
    if own is None or sandbox.store.page(own.account_id, MessageFilter(), 1, 1)[1]:
        return
    now = sandbox.clock.now()
    made = make_domain(own.account_id, CARELESS, sandbox.clock, sandbox.new_id)
    careless = replace(made, verified_at=now, check_at=now + CHECKED_EVERY)
    sandbox.store.add_domain(careless)
    sandbox.loop.run(_withdraw(sandbox, [record.name for record in _dkim_records(careless)]))
    for sender, recipient, subject in _MAILS:
        html = f'<h1>{subject}</h1><p>All about it: <a href="https://shop.example/orders/1">order 1</a>.</p>'
        call_api(sandbox, api, "POST", "/send", {"from": sender, "to": recipient, "subject": subject, "html": html})


def _dkim_records(domain: Domain) -> Sequence[RequiredRecord]:
    return [record for record in records_of(domain, SENDING_HOST) if record.purpose == "dkim"]


async def _withdraw(sandbox: Sandbox, names: Sequence[str]) -> None:
    for name in names:
        sandbox.network.zones.set(name, "TXT", [_WITHDRAWN])
