"""The HTTP servers that are compared, one a process: ``python -m tests.benchmarks.server KIND DATABASE``.

    bare    Falcon on waitress as they come, answering a constant to the same request
    group   the product, with one commit for the requests that arrived together
    inline  the product, with a thread and a commit for each request

Prints ``{"port": ...}`` once it listens, and runs until it is killed.
"""

import json
import logging
import sys

import falcon
import waitress

from justemails.api.app import Dependencies, create_app, is_quick
from justemails.api.ids import make_new_id, make_new_secret
from justemails.api.ratelimit import RateLimiter
from justemails.clock import SystemClock
from justemails.http_server import _THREADS, HttpServer
from justemails.pony_store import FastPonyStore
from justemails_contract.operations import BASE_PATH

_CONSTANT = {
    "id": "msg_0Ucr1sbqF9zW2mX7cLtYpK",
    "status": "queued",
    "from": "hello@yourdomain.com",
    "to": "user@example.com",
    "createdAt": "2026-04-06T12:00:00Z",
}


class _Constant:
    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = _CONSTANT


def serve_bare() -> None:
    app: falcon.App[falcon.Request, falcon.Response] = falcon.App()
    app.add_route(f"{BASE_PATH}/send", _Constant())
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # as the product does: else it pays for log lines
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=_THREADS)
    _say(server.effective_port)
    server.run()


def serve_product(kind: str, database: str) -> None:
    clock = SystemClock()
    store = FastPonyStore(database)
    deps = Dependencies(store, clock, RateLimiter(clock), make_new_id(clock), make_new_secret())
    app = create_app(deps)
    together = kind == "group"
    server = HttpServer(app, "127.0.0.1", 0, is_quick, store.together) if together else HttpServer(app, "127.0.0.1", 0)
    _say(server.port)
    server.run()


def _say(port: int) -> None:
    sys.stdout.write(json.dumps({"port": port}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        serve_bare()
    else:
        serve_product(sys.argv[1], sys.argv[2])
