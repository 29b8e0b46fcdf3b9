"""One message: what became of it, why, and what the receiver got and thought of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import falcon

from fakemx.mail.parsed import parse
from fakemx.mail.structure import structure
from justemails.api.errors import ApiError
from justemails.delivery.reasons import explain
from justemails.records import Attempt
from justemails_contract.errors import BAD_REQUEST, NOT_FOUND
from justemails_contract.operations import BASE_PATH
from justemails_dashboard.mail_parts import PARTS, WIDTHS, choice, part_of
from justemails_dashboard.outcomes import LOOKS, Look
from justemails_dashboard.pages import Pages
from justemails_dashboard.snippets import snippets
from justemails_dashboard.strangers_text import Excerpt, excerpt
from justemails_dashboard.timeline import timeline
from justemails_dashboard.verdicts import verdicts
from justemails_sandbox import by_hand
from justemails_sandbox.control import reading
from justemails_sandbox.inbox import Mail, MailFilter
from justemails_sandbox.sandbox import Sandbox
from justemails_sandbox.store import SandboxStore
from justemails_sandbox.store.message_admin import Details

TABS = {**PARTS, "request": "Request that made it"}
_COPIES = 10  # of a message whose outcome was in doubt


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt as the page shows it."""

    attempt: Attempt
    look: Look
    explanation: str
    lines: Sequence[tuple[str, str]]


class MessagePage:
    """``GET /messages/{id}``."""

    def __init__(self, sandbox: Sandbox, pages: Pages) -> None:
        self._sandbox, self._pages = sandbox, pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, message_id: str) -> None:
        given = reading.query(req, "tab", "width", "mail", "state")
        sandbox = self._sandbox
        details = details_of(sandbox.store, message_id)
        tab = choice(given, "tab", TABS, "html" if details.content.html else "text")
        width = choice(given, "width", WIDTHS, "full")
        attempts = sandbox.store.attempts(message_id)
        copies, _ = sandbox.inbox.listed(MailFilter(message_id=message_id), 1, _COPIES)
        mail = self._mail(given.get("mail"), [copy.id for copy in copies])
        parsed = parse(mail.data) if mail else None
        account = sandbox.store.account(details.account_id)
        request = sandbox.requests.that_made(message_id) if tab == "request" else None
        self._pages.show(
            req,
            resp,
            "message.html",
            details=details,
            message=details.message,
            account=account.name if account else "",
            several_accounts=len(sandbox.store.accounts()) > 1,
            api_line=f"GET {BASE_PATH}/send/{message_id}",
            tried=[_tried(attempt) for attempt in attempts],
            timeline=timeline(details, attempts),
            copies=copies,
            mail=mail,
            verdicts=verdicts(mail.auth) if mail else [],
            tabs=TABS,
            tab=tab,
            widths=WIDTHS,
            width=width,
            headers=parsed.headers if parsed else _accepted_headers(details),
            structure=structure(mail.data) if mail and tab == "structure" else None,
            excerpt=part_of(tab, mail, parsed) if mail and parsed else _of_content(tab, details),
            request=request,
            snippets=snippets(request, req.prefix) if request else {},
        )

    def _mail(self, wanted: str | None, copies: Sequence[str]) -> Mail | None:
        """Return the copy that is wanted, else the first that arrived."""
        if wanted is not None and wanted not in copies:
            raise ApiError(BAD_REQUEST, "The 'mail' parameter must be the id of a mail that arrived for this message.")
        return self._sandbox.inbox.get(wanted or copies[-1]) if copies else None


class AttemptNow:
    """``POST /messages/{id}/attempt``: makes the next attempt due at once."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def on_post(self, req: falcon.Request, resp: falcon.Response, message_id: str) -> None:
        by_hand.attempt_now(self._sandbox, message_id)
        raise falcon.HTTPSeeOther(f"/messages/{message_id}")


class ForcedBounce:
    """``POST /messages/{id}/bounce``: ends a message that waits."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def on_post(self, req: falcon.Request, resp: falcon.Response, message_id: str) -> None:
        by_hand.force_bounce(self._sandbox, message_id)
        raise falcon.HTTPSeeOther(f"/messages/{message_id}")


def details_of(store: SandboxStore, message_id: str) -> Details:
    """Return all that is kept of a message.

    Raises:
        ApiError: 404.
    """
    details = store.details(message_id)
    if details is None:
        raise ApiError(NOT_FOUND, "There is no such message: it may be from before a reset.")
    return details


def _tried(attempt: Attempt) -> Tried:
    lines = [_line(line) for line in attempt.transcript]
    return Tried(attempt, LOOKS[attempt.event], explain(attempt).text, lines)


def _line(line: str) -> tuple[str, str]:
    """Return who said a line of a transcript, and what."""
    for mark, who in (("C: ", "client"), ("S: ", "server"), ("-- ", "note")):
        if line.startswith(mark):
            return who, line.removeprefix(mark)
    return "note", line


def _accepted_headers(details: Details) -> Sequence[tuple[str, str]]:
    message, content = details.message, details.content
    reply_to = [("Reply-To", str(content.reply_to.address))] if content.reply_to else []
    given = [("From", message.sender_text), ("To", message.recipient_text), ("Subject", message.subject)]
    return [*given, *reply_to, *content.headers.items()]


def _of_content(tab: str, details: Details) -> Excerpt:
    return excerpt((details.content.text if tab == "text" else details.content.html) or "")
