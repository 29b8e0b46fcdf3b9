"""``/network``: how the fake internet's domains behave; for the dashboard too."""

import falcon

from fakemx.behaviours.form import BehaviourError, parse_behaviour, to_json
from fakemx.behaviours.script import Behaviour
from justemails_sandbox.control import reading
from justemails_sandbox.control.deps import MailDeps


class NetworkCollection:
    """``GET /network``."""

    def __init__(self, deps: MailDeps) -> None:
        self._deps = deps

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {
            "data": [_as_json(domain, behaviour) for domain, behaviour in self._deps.network.behaviours().items()]
        }


class NetworkItem:
    """``GET``, ``PUT`` and ``DELETE /network/{domain}``."""

    def __init__(self, deps: MailDeps) -> None:
        self._deps = deps

    def on_get(self, req: falcon.Request, resp: falcon.Response, domain: str) -> None:
        behaviour = self._deps.network.behaviours().get(domain.lower())
        if behaviour is None:
            reading.missing("domain with a behaviour of its own; every other one accepts all mail")
        resp.media = _as_json(domain.lower(), behaviour)

    def on_put(self, req: falcon.Request, resp: falcon.Response, domain: str) -> None:
        try:
            behaviour = set_behaviour(self._deps, domain, reading.raw_object(req))
        except BehaviourError as ex:
            reading.bad(str(ex))
        except ValueError as ex:
            reading.bad(f"The domain in the path is wrong: {ex}.")
        resp.media = _as_json(domain.lower(), behaviour)

    def on_delete(self, req: falcon.Request, resp: falcon.Response, domain: str) -> None:
        clear_behaviour(self._deps, domain)
        resp.media = {"deleted": True}


def set_behaviour(deps: MailDeps, domain: str, data: object) -> Behaviour:
    """Let a domain behave from now on as the JSON form of a behaviour says.

    Raises:
        BehaviourError: it is none.
        ValueError: the domain cannot have mail.
    """
    behaviour = parse_behaviour(data)
    deps.loop.run(deps.network.set_behaviour(domain, behaviour))
    return behaviour


def clear_behaviour(deps: MailDeps, domain: str) -> None:
    """Give a domain back what it did at the start.

    Raises:
        ApiError: 404; it has no behaviour of its own.
    """
    if domain.lower() not in deps.network.behaviours():
        reading.missing("domain with a behaviour of its own")
    deps.loop.run(deps.network.clear_behaviour(domain))


def _as_json(domain: str, behaviour: Behaviour) -> dict[str, object]:
    return {
        "domain": domain,
        **to_json(behaviour),
        "summary": behaviour.summary,
        "expected": behaviour.expected,
    }
