"""Ids and secrets: time-ordered, unguessable, made of what the caller hands in (CHOICE-02)."""

import secrets
from collections.abc import Callable

from justemails.api.keys import RANDOM_BYTES, base62, make_key
from justemails.ports import Clock, NewId, NewSecret

RandomBytes = Callable[[int], bytes]

_TIME_DIGITS = 8  # milliseconds since 1970, until the year 8888
_RANDOM_DIGITS = 14  # 83 bits


def make_new_id(clock: Clock, random_bytes: RandomBytes = secrets.token_bytes) -> NewId:
    """Return a function that makes ids such as ``msg_0Ucr1sbqF9zW2mX7cLtYpK``; later ones sort later."""

    def new_id(prefix: str) -> str:
        moment = base62(int(clock.now().timestamp() * 1000), _TIME_DIGITS)
        return prefix + moment + base62(int.from_bytes(random_bytes(11), "big"), _RANDOM_DIGITS)

    return new_id


def make_new_secret(random_bytes: RandomBytes = secrets.token_bytes) -> NewSecret:
    """Return a function that makes API keys."""
    return lambda: make_key(random_bytes(RANDOM_BYTES))
