"""A sound server for mutants to stand around, and an HTTP server that speaks for them.

For the core profile the sound server is the reference in a sandbox, emptied before each run; with the limits profile it
is the second server of ``micro``, which has no limits of its own and a clock that waiting moves.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from itertools import count
from threading import Lock, Thread
from typing import Any
from urllib.parse import unquote

from tests.conformance.micro import RefusedError, Service
from tests.conformance.mutants.exchange import Api, Asked, Change, Ground, Said

from justemails.api.keys import issue_key
from justemails.http_server import WsgiApp
from justemails.ports import NewId
from justemails.records import Account
from justemails_conformance.clauses import Profile
from justemails_conformance.judge import Judge
from justemails_conformance.run import Credentials
from justemails_conformance.transport import Answer, Exchange, Request, Target
from justemails_conformance.verdict import Verdict
from justemails_contract.operations import BASE_PATH, Scope
from justemails_sandbox.sandbox import Sandbox
from justemails_sandbox.settings import SandboxSettings

SENDER = "hello@yourdomain.com"
UNVERIFIED = "x@unverified.example"


class Waiting:
    """A clock that goes on when it is waited on, and at no other time."""

    def __init__(self) -> None:
        self._now_s = 1000.0

    def now_s(self) -> float:
        return self._now_s

    def wait(self, seconds: float) -> None:
        self._now_s += seconds


class SandboxWaiting(Waiting):
    """Likewise, and the sandbox's clock with it: whatever falls due on the way is done."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self._sandbox = sandbox

    def wait(self, seconds: float) -> None:
        super().wait(seconds)
        box = self._sandbox
        box.loop.run(box.timekeeper.advance(box.clock.now() + timedelta(seconds=seconds)))


@dataclass(frozen=True, slots=True)
class Base:
    """A sound server, what is handed to its judge, and the time there."""

    api: Api
    ground: Ground
    credentials: Credentials
    waiting: Waiting


class Grounds:
    """Makes sound servers; the sandbox is started once, and is as new for each run."""

    def __enter__(self) -> "Grounds":
        self._sandbox = box = Sandbox(SandboxSettings(seed=1, virtual=True))
        box.new_id = _in_order(box.new_id)
        box.start()
        (self._account,) = box.store.accounts()
        (self._domain,) = box.store.domains(self._account.id)  # kept, for making its keys takes long
        return self

    def __exit__(self, *_: object) -> None:
        self._sandbox.stop()

    def base(self, profiles: Collection[Profile]) -> Base:
        return self._limits() if Profile.LIMITS in profiles else self._core()

    def _core(self) -> Base:
        box = self._sandbox
        self._empty()
        other = Account(box.new_id("acc_"), "Other", box.clock.now())
        box.store.add_account(other)
        key, restricted_key = self._key(self._account.id), self._key(self._account.id, Scope.SEND)
        other_key = self._key(other.id)
        waiting = SandboxWaiting(box)
        credentials = Credentials(
            key, SENDER, unverified=UNVERIFIED, other_key=other_key, restricted_key=restricted_key
        )
        return Base(
            _dated(spoken(box), box), Ground(key, other_key, restricted_key, now_s=waiting.now_s), credentials, waiting
        )

    def _empty(self) -> None:
        box = self._sandbox
        box.loop.run(box.timekeeper.settle())
        box.store.clear()
        box.limiter.forget()
        box.inbox.clear()
        box.store.add_account(self._account)
        box.store.add_domain(self._domain)

    def _key(self, account_id: str, scope: Scope = Scope.FULL) -> str:
        box = self._sandbox
        return issue_key(box.store, account_id, "A key", scope, box.clock, box.new_id, box.new_secret)[1]

    @staticmethod
    def _limits() -> Base:
        waiting = Waiting()
        service = _Unlimited(waiting.now_s)
        credentials = Credentials(service.key, SENDER, unverified=UNVERIFIED)
        return Base(_answered(service), Ground(service.key, now_s=waiting.now_s), credentials, waiting)


def _in_order(new_id: NewId) -> NewId:
    """Number ids, so that they sort as they were made although the clock stands still."""
    numbers = count(1)
    return lambda prefix: f"{prefix}{next(numbers):08}{new_id('')[-14:]}"


class _Unlimited(Service):
    def _count(self, *_: object) -> None:
        pass


def _answered(service: Service) -> Api:
    def api(asked: Asked) -> Said:
        try:
            status, body = service.answer(asked.method, asked.path, asked.authorization or "", asked.body)
        except RefusedError as ex:
            status, body = ex.answer
        return Said(status).saying(body)

    return api


def spoken(sandbox: Sandbox) -> Api:
    """Return the reference in a sandbox."""
    app = sandbox.make_api()

    def api(asked: Asked) -> Said:
        with sandbox.together():
            return _called(app, asked)

    return api


def _dated(api: Api, sandbox: Sandbox) -> Api:
    """Say in each answer what time it is on the sandbox's clock."""
    return lambda asked: api(asked).with_header("Date", format_datetime(sandbox.clock.now(), usegmt=True))


def _called(app: WsgiApp, asked: Asked) -> Said:
    path, _, query = asked.path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": asked.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": BASE_PATH + unquote(path, "latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(asked.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(asked.body),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in asked.headers.items()}
    environ["CONTENT_TYPE"] = asked.headers.get("content-type", "")
    told: list[tuple[str, list[tuple[str, str]]]] = []
    body = b"".join(app(environ, lambda status, headers, exc=None: told.append((status, headers))))
    ((status, headers),) = told
    kept = {name: value for name, value in headers if name.lower() != "content-length"}
    return Said(int(status.split()[0]), body, kept)


@contextmanager
def serving(api: Api) -> Iterator[str]:
    """Speak HTTP for a server, and give its base URL."""
    one_by_one = Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path.removeprefix(BASE_PATH), headers, body)
            with one_by_one:
                said = api(asked)
            self._say(said)

        do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_HEAD = do_OPTIONS = handle_any  # noqa: N815

        def _say(self, said: Said) -> None:
            self.send_response_only(said.status)
            has_body = said.status not in {204, 304}
            length = {"Transfer-Encoding": "chunked"} if said.chunked else {"Content-Length": str(len(said.body))}
            for name, value in {**said.headers, **(length if has_body else {})}.items():
                self.send_header(name, value)
            self.end_headers()
            if has_body and self.command != "HEAD":
                for part in _pieces(said.body) if said.chunked else [said.body]:
                    self.wfile.write(part)

        def log_message(self, *_: object) -> None:
            pass

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.005,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{BASE_PATH}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    block_on_close = False


def _pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 7):
        piece = body[start : start + 7]
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


_JSON = [("Content-Type", "application/json"), ("Connection", "close")]


class Straight(Target):
    """A server in the same process, asked without a socket: an answer takes a tenth of the time."""

    def __init__(self, api: Api) -> None:
        super().__init__(f"http://127.0.0.1{BASE_PATH}")
        self._api = api
        self._one_by_one = Lock()

    def ask(self, request: Request) -> Exchange:
        if request.raw is not None:  # there is nothing here that reads octets
            return Exchange(request, Answer(400, _JSON, b'{"error": "BAD_REQUEST", "message": "No."}'), None, 0.0)
        headers = {name.lower(): value for name, value in request.headers.items()}
        with self._one_by_one:
            said = self._api(Asked(request.method, request.path, headers, request.body or b""))
        body = b"" if said.status in {204, 304} else said.body
        return Exchange(request, Answer(said.status, [*said.headers.items()], body), None, 0.0)


def judged(
    grounds: Grounds, change: Change, profiles: Sequence[Profile], *, straight: bool = True, seed: int = 1
) -> Verdict:
    """Judge what comes of a change around a sound server.

    Args:
        straight: whether it is asked without HTTP in between.
    """
    base = grounds.base(profiles)
    api = change(base.api, base.ground)
    with nullcontext() if straight else serving(api) as base_url:
        target = Target(base_url) if base_url else Straight(api)
        return Judge(target, base.credentials, profiles=profiles, wait=base.waiting.wait, seed=seed).judge()
