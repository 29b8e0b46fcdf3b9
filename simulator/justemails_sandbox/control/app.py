"""The control API's routes."""

from collections.abc import Mapping

import falcon

from justemails.api.app import App, answer_errors_in_json
from justemails.api.errors import ApiError
from justemails_contract.errors import UNSUPPORTED_MEDIA_TYPE
from justemails_sandbox.control import CONTROL_PATH, reading
from justemails_sandbox.control.accounts import (
    AccountCollection,
    AccountKeys,
    DomainCollection,
    DomainItem,
    DomainVerification,
)
from justemails_sandbox.control.clock import ClockResource
from justemails_sandbox.control.deps import AdminDeps, MailDeps
from justemails_sandbox.control.inbox import InboxCollection, InboxItem, InboxRaw, InboxWait
from justemails_sandbox.control.network import NetworkCollection, NetworkItem
from justemails_sandbox.control.state import AttemptCollection, EventCollection, Ready, Reset
from justemails_sandbox.same_machine import refuse_others
from justemails_sandbox.sandbox import Sandbox


def create_control_app(sandbox: Sandbox) -> App:
    """Return the WSGI application of the control API."""
    routes = {
        **_mail_routes(sandbox),
        **_administration_routes(sandbox),
        "/reset": Reset(sandbox),
        "/clock": ClockResource(sandbox),
        "/messages/{message_id}/attempts": AttemptCollection(sandbox),
        "/events": EventCollection(sandbox),
    }
    return _app(routes)


def create_mail_control_app(deps: MailDeps) -> App:
    """Return the WSGI application of the part that is about mail and its hosts, for a lab."""
    return _app(_mail_routes(deps))


def create_administration_app(deps: AdminDeps) -> App:
    """Return the WSGI application of the part that is about accounts, domains and keys, for a lesson."""
    return _app(_administration_routes(deps))


def _administration_routes(deps: AdminDeps) -> Mapping[str, object]:
    return {
        "/accounts": AccountCollection(deps),
        "/accounts/{account_id}/keys": AccountKeys(deps),
        "/accounts/{account_id}/domains": DomainCollection(deps),
        "/accounts/{account_id}/domains/{domain}": DomainItem(deps),
        "/accounts/{account_id}/domains/{domain}/verify": DomainVerification(deps),
    }


def _mail_routes(deps: MailDeps) -> Mapping[str, object]:
    return {
        "/ready": Ready(deps),
        "/inbox": InboxCollection(deps),
        "/inbox/wait": InboxWait(deps),
        "/inbox/{mail_id}": InboxItem(deps),
        "/inbox/{mail_id}/raw": InboxRaw(deps),
        "/network": NetworkCollection(deps),
        "/network/{domain}": NetworkItem(deps),
    }


def _app(routes: Mapping[str, object]) -> App:
    app: App = falcon.App(middleware=[_SameMachine()])
    for path, resource in routes.items():
        app.add_route(CONTROL_PATH + path, resource)
    answer_errors_in_json(app)
    return app


class _SameMachine:
    """Falcon middleware: refuses others, and a body that does not say that it is JSON.

    A page elsewhere cannot send JSON without asking first.
    """

    def process_resource(
        self, req: falcon.Request, resp: falcon.Response, resource: object, params: dict[str, object]
    ) -> None:
        refuse_others(req)
        media_type = (req.content_type or "").partition(";")[0].strip().lower()
        if (media_type or reading.has_body(req)) and media_type != "application/json":
            raise ApiError(UNSUPPORTED_MEDIA_TYPE, "The Content-Type header must be 'application/json'.")
