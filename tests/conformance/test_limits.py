"""The limits profile: honest limiters of every kind pass, and each broken one fails by the right clause."""

import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

import pytest

from justemails_conformance.clauses import Profile, clauses
from justemails_conformance.evidence import retry_after_s
from justemails_conformance.judge import Judge
from justemails_conformance.limits import LIMITS
from justemails_conformance.scene import Means
from justemails_conformance.transport import Answer, Exchange, Request, Target
from justemails_conformance.verdict import Outcome, Verdict
from justemails_sandbox.sandbox import Sandbox
from justemails_sandbox.served import ServedSandbox
from justemails_sandbox.settings import SandboxSettings

LIMIT = {"send": 100, "read": 300, "keys": 10}
WINDOW_S = 60.0


class Time:
    """A clock that goes on when it is waited on."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def wait(self, seconds: float) -> None:
        self.now_s += seconds


class Limiter:
    """A sliding log, as the reference has; the ones below are changed in one thing each."""

    def __init__(self, time: Time) -> None:
        self.time = time
        self.asked: dict[object, deque[float]] = defaultdict(deque)

    def limit(self, tier: str) -> float:
        return LIMIT[tier]

    def owner(self, key: str, tier: str) -> object:
        return key, tier

    def wait_s(self, key: str, tier: str) -> float | None:
        """Return how long to wait, or None when the request passes."""
        asked, now_s = self.asked[self.owner(key, tier)], self.time.now_s
        while asked and asked[0] <= now_s - WINDOW_S:
            asked.popleft()
        if len(asked) >= self.limit(tier):
            return max(1.0, asked[0] + WINDOW_S - now_s)
        asked.append(now_s)
        return None

    def refusal(self, wait_s: float) -> tuple[int, dict[str, str]]:
        return 429, {"Retry-After": str(int(-(-wait_s // 1)))}


class FixedWindow(Limiter):
    def wait_s(self, key: str, tier: str) -> float | None:
        window = self.time.now_s // WINDOW_S
        asked = self.asked[(self.owner(key, tier), window)]
        if len(asked) >= self.limit(tier):
            return (window + 1) * WINDOW_S - self.time.now_s
        asked.append(0)
        return None


class Bucket(Limiter):
    def wait_s(self, key: str, tier: str) -> float | None:
        kept = self.asked[self.owner(key, tier)]
        level, at = kept or (self.limit(tier), self.time.now_s)
        level = min(self.limit(tier), level + (self.time.now_s - at) * self.limit(tier) / WINDOW_S)
        kept.clear()
        kept.extend((max(level - 1, 0) if level >= 1 else level, self.time.now_s))
        return None if level >= 1 else (1 - level) * WINDOW_S / self.limit(tier)


class SaysDates(Limiter):
    def refusal(self, wait_s: float) -> tuple[int, dict[str, str]]:
        now = datetime(2026, 4, 6, 12, tzinfo=UTC)
        until = now + timedelta(seconds=wait_s + 1)
        return 429, {"Retry-After": format_datetime(until, usegmt=True), "Date": format_datetime(now, usegmt=True)}


class ALittleMore(Limiter):
    def limit(self, tier: str) -> float:
        return LIMIT[tier] * 1.5 // 1


FAIR = [Limiter, FixedWindow, Bucket, SaysDates, ALittleMore]


class TooFewSends(Limiter):
    def limit(self, tier: str) -> float:
        return 99 if tier == "send" else LIMIT[tier]


class NoLimitForReads(Limiter):
    def limit(self, tier: str) -> float:
        return 10**6 if tier == "read" else LIMIT[tier]


class ManyKeys(Limiter):
    def limit(self, tier: str) -> float:
        return 100 if tier == "keys" else LIMIT[tier]


class PerAccount(Limiter):
    def owner(self, key: str, tier: str) -> object:
        return tier if tier == "send" else (key, tier)


class OneTier(Limiter):
    def owner(self, key: str, tier: str) -> object:
        return key

    def limit(self, tier: str) -> float:
        return 100


class Says503(Limiter):
    def refusal(self, wait_s: float) -> tuple[int, dict[str, str]]:
        return 403, {"Retry-After": "60"}


class NoRetryAfter(Limiter):
    def refusal(self, wait_s: float) -> tuple[int, dict[str, str]]:
        return 429, {}


class RetryAfterInWords(Limiter):
    def refusal(self, wait_s: float) -> tuple[int, dict[str, str]]:
        return 429, {"Retry-After": "in a minute"}


class RetryAfterTooShort(Limiter):
    def refusal(self, wait_s: float) -> tuple[int, dict[str, str]]:
        return 429, {"Retry-After": "1"}


BROKEN: list[tuple[type[Limiter], str]] = [
    (TooFewSends, "limits.send"),
    (NoLimitForReads, "limits.read"),
    (ManyKeys, "limits.keys"),
    (PerAccount, "limits.scope"),
    (OneTier, "limits.tiers"),
    (Says503, "limits.429"),
    (NoRetryAfter, "limits.retry"),
    (RetryAfterInWords, "limits.retry"),
    (RetryAfterTooShort, "limits.retry.true"),
]


def judged(limiter_of: Callable[[Time], Limiter]) -> Verdict:
    """Judge a server that knows nothing but keys and limits."""
    time = Time()
    limiter, lock, ids = limiter_of(time), Lock(), iter(range(10**6))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            tier = "keys" if self.path.startswith("/api-keys") else "send" if self.command == "POST" else "read"
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            with lock:
                wait_s = limiter.wait_s(self.headers["Authorization"], tier)
            if wait_s is not None:
                status, headers = limiter.refusal(wait_s)
                return self._say(status, {"error": "RATE_LIMITED", "message": "Later."}, headers)
            number = next(ids)
            return self._say(200, {"id": f"key_{number}", "key": f"je_live_{number}", "data": [], "deleted": True}, {})

        do_POST = do_DELETE = do_GET  # noqa: N815  # the library's names

        def _say(self, status: int, body: Any, headers: dict[str, str]) -> None:
            data = json.dumps(body).encode()
            self.send_response_only(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        thread = Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        target = Target(f"http://127.0.0.1:{serving.server_port}")
        verdict = Judge(target, Means("je_live_x", "a@b.example"), profiles=[Profile.LIMITS], wait=time.wait).judge()
        serving.shutdown()
        thread.join()
    return verdict


def failed(verdict: Verdict) -> list[str]:
    return [finding.clause.id for finding in verdict.findings if finding.outcome is Outcome.FAIL]


def test_every_clause_of_the_profile_has_a_check() -> None:
    assert {*LIMITS} == {clause.id for clause in clauses().values() if clause.profile is Profile.LIMITS}


@pytest.mark.parametrize("kind", FAIR)
def test_every_kind_of_honest_limiter_passes(kind: type[Limiter]) -> None:
    verdict = judged(kind)

    assert [(f.clause.id, f.outcome, f.got) for f in verdict.findings if f.outcome is not Outcome.PASS] == []


@pytest.mark.parametrize(("kind", "clause"), BROKEN)
def test_a_broken_limiter_fails_by_the_right_clause_and_few_others(kind: type[Limiter], clause: str) -> None:
    broken = failed(judged(kind))

    assert clause in broken
    assert len(broken) <= 3


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = ServedSandbox(SandboxSettings(virtual=True))
    made.start()
    yield made
    made.stop()


def test_the_sandbox_passes_and_nothing_is_left(sandbox: ServedSandbox) -> None:
    def wait(seconds: float) -> None:
        sandbox.loop.run(sandbox.timekeeper.advance(sandbox.clock.now() + timedelta(seconds=seconds)))

    means = Means(sandbox.key, "hello@yourdomain.com")
    verdict = Judge(Target(sandbox.api), means, profiles=[Profile.LIMITS], wait=wait).judge()

    assert [f.clause.id for f in verdict.findings if f.outcome is not Outcome.PASS] == []
    assert verdict.created == verdict.removed
    assert len(verdict.created) == 3


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("0", 0.0),
        ("60", 60.0),
        (" 7 ", 7.0),
        ("Mon, 06 Apr 2026 12:00:30 GMT", 30.0),
        ("Mon, 06 Apr 2026 11:00:00 GMT", 0.0),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("\u0661", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(told: str, seconds: float | None) -> None:
    """RFC 9110 10.2.3."""
    headers = [("Retry-After", told), ("Date", "Mon, 06 Apr 2026 12:00:00 GMT")]
    exchange = Exchange(Request("GET", "/"), Answer(429, headers, b""), None, 0.0)

    assert retry_after_s(exchange) == seconds
