"""One attempt to deliver one message: from a claim to an outcome."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from justemails.delivery.classify import Verdict
from justemails.delivery.conversation import Conversation, Ending, Envelope, Sending
from justemails.delivery.routing import NoRoute, Route, Target
from justemails.delivery.schedule import next_attempt
from justemails.delivery.settings import DeliverySettings, Phase
from justemails.delivery.signing import Signer
from justemails.mail.message import compose
from justemails.mail.message_check import check_message
from justemails.ports import Clock, Connector
from justemails.records import Attempt, Claim, Outcome
from justemails_contract.delivery import Event, Status, next_status

ON_KEPT_CONNECTION = ", on the connection of the message before"


@dataclass(slots=True)
class DomainSession:
    """What one task carries from message to message, all to one domain.

    Args:
        may_send: asked with the attempt so far when only the message itself is left to send (see ``engine``).
        more: whether another message to the domain waits, for which the connection is worth keeping.
        conversation: the one that is under way, or kept for the next message.
        in_doubt: the attempt, once it may send.
    """

    may_send: Callable[[Claim, Attempt], bool]
    more: Callable[[], bool] = lambda: False
    conversation: Conversation | None = None
    in_doubt: Attempt | None = None

    def end(self) -> None:
        """Leave the server."""
        if self.conversation is not None:
            self.conversation.end()
            self.conversation = None


@dataclass(frozen=True, slots=True)
class Deliverer:
    """Everything that an attempt needs."""

    clock: Clock
    route: Route
    connector: Connector
    signer: Signer
    rng: random.Random
    settings: DeliverySettings

    async def attempt(self, claim: Claim, session: DomainSession) -> Attempt:
        """Try to deliver, host after host, and say how it ended.

        Raises:
            LeaseLostError: the lease was lost before the message was sent.
            UnsafeMessageError: the message that was made is not what was asked for, and is not sent.
        """
        session.in_doubt = None
        attempt = Attempt(claim.attempt, self.clock.now(), None, Phase.NONE)
        sign = self.signer.for_claim(claim)
        if sign is None:
            domain = claim.content.sender.address.domain
            return replace(attempt, event=Event.WITHDRAWN, text=f"the domain {domain} is no longer verified")
        recipient = claim.content.recipient
        targets = await self.route(recipient.domain)
        if isinstance(targets, NoRoute):
            return replace(
                attempt,
                event=Event.REFUSED if targets.permanent else Event.DEFERRED,
                phase=Phase.DNS,
                enhanced=targets.enhanced,
                text=targets.text,
            )
        envelope = Envelope(self.signer.envelope_sender(claim), str(recipient))
        # Made when the first server wants it, and then the same for all.
        message = cache(lambda: _whole(claim, sign))
        transcript: list[str] = []
        all_unwilling = True
        for target in targets:
            attempt = replace(attempt, host=target.host, ip=target.ip)

            def may_send(so_far: Attempt = attempt) -> bool:
                session.in_doubt = replace(so_far, phase=Phase.DOT, transcript=tuple(transcript))
                return session.may_send(claim, session.in_doubt)

            ending = await self._deliver(target, session, Sending(envelope, message, may_send), transcript)
            if ending.verdict is Verdict.NEXT_HOST or not session.more():
                session.end()
            attempt = _ended(attempt, ending, tuple(transcript))
            all_unwilling = all_unwilling and ending.unwilling
            if ending.verdict is not Verdict.NEXT_HOST:
                break
        return replace(attempt, event=Event.REFUSED) if all_unwilling else attempt

    async def _deliver(self, target: Target, session: DomainSession, sending: Sending, transcript: list[str]) -> Ending:
        """Send the message to one host, over the connection that is open to it or over a new one."""
        if session.conversation and await self._takes_more(session.conversation, target, transcript):
            ending = await session.conversation.send(sending)
            if not ending.of_the_connection_alone:
                return ending
        session.end()
        # With TLS where it is offered, and once more in the clear where TLS fails.
        for encrypt in (True, False):
            transcript.append(f"-- {target.host} [{target.ip}]")
            conversation = Conversation(self.clock, self.settings, self.connector, target, encrypt, transcript)
            session.conversation = conversation
            ending = await conversation.open() or await conversation.send(sending)
            if not ending.without_tls_it_may_work:
                break
        return ending

    async def _takes_more(self, kept: Conversation, target: Target, transcript: list[str]) -> bool:
        """Say whether the connection that the message before has left open will do."""
        if kept.target != target:
            return False
        transcript.append(f"-- {target.host} [{target.ip}]{ON_KEPT_CONNECTION}")
        return await kept.again(transcript)

    def outcome(self, claim: Claim, attempt: Attempt, now: datetime) -> Outcome:
        """Return what a finished attempt changes."""
        event = attempt.event or Event.DEFERRED
        due_at = None
        if event is Event.DEFERRED:
            due_at = next_attempt(now, claim.attempt, claim.created_at, self.settings, self.rng)
            if due_at is None:
                event = Event.EXPIRED
        status = next_status(Status.QUEUED, event)
        delivered_at = now if status is Status.DELIVERED else None
        return Outcome(status, replace(attempt, event=event), due_at, delivered_at)


def _whole(claim: Claim, sign: Callable[[bytes], bytes]) -> bytes:
    """Return a message as it goes out, and not before it was read again."""
    message = sign(compose(claim.message_id, claim.content, claim.created_at))
    check_message(message, claim.content)
    return message


def _ended(attempt: Attempt, ending: Ending, transcript: tuple[str, ...]) -> Attempt:
    event = {
        Verdict.GO_ON: Event.ACCEPTED,
        Verdict.REFUSED: Event.REFUSED,
        Verdict.NEXT_HOST: Event.DEFERRED,
    }[ending.verdict]
    return replace(
        attempt,
        event=event,
        phase=ending.phase,
        tls=ending.tls,
        code=ending.reply.code if ending.reply else None,
        enhanced=ending.enhanced,
        text=ending.text,
        transcript=transcript,
    )
