"""Servers that let too much through, refuse too soon, count what is apart together, or say a wrong time to wait."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.conformance.mutants.exchange import Api, Asked, Change, Ground, Said, both, refusals
from tests.conformance.mutants.limiters import LIMIT, Limiter, limited
from tests.conformance.mutants.mutant import ALL, Mutant, Need
from tests.conformance.mutants.mutant import LIMITS as LIMITS_ALONE


def _limits(right: str, change: Change, name: str, *needs: Need) -> Mutant:
    return Mutant(name, frozenset(right.split()), change, profiles=LIMITS_ALONE, needs=frozenset(needs))


def _all(right: str, change: Change, name: str) -> Mutant:
    """Return a mutant that is judged by what is said of all answers too."""
    return Mutant(name, frozenset(right.split()), change, profiles=ALL)


def _allowing(**other: float) -> Change:
    """Have other limits for some of the tiers."""

    class Allowing(Limiter):
        def limit(self, tier: str) -> float:
            return other.get(tier, LIMIT[tier])

    return limited(Allowing)


def _counting(**other: str | None) -> Change:
    """Count some operations in another tier; None counts them nowhere."""

    class Counting(Limiter):
        def tier(self, asked: Asked) -> str | None:
            name = asked.operation.replace(".", "_")
            return other[name] if name in other else super().tier(asked)

    return limited(Counting)


def _telling(retry_after: str | None) -> Change:
    """Say something else in Retry-After."""

    class Telling(Limiter):
        def refusal(self, wait_s: float) -> Said:
            return super().refusal(wait_s).with_header("Retry-After", retry_after)

    return limited(Telling)


class _Factor(Limiter):
    factor = 1.0

    def refusal(self, wait_s: float) -> Said:
        return super().refusal(wait_s * self.factor)


class _Milliseconds(_Factor):
    factor = 1000.0


class _HalfTheTime(_Factor):
    factor = 0.5


class _PerAccount(Limiter):
    def owner(self, key: str, tier: str) -> object:
        return tier


class _SendsPerAccount(Limiter):
    def owner(self, key: str, tier: str) -> object:
        return tier if tier == "send" else (key, tier)


class _OneCounter(Limiter):
    def owner(self, key: str, tier: str) -> object:
        return key

    def limit(self, tier: str) -> float:
        return 100


class _SendsAndReadsTogether(Limiter):
    """One counter for two tiers, with the limits that each has."""

    def owner(self, key: str, tier: str) -> object:
        return key, "keys" if tier == "keys" else "others"


class _NeverAgain(Limiter):
    """Blocks a key for good once it was over a limit."""

    def wait_s(self, key: str, tier: str) -> float | None:
        if (key, tier, "over") in self.log:
            return 60.0
        wait_s = super().wait_s(key, tier)
        if wait_s is not None:
            self.log[(key, tier, "over")].append(0)
        return wait_s


class _AnHour(Limiter):
    def wait_s(self, key: str, tier: str) -> float | None:
        log, now_s = self.log[(key, tier)], self.now_s()
        while log and log[0] <= now_s - 3600:
            log.popleft()
        if len(log) >= LIMIT[tier]:
            return log[0] + 3600 - now_s
        log.append(now_s)
        return None


class _ASecond(Limiter):
    """Counts for a second what counts for a minute."""

    def wait_s(self, key: str, tier: str) -> float | None:
        log, now_s = self.log[(key, tier)], self.now_s()
        while log and log[0] <= now_s - 1:
            log.popleft()
        if len(log) >= LIMIT[tier]:
            return 1.0
        log.append(now_s)
        return None


class _Leaking(Limiter):
    """Lets every third request through that is over the limit."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]  # handed on as it came
        self.over = Counter[tuple[str, str]]()

    def wait_s(self, key: str, tier: str) -> float | None:
        wait_s = super().wait_s(key, tier)
        if wait_s is not None:
            self.over[key, tier] += 1
            if self.over[key, tier] % 3 == 0:
                return None
        return wait_s


class _OneRefusal(Limiter):
    """Refuses one request, and counts anew."""

    def wait_s(self, key: str, tier: str) -> float | None:
        wait_s = super().wait_s(key, tier)
        if wait_s is not None:
            self.log[self.owner(key, tier)].clear()
        return wait_s


class _InThePast(Limiter):
    def refusal(self, wait_s: float) -> Said:
        then = datetime(2026, 4, 6, 12, tzinfo=UTC) - timedelta(hours=1)
        return super().refusal(wait_s).with_header("Retry-After", format_datetime(then, usegmt=True))


def _as_status(status: int) -> Change:
    return both(limited(Limiter), refusals(lambda answer: answer.with_status(status), 429))


def _done_all_the_same(api: Api, ground: Ground) -> Api:
    """Refuse what is over the limit, and do it."""
    around = limited(Limiter)(api, ground)

    def doing(asked: Asked) -> Said:
        answer = around(asked)
        if answer.status == 429 and asked.operation == "send":
            api(asked)
        return answer

    return doing


def _a_new_key_counts_anew(api: Api, ground: Ground) -> Api:
    limiter = Limiter(ground.now_s)
    around = limited(lambda now_s: limiter)(api, ground)

    def forgetting(asked: Asked) -> Said:
        answer = around(asked)
        if asked.operation == "keys.create" and answer.good:
            limiter.log.clear()
        return answer

    return forgetting


def _without_body(answer: Said) -> Said:
    return replace(answer, body=b"")


def _as_page(answer: Said) -> Said:
    return replace(answer, body=b"<h1>Too Many Requests</h1>", headers={**answer.headers, "Content-Type": "text/html"})


_CLOCK = Need.MOVABLE_CLOCK

LIMITS = [
    _limits("limits.send limits.read limits.keys", lambda api, _: api, "there is no limit"),
    _limits(
        "limits.send limits.read limits.keys", _allowing(send=1000, read=3000, keys=100), "the limits are ten times"
    ),
    _limits("limits.send", _allowing(send=99), "a hundredth send is refused"),
    _limits("limits.send", _allowing(send=10), "ten sends pass"),
    _limits("limits.send", _allowing(send=300), "three hundred sends pass"),
    _limits("limits.read", _allowing(read=100), "a hundred reads pass"),
    _limits("limits.read", _allowing(read=10**6), "reads have no limit"),
    _limits("limits.keys", _allowing(keys=9), "a tenth call of keys is refused"),
    _limits("limits.keys", _allowing(keys=100), "a hundred calls of keys pass"),
    _limits("limits.scope", limited(_PerAccount), "an account's keys are counted together"),
    _limits("limits.scope", limited(_SendsPerAccount), "an account's sends are counted together"),
    _limits("limits.scope limits.send limits.keys", _a_new_key_counts_anew, "a new key makes all counts begin anew"),
    _limits("limits.tiers limits.read", limited(_OneCounter), "three tiers have one counter"),
    _limits("limits.tiers", limited(_SendsAndReadsTogether), "sends and reads have one counter"),
    _limits("limits.tiers limits.read", _counting(messages="send", status="send"), "reads are counted as sends"),
    _limits("limits.tiers limits.read", _counting(status=None), "a status is counted nowhere"),
    _limits("limits.tiers limits.keys", _counting(keys_revoke=None), "revoking is counted nowhere"),
    _limits("limits.tiers limits.keys", _counting(keys_create=None), "making a key is counted nowhere"),
    _limits("limits.tiers limits.keys", _counting(keys_list=None), "listing keys is counted nowhere"),
    _limits("limits.429", _as_status(403), "what is over the limit is 403"),
    _limits("limits.429", _as_status(503), "what is over the limit is 503"),
    _limits("limits.429", _as_status(400), "what is over the limit is 400"),
    _limits("limits.429 limits.send limits.read limits.keys", limited(_Leaking), "every third over the limit passes"),
    _limits("limits.429 limits.send limits.read limits.keys", limited(_OneRefusal), "one alone is refused"),
    _limits("limits.429 limits.send", _done_all_the_same, "what is refused is sent all the same"),
    _limits("limits.retry", _telling(None), "there is no Retry-After"),
    _limits("limits.retry", _telling("in a minute"), "Retry-After is words"),
    _limits("limits.retry", _telling("59.5"), "Retry-After has a fraction"),
    _limits("limits.retry", _telling("-1"), "Retry-After is below zero"),
    _limits("limits.retry", _telling(""), "Retry-After is empty"),
    _limits("limits.retry limits.retry.true", limited(_Milliseconds), "Retry-After is milliseconds", _CLOCK),
    _limits("limits.retry.true", _telling("0"), "Retry-After is nothing", _CLOCK),
    _limits("limits.retry.true", _telling("1"), "Retry-After is a second", _CLOCK),
    _limits("limits.retry.true", limited(_HalfTheTime), "Retry-After is half the time", _CLOCK),
    _limits("limits.retry.true", limited(_InThePast), "Retry-After is an hour ago", _CLOCK),
    _limits("limits.retry.true", limited(_NeverAgain), "who was over a limit never gets through", _CLOCK),
    _limits("limits.retry limits.retry.true limits.send", limited(_AnHour), "the window is an hour", _CLOCK),
    _limits(
        "limits.send limits.read limits.keys limits.retry.true", limited(_ASecond), "the window is a second", _CLOCK
    ),
    _all(
        "errors.always errors.body limits.429",
        both(limited(Limiter), refusals(_without_body, 429)),
        "the errors of 429 have no body",
    ),
    _all(
        "errors.always errors.body limits.429",
        both(limited(Limiter), refusals(_as_page, 429)),
        "the errors of 429 are pages",
    ),
]
