"""The first page: how to send a first mail, and what happened last."""

import json
from collections.abc import Mapping

import falcon

from fakemx.behaviours.catalogue import CATALOGUE
from justemails.http_server import WsgiApp
from justemails_contract.operations import BASE_PATH
from justemails_dashboard.api_calls import call_api
from justemails_dashboard.pages import Pages
from justemails_dashboard.snippets import programs
from justemails_sandbox.control import reading
from justemails_sandbox.sandbox import Sandbox
from justemails_sandbox.seeding import SENDER

_SHOWN = ("greylist", "bounce", "full", "down", "slow", "blocked", "starttls", "failover")
"""Of the behaviours of the catalogue, those that a first look may start with."""

_NEWEST = 8

_FIRST_MAIL = json.dumps(
    {"from": SENDER, "to": "user@example.com", "subject": "Welcome!", "html": "<h1>Hello</h1>"}
).encode()

_MAIL: Mapping[str, str] = {
    "from": SENDER,
    "to": "user@example.com",
    "subject": "A test mail",
    "html": "<h1>Hello</h1><p>This is a test mail of the sandbox.</p>",
    "text": "Hello. This is a test mail of the sandbox.",
}


class Home:
    """``GET /``."""

    def __init__(self, sandbox: Sandbox, pages: Pages) -> None:
        self._sandbox, self._pages = sandbox, pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        reading.query(req, "state")
        self.show(req, resp, _MAIL, "")

    def show(self, req: falcon.Request, resp: falcon.Response, typed: Mapping[str, str], problem: str) -> None:
        """Show the page with what somebody has typed, and what is wrong with it."""
        events = [one for one in self._sandbox.events.newest(_NEWEST * 4) if one.kind != "request"]
        self._pages.show(
            req,
            resp,
            "home.html",
            at="/",
            programs=programs("POST", f"{req.prefix}{BASE_PATH}/send", _FIRST_MAIL, self._sandbox.key),
            key_works=lambda: self._sandbox.own_key is not None,
            behaviours=[(name, CATALOGUE[name].summary) for name in _SHOWN],
            all_behaviours=len(CATALOGUE),
            events=events[:_NEWEST],
            typed=typed,
            problem=problem,
        )


class OwnKey:
    """``POST /own-key``: gives the sandbox another key of its own, if its last one was revoked."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._sandbox.renew_key()
        raise falcon.HTTPSeeOther("/")


class TestMail:
    """``POST /send-test``: sends a mail through the API; what is not given is that of a test mail."""

    def __init__(self, sandbox: Sandbox, api: WsgiApp, home: Home) -> None:
        self._sandbox, self._api, self._home = sandbox, api, home

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        typed = {**_MAIL, **{name: value for name, value in req.context.form.items() if name in _MAIL}}
        # An empty field is one that was left out; the API says which it cannot do without.
        given = {name: value for name, value in typed.items() if value}
        answer = call_api(self._sandbox, self._api, "POST", "/send", given)
        if answer.succeeded:
            raise falcon.HTTPSeeOther(f"/messages/{answer.body['id']}")
        resp.status = answer.status
        self._home.show(req, resp, typed, f"{answer.status} {answer.body['error']}: {answer.body['message']}")
