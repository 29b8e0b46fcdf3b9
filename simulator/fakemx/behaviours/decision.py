"""The decision which steps of a script come now.

The rules, all of them:

- A step stands at one stage of the SMTP dialogue and does one thing there.
- It is active the first ``times`` times that its turn comes, until ``for_seconds`` after its stage was first
  reached, and while its condition (``when``) holds; with several of these, while all hold; with none, always.
  Counted per key: the client's address before the first RCPT; client, sender and recipient from there on (the
  triple that greylisting goes by, RFC 6647 section 2).
- The first active step of a stage decides. ``Delay`` and ``SendReport`` alone do not: the one waits, the other
  sends something later, and the next active step is asked.
- When no step decides, the answer is the one of an honest server.

So steps of one stage run one after another: three times 450, then twice 451, then accepted.

    >>> steps = (Step(Stage.RCPT, Reply(450, "4.2.0 later"), times=1),)
    >>> sight = first_sight(steps, now)
    >>> actions, sight = decide(steps, Stage.RCPT, sight, Circumstances(now))   # (Reply(450, "4.2.0 later"),)
    >>> actions, sight = decide(steps, Stage.RCPT, sight, Circumstances(now))   # (): accepted

Nothing here waits, counts in a dictionary or talks to anyone: ``playbook`` keeps the sights, ``mx.acting`` acts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fakemx.behaviours.actions import Action, Delay, SendReport, Stage
from fakemx.behaviours.conditions import Circumstances, holds
from fakemx.behaviours.script import Step


@dataclass(frozen=True, slots=True)
class Sight:
    """What a key has met so far at one stage: when it first came, and how often each step acted."""

    first: datetime
    acted: tuple[int, ...]


def first_sight(steps: Sequence[Step], now: datetime) -> Sight:
    """Return the sight of a key that nobody has seen before."""
    return Sight(now, (0,) * len(steps))


def decide(
    steps: Sequence[Step], stage: Stage, sight: Sight, circumstances: Circumstances
) -> tuple[tuple[Action, ...], Sight]:
    """Return what to do at this stage, in order, and the sight to remember."""
    acted = list(sight.acted)
    actions: list[Action] = []
    for index, step in enumerate(steps):
        if step.at is not stage or not _active(step, acted[index], sight.first, circumstances):
            continue
        acted[index] += 1
        actions.append(step.action)
        if settles(step.action):
            break
    return tuple(actions), Sight(sight.first, tuple(acted))


def settles(action: Action) -> bool:
    """Say whether an action decides its stage, or leaves that to the next one."""
    return not isinstance(action, Delay | SendReport)


def _active(step: Step, acted: int, first: datetime, circumstances: Circumstances) -> bool:
    if step.times is not None and acted >= step.times:
        return False
    if step.for_seconds is not None and circumstances.now - first >= timedelta(seconds=step.for_seconds):
        return False
    return step.when is None or holds(step.when, circumstances)
