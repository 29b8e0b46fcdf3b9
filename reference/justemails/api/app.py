"""Start here: the route table, and everything the API needs from outside.

``create_app`` only wires. Whoever calls it builds the real clock, store and ids; a test or a simulation builds
others. The order of the checks before a handler is told in ``justemails.api.auth``.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass

import falcon

from justemails.api.auth import Authentication, find_operation
from justemails.api.errors import OUR_FAULT, ApiError, error_body, kind_of
from justemails.api.handlers import KeyCollection, KeyItem, MessageCollection, SendCollection, SendItem
from justemails.api.ratelimit import RateLimiter
from justemails.ports import Clock, NewId, NewSecret
from justemails.store import Store
from justemails_contract import errors
from justemails_contract.operations import BASE_PATH, MESSAGES

App = falcon.App[falcon.Request, falcon.Response]


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What the API needs; ``on_accepted`` is called after a message is on disk, to wake a delivery engine."""

    store: Store
    clock: Clock
    limiter: RateLimiter
    new_id: NewId
    new_secret: NewSecret
    on_accepted: Callable[[], None] = lambda: None


def create_app(deps: Dependencies) -> App:
    """Return the WSGI application that serves the six operations below BASE_PATH."""
    store, clock = deps.store, deps.clock
    app: App = falcon.App(middleware=[Authentication(store, deps.limiter, clock)])
    app.resp_options.media_handlers[falcon.MEDIA_JSON] = falcon.media.JSONHandler(
        dumps=json.JSONEncoder(ensure_ascii=False).encode
    )

    app.add_route(f"{BASE_PATH}/send", SendCollection(store, store, clock, deps.new_id, deps.on_accepted))
    app.add_route(f"{BASE_PATH}/send/{{message_id}}", SendItem(store))
    app.add_route(f"{BASE_PATH}/messages", MessageCollection(store))
    app.add_route(f"{BASE_PATH}/api-keys", KeyCollection(store, clock, deps.new_id, deps.new_secret))
    app.add_route(f"{BASE_PATH}/api-keys/{{key_id}}", KeyItem(store, clock))

    answer_errors_in_json(app)
    return app


def is_quick(method: str, path: str) -> bool:
    """Say whether a request is of an operation that never takes long: a list may have to look at every message."""
    operation = find_operation(method, path)
    return operation is not None and operation is not MESSAGES


def answer_errors_in_json(app: App) -> None:
    """Give every error of an app the one body [errors.body]: ours, Falcon's, and faults nobody foresaw."""
    app.add_error_handler(Exception, _on_fault)
    app.add_error_handler(falcon.HTTPError, _on_http_error)
    app.add_error_handler(ApiError, _on_api_error)


def _on_api_error(req: falcon.Request, resp: falcon.Response, ex: ApiError, params: dict[str, object]) -> None:
    _answer(resp, ex.kind, ex.message)
    resp.set_headers(dict(ex.headers))


def _on_http_error(req: falcon.Request, resp: falcon.Response, ex: falcon.HTTPError, params: dict[str, object]) -> None:
    kind = kind_of(ex.status_code, errors.BAD_REQUEST)
    match kind:
        case errors.NOT_FOUND:
            message = f"There is nothing at {req.path[:200]!a}."
        case errors.METHOD_NOT_ALLOWED:
            message = f"The method {req.method[:20]!a} is not allowed here."
        case _:
            message = ex.description or kind.meaning
    _answer(resp, kind, message)
    if ex.headers:
        resp.set_headers(ex.headers)


def _on_fault(req: falcon.Request, resp: falcon.Response, ex: Exception, params: dict[str, object]) -> None:
    logging.getLogger("justemails").error("%s %s failed", req.method, req.path, exc_info=ex)
    _answer(resp, errors.INTERNAL_ERROR, OUR_FAULT)


def _answer(resp: falcon.Response, kind: errors.ErrorKind, message: str) -> None:
    resp.status = kind.status
    resp.content_type = falcon.MEDIA_JSON
    resp.data = error_body(kind.code, message)
