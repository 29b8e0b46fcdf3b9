"""``/clock``: what time it is, and moving it; for the dashboard too."""

from collections.abc import Mapping
from datetime import UTC, datetime

import falcon

from justemails.api import wire
from justemails_sandbox.control import reading
from justemails_sandbox.durations import LONGEST, DurationError, parse_duration
from justemails_sandbox.sandbox import Sandbox

FIELDS = ("advance", "to", "mode")

_MODES = {"real": True, "virtual": False}


class ClockResource:
    """``GET /clock`` and ``POST /clock`` with one of ``advance``, ``to`` and ``mode``."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._mover = ClockMover(sandbox)

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = self._mover.state()

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._mover.move(reading.body(req, *FIELDS))
        resp.media = self._mover.state()


class ClockMover:
    """Moves the clock of a sandbox as somebody asks it to, in JSON or by a form."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def move(self, members: Mapping[str, object]) -> None:
        """Move the clock, and return when all that fell due on the way has run.

        Raises:
            ApiError: 400, naming the field.
        """
        if len(members) != 1 or not members.keys() <= set(FIELDS):
            reading.bad("Give one of the fields 'advance', 'to' and 'mode'.")
        ((name, value),) = members.items()
        if name == "mode":
            if value not in _MODES:
                reading.bad("The 'mode' field must be 'real' or 'virtual'.")
            self._sandbox.loop.run(self._set_mode(running=_MODES[str(value)]))
        else:
            target = self._after(value) if name == "advance" else self._at(value)
            self._sandbox.loop.run(self._sandbox.timekeeper.advance(target))
        self._sandbox.remember()

    def state(self) -> dict[str, object]:
        clock = self._sandbox.clock
        next_due = self._sandbox.store.next_due()
        return {
            "now": wire.timestamp(clock.now()),
            "mode": "real" if clock.running else "virtual",
            "next": next_due and wire.timestamp(next_due),
        }

    def _after(self, value: object) -> datetime:
        try:
            return self._sandbox.clock.now() + parse_duration(value)
        except DurationError as ex:
            reading.bad(f"The 'advance' field {ex}.")

    def _at(self, value: object) -> datetime:
        now = self._sandbox.clock.now()
        if value == "next":
            return self._sandbox.loop.run(self._next()) or now
        try:
            given = datetime.fromisoformat(str(value))
            target = given.astimezone(UTC) if given.tzinfo else None
        except (ValueError, OverflowError):
            target = None
        if target is None:
            reading.bad("The 'to' field must be 'next' or a time with a zone, like 2026-04-06T12:00:00Z.")
        if not now <= target <= now + LONGEST:
            reading.bad(f"The 'to' field must not lie before {wire.timestamp(now)}, nor more than ten years after it.")
        return target

    async def _next(self) -> datetime | None:
        await self._sandbox.timekeeper.settle()
        return self._sandbox.clock.next_timer()

    async def _set_mode(self, *, running: bool) -> None:
        if running:
            self._sandbox.clock.run()
        else:
            self._sandbox.clock.stand_still()
        self._sandbox.engine.wake()
