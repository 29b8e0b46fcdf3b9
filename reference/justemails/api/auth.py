"""Who is asking, and may they: the steps before any handler, in the order of CHOICE-08.

1. 401: no key, or not a known one. Costs no write and counts nowhere.
2. 429: over the limit of the key's tier.
3. 404 and 405: no such path, no such method (Falcon's router).
4. 403: the key's scope does not cover the operation.
Then the handler reads the body.
"""

import re

import falcon

from justemails.api.errors import ApiError
from justemails.api.keys import KEY_FORM, key_hash
from justemails.api.ratelimit import RateLimiter, Refusal
from justemails.ports import Clock
from justemails.records import Key
from justemails.store import KeyStore
from justemails_contract.errors import FORBIDDEN, RATE_LIMITED, UNAUTHORIZED
from justemails_contract.limits import Tier
from justemails_contract.operations import BASE_PATH, OPERATIONS, Operation

# The whole header must match: "Bearer A, Bearer B" is what two headers look like once a server has joined them.
_BEARER = re.compile(rf"bearer +({KEY_FORM.pattern})", re.IGNORECASE | re.ASCII)

# One message for no key, a wrong one and a revoked one, so that the answers are the same bytes [errors.401].
_NO_KEY = "A valid API key is required: send the header 'Authorization: Bearer je_live_...'."

_ROUTES = tuple(
    (operation, re.compile(re.escape(BASE_PATH + operation.path).replace(r"\{id\}", "[^/]+")))
    for operation in OPERATIONS
)


class Authentication:
    """Falcon middleware: sets ``req.context.key`` and ``req.context.operation``, or refuses the request."""

    def __init__(self, store: KeyStore, limiter: RateLimiter, clock: Clock) -> None:
        self._store = store
        self._limiter = limiter
        self._clock = clock

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        key = self._authenticate(req.get_header("Authorization"))
        operation = find_operation(req.method, req.path)
        # A request that matches no operation sends nothing and makes no key, so it counts as a read (CHOICE-08).
        refusal = self._limiter.take(key.id, operation.tier if operation else Tier.READ)
        if refusal:
            raise too_many_requests(refusal)
        req.context.key = key
        req.context.operation = operation

    def process_resource(
        self, req: falcon.Request, resp: falcon.Response, resource: object, params: dict[str, object]
    ) -> None:
        operation: Operation | None = req.context.operation
        if operation is None:  # Falcon answers OPTIONS by itself; the document has no such operation
            methods = allowed_methods(req.path)
            if not methods:  # Falcon's router takes an empty id for one: "/send/" (CHOICE-52)
                raise falcon.HTTPRouteNotFound
            raise falcon.HTTPMethodNotAllowed(methods)
        if req.context.key.scope not in operation.scopes:
            allowed = " or ".join(sorted(operation.scopes))
            raise ApiError(
                FORBIDDEN,
                f"This API key has the scope '{req.context.key.scope}'; this action needs the scope {allowed}.",
            )

    def _authenticate(self, header: str | None) -> Key:
        match = _BEARER.fullmatch(header or "")
        key = self._store.key_by_hash(key_hash(match[1])) if match else None
        if key is None:
            raise ApiError(UNAUTHORIZED, _NO_KEY, {"WWW-Authenticate": "Bearer"})
        now = self._clock.now()
        # lastUsed is told in whole seconds, so more than one write a second would say nothing new.
        if key.last_used is None or int(key.last_used.timestamp()) != int(now.timestamp()):
            self._store.touch_key(key.id, now)
        return key


def find_operation(method: str, path: str) -> Operation | None:
    """Return the documented operation that a request names, if there is one."""
    for operation, pattern in _ROUTES:
        if operation.method == method and pattern.fullmatch(path):
            return operation
    return None


def allowed_methods(path: str) -> list[str]:
    """Return the documented methods of a path."""
    return [operation.method for operation, pattern in _ROUTES if pattern.fullmatch(path)]


def too_many_requests(refusal: Refusal) -> ApiError:
    """Return the 429 for a refusal, with its truthful Retry-After [limits.429]."""
    limit, seconds = refusal.limit, refusal.retry_after_s
    return ApiError(
        RATE_LIMITED,
        f"This API key is over its limit of {limit.requests} requests per minute. Retry after {seconds} seconds.",
        {"Retry-After": str(seconds)},
    )
