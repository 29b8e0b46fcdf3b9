"""One attempt to deliver one message: from a claim to an outcome."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from justemails.delivery.classify import Verdict, enhanced_code
from justemails.delivery.routing import NoRoute, Target, find_targets
from justemails.delivery.schedule import next_attempt
from justemails.delivery.session import Conversation, Ending, Envelope
from justemails.delivery.settings import DeliverySettings, Phase
from justemails.delivery.signing import Signer
from justemails.message import compose
from justemails.ports import Clock, Connector, Resolver
from justemails.records import Attempt, Claim, Outcome
from justemails_contract.delivery import Event, Status, next_status


@dataclass(frozen=True, slots=True)
class Deliverer:
    """Everything that an attempt needs."""

    clock: Clock
    resolver: Resolver
    connector: Connector
    signer: Signer
    rng: random.Random
    settings: DeliverySettings

    async def attempt(self, claim: Claim, before_dot: Callable[[Attempt], bool]) -> Attempt:
        """Try to deliver, host after host, and say how it ended.

        Args:
            claim: the message and its lease.
            before_dot: called before the message itself is sent, with the attempt so far; it records that the
                outcome is in doubt from here on (RFC 1047), and answers False when the lease is lost.

        Raises:
            LeaseLostError: the lease was lost before the message was sent.
        """
        attempt = Attempt(claim.attempt, self.clock.now(), None, Phase.NONE)
        sign = self.signer.for_claim(claim)
        if sign is None:
            domain = claim.content.sender.address.domain
            return replace(attempt, event=Event.WITHDRAWN, text=f"the domain {domain} is no longer verified")
        recipient = claim.content.recipient
        targets = await find_targets(recipient.domain, self.resolver, self.rng, self.settings.most_addresses)
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
        message = cache(lambda: sign(compose(claim.message_id, claim.content, claim.created_at)))
        transcript: list[str] = []
        for target in targets:
            attempt = replace(attempt, host=target.host, ip=target.ip)
            ending = await self._converse(target, envelope, message, attempt, transcript, before_dot)
            attempt = _ended(attempt, ending, tuple(transcript))
            if ending.verdict is not Verdict.NEXT_HOST:
                break
        return attempt

    async def _converse(
        self,
        target: Target,
        envelope: Envelope,
        message: Callable[[], bytes],
        attempt: Attempt,
        transcript: list[str],
        before_dot: Callable[[Attempt], bool],
    ) -> Ending:
        """Talk to one host: with TLS where it is offered, and once more in the clear where TLS fails."""

        async def talk(*, encrypt: bool) -> Ending:
            transcript.append(f"-- {target.host} [{target.ip}]")
            conversation = Conversation(
                self.clock,
                self.settings,
                envelope,
                message,
                before_dot=lambda so_far: before_dot(replace(attempt, phase=Phase.DOT, transcript=tuple(so_far))),
                transcript=transcript,
                encrypt=encrypt,
            )
            return await conversation.run(self.connector, target.host, target.ip)

        ending = await talk(encrypt=True)
        return await talk(encrypt=False) if ending.without_tls_it_may_work else ending

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
        enhanced=enhanced_code(ending.reply) if ending.reply else None,
        text=ending.text,
        transcript=transcript,
    )
