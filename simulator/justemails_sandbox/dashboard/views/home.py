"""The first page: how to send a first mail, and what happened last."""

import falcon

from fakemx.behaviours.catalogue import CATALOGUE
from justemails.errors import ApiError
from justemails.http_server import WsgiApp
from justemails_contract.errors import BAD_REQUEST
from justemails_contract.operations import BASE_PATH
from justemails_sandbox.dashboard.api_calls import call_api
from justemails_sandbox.dashboard.forms import field
from justemails_sandbox.dashboard.pages import Pages
from justemails_sandbox.sandbox import Sandbox
from justemails_sandbox.seeding import SENDER

_SHOWN = ("greylist", "bounce", "full", "down", "slow", "blocked", "starttls", "failover")
"""Of the behaviours of the catalogue, those that a first look may start with."""

_NEWEST = 8


class Home:
    """``GET /``."""

    def __init__(self, sandbox: Sandbox, pages: Pages) -> None:
        self._sandbox, self._pages = sandbox, pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        events = [one for one in self._sandbox.events.newest(_NEWEST * 4) if one.kind != "request"]
        self._pages.show(
            req,
            resp,
            "home.html",
            api=req.prefix + BASE_PATH,
            key=self._sandbox.key,
            sender=SENDER,
            behaviours=[(name, CATALOGUE[name].summary) for name in _SHOWN],
            all_behaviours=len(CATALOGUE),
            events=events[:_NEWEST],
        )


class TestMail:
    """``POST /send-test``: sends a mail through the API, to a recipient of the fake internet."""

    def __init__(self, sandbox: Sandbox, api: WsgiApp) -> None:
        self._sandbox, self._api = sandbox, api

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        recipient = field(req.context.form, "to")
        answer = call_api(self._sandbox, self._api, "POST", "/send", _mail(recipient))
        if not answer.succeeded:
            raise ApiError(BAD_REQUEST, str(answer.body["message"]))
        raise falcon.HTTPSeeOther(f"/messages/{answer.body['id']}")


def _mail(recipient: str) -> dict[str, object]:
    return {
        "from": SENDER,
        "to": recipient,
        "subject": "A test mail",
        "html": "<h1>Hello</h1><p>This is a test mail of the sandbox.</p>",
        "text": "Hello. This is a test mail of the sandbox.",
    }
