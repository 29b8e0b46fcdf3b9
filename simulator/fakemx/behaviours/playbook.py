"""Who behaves how, and what each client has met so far: the network's memory of behaviours.

``script.decide`` is the rule; this is where its results are kept between calls. No sockets, no DNS, no
clock: the moment comes with each question.

    >>> book = Playbook(DOMAINS)
    >>> book.at_recipient(Stage.RCPT, "127.0.0.1", "a@own.example", "ann@bounce.test", now)
    (Reply(550, "5.1.1 no such user here"),)
"""

from collections.abc import Mapping
from datetime import datetime

from fakemx.behaviours.catalogue import TAGS, tag_of
from fakemx.behaviours.script import Action, Behaviour, Sight, Stage, decide, first_sight

Key = tuple[str, ...]


class Playbook:
    """The behaviour of each domain, and the sights of each key."""

    def __init__(self, ready: Mapping[str, Behaviour]) -> None:
        """Start from the ready domains, which ``clear`` and ``reset`` bring back."""
        self._ready = dict(ready)
        self._behaviours = dict(ready)
        self._sights: dict[str, dict[tuple[Stage, Key], Sight]] = {}

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
        self._sights.pop(domain, None)

    def clear(self, domain: str) -> None:
        """Give a domain back the behaviour it was born with, which for most is none."""
        self._behaviours.pop(domain, None)
        if domain in self._ready:
            self._behaviours[domain] = self._ready[domain]
        self._sights.pop(domain, None)

    def reset(self) -> None:
        """Forget everything but the ready domains."""
        self._behaviours = dict(self._ready)
        self._sights.clear()

    def at_host(self, stage: Stage, client_ip: str, domain: str, now: datetime) -> tuple[Action, ...]:
        """Say what the host of ``domain`` does before it knows of any recipient."""
        return self._next(domain, self.of(domain), stage, (client_ip,), now)

    def at_recipient(
        self, stage: Stage, client_ip: str, sender: str, recipient: str, now: datetime
    ) -> tuple[Action, ...]:
        """Say what happens to this recipient: by its tag if that names an entry, else by its domain."""
        domain = recipient.rpartition("@")[2].lower()
        key = (client_ip, sender, recipient)
        tag = tag_of(recipient)
        if tag is not None and tag in TAGS:
            return self._next(f"+{tag}", TAGS[tag], stage, key, now)
        return self._next(domain, self.of(domain), stage, key, now)

    def _next(
        self, scope: str, behaviour: Behaviour | None, stage: Stage, key: Key, now: datetime
    ) -> tuple[Action, ...]:
        if behaviour is None or not behaviour.steps:
            return ()
        sights = self._sights.setdefault(scope, {})
        before = sights.get((stage, key)) or first_sight(behaviour.steps, now)
        actions, sights[stage, key] = decide(behaviour.steps, stage, before, now)
        return actions
