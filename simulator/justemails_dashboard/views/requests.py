"""What the API was asked and what it answered: a log, each request in full, and the same request once more."""

from collections.abc import Sequence
from http import HTTPStatus

import falcon

from justemails.api.errors import ApiError
from justemails.http_server import WsgiApp
from justemails_contract.errors import BAD_REQUEST, NOT_FOUND
from justemails_contract.operations import BASE_PATH
from justemails_dashboard.api_calls import call_api
from justemails_dashboard.bodies import readable
from justemails_dashboard.pages import Pages
from justemails_dashboard.snippets import KEY_VARIABLE, address_of, obstacle, snippets
from justemails_dashboard.strangers_text import visible
from justemails_sandbox.control import reading
from justemails_sandbox.request_log import KEPT, LoggedRequest
from justemails_sandbox.sandbox import Sandbox

_PER_PAGE = 50
_CLASSES = ("2xx", "4xx", "5xx")


class Requests:
    """``GET /requests``."""

    def __init__(self, sandbox: Sandbox, pages: Pages) -> None:
        self._sandbox, self._pages = sandbox, pages

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        given = reading.query(req, "status", "q", "page", "state")
        status, words = given.get("status", ""), given.get("q", "").strip()
        page = reading.number(given, "page", 1, 1, KEPT)
        kept = self._sandbox.requests.newest()
        found = [one for one in kept if _has_status(one, status) and _has_words(one, words)]
        begin = (page - 1) * _PER_PAGE
        self._pages.show(
            req,
            resp,
            "requests.html",
            requests=[(one, shown_path(one)) for one in found[begin : begin + _PER_PAGE]],
            found=len(found),
            kept=KEPT,
            is_narrowed=bool(status or words),
            status=status,
            words=words,
            statuses=[*_CLASSES, *sorted({str(one.status) for one in kept} | ({status} - {*_CLASSES, ""}))],
            kind_of=chip_of,
            page=page,
            newer=_page_address(page - 1, status, words) if page > 1 else None,
            older=_page_address(page + 1, status, words) if begin + _PER_PAGE < len(found) else None,
        )


class OneRequest:
    """``GET /requests/{number}``."""

    def __init__(self, sandbox: Sandbox, pages: Pages) -> None:
        self._sandbox, self._pages = sandbox, pages

    def on_get(self, req: falcon.Request, resp: falcon.Response, number: int) -> None:
        reading.query(req)
        found = find(self._sandbox, number)
        self._pages.show(
            req,
            resp,
            "request.html",
            request=found,
            shown_path=shown_path(found),
            chip=chip_of(found.status),
            meaning=_meaning(found.status),
            asked=readable(found.body),
            answered=readable(found.answer),
            programs=snippets(found, req.prefix),
            variable=KEY_VARIABLE,
            obstacle=obstacle(found),
        )


class Replay:
    """``POST /requests/{number}/replay``: makes the same request again, with the sandbox's own key."""

    def __init__(self, sandbox: Sandbox, api: WsgiApp) -> None:
        self._sandbox, self._api = sandbox, api

    def on_get(self, req: falcon.Request, resp: falcon.Response, number: int) -> None:
        # For who comes back to what a form was sent to.
        raise falcon.HTTPSeeOther(f"/requests/{number}")

    def on_post(self, req: falcon.Request, resp: falcon.Response, number: int) -> None:
        sandbox = self._sandbox
        found = find(sandbox, number)
        reason = obstacle(found)
        if reason:
            raise ApiError(BAD_REQUEST, reason)
        before = sandbox.events.last
        call_api(
            sandbox, self._api, found.method, (address_of(found) or "").removeprefix(BASE_PATH), found.body or None
        )
        same = [
            one.number
            for one in sandbox.requests.newest()
            if one.number > before and (one.method, one.path, one.body) == (found.method, found.path, found.body)
        ]
        raise falcon.HTTPSeeOther(f"/requests/{same[-1]}")


def find(sandbox: Sandbox, number: int) -> LoggedRequest:
    """Return a request of the log.

    Raises:
        ApiError: 404.
    """
    found = sandbox.requests.get(number)
    if found is None:
        raise ApiError(NOT_FOUND, f"There is no request {number}, or not any more: the newest {KEPT} are kept.")
    return found


def shown_path(request: LoggedRequest) -> str:
    """Return the path and query of a request, to be read."""
    path = request.path.encode("latin-1").decode("utf-8", "backslashreplace")
    return visible(path + (f"?{request.query}" if request.query else ""))


def chip_of(status: int) -> tuple[str, str]:
    """Return the colour and the sign of an HTTP status."""
    return {2: ("good", "\u2713"), 4: ("warn", "\u26a0"), 5: ("bad", "\u2717")}.get(status // 100, ("info", "\u2022"))


def _meaning(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _has_status(request: LoggedRequest, status: str) -> bool:
    if status in _CLASSES:
        return str(request.status)[0] == status[0]
    if status and not (status.isascii() and status.isdigit() and len(status) == 3):
        raise ApiError(BAD_REQUEST, "The field 'status' must be 2xx, 4xx, 5xx or a number like 404.")
    return not status or request.status == int(status)


def _has_words(request: LoggedRequest, words: str) -> bool:
    text = f"{request.method} {shown_path(request)}".lower()
    return all(word in text for word in words.lower().split())


def _page_address(page: int, status: str, words: str) -> str:
    given: Sequence[tuple[str, str]] = [("status", status), ("q", words), ("page", str(page) if page > 1 else "")]
    return "/requests" + falcon.to_query_str({name: value for name, value in given if value})
