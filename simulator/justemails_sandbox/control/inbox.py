"""``/inbox``: the mail that arrived at the fake network."""

import time
from collections.abc import Mapping, Sequence

import falcon

from fakemx.mail.parsed import parse
from justemails.api import wire
from justemails.api.errors import ApiError
from justemails_contract.errors import ErrorKind
from justemails_sandbox.control import reading
from justemails_sandbox.control.deps import MailDeps
from justemails_sandbox.inbox import Mail, MailFilter

_FILTERS = ("to", "from", "subject", "messageId")
_TIMED_OUT = ErrorKind(408, "TIMEOUT", "Request Timeout")


class InboxCollection:
    """``GET /inbox`` and ``DELETE /inbox``."""

    def __init__(self, deps: MailDeps) -> None:
        self._deps = deps

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        given = reading.query(req, *_FILTERS, "page", "perPage")
        page, per_page = reading.page(given)
        mails, total = self._deps.inbox.page(_filter(given), page, per_page)
        resp.media = {
            "data": [_as_json(mail) for mail in mails],
            "pagination": {"page": page, "perPage": per_page, "total": total},
        }

    def on_delete(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {"deleted": self._deps.inbox.clear()}


class InboxItem:
    """``GET /inbox/{id}``."""

    def __init__(self, deps: MailDeps) -> None:
        self._deps = deps

    def on_get(self, req: falcon.Request, resp: falcon.Response, mail_id: str) -> None:
        resp.media = _as_json(_find(self._deps, mail_id))


class InboxRaw:
    """``GET /inbox/{id}/raw``: the bytes as they came, for download only."""

    def __init__(self, deps: MailDeps) -> None:
        self._deps = deps

    def on_get(self, req: falcon.Request, resp: falcon.Response, mail_id: str) -> None:
        mail = _find(self._deps, mail_id)
        # A mail is hostile text: no browser may take it for a page of ours.
        resp.content_type = "message/rfc822"
        resp.set_header("Content-Disposition", f'attachment; filename="{mail.id}.eml"')
        resp.set_header("X-Content-Type-Options", "nosniff")
        resp.data = mail.data


class InboxWait:
    """``GET /inbox/wait``: waits on the server until enough mails match."""

    def __init__(self, deps: MailDeps) -> None:
        self._deps = deps

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        given = reading.query(req, *_FILTERS, "count", "timeout")
        wanted = _filter(given)
        count = reading.number(given, "count", 1, 1, 100)
        deadline = time.perf_counter() + reading.wait_s(given, "timeout", 10)
        while True:
            seen = self._deps.events.last
            mails, total = self._deps.inbox.page(wanted, 1, count)
            if total >= count:
                resp.media = {"data": [_as_json(mail) for mail in mails]}
                return
            left_s = deadline - time.perf_counter()
            if left_s <= 0:
                raise ApiError(_TIMED_OUT, self._reason(given, total, count))
            self._deps.events.after(seen, 1, left_s)

    def _reason(self, given: Mapping[str, str], total: int, count: int) -> str:
        """Say what did arrive instead, and what the last attempt came to."""
        _, in_all = self._deps.inbox.page(MailFilter(), 1, 1)
        wanted = " and ".join(f"{name} {given[name]!a}" for name in _FILTERS if name in given) or "no filter"
        reason = f"{total} of {count} mails with {wanted} arrived; {in_all} mails are in the inbox."
        attempts = [event for event in self._deps.events.after(0, 10**6) if event.kind == "attempt"]
        about = [event for event in attempts if event.details["to"] == reading.address(given, "to")] or attempts
        if about:
            last = about[-1].details
            said = f"{last['code']} {last['text']}" if last["code"] else last["text"]
            reason += f" The last attempt, to {last['to']}, was {last['outcome']} at {last['phase']}: {said}"
        return reason


def _filter(given: Mapping[str, str]) -> MailFilter:
    return MailFilter(reading.address(given, "to"), given.get("from"), given.get("subject"), given.get("messageId"))


def _find(deps: MailDeps, mail_id: str) -> Mail:
    mail = deps.inbox.get(mail_id)
    if mail is None:
        reading.missing("mail")
    return mail


def _headers(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return headers by name, as a send gives them; one that stands there more than once has a line for each."""
    by_name: dict[str, str] = {}
    for name, value in pairs:
        by_name[name] = f"{by_name[name]}\n{value}" if name in by_name else value
    return by_name


def _as_json(mail: Mail) -> dict[str, object]:
    parsed = parse(mail.data)
    return {
        "id": mail.id,
        "messageId": mail.message_id,
        "to": mail.recipient,
        "from": mail.sender,
        "subject": mail.subject,
        "receivedAt": wire.timestamp(mail.received_at),
        "host": mail.host,
        "html": parsed.html,
        "text": parsed.text,
        "headers": _headers(parsed.headers),
        "links": parsed.links,
        "codes": parsed.codes,
        "auth": mail.auth,
    }
