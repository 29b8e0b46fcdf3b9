"""Scenarios drawn from a seed: what a search explores.

Drawn as data, before anything runs: a scenario that breaks something can be cut down (``shrink``), written to a
file and run again without the seed. Every kind of thing that the invariants and counters speak of has its chance here.
"""

import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from fakemx.behaviours.catalogue import CATALOGUE
from fakemx.behaviours.script import (
    Action,
    Behaviour,
    Certificate,
    Delay,
    Drop,
    Expected,
    Host,
    Port,
    Reply,
    Reset,
    Silence,
    Stage,
    Step,
)
from fakemx.dns.zones import DnsFault
from justemails_simulation.scenario import (
    Call,
    Conditions,
    Crash,
    DnsTrouble,
    LinkFault,
    Pause,
    Scenario,
    Send,
    Visit,
    Weather,
)

T = TypeVar("T")
Timed = TypeVar("Timed", Send, Call, Crash, Pause)

_GIVE_UP = timedelta(days=4)
_AFTER = timedelta(hours=7)
_HOUR = timedelta(hours=1)

_READY = 12  # of the catalogue's domains in each scenario; eight seeds in a row go through all of it
_STAGES = (Stage.CONNECT, Stage.EHLO, Stage.STARTTLS, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT)
# The last one has, beside its mail host, an address of its own that takes no mail: a web server, say.
_LABELS = (("mx",), ("mx",), ("mx", "mx2"), ("mx", "mx2", "mx3"), ("mx", ""))
_LATER = ("421 4.3.2 too busy", "450 4.2.0 later", "451 4.7.1 greylisted", "452 4.2.2 mailbox full")
_NEVER = ("550 5.1.1 no such user", "552 5.2.2 full", "553 5.1.3 no", "554 5.7.1 refused")
_TEXTS = (
    "Hello\n",
    ".\n.\n..\n",
    "a line with a dot\n.at its start\n",
    "x" * 3000 + "\n",
    "Grüße, 你好, مرحبا, 👩‍👩‍👧\n",
    "trailing space \n\ttab\n\n\nFrom here on\n",
)
_SUBJECTS = ("Hello", "Grüße aus Köln", "日本語の件名" * 12, "a" * 500, "=?utf-8?q?not_encoded?=", "Re: 👍 (50 % off)")


def generate(seed: int, *, days: float = 5, messages: int = 200) -> Scenario:
    """Return the scenario of a seed.

    Args:
        days: how long it lasts; with more than four, whatever is sent comes to its end within them.
        messages: how many are sent.
    """
    rng = random.Random(f"scenario/{seed}")  # noqa: S311  # not for secrets
    length = timedelta(days=days)
    # So early that what is put off for four days ends within the length.
    busy = max(length - _GIVE_UP - _AFTER, length / 10)
    domains = {f"shop{number}.example": _behaviour(rng) for number in range(rng.randint(2, 6))}
    ready = [f"{name}.test" for name in _turn(seed)]
    recipients = [f"user@{domain}" for domain in (*domains, *ready)] + ["user@elsewhere.example"]
    names = [*domains]
    everyone_once = rng.sample(recipients, len(recipients))
    workers = rng.choice((1, 1, 2, 3))
    # In some scenarios what is left of the messages comes all at once to one domain.
    crowd = rng.choice((None, None, (_moment(rng, busy), f"user@{rng.choice(names)}")))
    return Scenario(
        name=f"seed {seed}",
        seed=seed,
        length=length,
        workers=workers,
        domains=domains,
        conditions=_conditions(rng),
        weather=tuple(_several(rng, 5, lambda: _weather(rng, length, names))),
        dns=tuple(_several(rng, 3, lambda: _dns_trouble(rng, length, names))),
        traffic=_in_order(
            [
                _send(rng, _moment(rng, busy), everyone_once[number])
                if number < len(everyone_once)
                else _send(rng, *(crowd or (_moment(rng, busy), rng.choice(recipients))))
                for number in range(messages)
            ]
        ),
        calls=_in_order(_several(rng, 12, lambda: Call(_moment(rng, length), rng.choice([*Visit])))),
        crashes=_in_order(_several(rng, 6, lambda: _crash(rng, busy, workers))),
        pauses=_in_order(_several(rng, 3, lambda: _pause(rng, busy, workers))),
    )


def _behaviour(rng: random.Random) -> Behaviour:
    labels = rng.choice(_LABELS)
    return Behaviour("script", "drawn from a seed", Expected.DELIVERED, tuple(_host(rng, label) for label in labels))


def _host(rng: random.Random, label: str) -> Host:
    steps = tuple(_step(rng) for _ in range(rng.choice((0, 1, 1, 2, 3))))
    port = rng.choice((Port.OPEN, Port.OPEN, Port.OPEN, Port.OPEN, Port.REFUSED, Port.BLACKHOLE))
    tls = rng.choice((None, None, Certificate.GOOD, Certificate.SELF_SIGNED))
    return Host(label, rng.choice((10, 10, 20)), steps, port, tls=tls)


def _step(rng: random.Random) -> Step:
    times = rng.choice((1, 1, 2, 3, 8, None))
    lasting = rng.choice((None, None, 60.0, 900.0, 7_200.0, 86_400.0)) if times else rng.choice((600.0, 40_000.0))
    return Step(rng.choice(_STAGES), _action(rng), times, lasting)


def _action(rng: random.Random) -> Action:
    kind = rng.choice(("later", "later", "later", "never", "drop", "discard", "reset", "silence", "delay"))
    match kind:
        case "later" | "never":
            code, text = rng.choice(_LATER if kind == "later" else _NEVER).split(" ", 1)
            return Reply(int(code), text)
        case "drop" | "discard":
            return Drop(kept=kind == "drop")
        case "reset":
            return Reset(kept=rng.random() < 0.5)
        case "silence":
            return Silence()
        case _:
            return Delay(rng.choice((0.5, 5.0, 100.0, 500.0, 1_000.0)))


def _conditions(rng: random.Random) -> Conditions:
    slowest = rng.choice((0.0, 0.01, 0.2, 2.0))
    return Conditions(
        latency=(slowest / 10, slowest),
        largest_chunk=rng.choice((None, None, 1, 7, 100)),
        udp_loss=rng.choice((0.0, 0.0, 0.05, 0.3)),
        dns_packets=rng.random() < 0.2,
    )


def _weather(rng: random.Random, length: timedelta, domains: Sequence[str]) -> Weather:
    since = _moment(rng, length)
    return Weather(
        rng.choice([*LinkFault]),
        since,
        since + rng.choice((timedelta(minutes=1), _HOUR, 12 * _HOUR)),
        rng.choice((None, *domains)),
        rng.choice((0.1, 0.5, 1.0)),
        rng.choice((10, 60, 300, 700, 1_500)),
    )


def _dns_trouble(rng: random.Random, length: timedelta, domains: Sequence[str]) -> DnsTrouble:
    since = _moment(rng, length)
    fault = rng.choice((DnsFault.SERVFAIL, DnsFault.TIMEOUT, DnsFault.REFUSED, DnsFault.TRUNCATED, DnsFault.SLOW))
    return DnsTrouble(rng.choice(domains), fault, since, since + rng.choice((timedelta(minutes=1), _HOUR, 12 * _HOUR)))


def _turn(seed: int) -> list[str]:
    """Return the entries of the catalogue whose turn it is: seeds in a row go through all of it."""
    every = sorted(CATALOGUE)
    random.Random("catalogue").shuffle(every)  # noqa: S311  # as above; those of one part do not come together
    return [every[(seed * _READY + index) % len(every)] for index in range(_READY)]


def _send(rng: random.Random, at: timedelta, recipient: str) -> Send:
    if rng.random() < 0.1:
        recipient = f"user+{rng.choice(sorted(CATALOGUE))}@elsewhere.example"
    return Send(at, recipient, rng.choice(_SUBJECTS), rng.choice(_TEXTS))


def _crash(rng: random.Random, busy: timedelta, workers: int) -> Crash:
    who = rng.choice([*(f"worker-{number}" for number in range(1, workers + 1)), "api", "all"])
    step = rng.choice((None, rng.randint(1, 200)))
    restart_after = rng.choice((timedelta(seconds=1), timedelta(minutes=5), 2 * _HOUR))
    return Crash(_moment(rng, busy), who, restart_after, step)


def _pause(rng: random.Random, busy: timedelta, workers: int) -> Pause:
    who = f"worker-{rng.randint(1, workers)}"
    lasts = rng.choice((timedelta(minutes=10), 2 * _HOUR))
    return Pause(_moment(rng, busy), who, lasts, rng.choice((None, rng.randint(1, 200))))


def _moment(rng: random.Random, length: timedelta) -> timedelta:
    """Return an instant within ``length``, early ones more often: most happens while mail comes in."""
    return timedelta(seconds=round(length.total_seconds() * rng.random() ** 3, 3))


def _several(rng: random.Random, most: int, draw: Callable[[], T]) -> list[T]:
    return [draw() for _ in range(rng.randint(0, most))]


def _in_order(timed: Sequence[Timed]) -> tuple[Timed, ...]:
    return tuple(sorted(timed, key=lambda one: one.at))
