"""The inbox: the mails that the fake MX received, the newest of them, and one of them."""

from collections.abc import Mapping

import falcon

from fakemx.mail.attachments import attachments
from fakemx.mail.parsed import Parsed, parse
from fakemx.mail.structure import structure
from justemails.api.errors import ApiError
from justemails_contract.errors import BAD_REQUEST, NOT_FOUND
from justemails_dashboard.mail_parts import PARTS, WIDTHS, choice, part_of
from justemails_dashboard.pages import Pages
from justemails_dashboard.verdicts import summary, verdicts
from justemails_sandbox.control import reading
from justemails_sandbox.inbox import Inbox, Mail, MailFilter
from justemails_sandbox.sandbox import Sandbox

_PER_PAGE = 50
_RECIPIENTS = 20
_MOST_WORDS = 200  # characters: each word is looked for in every mail


class InboxPage:
    """``GET /inbox``."""

    def __init__(self, sandbox: Sandbox, pages: Pages) -> None:
        self._inbox, self._pages = sandbox.inbox, pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        given = reading.query(req, "to", "q", "page", "state")
        to, words = reading.address(given, "to") or "", given.get("q", "").strip()
        if len(words) > _MOST_WORDS:
            raise ApiError(BAD_REQUEST, f"The 'q' parameter must have at most {_MOST_WORDS} characters.")
        page = reading.number(given, "page", 1, 1, 10**9)
        mails, total = self._inbox.listed(MailFilter(to or None, words=tuple(words.split())), page, _PER_PAGE)
        query = {name: value for name, value in (("to", to), ("q", words)) if value}
        self._pages.show(
            req,
            resp,
            "inbox.html",
            to=to,
            words=words,
            mails=[(mail, summary(mail.auth)) for mail in mails],
            total=total,
            first=(page - 1) * _PER_PAGE + 1,
            newer=_address({**query, "page": page - 1}) if page > 1 else None,
            older=_address({**query, "page": page + 1}) if page * _PER_PAGE < total else None,
            # Asked for by the template, and only where the whole page is: a poll needs none.
            recipients=lambda: self._inbox.recipients(_RECIPIENTS),
        )


class InboxDeletion:
    """``POST /inbox/delete``: forgets every mail."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._inbox = sandbox.inbox

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._inbox.clear()
        raise falcon.HTTPSeeOther("/inbox")


class Latest:
    """``GET /view/latest``: leads to the newest mail, or to the newest for a recipient."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._inbox = sandbox.inbox

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        to = reading.address(reading.query(req, "to"), "to") or None
        mails, _ = self._inbox.listed(MailFilter(to), 1, 1)
        if not mails:
            raise ApiError(NOT_FOUND, f"No mail for {to} has arrived." if to else "No mail has arrived yet.")
        raise falcon.HTTPSeeOther(f"/inbox/{mails[0].id}")


class MailPage:
    """``GET /inbox/{id}``."""

    def __init__(self, sandbox: Sandbox, pages: Pages) -> None:
        self._sandbox, self._pages = sandbox, pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, mail_id: str) -> None:
        given = reading.query(req, "show", "width")
        mail = find(self._sandbox.inbox, mail_id)
        parsed = parse(mail.data)
        parts = _parts(parsed)
        show = choice(given, "show", parts, next(iter(parts)))
        self._pages.show(
            req,
            resp,
            "mail.html",
            mail=mail,
            parsed=parsed,
            ours=mail.message_id.startswith("msg_") and self._sandbox.store.has_message(mail.message_id),
            verdicts=verdicts(mail.auth),
            summary=summary(mail.auth),
            attachments=attachments(mail.data),
            parts=parts,
            show=show,
            widths=WIDTHS,
            width=choice(given, "width", WIDTHS, "full"),
            structure=structure(mail.data) if show == "structure" else None,
            excerpt=part_of(show, mail, parsed),
        )


def find(inbox: Inbox, mail_id: str) -> Mail:
    """Return a mail.

    Raises:
        ApiError: 404.
    """
    mail = inbox.get(mail_id)
    if mail is None:
        raise ApiError(NOT_FOUND, "There is no such mail in the inbox: it may have been deleted.")
    return mail


def _address(query: Mapping[str, object]) -> str:
    return "/inbox" + falcon.to_query_str(dict(query))


def _parts(parsed: Parsed) -> dict[str, str]:
    """Return what can be shown of a mail, the best first."""
    missing = {
        name for name, text in (("html", parsed.html), ("source", parsed.html), ("text", parsed.text)) if not text
    }
    return {name: title for name, title in PARTS.items() if name not in missing}
