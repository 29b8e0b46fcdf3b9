"""The limits profile: how often a key may ask [limits.tiers], judged so that any honest limiter passes.

A sliding window, a fixed one and a bucket differ in when exactly they refuse. What they have in common is judged: a key
that has rested may ask as often as the document says, and is refused before it has asked more than twice as often
within a minute. Only requests that succeed are counted on, since whether others count is open (CHOICE-15).

The keys that are limited here are made for it, and the key that the suite was handed is spared.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from justemails_conformance.checks import Check, Look, binder, bound
from justemails_conformance.control import Made
from justemails_conformance.evidence import (
    BreachError,
    InconclusiveError,
    SkippedError,
    is_integer,
    is_text,
    json_or_none,
    member,
    retry_after_s,
    shown,
    succeeded,
)
from justemails_conformance.party import Party, Tier
from justemails_conformance.scene import Scene
from justemails_conformance.transport import Exchange

LIMIT = {Tier.SEND: 100, Tier.READ: 300, Tier.KEYS: 10}  # [limits.send] [limits.read] [limits.keys]
_ASKED = {Tier.READ: "limits.read", Tier.SEND: "limits.send", Tier.KEYS: "limits.keys"}  # reads first: few are listed
_WINDOW_S = 60.0
_LONGEST_WAIT_S = 120.0
_QUICK_S = 0.05  # with a server that takes longer, several requests are under way at once
_AT_ONCE = 8
_MORE_REFUSALS = 5
_REFUSES = {"script": [{"at": "RCPT", "reply": "550 5.1.1 no such user"}]}


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

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    @cached_property
    def sending(self) -> Party:
        """The holder of the key that sends too often, and does nothing else."""
        return self._make()

    @cached_property
    def asking(self) -> Party:
        """The holder of the key that reads and manages keys too often."""
        return self._make()

    @cached_property
    def resting(self) -> Party:
        """The holder of another key of the account."""
        return self._make()

    def limited(self, tier: Tier) -> Party:
        """Return who has used up a tier."""
        return self.sending if tier is Tier.SEND else self.asking

    @cached_property
    def sends(self) -> Burst:
        sending = self.sending
        return self._burst(Tier.SEND, lambda: self._send(sending))

    @cached_property
    def reads(self) -> Burst:
        asking = self.asking
        return self._burst(Tier.READ, lambda: asking.try_once(Tier.READ, "GET", "/messages"))

    @cached_property
    def calls(self) -> Burst:
        """Keys made and revoked in turn, so that none is left."""
        made: list[str] = []

        def ask() -> Exchange:
            if made:
                return self.asking.try_once(Tier.KEYS, "DELETE", f"/api-keys/{made.pop()}")
            exchange = self.asking.try_once(Tier.KEYS, "POST", "/api-keys", {"name": self.scene.new_name()})
            body = json_or_none(exchange) if exchange.succeeded else None
            if isinstance(body, dict) and is_text(body.get("id")):
                made.append(str(body["id"]))
            return exchange

        burst = self._burst(Tier.KEYS, ask, at_once=1)
        for key_id in made:
            self.scene.made.append(Made(key_id, f"unknown secret of {key_id}", ""))
        return burst

    def of(self, tier: Tier) -> Burst:
        """Return the burst of a tier."""
        return {Tier.SEND: lambda: self.sends, Tier.READ: lambda: self.reads, Tier.KEYS: lambda: self.calls}[tier]()

    def refusal(self, tier: Tier) -> Exchange:
        """Return the 429 of a tier, or skip."""
        refusal = self.of(tier).refusal
        if refusal is None or refusal.status != 429:
            raise SkippedError(f"needs {_ASKED[tier]}")
        return refusal

    def once(self, party: Party, tier: Tier) -> Exchange:
        """Ask for something of a tier, once."""
        match tier:
            case Tier.SEND:
                return self._send(party)
            case Tier.READ:
                return party.try_once(Tier.READ, "GET", "/messages")
        return party.try_once(Tier.KEYS, "GET", "/api-keys")

    def total(self) -> int | None:
        """Return how many messages there are, as another key is told; None: it is not told."""
        body = json_or_none(self.once(self.resting, Tier.READ))
        pagination = body.get("pagination") if isinstance(body, dict) else None
        total = pagination.get("total") if isinstance(pagination, dict) else None
        return total if is_integer(total) and isinstance(total, int) else None

    def _send(self, party: Party) -> Exchange:
        return party.try_once(Tier.SEND, "POST", "/send", self.scene.body(to=self._to))

    @cached_property
    def _to(self) -> str:
        """Where the many mails go: to hosts that refuse them, if those are ours to tell, else where mail may go."""
        control, domain = self.scene.control, f"many-{self.scene.run_id}.test"
        if control is None:
            return self.scene.means.to
        return self.scene.at_end.enter_context(control.behaving(f"conformance@{domain}", _REFUSES))

    def _burst(self, tier: Tier, ask: Callable[[], Exchange], at_once: int | None = None) -> Burst:
        """Ask until something is no success, or once more than twice as often as is allowed."""
        width = at_once or self._width
        passed_at: list[float] = []
        with ThreadPoolExecutor(width) as pool:
            while len(passed_at) <= 2 * LIMIT[tier]:
                exchanges = [ask()] if width == 1 else list(pool.map(lambda _: ask(), range(width)))
                passed_at += [self.scene.pace.elapsed_s()] * sum(one.succeeded for one in exchanges)
                refusals = [one for one in exchanges if not one.succeeded]
                if refusals:
                    return Burst(len(passed_at), refusals[0], _busiest(passed_at))
        return Burst(len(passed_at), None, _busiest(passed_at))

    @cached_property
    def _width(self) -> int:
        """How many requests to have under way, so that a minute is long enough for all of them."""
        took_s = [exchange.seconds for exchange in self.scene.party.exchanges]
        return 1 if median(took_s) < _QUICK_S else _AT_ONCE

    def _make(self) -> Party:
        return self.scene.party.with_key(self.scene.make_key_or_skip().secret)


def _busiest(passed_at: list[float]) -> int:
    """Return the most that passed within a minute."""
    return max((bisect_left(passed_at, at + _WINDOW_S) - i for i, at in enumerate(passed_at)), default=0)


LIMITS: dict[str, Look[Bursts]] = {}
"""The checks by their clauses, in the order in which they are made."""

check = binder(LIMITS)


def checks(scene: Scene) -> Mapping[str, Check]:
    """Return the checks of a run."""
    return bound(LIMITS, Bursts(scene))


def _as_often_as_it_says(tier: Tier) -> Look[Bursts]:
    def look(bursts: Bursts) -> None:
        burst, limit = bursts.of(tier), LIMIT[tier]
        if burst.refusal is None:
            if burst.busiest <= 2 * limit:
                raise InconclusiveError(
                    f"the server is too slow for it: {burst.busiest} requests in a minute were the most"
                )
            raise BreachError(f"a refusal by request {2 * limit} within a minute", f"{burst.passed} requests that pass")
        if burst.passed < limit:
            got = f"{burst.refusal.status or burst.refusal.trouble} at request {burst.passed + 1}"
            raise BreachError(f"{limit} requests of a key that has rested to pass", got, burst.refusal)

    return look


for _tier, _clause in _ASKED.items():
    check(_clause)(_as_often_as_it_says(_tier))


@check("limits.429")
def _(bursts: Bursts) -> None:
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
    _does_nothing_that_it_refuses(bursts)


def _does_nothing_that_it_refuses(bursts: Bursts) -> None:
    """A list that grows by as many messages as were refused, and again, has them."""
    refusal = bursts.refusal(Tier.SEND)
    grown = 0
    for _ in range(2):
        before = bursts.total()
        refused = [bursts.once(bursts.sending, Tier.SEND) for _ in range(_MORE_REFUSALS)]
        after = bursts.total()
        if before is None or after is None or any(one.status != 429 for one in refused):
            return
        grown += after - before >= _MORE_REFUSALS
    if grown == 2:
        raise BreachError("no message of a refused send in the list", "as many more as were refused, twice", refusal)


@check("limits.tiers")
def _(bursts: Bursts) -> None:
    """Judged by the key that has used up its sends alone: whether a list of keys is a read or a call is open."""
    bursts.refusal(Tier.SEND)
    succeeded(bursts.once(bursts.sending, Tier.READ))
    succeeded(bursts.once(bursts.sending, Tier.KEYS))


@check("limits.scope")
def _(bursts: Bursts) -> None:
    for tier in Tier:
        bursts.refusal(tier)
        succeeded(bursts.once(bursts.resting, tier))


@check("limits.retry")
def _(bursts: Bursts) -> None:
    for tier in Tier:
        refusal = bursts.refusal(tier)
        if retry_after_s(refusal) is None:
            told = refusal.answer.header("Retry-After") if refusal.answer else None
            raise BreachError("Retry-After: whole seconds, or an HTTP date", shown(told), refusal)


@check("limits.retry.true")
def _(bursts: Bursts) -> None:
    waits = [retry_after_s(bursts.refusal(tier)) for tier in Tier]
    if None in waits:
        raise SkippedError("needs limits.retry")
    longest = max(wait for wait in waits if wait is not None)
    if longest > _LONGEST_WAIT_S:
        raise BreachError(f"a wait of {_LONGEST_WAIT_S:g} s at the most, for limits per minute", f"{longest:g} s")
    bursts.scene.pace.wait(longest + 1)
    for tier in Tier:
        succeeded(bursts.once(bursts.limited(tier), tier))
