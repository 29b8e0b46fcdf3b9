"""The control API's routes, and who may call it.

Loopback is not protection enough: any web page that the user opens can send requests to it. So Host and Origin
are checked, after routing, and a body must say that it is JSON, which a page elsewhere cannot do without asking first.
"""

from collections.abc import Mapping

import falcon

from justemails.app import App, answer_errors_in_json
from justemails.errors import ApiError
from justemails_contract.errors import FORBIDDEN, UNSUPPORTED_MEDIA_TYPE
from justemails_sandbox.control import reading
from justemails_sandbox.control.administration import (
    AccountCollection,
    AccountKeys,
    DomainCollection,
    DomainItem,
    DomainVerification,
)
from justemails_sandbox.control.clock import ClockResource
from justemails_sandbox.control.inbox import InboxCollection, InboxItem, InboxRaw, InboxWait
from justemails_sandbox.control.network import NetworkCollection, NetworkItem
from justemails_sandbox.control.state import AttemptCollection, EventCollection, Ready, Reset, Welcome
from justemails_sandbox.control.surroundings import Office, Surroundings
from justemails_sandbox.sandbox import Sandbox

CONTROL_PATH = "/sandbox/v1"


def create_control_app(sandbox: Sandbox) -> App:
    """Return the WSGI application of the control API and of the start page."""
    routes = {
        **_mail_routes(sandbox),
        **_administration_routes(sandbox),
        "/reset": Reset(sandbox),
        "/clock": ClockResource(sandbox),
        "/messages/{message_id}/attempts": AttemptCollection(sandbox),
        "/events": EventCollection(sandbox),
    }
    app = _app(routes)
    app.add_route("/", Welcome())
    return app


def create_mail_control_app(around: Surroundings) -> App:
    """Return the WSGI application of the part that is about mail and its hosts, for a lab."""
    return _app(_mail_routes(around))


def create_administration_app(office: Office) -> App:
    """Return the WSGI application of the part that is about accounts, domains and keys, for a lesson."""
    return _app(_administration_routes(office))


def _administration_routes(office: Office) -> Mapping[str, object]:
    return {
        "/accounts": AccountCollection(office),
        "/accounts/{account_id}/keys": AccountKeys(office),
        "/accounts/{account_id}/domains": DomainCollection(office),
        "/accounts/{account_id}/domains/{domain}": DomainItem(office),
        "/accounts/{account_id}/domains/{domain}/verify": DomainVerification(office),
    }


def _mail_routes(around: Surroundings) -> Mapping[str, object]:
    return {
        "/ready": Ready(around),
        "/inbox": InboxCollection(around),
        "/inbox/wait": InboxWait(around),
        "/inbox/{mail_id}": InboxItem(around),
        "/inbox/{mail_id}/raw": InboxRaw(around),
        "/network": NetworkCollection(around),
        "/network/{domain}": NetworkItem(around),
    }


def _app(routes: Mapping[str, object]) -> App:
    app: App = falcon.App(middleware=[_SameMachine()])
    for path, resource in routes.items():
        app.add_route(CONTROL_PATH + path, resource)
    answer_errors_in_json(app)
    return app


class _SameMachine:
    """Falcon middleware: refuses what another origin, or a name that only resolves to us, could send."""

    def process_resource(
        self, req: falcon.Request, resp: falcon.Response, resource: object, params: dict[str, object]
    ) -> None:
        port = req.env["SERVER_PORT"]
        hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        if (req.get_header("Host") or "") not in hosts:
            raise ApiError(FORBIDDEN, f"The Host header must be 127.0.0.1:{port} or localhost:{port}.")
        origin = req.get_header("Origin")
        if origin is not None and origin not in {f"http://{host}" for host in hosts}:
            raise ApiError(FORBIDDEN, "Requests from another origin are refused.")
        media_type = (req.content_type or "").partition(";")[0].strip().lower()
        if (media_type or reading.has_body(req)) and media_type != "application/json":
            raise ApiError(UNSUPPORTED_MEDIA_TYPE, "The Content-Type header must be 'application/json'.")
