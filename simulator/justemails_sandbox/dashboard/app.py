"""The dashboard's routes, beside the API and the control API on the sandbox's one port."""

import falcon
import swagger_ui_bundle

from justemails.app import App
from justemails.errors import ApiError, kind_of
from justemails.http_server import WsgiApp
from justemails_contract import errors
from justemails_sandbox.dashboard.guard import Guard
from justemails_sandbox.dashboard.pages import STATIC, Pages
from justemails_sandbox.dashboard.polls import Polls
from justemails_sandbox.dashboard.views.home import Home, TestMail
from justemails_sandbox.sandbox import Sandbox


def create_dashboard_app(sandbox: Sandbox, api: WsgiApp) -> App:
    """Return the WSGI application of the dashboard.

    Args:
        api: the API of the sandbox, for what a page does as any client would.
    """
    guard = Guard()
    pages = Pages(sandbox, guard.token)
    app: App = falcon.App(middleware=[guard, Polls(pages.state_of)])
    routes = {
        "/": Home(sandbox, pages),
        "/send-test": TestMail(sandbox, api),
    }
    for path, resource in routes.items():
        app.add_route(path, resource)
    app.add_static_route("/static", STATIC)
    app.add_static_route("/static/swagger", swagger_ui_bundle.swagger_ui_path)

    def show(req: falcon.Request, resp: falcon.Response, ex: ApiError, params: dict[str, object]) -> None:
        pages.show_problem(req, resp, ex)

    def show_http(req: falcon.Request, resp: falcon.Response, ex: falcon.HTTPError, params: dict[str, object]) -> None:
        kind = kind_of(ex.status_code, errors.INTERNAL_ERROR)
        pages.show_problem(req, resp, ApiError(kind, ex.description or "There is no such page."))

    app.add_error_handler(ApiError, show)
    app.add_error_handler(falcon.HTTPError, show_http)
    return app
