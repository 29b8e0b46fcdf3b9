"""The dashboard's routes, beside the API and the control API on the sandbox's one port."""

import logging

import falcon
import swagger_ui_bundle

from justemails.api.app import App
from justemails.api.errors import OUR_FAULT, ApiError, kind_of
from justemails.http_server import WsgiApp
from justemails_contract import errors
from justemails_dashboard.guard import Guard
from justemails_dashboard.pages import STATIC, Pages
from justemails_dashboard.polls import Polls
from justemails_dashboard.views.clock import Clock
from justemails_dashboard.views.docs import Docs, Specification
from justemails_dashboard.views.domain import DomainPage, DomainRemoval
from justemails_dashboard.views.domains import Accounts, Domains
from justemails_dashboard.views.home import Home, OwnKey, TestMail
from justemails_dashboard.views.inbox import InboxDeletion, InboxPage, Latest, MailPage
from justemails_dashboard.views.keys import KeyRevocation, Keys
from justemails_dashboard.views.limits import Limits
from justemails_dashboard.views.mail_files import ContentPreview, MailAttachment, MailPreview, MailSource
from justemails_dashboard.views.message import AttemptNow, ForcedBounce, MessagePage
from justemails_dashboard.views.messages import MessageList
from justemails_dashboard.views.network import Network
from justemails_dashboard.views.requests import OneRequest, Replay, Requests
from justemails_sandbox.sandbox import Sandbox


def create_dashboard_app(sandbox: Sandbox, api: WsgiApp) -> App:
    """Return the WSGI application of the dashboard.

    Args:
        api: the API of the sandbox, for what a page does as any client would.
    """
    guard = Guard()
    pages = Pages(sandbox, guard.token)
    home, specification = Home(sandbox, pages), Specification()
    routes = {
        "/": home,
        "/send-test": TestMail(sandbox, api, home),
        "/own-key": OwnKey(sandbox),
        "/messages": MessageList(sandbox, pages),
        "/messages/{message_id}": MessagePage(sandbox, pages),
        "/messages/{message_id}/preview": ContentPreview(sandbox),
        "/messages/{message_id}/attempt": AttemptNow(sandbox),
        "/messages/{message_id}/bounce": ForcedBounce(sandbox),
        "/inbox": InboxPage(sandbox, pages),
        "/inbox/delete": InboxDeletion(sandbox),
        "/inbox/{mail_id}": MailPage(sandbox, pages),
        "/inbox/{mail_id}/preview": MailPreview(sandbox),
        "/inbox/{mail_id}/raw.eml": MailSource(sandbox),
        "/inbox/{mail_id}/attachments/{number:int(min=1, max=1000)}": MailAttachment(sandbox),
        "/view/latest": Latest(sandbox),
        "/accounts": Accounts(sandbox),
        "/domains": Domains(sandbox, pages),
        "/domains/{account_id}/{domain}": DomainPage(sandbox, pages),
        "/domains/{account_id}/{domain}/remove": DomainRemoval(sandbox),
        "/keys": Keys(sandbox, pages),
        "/keys/{account_id}/{key_id}/revoke": KeyRevocation(sandbox),
        "/network": Network(sandbox, pages),
        "/limits": Limits(sandbox, pages),
        "/clock": Clock(sandbox, pages),
        "/requests": Requests(sandbox, pages),
        "/requests/{number:int}": OneRequest(sandbox, pages),
        "/requests/{number:int}/replay": Replay(sandbox, api),
        "/docs": Docs(sandbox, pages, specification),
        "/docs/openapi.json": specification,
    }
    app: App = falcon.App(middleware=[guard, Polls(pages.state_of)])
    for path, resource in routes.items():
        app.add_route(path, resource)
    app.add_static_route("/static", STATIC)
    app.add_static_route("/static/swagger", swagger_ui_bundle.swagger_ui_path)

    def show(req: falcon.Request, resp: falcon.Response, ex: ApiError, params: dict[str, object]) -> None:
        pages.show_problem(req, resp, ex)

    def show_http(req: falcon.Request, resp: falcon.Response, ex: falcon.HTTPError, params: dict[str, object]) -> None:
        kind = kind_of(ex.status_code, errors.INTERNAL_ERROR)
        resp.set_headers(ex.headers or {})
        allowed = resp.get_header("Allow")
        missing = (
            f"The method {req.method} is not for this address; {allowed} is." if allowed else "There is no such page."
        )
        pages.show_problem(req, resp, ApiError(kind, ex.description or missing))

    def show_fault(req: falcon.Request, resp: falcon.Response, ex: Exception, params: dict[str, object]) -> None:
        logging.getLogger("justemails").error("%s %s failed", req.method, req.path, exc_info=ex)
        pages.show_problem(req, resp, ApiError(errors.INTERNAL_ERROR, OUR_FAULT))

    app.add_error_handler(Exception, show_fault)
    app.add_error_handler(ApiError, show)
    app.add_error_handler(falcon.HTTPError, show_http)
    return app
