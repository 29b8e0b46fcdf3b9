"""Who may open a page, who may change something by it, and what a browser may do with it."""

import hmac
import secrets

import falcon

from justemails.api.errors import ApiError
from justemails_contract.errors import FORBIDDEN
from justemails_dashboard.forms import read_form
from justemails_sandbox.same_machine import refuse_others

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of every page but those that set another: our own files, and nothing else."""


class Guard:
    """Falcon middleware: only this machine, a token with every change, and headers that keep a page to itself.

    The token is new at every start. It is in each form of a page, which no other page can read; so a change that comes
    without it was not asked for here.
    """

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)

    def process_resource(
        self, req: falcon.Request, resp: falcon.Response, resource: object, params: dict[str, object]
    ) -> None:
        refuse_others(req)
        if req.method not in {"GET", "HEAD"}:
            form = read_form(req)
            if not hmac.compare_digest(form.pop("token", "").encode(), self.token.encode()):
                raise ApiError(FORBIDDEN, "This form is of an earlier run of the sandbox. Load its page again.")
            req.context.form = form

    def process_response(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        resource: object,
        req_succeeded: bool,  # noqa: FBT001  # as Falcon calls it
    ) -> None:
        for name, value in (
            ("Content-Security-Policy", POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "same-origin"),  # without any, a browser says "Origin: null" of our own forms
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cache-Control", "no-store"),
        ):
            if resp.get_header(name) is None:
                resp.set_header(name, value)
