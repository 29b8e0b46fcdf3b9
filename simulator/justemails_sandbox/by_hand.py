"""What people do with a message by hand: have it tried now, or end it. One that is under way is left alone."""

from justemails.api.errors import ApiError
from justemails.delivery.settings import Phase
from justemails.records import Attempt, Outcome
from justemails_contract.delivery import INITIAL, Event, next_status
from justemails_contract.errors import CONFLICT, NOT_FOUND
from justemails_sandbox.sandbox import Sandbox
from justemails_sandbox.sending import DELIVERY

FORCED = "the bounce was forced by hand in the dashboard"


def attempt_now(sandbox: Sandbox, message_id: str) -> None:
    """Try a message now instead of when it is due; on a clock that stands still, return when it has been tried.

    Raises:
        ApiError: 404 or 409; it does not wait.
    """
    now = sandbox.clock.now()
    if not sandbox.store.make_due(message_id, now):
        raise _not_waiting(sandbox, message_id)
    sandbox.loop.call_soon(sandbox.engine.wake)
    if not sandbox.clock.running:
        sandbox.loop.run(sandbox.timekeeper.advance(now))


def force_bounce(sandbox: Sandbox, message_id: str) -> None:
    """End a message as if its recipient's side had said no for good.

    It is claimed like any other that is tried, so that nobody tries it meanwhile.

    Raises:
        ApiError: 404 or 409; it does not wait.
    """
    now = sandbox.clock.now()
    claim = sandbox.store.claim_waiting(message_id, now, now + DELIVERY.lease)
    if claim is None:
        raise _not_waiting(sandbox, message_id)
    attempt = Attempt(claim.attempt, now, Event.REFUSED, Phase.NONE, text=FORCED)
    outcome = Outcome(next_status(INITIAL, Event.REFUSED), attempt, due_at=None, delivered_at=None)
    if not sandbox.store.finish(claim, outcome):
        raise ApiError(CONFLICT, "The sandbox was reset meanwhile.")
    sandbox.note_outcome(claim, outcome)
    # For the engine waits for the time at which the message was due.
    sandbox.loop.call_soon(sandbox.engine.wake)


def _not_waiting(sandbox: Sandbox, message_id: str) -> ApiError:
    found = sandbox.store.details(message_id)
    if found is None:
        return ApiError(NOT_FOUND, "No such message.")
    if found.due_at is None:
        return ApiError(
            CONFLICT, f"The message is {found.message.status} already. Only one that is queued can be tried or bounced."
        )
    return ApiError(CONFLICT, "An attempt is under way right now. Wait until it has ended, and look again.")
