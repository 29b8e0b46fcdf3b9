"""GET /messages: the first, a middle and the last page of long lists, beside page 1 of a short one.

Through the whole WSGI application, in process, so that HTTP's cost does not hide the database's. Rows are put in
by SQLite itself, in one account for each length of list, in one database.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median

import falcon.testing
from tests.benchmarks.population import add_messages
from tests.benchmarks.report import Row, at_most
from tests.benchmarks.settings import Settings

from justemails.api.app import App, Dependencies, create_app
from justemails.api.ids import make_new_id, make_new_secret
from justemails.api.keys import key_hash, key_hint
from justemails.api.ratelimit import RateLimiter
from justemails.clock import SystemClock
from justemails.pony_store import FastPonyStore
from justemails.records import Account, Key
from justemails_contract.limits import Limit, Tier
from justemails_contract.operations import BASE_PATH, Scope

_PER_PAGE = 50
_GOAL = 2.0
_NO_LIMITS = {tier: Limit(1_000_000, timedelta(minutes=1)) for tier in Tier}


@dataclass(frozen=True, slots=True)
class _Page:
    size: int
    name: str
    number: int


def run(settings: Settings, folder: Path) -> list[Row]:
    """Measure every page of every list, in turn, again and again."""
    path = str(folder / "list.sqlite3")
    clock = SystemClock()
    store = FastPonyStore(path)
    secrets = {size: _list_of(store, path, size) for size in settings.list_sizes}
    deps = Dependencies(store, clock, RateLimiter(clock, _NO_LIMITS), make_new_id(clock), make_new_secret())
    app = create_app(deps)
    pages = [
        _Page(size, name, number)
        for size in settings.list_sizes
        for name, number in (
            ("first", 1),
            ("middle", size // _PER_PAGE // 2),
            ("last", size // _PER_PAGE),
        )
    ]
    times: dict[_Page, list[float]] = {page: [] for page in pages}
    for _ in range(settings.list_repeats):
        for page, its in times.items():
            its.append(_get(app, secrets[page.size], page.number))
    store.close()
    return _rows({page: median(its) * 1000 for page, its in times.items()})


def _rows(milliseconds: dict[_Page, float]) -> list[Row]:
    base_page, base_ms = next(iter(milliseconds.items()))
    rows = []
    for page, its_ms in milliseconds.items():
        name = f"list: {page.name} page of {page.size:,} rows"
        if page is not base_page:
            rows.append(at_most(f"{name} / first of {base_page.size:,}", its_ms / base_ms, _GOAL))
        rows.append(Row(name, round(its_ms, 2), "ms", note=f"perPage {_PER_PAGE}, median, in process"))
    return rows


def _list_of(store: FastPonyStore, path: str, size: int) -> str:
    """Make an account with a list of ``size`` messages; return its key."""
    clock = SystemClock()
    new_id, secret = make_new_id(clock), make_new_secret()()
    account = Account(new_id("acc_"), f"List of {size}", clock.now())
    store.add_account(account)
    store.add_key(Key(new_id("key_"), account.id, "Bench", Scope.FULL, key_hint(secret), clock.now()), key_hash(secret))
    add_messages(Path(path), account.id, size)
    return secret


def _get(app: App, secret: str, page: int) -> float:
    """Return the seconds that one GET /messages takes."""
    environ = falcon.testing.create_environ(
        f"{BASE_PATH}/messages",
        query_string=f"page={page}&perPage={_PER_PAGE}",
        headers={"Authorization": f"Bearer {secret}"},
    )
    said: list[str] = []

    def start(status: str, headers: object, exc_info: object = None) -> Callable[[bytes], None]:
        said.append(status)
        return lambda data: None

    began = time.perf_counter()
    body = b"".join(app(environ, start))
    took_s = time.perf_counter() - began
    assert said == ["200 OK"]
    assert body.count(b'"id"') == _PER_PAGE
    return took_s
