"""The limits profile: how often a key may ask [limits.tiers], judged so that any honest limiter passes.

A sliding window, a fixed one and a bucket differ in when exactly they refuse. What they have in common is judged: a key
that has rested may ask as often as the document says, and is refused before it has asked twice as often. Only requests
that succeed are counted on, since whether others count is open (CHOICE-15).

The keys that are limited here are made for it, and the key that the suite was handed is spared.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from justemails_conformance.checks import Check, Look, binder, bound
from justemails_conformance.evidence import (
    BreachError,
    SkippedError,
    is_text,
    json_of,
    retry_after_s,
    shown,
    succeeded,
)
from justemails_conformance.party import Party, Tier
from justemails_conformance.scene import Made, Scene
from justemails_conformance.transport import Exchange

LIMIT = {Tier.SEND: 100, Tier.READ: 300, Tier.KEYS: 10}  # [limits.send] [limits.read] [limits.keys]
_ASKED = {Tier.SEND: "limits.send", Tier.READ: "limits.read", Tier.KEYS: "limits.keys"}
_LONGEST_WAIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Burst:
    """What came of asking and asking.

    Args:
        passed: how many succeeded in a row, from the first on.
        refusal: the first answer that was no success; None: there was none.
    """

    passed: int
    refusal: Exchange | None


class Bursts:
    """The bursts of a run, each made once: a key uses up its sends, another one the rest, and a third one looks on."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    @cached_property
    def sending(self) -> Party:
        """The holder of the key that sends too often, and does nothing else."""
        return self.scene.party.with_key(self._make().secret)

    @cached_property
    def asking(self) -> Party:
        """The holder of the key that reads and manages keys too often."""
        return self.scene.party.with_key(self._make().secret)

    def limited(self, tier: Tier) -> Party:
        """Return who has used up a tier."""
        return self.sending if tier is Tier.SEND else self.asking

    @cached_property
    def resting(self) -> Party:
        """The holder of another key of the account."""
        return self.scene.party.with_key(self._make().secret)

    @cached_property
    def sends(self) -> Burst:
        return self._burst(Tier.SEND, lambda number: self._send(self.sending))

    @cached_property
    def reads(self) -> Burst:
        return self._burst(Tier.READ, lambda number: self.asking.try_once(Tier.READ, "GET", "/messages"))

    @cached_property
    def calls(self) -> Burst:
        """Keys made and revoked in turn, so that none is left."""
        made: list[str] = []

        def ask(number: int) -> Exchange:
            if made:
                return self.asking.try_once(Tier.KEYS, "DELETE", f"/api-keys/{made.pop()}")
            exchange = self.asking.try_once(
                Tier.KEYS, "POST", "/api-keys", {"name": f"Conformance {self.scene.run_id}"}
            )
            body = json_of(exchange) if exchange.succeeded else None
            if isinstance(body, dict) and is_text(body.get("id")):
                made.append(str(body["id"]))
            return exchange

        burst = self._burst(Tier.KEYS, ask)
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

    def wait(self, seconds: float) -> None:
        self.scene.wait(seconds)

    def _send(self, party: Party) -> Exchange:
        return party.try_once(Tier.SEND, "POST", "/send", self.scene.body())

    def _burst(self, tier: Tier, ask: Callable[[int], Exchange]) -> Burst:
        for number in range(2 * LIMIT[tier] + 1):
            exchange = ask(number)
            if not exchange.succeeded:
                return Burst(number, exchange)
        return Burst(2 * LIMIT[tier] + 1, None)

    def _make(self) -> Made:
        return self.scene.make_key_or_skip()


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
            raise BreachError(f"a refusal by request {2 * limit}", f"{burst.passed} requests that pass")
        if burst.passed < limit:
            answer = burst.refusal.answer
            got = f"{answer.status if answer else burst.refusal.trouble} at request {burst.passed + 1}"
            raise BreachError(f"{limit} requests of a key that has rested to pass", got, burst.refusal)

    return look


for _tier, _clause in _ASKED.items():
    check(_clause)(_as_often_as_it_says(_tier))


@check("limits.429")
def _(bursts: Bursts) -> None:
    for tier in Tier:
        burst = bursts.of(tier)
        answer = burst.refusal.answer if burst.refusal and burst.passed >= LIMIT[tier] else None
        if answer is not None and answer.status != 429:
            raise BreachError("429", str(answer.status), burst.refusal)


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
    bursts.wait(longest + 1)
    for tier in Tier:
        succeeded(bursts.once(bursts.limited(tier), tier))
