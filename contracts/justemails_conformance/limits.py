"""The limits profile: how often a key may ask [limits.tiers], judged so that any honest limiter passes.

A sliding window, a fixed one and a bucket differ in when exactly they refuse. What they have in common is judged: a key
that has rested may ask as often as the document says, and is refused before it has asked more than twice as often
within a minute. Only requests that succeed are counted on, since whether others count is open (CHOICE-15).

The keys that are limited here are made for it, and the key that the suite was handed is spared.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from statistics import median

from justemails_conformance.checks import Check, Look, binder, bound
from justemails_conformance.client import Client, Tier, quoted
from justemails_conformance.control import REFUSES
from justemails_conformance.evidence import (
    BreachError,
    InconclusiveError,
    SkippedError,
    is_integer,
    is_text,
    member,
    object_or_empty,
    pagination_of,
    retry_after_s,
    shown,
    succeeded,
)
from justemails_conformance.run import UNKNOWN_ID, Run
from justemails_conformance.transport import Exchange

LIMIT = {Tier.SEND: 100, Tier.READ: 300, Tier.KEYS: 10}  # [limits.send] [limits.read] [limits.keys]
_ASKED = {Tier.READ: "limits.read", Tier.SEND: "limits.send", Tier.KEYS: "limits.keys"}  # reads first: few are listed
_WINDOW_S = 60.0
_LONGEST_WAIT_S = 120.0
_QUICK_S = 0.05  # with a server that takes longer, several requests are under way at once
_AT_ONCE = 8
_MORE_REFUSALS = 5
_SHORT_S = 15.0  # a wait after which it is looked whether a minute's limit is one of a shorter time
_ROUNDS = 3
_MADE_BY_OTHERS = 6  # by each of two keys; with what a burst revokes, more than twice the limit


@dataclass(frozen=True, slots=True)
class Burst:
    """What came of asking and asking.

    Args:
        passed: how many succeeded before the first that did not.
        refusal: the first answer that was no success; None: there was none.
        busiest: how many passed within a minute, where it was the most.
    """

    passed: int
    refusal: Exchange | None
    busiest: int


class Bursts:
    """The bursts of a run, each made once: a key uses up its sends, another one the rest, and a third one looks on."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._made_at: list[float] = []
        self._revoked_at: list[float] = []

    @cached_property
    def _keys(self) -> Sequence[Client]:
        """The holders of three keys, all made before anything is used up."""
        return [self.run.client.with_key(self.run.make_key_or_skip().secret) for _ in range(3)]

    @property
    def sending(self) -> Client:
        """The holder of the key that sends too often, and does nothing else."""
        return self._keys[0]

    @property
    def asking(self) -> Client:
        """The holder of the key that reads and manages keys too often."""
        return self._keys[1]

    @property
    def resting(self) -> Client:
        """The holder of another key of the account."""
        return self._keys[2]

    def limited(self, tier: Tier) -> Client:
        """Return who has used up a tier."""
        return self.sending if tier is Tier.SEND else self.asking

    @cached_property
    def sends(self) -> Burst:
        return self._burst(Tier.SEND, lambda: self._send(self.sending))

    @cached_property
    def reads(self) -> Burst:
        return self._burst(Tier.READ, lambda: self.once(self.asking, Tier.READ))

    @cached_property
    def looks(self) -> Burst | None:
        """Looks at one message when the lists are used up; None: they are used up with them (CHOICE-31)."""
        message_id = self.run.id_of(self._send(self.resting), "send.response.id")

        def ask() -> Exchange:
            return self.asking.try_once(Tier.READ, "GET", f"/send/{quoted(message_id)}")

        return self._by_itself(ask)

    @cached_property
    def lists(self) -> Burst | None:
        """Lists of keys when reads and calls are used up; None: they are used up with them (CHOICE-31)."""
        _ = self.reads, self.calls
        return self._by_itself(lambda: self.once(self.asking, Tier.KEYS))

    def _by_itself(self, ask: Callable[[], Exchange]) -> Burst | None:
        return None if ask().status == 429 else self._burst(Tier.READ, ask)

    @cached_property
    def calls(self) -> Burst:
        """Keys made and revoked in turn, so that none is left."""
        made: list[str] = []

        def ask() -> Exchange:
            if made:
                return self._revoke(made.pop())
            exchange = self._make(self.asking)
            key_id = object_or_empty(exchange).get("id")
            if exchange.succeeded and is_text(key_id):
                made.append(str(key_id))
            return exchange

        return self._burst(Tier.KEYS, ask, at_once=1)

    @cached_property
    def most_made(self) -> int:
        """How many keys are made within a minute, going on when the calls are used up (CHOICE-31)."""
        _ = self.calls
        for _ in range(2 * LIMIT[Tier.KEYS] + 1):
            if _busiest(self._made_at) > 2 * LIMIT[Tier.KEYS] or not self._make(self.asking).succeeded:
                break
        return _busiest(self._made_at)

    @cached_property
    def most_revoked(self) -> int:
        """How many keys are revoked within a minute, others' too when the calls are used up (CHOICE-31)."""
        _ = self.calls
        if self._revoke(f"{UNKNOWN_ID}{self.run.run_id}").status != 429:
            others = [self._make(client) for client in (self.sending, self.resting) for _ in range(_MADE_BY_OTHERS)]
            for exchange in others:
                key_id = object_or_empty(exchange).get("id")
                if not is_text(key_id) or not self._revoke(str(key_id)).succeeded:
                    break
        return _busiest(self._revoked_at)

    def _make(self, client: Client) -> Exchange:
        """Make a key, which is revoked in the end if it is not before."""
        name = self.run.new_name()
        exchange = client.try_once(Tier.KEYS, "POST", "/api-keys", {"name": name})
        self.run.keep_key(exchange, name)
        if client is self.asking:
            self._made_at += [self.run.pace.elapsed_s()] * exchange.succeeded
        return exchange

    def _revoke(self, key_id: str) -> Exchange:
        exchange = self.asking.try_once(Tier.KEYS, "DELETE", f"/api-keys/{quoted(key_id)}")
        if exchange.succeeded:
            self._revoked_at.append(self.run.pace.elapsed_s())
            self.run.revoked += [made for made in self.run.made if made.id == key_id]
        return exchange

    def of(self, tier: Tier) -> Burst:
        """Return the burst of a tier."""
        match tier:
            case Tier.SEND:
                return self.sends
            case Tier.READ:
                return self.reads
        return self.calls

    def refusal(self, tier: Tier) -> Exchange:
        """Return the 429 of a tier, or skip."""
        refusal = self.of(tier).refusal
        if refusal is None or refusal.status != 429:
            raise SkippedError(f"needs {_ASKED[tier]}")
        return refusal

    def refused_again(self) -> Exchange | None:
        """Send until a send is refused, since time has gone on; None: none is, within twice the limit."""
        self.refusal(Tier.SEND)
        for _ in range(2 * LIMIT[Tier.SEND]):
            exchange = self.once(self.sending, Tier.SEND)
            if exchange.status == 429:
                return exchange
        return None

    def once(self, client: Client, tier: Tier) -> Exchange:
        """Ask for something of a tier, once."""
        match tier:
            case Tier.SEND:
                return self._send(client)
            case Tier.READ:
                return client.try_once(Tier.READ, "GET", "/messages")
        return client.try_once(Tier.KEYS, "GET", "/api-keys")

    def total(self) -> int | None:
        """Return how many messages there are, as another key is told; None: it is not told."""
        total = pagination_of(self.once(self.resting, Tier.READ)).get("total")
        return total if is_integer(total) else None

    def _send(self, client: Client) -> Exchange:
        return client.try_once(Tier.SEND, "POST", "/send", self.run.body(to=self._to))

    @cached_property
    def _to(self) -> str:
        """Where the many mails go: to hosts that refuse them, if those are ours to tell, else where mail may go."""
        control, domain = self.run.control, f"many-{self.run.run_id}.test"
        if control is None:
            return self.run.credentials.to
        return self.run.at_end.enter_context(control.behaving(f"conformance@{domain}", REFUSES))

    def _burst(self, tier: Tier, ask: Callable[[], Exchange], at_once: int | None = None) -> Burst:
        """Ask until something is refused for good, or once more than twice as often as is allowed within a minute."""
        width, _ = at_once or self._width, self._keys
        passed_at: list[float] = []
        with ThreadPoolExecutor(width) as pool:
            first = refusal = self._until_refused(tier, ask, passed_at, pool, width)
            passed = len(passed_at)
            for _ in range(_ROUNDS):
                wait_s = None if refusal is None or refusal.status != 429 else retry_after_s(refusal)
                if wait_s is None or wait_s > _SHORT_S or _busiest(passed_at) > 2 * LIMIT[tier]:
                    break
                self.run.pace.wait(wait_s + 1)
                refusal = self._until_refused(tier, ask, passed_at, pool, width)
        return Burst(passed, first, _busiest(passed_at))

    def _until_refused(
        self, tier: Tier, ask: Callable[[], Exchange], passed_at: list[float], pool: ThreadPoolExecutor, width: int
    ) -> Exchange | None:
        for _ in range(0, 2 * LIMIT[tier] + 1, width):
            exchanges = [ask()] if width == 1 else list(pool.map(lambda _: ask(), range(width)))
            passed_at += [self.run.pace.elapsed_s()] * sum(one.succeeded for one in exchanges)
            refusals = [one for one in exchanges if not one.succeeded]
            if refusals:
                return refusals[0]
        return None

    @cached_property
    def _width(self) -> int:
        """How many requests to have under way, so that a minute is long enough for all of them."""
        took_s = [exchange.seconds for exchange in self.run.client.exchanges]
        return 1 if median(took_s) < _QUICK_S else _AT_ONCE


def _busiest(passed_at: list[float]) -> int:
    """Return the most that passed within a minute."""
    return max((bisect_left(passed_at, at + _WINDOW_S) - i for i, at in enumerate(passed_at)), default=0)


LIMITS: dict[str, Look[Bursts]] = {}
"""The checks by their clauses, in the order in which they are made."""

check = binder(LIMITS)


def checks(run: Run) -> Mapping[str, Check]:
    """Return the checks of a run."""
    return bound(LIMITS, Bursts(run))


def _as_often_as_it_says(tier: Tier) -> Look[Bursts]:
    def look(bursts: Bursts) -> None:
        burst, limit = bursts.of(tier), LIMIT[tier]
        _refuses_in_time(burst, limit)
        if burst.refusal is not None and burst.passed < limit:
            if burst.refusal.status == 429 and not bursts.once(bursts.resting, tier).succeeded:
                raise SkippedError("needs limits.scope")  # what is missing was asked for with other keys
            got = f"{burst.refusal.status or burst.refusal.trouble} at request {burst.passed + 1}"
            raise BreachError(f"{limit} requests of a key that has rested to pass", got, burst.refusal)
        if tier is Tier.READ and bursts.looks is not None:
            _refuses_in_time(bursts.looks, limit)
        if tier is Tier.KEYS and burst.refusal is not None and burst.refusal.status == 429:
            _each_call_is_limited(bursts)

    return look


def _refuses_in_time(burst: Burst, limit: int) -> None:
    _not_too_many(burst.busiest, limit, "requests that pass")
    if burst.refusal is None:
        raise InconclusiveError(f"the server is too slow for it: {burst.busiest} requests in a minute were the most")


def _each_call_is_limited(bursts: Bursts) -> None:
    """Whatever else a counter counts, each operation is counted by one; listing keys may be a read (CHOICE-31)."""
    _not_too_many(bursts.most_made, LIMIT[Tier.KEYS], "keys that are made")
    _not_too_many(bursts.most_revoked, LIMIT[Tier.KEYS], "keys that are revoked")
    if bursts.lists is not None:
        _not_too_many(bursts.lists.busiest, LIMIT[Tier.READ], "lists of keys")


def _not_too_many(busiest: int, limit: int, what: str) -> None:
    if busiest > 2 * limit:
        raise BreachError(f"a refusal by request {2 * limit} within a minute", f"{busiest} {what}")


for _tier, _clause in _ASKED.items():
    check(_clause)(_as_often_as_it_says(_tier))


@check("limits.429")
def limits_429(bursts: Bursts) -> None:
    """With a body like any error's [errors.always]; and what was refused was not done."""
    for tier in Tier:
        burst = bursts.of(tier)
        refusal = burst.refusal if burst.passed >= LIMIT[tier] else None
        if refusal is None or refusal.answer is None:
            continue
        if refusal.status != 429:
            raise BreachError("429", str(refusal.status), refusal)
        for name in ("error", "message"):
            member(refusal, name, is_text, "a text that is not empty")
    _goes_on_refusing(bursts)


def _goes_on_refusing(bursts: Bursts) -> None:
    """The next sends are refused too, but for what a bucket lets through meanwhile, and are in no list."""
    refusal = bursts.refused_again()
    if refusal is None:
        return
    began, passed, grown = bursts.run.pace.elapsed_s(), 0, 0
    for _ in range(2):
        before = bursts.total()
        refused = [bursts.once(bursts.sending, Tier.SEND) for _ in range(_MORE_REFUSALS)]
        passed += sum(one.succeeded for one in refused)
        after = bursts.total()
        grown += before is not None and after is not None and after - before >= _MORE_REFUSALS
    seconds = bursts.run.pace.elapsed_s() - began
    in_a_bucket = 1 + ceil(LIMIT[Tier.SEND] * seconds / _WINDOW_S)
    if passed > in_a_bucket and (retry_after_s(refusal) or 0) > seconds:
        raise BreachError("every send over the limit to be refused", f"{passed} of {2 * _MORE_REFUSALS} pass", refusal)
    if grown == 2 and not passed:
        raise BreachError("no message of a refused send in the list", "as many more as were refused, twice", refusal)


@check("limits.tiers")
def limits_tiers(bursts: Bursts) -> None:
    """Without sends left, a key may do the rest; without reads and calls, it may send (CHOICE-31)."""
    for tier in Tier:
        bursts.refusal(tier)
    succeeded(bursts.once(bursts.sending, Tier.READ))
    succeeded(bursts.once(bursts.sending, Tier.KEYS))
    succeeded(bursts.once(bursts.asking, Tier.SEND))


@check("limits.scope")
def limits_scope(bursts: Bursts) -> None:
    for tier in Tier:
        bursts.refusal(tier)
        succeeded(bursts.once(bursts.resting, tier))


@check("limits.retry")
def limits_retry(bursts: Bursts) -> None:
    for tier in Tier:
        refusal = bursts.refusal(tier)
        if retry_after_s(refusal) is None:
            told = refusal.answer.header("Retry-After") if refusal.answer else None
            raise BreachError("Retry-After: whole seconds, or an HTTP date", shown(told), refusal)


@check("limits.retry.true")
def limits_retry_true(bursts: Bursts) -> None:
    refusals = [bursts.refusal(tier) for tier in Tier]
    if bursts.lists is not None and bursts.lists.refusal is not None:
        refusals.append(bursts.lists.refusal)  # keys are listed again below
    waits = [retry_after_s(refusal) for refusal in refusals]
    if None in waits:
        raise SkippedError("needs limits.retry")
    longest = max(wait for wait in waits if wait is not None)
    if longest > _LONGEST_WAIT_S:
        raise BreachError(f"a wait of {_LONGEST_WAIT_S:g} s at the most, for limits per minute", f"{longest:g} s")
    bursts.run.pace.wait(longest + 1)
    for tier in Tier:
        succeeded(bursts.once(bursts.limited(tier), tier))
