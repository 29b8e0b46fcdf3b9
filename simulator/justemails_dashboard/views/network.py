"""The network: who takes mail for whom and how, changing that by hand, and the catalogue of behaviours."""

import json
from collections.abc import Mapping, Sequence
from urllib.parse import quote

import falcon

from fakemx.behaviours.catalogue import PARTS, TAGS
from fakemx.behaviours.form import BehaviourError, in_full, to_json
from fakemx.behaviours.script import Behaviour, Expected
from fakemx.dns.zones import looks_like_a_mail_domain, normal
from justemails.api.errors import ApiError
from justemails_contract.errors import BAD_REQUEST
from justemails_dashboard.forms import field
from justemails_dashboard.network_forms import FORMS, STAGES, USUAL, FormError, read_behaviour
from justemails_dashboard.network_map import at_start, draw, one_domain
from justemails_dashboard.pages import Pages
from justemails_dashboard.snippets import curl
from justemails_sandbox.control import CONTROL_PATH, reading
from justemails_sandbox.control.network import clear_behaviour, set_behaviour
from justemails_sandbox.sandbox import Sandbox

PATH = "/network"

_EVENTS = 1000

ENDS: Mapping[Expected, tuple[str, str]] = {
    Expected.DELIVERED: ("delivered", "\u2713"),
    Expected.DEFERRED_THEN_DELIVERED: ("deferred", "\u21bb"),
    Expected.BOUNCED: ("bounced", "\u2717"),
    Expected.FAILED: ("failed", "\u26a0"),
}
"""The colour and the sign of what becomes of a mail."""


class Network:
    """``GET /network``, and ``POST /network`` by one of its forms."""

    def __init__(self, sandbox: Sandbox, pages: Pages) -> None:
        self._sandbox, self._pages = sandbox, pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        given = reading.query(req, "domain", "q", "state")
        self._show(req, resp, self._typed(normal(given.get("domain", "").strip())))

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        form = req.context.form
        try:
            domain = self._change(form)
        except ApiError as ex:
            self._show(req, resp, {**USUAL, **form}, (form.get("form", ""), ex.message))
            resp.status = ex.kind.status
            return
        raise falcon.HTTPSeeOther(PATH + falcon.to_query_str({"domain": domain}) + "#by-hand")

    def _change(self, form: Mapping[str, str]) -> str:
        """Do what a form asks for, and return the domain that it is about.

        Raises:
            ApiError: 400, or 404, naming the field.
        """
        domain = normal(field(form, "domain"))
        if not looks_like_a_mail_domain(domain):
            raise ApiError(BAD_REQUEST, "The field 'domain' must be a domain that can have mail, like 'example.com'.")
        if form.get("form") == "clear":
            clear_behaviour(self._sandbox, domain)
            return domain
        try:
            set_behaviour(self._sandbox, domain, read_behaviour(form))
        except FormError as ex:
            raise ApiError(BAD_REQUEST, str(ex)) from None
        except BehaviourError as ex:
            # The form of one step has its fields without their place in a script.
            message = str(ex).replace("script[0].", "") if form["form"] == "step" else str(ex)
            raise ApiError(BAD_REQUEST, message) from None
        return domain

    def _show(
        self, req: falcon.Request, resp: falcon.Response, typed: Mapping[str, str], problem: tuple[str, str] = ("", "")
    ) -> None:
        behaviours = self._sandbox.network.behaviours()
        words = (req.get_param("q") or "").strip()
        domains, left_out = draw(behaviours, self._sandbox.settings.domains, self._sandbox.events.newest(_EVENTS))
        about = typed["domain"] if looks_like_a_mail_domain(typed["domain"]) and not problem[1] else None
        self._pages.show(
            req,
            resp,
            "network.html",
            domains=domains,
            left_out=left_out,
            ends=ENDS,
            typed=typed,
            forms=FORMS,
            problem_of=problem[0],
            problem=problem[1],
            about=one_domain(about, behaviours) if about else None,
            call=self._call(req.prefix, about) if about else None,
            is_as_at_start=about is not None and self._is_as_at_start(about),
            parts=PARTS,
            stages=STAGES,
            words=words,
            catalogue=_found(words),
            tags=TAGS,
        )

    def _typed(self, domain: str) -> Mapping[str, str]:
        """Return what the forms have in them before anybody types: of a domain, what it does now."""
        behaviour = self._sandbox.network.behaviours().get(domain)
        if behaviour is None:
            return {**USUAL, "domain": domain}
        named = to_json(behaviour).get("behaviour", "")
        text = json.dumps(in_full(behaviour), indent=2)
        return {**USUAL, "domain": domain, "behaviour": str(named or USUAL["behaviour"]), "json": text}

    def _is_as_at_start(self, domain: str) -> bool:
        at_first = at_start(self._sandbox.settings.domains).get(domain)
        return self._sandbox.network.behaviours().get(domain) == at_first

    def _call(self, prefix: str, domain: str) -> str:
        """Return the call of the control API that makes a domain behave as it does."""
        url = f"{prefix}{CONTROL_PATH}/network/{quote(domain)}"
        behaviour = self._sandbox.network.behaviours().get(domain)
        if behaviour is None or self._is_as_at_start(domain):
            return curl("DELETE", url, with_key=False)
        return curl("PUT", url, json.dumps(to_json(behaviour)).encode(), with_key=False)


def _found(words: str) -> Sequence[tuple[str, Sequence[Behaviour]]]:
    """Return the entries of the catalogue that have every word, under the titles of their parts."""
    wanted = words.lower().split()
    parts = [
        (title, [entry for entry in entries if all(word in _text(title, entry) for word in wanted)])
        for title, entries in PARTS.items()
    ]
    return [(title, entries) for title, entries in parts if entries]


def _text(title: str, entry: Behaviour) -> str:
    return f"{title} {entry.name}.test +{entry.name} {entry.summary} {entry.expected}".lower()
