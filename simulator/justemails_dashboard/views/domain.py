"""One domain: the records to set, what DNS answers about them now, verifying it, and breaking and mending its records.

Zones belong to the loop of the engine and the name server, so they are changed on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import falcon

from justemails.api.errors import ApiError
from justemails.domains.check import CheckedRecord, RecordState, tags
from justemails.domains.domain import RequiredRecord, records_of
from justemails.records import Domain
from justemails_contract.errors import BAD_REQUEST
from justemails_dashboard.breakage import LABELS, Breakage, break_record, mend_record
from justemails_dashboard.forms import field
from justemails_dashboard.pages import Pages
from justemails_dashboard.snippets import curl
from justemails_sandbox.control import CONTROL_PATH
from justemails_sandbox.control.administration import Administration
from justemails_sandbox.sandbox import Sandbox
from justemails_sandbox.sending import SENDING_HOST

# More than a slow name server of the fake internet takes while time runs, and few enough for somebody who waits.
_PATIENCE_S = 4.0

_ACTS_KEPT = 200
_ACTS_SHOWN = 3

PURPOSES = {
    "ownership": "Shows that the domain is yours: the token was made for this account alone.",
    "dkim": "The public key that signatures of this selector are checked with: the label before ._domainkey.",
    "spf": "Names the hosts that may send with an envelope sender of this name.",
    "bounce": "The MX that takes what receivers send back. A name without one is refused as an envelope sender.",
    "dmarc": "Tells receivers what to do with mail from this domain that neither SPF nor DKIM speaks for.",
}

_TITLES = {"ownership": "Ownership", "spf": "SPF", "bounce": "Bounces", "dmarc": "DMARC"}

_SIGNS = {
    RecordState.OK: ("\u2713", "good"),
    RecordState.MISSING: ("\u2717", "bad"),
    RecordState.WRONG: ("\u2717", "bad"),
    RecordState.UNKNOWN: ("?", "warn"),
}


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done to a domain by hand: what, in words, and the line or the call that does the same."""

    domain_id: str
    at: datetime
    words: str
    call: str


class DomainPage:
    """``GET /domains/{account}/{domain}``, and ``POST``: ``act`` is verify, mend, or how to break a ``record``."""

    def __init__(self, sandbox: Sandbox, pages: Pages) -> None:
        self._sandbox, self._pages = sandbox, pages
        self._administration = Administration(sandbox, _PATIENCE_S)
        self._acts: tuple[Act, ...] = ()  # newest first

    def on_get(self, req: falcon.Request, resp: falcon.Response, account_id: str, domain: str) -> None:
        found = self._administration.domain(account_id, domain)
        checked = self._administration.check(found)
        self._pages.show(
            req,
            resp,
            "domain.html",
            account=self._administration.account(account_id),
            domain=found,
            checked=checked,
            unready=_unready(checked),
            fault=self._sandbox.network.zones.fault_of(found.name),
            acts=[act for act in self._acts if act.domain_id == found.id][:_ACTS_SHOWN],
            purposes=PURPOSES,
            title=title,
            labels=LABELS,
            signs_of=_SIGNS,
        )

    def on_post(self, req: falcon.Request, resp: falcon.Response, account_id: str, domain: str) -> None:
        found = self._administration.domain(account_id, domain)
        act = field(req.context.form, "act")
        words, call = self._verify(req, found) if act == "verify" else self._tamper(found, act, req.context.form)
        made = Act(found.id, self._sandbox.clock.now(), words, call)
        self._acts = (made, *self._acts)[:_ACTS_KEPT]
        raise falcon.HTTPSeeOther(f"/domains/{found.account_id}/{found.name}")

    def _verify(self, req: falcon.Request, domain: Domain) -> tuple[str, str]:
        now, checked = self._administration.verify(domain)
        url = f"{req.prefix}{CONTROL_PATH}/accounts/{domain.account_id}/domains/{domain.name}/verify"
        return _verdict(domain, now, checked), curl("POST", url, with_key=False)

    def _tamper(self, domain: Domain, act: str, form: Mapping[str, str]) -> tuple[str, str]:
        name, kind = field(form, "name"), field(form, "type")
        records = records_of(domain, SENDING_HOST)
        record = next((one for one in records if (one.name, one.type) == (name, kind)), None)
        if record is None:
            raise ApiError(BAD_REQUEST, "The fields 'name' and 'type' must be those of a record of this domain.")
        if act not in ("mend", *Breakage):
            raise ApiError(BAD_REQUEST, f"The field 'act' must be one of verify, mend, {', '.join(Breakage)}.")
        lines = self._sandbox.loop.run(self._change(record, act))
        return _told(record, act), "\n".join(lines)

    async def _change(self, record: RequiredRecord, act: str) -> Sequence[str]:
        zones = self._sandbox.network.zones
        return mend_record(zones, record) if act == "mend" else [break_record(zones, record, Breakage(act))]


def title(record: RequiredRecord) -> str:
    """Return what a record is called on the page."""
    if record.purpose == "dkim":
        return f"DKIM, {'RSA' if tags(record.value)['k'] == 'rsa' else 'Ed25519'}"
    return _TITLES[record.purpose]


class DomainRemoval:
    """``POST /domains/{account}/{domain}/remove``."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._administration = Administration(sandbox)

    def on_post(self, req: falcon.Request, resp: falcon.Response, account_id: str, domain: str) -> None:
        self._administration.remove_domain(account_id, domain)
        raise falcon.HTTPSeeOther("/domains")


def _unready(checked: Sequence[CheckedRecord]) -> Sequence[CheckedRecord]:
    return [one for one in checked if one.record.required and one.state is not RecordState.OK]


def _verdict(before: Domain, now: Domain, checked: Sequence[CheckedRecord]) -> str:
    unready = _unready(checked)
    reasons = "; ".join(f"{title(one.record)} is {one.state}: {one.reason}" for one in unready)
    if not unready:
        return "Verified: every record that is required is there."
    if any(one.state is RecordState.UNKNOWN for one in unready):
        stands = "verified" if before.verified else "pending"
        return f"No verdict, so the domain stays {stands}. {reasons}."
    return f"Not verified{', and no longer allowed to send' if before.verified else ''}. {reasons}."


def _told(record: RequiredRecord, act: str) -> str:
    what = f"The {record.type} record at {record.name}"
    match act:
        case "mend":
            return f"{what} is as the owner published it again."
        case Breakage.WRONG:
            return f"{what} has a wrong value now."
        case Breakage.MISSING:
            return f"The name {record.name} does not exist now, with all its records."
    return f"The name servers answer SERVFAIL for {record.name} now."
