"""Who behaves how, and what each client has met so far: the network's memory of behaviours.

``decision.decide`` is the rule; this is where its results are kept between calls. No sockets, no DNS, no
clock: the moment comes with each question.

    >>> book = Playbook(DOMAINS, TAGS)
    >>> here = Standing("bounce.test", "mx")
    >>> book.at_recipient(Stage.RCPT, here, "a@own.example", "ann@bounce.test", Circumstances(now, "127.0.0.1"))
    (Reply(550, "5.1.1 no such user here"),)

A tag, ``user+TAG@domain``, is stronger than the recipient's domain. A recipient at another domain than the
host's own is treated as that domain's first host would treat it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from fakemx.behaviours.actions import Action, Stage
from fakemx.behaviours.conditions import Bucket, Check, Circumstances, Failing, OverRate, full, take
from fakemx.behaviours.decision import Sight, decide, first_sight
from fakemx.behaviours.script import Behaviour, Step

Key = tuple[str, ...]

Examine = Callable[[Check], bool]
"""Say whether a check fails. Asked only for the checks that a step at hand names: they cost time."""


def nothing_fails(_check: Check) -> bool:
    """Find nothing wrong."""
    return False


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a dialogue is held: the host called ``label`` of a domain."""

    domain: str
    label: str


@dataclass(slots=True)
class _Memory:
    """What one host, or one tag, remembers."""

    sights: dict[tuple[Stage, Key], Sight]
    buckets: dict[tuple[str, OverRate], Bucket]

    def exceeded(self, rates: Sequence[OverRate], circumstances: Circumstances) -> frozenset[OverRate]:
        """Take a token from the client's bucket of each rate; return the rates that had none left."""
        over = set()
        for rate in rates:
            key = circumstances.client_ip, rate
            bucket = self.buckets.get(key) or full(rate, circumstances.now)
            self.buckets[key], none_left = take(bucket, rate, circumstances.now)
            if none_left:
                over.add(rate)
        return frozenset(over)


class Playbook:
    """The behaviour of each domain and each tag, and the sights of each key."""

    def __init__(self, ready: Mapping[str, Behaviour], tags: Mapping[str, Behaviour]) -> None:
        """Start from the ready domains, which ``clear`` and ``reset`` bring back."""
        self._ready = dict(ready)
        self._tags = tags
        self._behaviours = dict(ready)
        self._memories: dict[Standing, _Memory] = {}

    @property
    def behaviours(self) -> Mapping[str, Behaviour]:
        """A copy of who behaves how, by domain."""
        return dict(self._behaviours)

    def of(self, domain: str) -> Behaviour | None:
        """Return the behaviour of a domain; None means that it does nothing out of the ordinary."""
        return self._behaviours.get(domain)

    def set(self, domain: str, behaviour: Behaviour) -> None:
        """Let a domain behave so from now on, with every counter at its start."""
        self._behaviours[domain] = behaviour
        self._forget(domain)

    def clear(self, domain: str) -> None:
        """Give a domain back the behaviour it was born with, which for most is none."""
        self._behaviours.pop(domain, None)
        if domain in self._ready:
            self._behaviours[domain] = self._ready[domain]
        self._forget(domain)

    def reset(self) -> None:
        """Forget everything but the ready domains."""
        self._behaviours = dict(self._ready)
        self._memories.clear()

    def at_host(
        self, stage: Stage, host: Standing, circumstances: Circumstances, examine: Examine = nothing_fails
    ) -> tuple[Action, ...]:
        """Say what a host does before it knows of any recipient."""
        return self._next(host, stage, (circumstances.client_ip,), circumstances, examine)

    def at_recipient(
        self,
        stage: Stage,
        host: Standing,
        sender: str,
        recipient: str,
        circumstances: Circumstances,
        examine: Examine = nothing_fails,
    ) -> tuple[Action, ...]:
        """Say what happens to this recipient: by its tag if that names an entry, else by its domain."""
        key = (circumstances.client_ip, sender, recipient)
        return self._next(self._deciding(host, recipient), stage, key, circumstances, examine)

    def _deciding(self, host: Standing, recipient: str) -> Standing:
        tag = tag_of(recipient)
        if tag is not None and tag in self._tags:
            return _of_tag(tag)
        domain = recipient.rpartition("@")[2].lower()
        if domain == host.domain:
            return host
        behaviour = self._behaviours.get(domain)
        first = behaviour.hosts[0].label if behaviour and behaviour.hosts else ""
        return Standing(domain, first)

    def _steps(self, standing: Standing) -> Sequence[Step]:
        tag = standing.label.removeprefix("+") if not standing.domain else None
        behaviour = self._tags[tag] if tag is not None else self._behaviours.get(standing.domain)
        for host in behaviour.hosts if behaviour else ():
            if tag is not None or host.label == standing.label:
                return host.steps
        return ()

    def _next(
        self, standing: Standing, stage: Stage, key: Key, circumstances: Circumstances, examine: Examine
    ) -> tuple[Action, ...]:
        steps = self._steps(standing)
        conditions = dict.fromkeys(step.when for step in steps if step.at is stage)
        if not conditions:
            return ()
        memory = self._memories.setdefault(standing, _Memory({}, {}))
        before = memory.sights.get((stage, key)) or first_sight(steps, circumstances.now)
        checks = [condition.check for condition in conditions if isinstance(condition, Failing)]
        rates = [condition for condition in conditions if isinstance(condition, OverRate)]
        circumstances = replace(
            circumstances,
            failing=frozenset(check for check in checks if examine(check)),
            over=memory.exceeded(rates, circumstances),
        )
        actions, memory.sights[stage, key] = decide(steps, stage, before, circumstances)
        return actions

    def _forget(self, domain: str) -> None:
        self._memories = {where: memory for where, memory in self._memories.items() if where.domain != domain}


def _of_tag(tag: str) -> Standing:
    return Standing("", f"+{tag}")


def tag_of(address: str) -> str | None:
    """Return the tag of an address, ``user+TAG@domain``, in small letters; None when it has none."""
    _, plus, tag = address.rpartition("@")[0].rpartition("+")
    return tag.lower() if plus else None
