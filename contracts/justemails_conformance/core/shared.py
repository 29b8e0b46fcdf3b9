"""What the checks of the core profile share."""

from collections.abc import Callable
from datetime import UTC, timedelta

from justemails_conformance.evidence import (
    BreachError,
    given,
    is_text,
    is_time,
    member,
    server_now,
    shown,
    time_of,
)
from justemails_conformance.run import Run
from justemails_conformance.transport import Exchange

SENT = ("id", "status", "from", "to", "createdAt")  # [send.response]
TOLD = (*SENT, "subject", "deliveredAt")  # [status.response]
MADE = ("id", "name", "key", "createdAt")  # [keys.create.response]

_NEAR = timedelta(minutes=5)
_WORDS = ("queued", "delivered")  # [send.response.status] [status.response.status]


def a_text(name: str) -> tuple[str, Callable[[object], bool], str]:
    return name, is_text, "a text that is not empty"


def exactly(name: str, value: object) -> tuple[str, Callable[[object], bool], str]:
    return name, lambda given: given == value and type(given) is type(value), shown(value)


def a_status() -> tuple[str, Callable[[object], bool], str]:
    """Any word is one (CHOICE-03), but a documented word is spelled as the document spells it."""

    def is_right(value: object) -> bool:
        return is_text(value) and (value in _WORDS or str(value).strip().lower() not in _WORDS)

    return "status", is_right, f"a word, and {' and '.join(_WORDS)} spelled like this"


def near_now(exchange: Exchange, name: str) -> None:
    """A time of now, give or take five minutes, by the server's own Date where it has one."""
    told = time_of(member(exchange, name, is_time, "an RFC 3339 time"))
    now = server_now(exchange)
    if told is None or abs(told - now.astimezone(UTC)) > _NEAR:
        raise BreachError(
            f"{name}: within five minutes of {now.isoformat()}", shown(told and told.isoformat()), exchange
        )


def prefix(exchange: Exchange, name: str, beginning: str) -> None:
    value = member(exchange, *a_text(name))
    if not value.startswith(beginning):
        raise BreachError(f"{name}: a text that begins with {beginning}", shown(value), exchange, warns=True)


def sent(run: Run) -> Exchange:
    return given(run.full, "send.request", "send.response", SENT)


def told(run: Run) -> Exchange:
    return given(run.status, "status.purpose", "status.response", TOLD)


def created(run: Run) -> Exchange:
    return given(run.created, "keys.create", "keys.create.response", MADE)
