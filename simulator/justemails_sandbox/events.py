"""Everything that happened, in order: requests, attempts, transitions, mails that arrived.

In memory, the newest ten thousand; numbers go on rising, so a reader who asks for more after the last number it
saw learns by the first number it gets whether it missed any.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from justemails.ports import Clock

_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One thing that happened; ``kind`` is request, attempt, transition or mail."""

    number: int
    at: datetime
    kind: str
    details: Mapping[str, object]


class EventLog:
    """A bounded log that can be waited on, from any thread."""

    def __init__(self, clock: Clock, listen: Callable[[LoggedEvent], None] = lambda event: None) -> None:
        self._clock = clock
        self._listen = listen
        self._events: deque[LoggedEvent] = deque(maxlen=_KEPT)
        self._last = 0
        self._changed = threading.Condition()

    def add(self, kind: str, **details: object) -> int:
        """Note what happened; return its number."""
        with self._changed:
            self._last += 1
            event = LoggedEvent(self._last, self._clock.now(), kind, details)
            self._events.append(event)
            self._changed.notify_all()
        self._listen(event)
        return event.number

    def after(self, number: int, most: int, wait_s: float = 0) -> Sequence[LoggedEvent]:
        """Return up to ``most`` events after ``number``; when there is none yet, wait up to ``wait_s`` real seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._last > number, wait_s)
            newer = [event for event in self._events if event.number > number]
            return newer[:most]

    def forget(self) -> None:
        """Forget what happened; the numbers go on rising."""
        with self._changed:
            self._events.clear()

    def newest(self, most: int) -> Sequence[LoggedEvent]:
        """Return up to ``most`` events, the newest first."""
        with self._changed:
            return [*islice(reversed(self._events), most)]

    @property
    def last(self) -> int:
        return self._last
