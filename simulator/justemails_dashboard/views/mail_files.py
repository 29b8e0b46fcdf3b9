"""What a mail holds, each as an answer of its own: its HTML for the frame of a page, and files to be downloaded.

All of it is a stranger's. Nothing here but the preview is ever shown by a browser, and the preview only in a frame.
"""

import falcon

from fakemx.mail.attachments import attachments
from fakemx.mail.parsed import parse
from justemails.api.errors import ApiError
from justemails_contract.errors import NOT_FOUND
from justemails_dashboard.preview import POLICY, preview
from justemails_dashboard.views.inbox import find
from justemails_dashboard.views.message import details_of
from justemails_sandbox.sandbox import Sandbox

_ENDINGS = {
    "application/json": "json",
    "application/pdf": "pdf",
    "application/zip": "zip",
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "text/calendar": "ics",
    "text/csv": "csv",
    "text/plain": "txt",
}
"""What a file may be called after its type; all else, HTML and SVG among it, is ``.bin``."""


class MailPreview:
    """``GET /inbox/{id}/preview``: the mail's HTML, for the frame of a page."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._inbox = sandbox.inbox

    def on_get(self, req: falcon.Request, resp: falcon.Response, mail_id: str) -> None:
        mail = find(self._inbox, mail_id)
        _show_framed(req, resp, f"/inbox/{mail.id}", preview(parse(mail.data).html or "", attachments(mail.data)))


class ContentPreview:
    """``GET /messages/{id}/preview``: the HTML that the API accepted, for the frame of a page."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._store = sandbox.store

    def on_get(self, req: falcon.Request, resp: falcon.Response, message_id: str) -> None:
        details = details_of(self._store, message_id)
        _show_framed(req, resp, f"/messages/{message_id}", preview(details.content.html or "", ()))


class MailSource:
    """``GET /inbox/{id}/raw.eml``: the bytes as they came."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._inbox = sandbox.inbox

    def on_get(self, req: falcon.Request, resp: falcon.Response, mail_id: str) -> None:
        mail = find(self._inbox, mail_id)
        _download(resp, f"{mail.id}.eml", mail.data)


class MailAttachment:
    """``GET /inbox/{id}/attachments/{number}``: a file that came with a mail, the first one by number 1."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._inbox = sandbox.inbox

    def on_get(self, req: falcon.Request, resp: falcon.Response, mail_id: str, number: int) -> None:
        mail = find(self._inbox, mail_id)
        found = attachments(mail.data)
        if number > len(found):
            raise ApiError(NOT_FOUND, f"The mail has {len(found)} attachments.")
        part = found[number - 1]
        _download(resp, f"{mail.id}-attachment-{number}.{_ENDINGS.get(part.type, 'bin')}", part.data)


def _show_framed(req: falcon.Request, resp: falcon.Response, page: str, html: str) -> None:
    """Answer with HTML for a frame; whoever opens it by itself is led to the page whose frame it is for."""
    # It would have no page around it that keeps its links from leading out.
    if req.get_header("Sec-Fetch-Dest") == "document":
        raise falcon.HTTPSeeOther(page)
    resp.content_type = falcon.MEDIA_HTML
    resp.set_header("Content-Security-Policy", POLICY)
    resp.set_header("Referrer-Policy", "no-referrer")
    resp.set_header("X-DNS-Prefetch-Control", "off")
    resp.data = html.encode("utf-8", "replace")


def _download(resp: falcon.Response, name: str, data: bytes) -> None:
    """Answer with a file that no browser shows, under a name of ours."""
    resp.content_type = "application/octet-stream"
    resp.set_header("Content-Disposition", f'attachment; filename="{name}"')
    resp.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
    resp.data = data
