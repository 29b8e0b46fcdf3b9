"""Engines that are wrong, each in one way: the simulation must notice every one of them.

A mutant is a subclass or a wrapped port, put in where ``Parts`` has the reference's own: there is no branch for faults
in the product. ``make mutants`` prints which invariant caught which, at which seed, and the scenario cut down.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from justemails.delivery.attempt import Deliverer
from justemails.delivery.conversation import Conversation
from justemails.delivery.engine import Engine
from justemails.delivery.routing import Target
from justemails.delivery.settings import DeliverySettings, Phase
from justemails.delivery.signing import Signer
from justemails.ports import (
    Clock,
    Connector,
    DnsTemporaryError,
    MxRecord,
    NoSuchDomainError,
    Reply,
    Resolver,
    SmtpConnection,
)
from justemails.records import Attempt, Claim, DomainRoom, Outcome
from justemails.store import ANY_DOMAIN, DeliveryQueue
from justemails_contract.delivery import Event, Status
from justemails_sandbox.sending import DELIVERY
from justemails_simulation.parts import Parts

MESSAGES = 30


OUTCOME, SCHEDULE, DNS, CONVERSATION = "outcome", "schedule", "DNS", "conversation"
SIGNING, QUEUE, TIME = "signing", "queue", "time"


@dataclass(frozen=True)
class Mutant:
    """A wrong engine.

    Args:
        family: the part of the engine that is wrong.
        messages: how many a scenario has to have for it to show within a few seeds.
        seed: the one that is known to show it, so that it is tried first; the others come after it.
    """

    name: str
    family: str
    parts: Parts
    messages: int = MESSAGES
    seed: int = 1


def _settings(**changed: Any) -> Parts:  # Any: the members of DeliverySettings
    settings: DeliverySettings = replace(DELIVERY, **changed)
    return Parts(settings=settings)


# What an attempt's end means.


class Judging(Deliverer):
    """A deliverer that reads something else into the end of an attempt."""

    @staticmethod
    def read(claim: Claim, attempt: Attempt) -> Attempt:
        return attempt

    def outcome(self, claim: Claim, attempt: Attempt, now: datetime) -> Outcome:
        return super().outcome(claim, self.read(claim, attempt), now)


class RetriesRefusals(Judging):
    @staticmethod
    def read(claim: Claim, attempt: Attempt) -> Attempt:
        return replace(attempt, event=Event.DEFERRED) if attempt.event is Event.REFUSED else attempt


class BouncesDeferrals(Judging):
    @staticmethod
    def read(claim: Claim, attempt: Attempt) -> Attempt:
        later = attempt.code is not None and 400 <= attempt.code < 500
        return replace(attempt, event=Event.REFUSED) if later else attempt


class BouncesLostConnections(Judging):
    @staticmethod
    def read(claim: Claim, attempt: Attempt) -> Attempt:
        lost = attempt.event is Event.DEFERRED and attempt.code is None and attempt.phase != Phase.DNS
        return replace(attempt, event=Event.REFUSED) if lost else attempt


class TakesLostReplyForSuccess(Judging):
    @staticmethod
    def read(claim: Claim, attempt: Attempt) -> Attempt:
        lost = attempt.phase == Phase.DOT and attempt.code is None
        return replace(attempt, event=Event.ACCEPTED) if lost else attempt


class TakesLostReplyForFailure(Judging):
    @staticmethod
    def read(claim: Claim, attempt: Attempt) -> Attempt:
        lost = attempt.phase == Phase.DOT and attempt.code is None
        return replace(attempt, event=Event.REFUSED) if lost else attempt


class BouncesSilentDns(Judging):
    @staticmethod
    def read(claim: Claim, attempt: Attempt) -> Attempt:
        silent = attempt.phase == Phase.DNS and attempt.event is Event.DEFERRED
        return replace(attempt, event=Event.REFUSED) if silent else attempt


class GivesUpAtOnce(Judging):
    @staticmethod
    def read(claim: Claim, attempt: Attempt) -> Attempt:
        return replace(attempt, event=Event.EXPIRED) if attempt.event is Event.DEFERRED else attempt


class GivesUpAfterFiveAttempts(Judging):
    @staticmethod
    def read(claim: Claim, attempt: Attempt) -> Attempt:
        enough = claim.attempt >= 5 and attempt.event is Event.DEFERRED
        return replace(attempt, event=Event.EXPIRED) if enough else attempt


class Recording(Deliverer):
    """A deliverer that records something else than what came of an attempt."""

    @staticmethod
    def write(claim: Claim, outcome: Outcome) -> Outcome:
        return outcome

    def outcome(self, claim: Claim, attempt: Attempt, now: datetime) -> Outcome:
        return self.write(claim, super().outcome(claim, attempt, now))


class SchedulesFromAcceptance(Recording):
    @staticmethod
    def write(claim: Claim, outcome: Outcome) -> Outcome:
        ladder = DELIVERY.retry_ladder
        wait = ladder[min(claim.attempt, len(ladder)) - 1]
        return replace(outcome, due_at=claim.created_at + wait) if outcome.due_at else outcome


class SaysDeliveredAtAcceptance(Recording):
    @staticmethod
    def write(claim: Claim, outcome: Outcome) -> Outcome:
        return replace(outcome, delivered_at=claim.created_at) if outcome.delivered_at else outcome


class ForgetsWhenDelivered(Recording):
    @staticmethod
    def write(claim: Claim, outcome: Outcome) -> Outcome:
        return replace(outcome, delivered_at=None)


class SaysFailedForBounced(Recording):
    @staticmethod
    def write(claim: Claim, outcome: Outcome) -> Outcome:
        return replace(outcome, status=Status.FAILED) if outcome.status is Status.BOUNCED else outcome


class SendsAgainWhatIsDelivered(Recording):
    @staticmethod
    def write(claim: Claim, outcome: Outcome) -> Outcome:
        if outcome.status is not Status.DELIVERED or claim.attempt > 1:
            return outcome
        attempt = replace(outcome.attempt, event=Event.DEFERRED)
        due_at = outcome.attempt.at + timedelta(minutes=1)
        return Outcome(Status.QUEUED, attempt, due_at, None)


# DNS.


class OtherResolver:
    """A resolver that answers as another one does."""

    def __init__(self, inner: Resolver) -> None:
        self.inner = inner

    async def mx(self, domain: str) -> Sequence[MxRecord]:
        return await self.inner.mx(domain)

    async def addresses(self, host: str) -> Sequence[str]:
        return await self.inner.addresses(host)

    async def txt(self, name: str) -> Sequence[str]:
        return await self.inner.txt(name)


class WorstFirst(OtherResolver):
    async def mx(self, domain: str) -> Sequence[MxRecord]:
        records = await self.inner.mx(domain)
        return [MxRecord(100 - one.preference, one.host) if one.host != "." else one for one in records]


class NoPreference(OtherResolver):
    async def mx(self, domain: str) -> Sequence[MxRecord]:
        return [replace(one, preference=0) for one in await self.inner.mx(domain)]


class OnlyTheBest(OtherResolver):
    async def mx(self, domain: str) -> Sequence[MxRecord]:
        records = sorted(await self.inner.mx(domain), key=lambda one: (one.preference, one.host))
        return records[:1]


class NullMxIgnored(OtherResolver):
    async def mx(self, domain: str) -> Sequence[MxRecord]:
        return [one for one in await self.inner.mx(domain) if one.host != "."]


class AddressBesideMx(OtherResolver):
    """Takes the domain itself for one more mail host, though it has MX records."""

    async def mx(self, domain: str) -> Sequence[MxRecord]:
        records = await self.inner.mx(domain)
        return [*records, MxRecord(0, domain)] if records else records


class NoSuchDomainIsTemporary(OtherResolver):
    async def mx(self, domain: str) -> Sequence[MxRecord]:
        try:
            return await self.inner.mx(domain)
        except NoSuchDomainError:
            raise DnsTemporaryError("not now") from None


class ServfailIsPermanent(OtherResolver):
    async def mx(self, domain: str) -> Sequence[MxRecord]:
        try:
            return await self.inner.mx(domain)
        except DnsTemporaryError:
            raise NoSuchDomainError from None


# The conversation.


class OtherConnection:
    """A connection on which other things are said, or heard."""

    def __init__(self, inner: SmtpConnection) -> None:
        self.inner = inner

    async def greeting(self) -> Reply:
        return await self.inner.greeting()

    async def command(self, line: str) -> Reply:
        return await self.inner.command(line)

    async def start_tls(self, server_name: str) -> Reply:
        return await self.inner.start_tls(server_name)

    async def content(self, data: bytes) -> Reply:
        return await self.inner.content(data)

    def quit(self) -> None:
        self.inner.quit()

    def close(self) -> None:
        self.inner.close()


def _on(kind: Callable[[SmtpConnection], SmtpConnection]) -> Parts:
    class Dialling:
        def __init__(self, inner: Connector) -> None:
            self._inner = inner

        async def connect(self, ip: str) -> SmtpConnection:
            return kind(await self._inner.connect(ip))

    return Parts(connector=Dialling)


class DeliveredBeforeTheReply(OtherConnection):
    async def content(self, data: bytes) -> Reply:
        waiting = asyncio.ensure_future(self.inner.content(data))
        waiting.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.sleep(0)  # noqa: TID251  # the bytes go out, the reply is not waited for
        return Reply(250, "2.0.0 surely")


class DeliveredAtRcpt(OtherConnection):
    async def content(self, data: bytes) -> Reply:
        return Reply(250, "2.0.0 surely")


class LaterAtTheDotIsYes(OtherConnection):
    async def content(self, data: bytes) -> Reply:
        reply = await self.inner.content(data)
        return Reply(250, reply.text) if 400 <= reply.code < 500 else reply


class NoAtTheDotIsYes(OtherConnection):
    async def content(self, data: bytes) -> Reply:
        reply = await self.inner.content(data)
        return Reply(250, reply.text) if reply.code >= 500 else reply


class AsksTheNextAfterNo(OtherConnection):
    async def command(self, line: str) -> Reply:
        reply = await self.inner.command(line)
        no_user = line.startswith("RCPT") and reply.code >= 500
        return Reply(450, reply.text) if no_user else reply


class StripsLeadingDots(OtherConnection):
    async def content(self, data: bytes) -> Reply:
        return await self.inner.content(re.sub(rb"(?m)^\.", b"", data))


class BareLineFeeds(OtherConnection):
    async def content(self, data: bytes) -> Reply:
        return await self.inner.content(data.replace(b"\r\n", b"\n", 1))


class AddsReceived(OtherConnection):
    """Changes the message in each attempt, after it was signed."""

    count = 0

    async def content(self, data: bytes) -> Reply:
        AddsReceived.count += 1
        return await self.inner.content(data + b"%d\r\n" % AddsReceived.count)


class AnotherRecipient(OtherConnection):
    async def command(self, line: str) -> Reply:
        return await self.inner.command(re.sub(r"^RCPT TO:<[^@+]+", "RCPT TO:<postmaster", line))


# Signing and the envelope.


class Unsigned(Signer):
    def for_claim(self, claim: Claim) -> Callable[[bytes], bytes] | None:
        return (lambda message: message) if super().for_claim(claim) else None


class BareEnvelope(Signer):
    def envelope_sender(self, claim: Claim) -> str:
        return str(claim.content.sender.address)


class NeverVerified(Signer):
    def for_claim(self, claim: Claim) -> Callable[[bytes], bytes] | None:
        return None


# The queue.


class OtherQueue:
    """A queue that is used in another way."""

    def __init__(self, inner: DeliveryQueue) -> None:
        self.inner = inner

    def claim(self, now: datetime, lease_until: datetime, most: int, room: DomainRoom = ANY_DOMAIN) -> Sequence[Claim]:
        return self.inner.claim(now, lease_until, most, room)

    def claim_next(self, now: datetime, lease_until: datetime, domain: str) -> Claim | None:
        return self.inner.claim_next(now, lease_until, domain)

    def next_due(self, room: DomainRoom = ANY_DOMAIN) -> datetime | None:
        return self.inner.next_due(room)

    def next_due_to(self, domain: str) -> datetime | None:
        return self.inner.next_due_to(domain)

    def may_send(self, claim: Claim, attempt: Attempt, lease_until: datetime) -> bool:
        return self.inner.may_send(claim, attempt, lease_until)

    def finish(self, claim: Claim, outcome: Outcome) -> bool:
        return self.inner.finish(claim, outcome)

    def release_leases(self, now: datetime) -> int:
        return self.inner.release_leases(now)

    def attempts(self, message_id: str) -> Sequence[Attempt]:
        return self.inner.attempts(message_id)

    def has_message(self, message_id: str) -> bool:
        return self.inner.has_message(message_id)


class NotRecordedBeforeTheDot(OtherQueue):
    def may_send(self, claim: Claim, attempt: Attempt, lease_until: datetime) -> bool:
        return True


class SendsWithoutTheLease(OtherQueue):
    def may_send(self, claim: Claim, attempt: Attempt, lease_until: datetime) -> bool:
        self.inner.may_send(claim, attempt, lease_until)
        return True


class TakesWhatIsLeased(OtherQueue):
    def claim(self, now: datetime, lease_until: datetime, most: int, room: DomainRoom = ANY_DOMAIN) -> Sequence[Claim]:
        self.inner.release_leases(now)
        return self.inner.claim(now, lease_until, most, room)


class FinishesWithoutFence(OtherQueue):
    """Records with whatever fence the message has now."""

    fences: dict[str, int] = {}  # noqa: RUF012  # of all workers together, on purpose

    def claim(self, now: datetime, lease_until: datetime, most: int, room: DomainRoom = ANY_DOMAIN) -> Sequence[Claim]:
        claims = self.inner.claim(now, lease_until, most, room)
        self.fences |= {claim.message_id: claim.fence for claim in claims}
        return claims

    def claim_next(self, now: datetime, lease_until: datetime, domain: str) -> Claim | None:
        claim = self.inner.claim_next(now, lease_until, domain)
        if claim is not None:
            self.fences[claim.message_id] = claim.fence
        return claim

    def finish(self, claim: Claim, outcome: Outcome) -> bool:
        return self.inner.finish(replace(claim, fence=self.fences[claim.message_id]), outcome)


class LooksAnHourLate(OtherQueue):
    def next_due(self, room: DomainRoom = ANY_DOMAIN) -> datetime | None:
        due = self.inner.next_due(room)
        return due and due + timedelta(minutes=50)


class TriesEarly(OtherQueue):
    def claim(self, now: datetime, lease_until: datetime, most: int, room: DomainRoom = ANY_DOMAIN) -> Sequence[Claim]:
        return self.inner.claim(now + timedelta(seconds=30), lease_until, most, room)

    def next_due(self, room: DomainRoom = ANY_DOMAIN) -> datetime | None:
        due = self.inner.next_due(room)
        return due and due - timedelta(seconds=30)


class ForgetsDeferrals(OtherQueue):
    """Does not record that a message was put off, and leaves it to the lease."""

    def finish(self, claim: Claim, outcome: Outcome) -> bool:
        return True if outcome.status is Status.QUEUED else self.inner.finish(claim, outcome)


# Time.


class WallClock:
    """Reads the machine's clock, and waits on it."""

    def __init__(self, inner: Clock) -> None:
        self.inner = inner
        self._offset = inner.now() - datetime.now(UTC)  # noqa: TID251  # this is the mutation

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset  # noqa: TID251  # likewise

    def monotonic_ns(self) -> int:
        return self.inner.monotonic_ns()

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        return self.inner.timeout(seconds)


class NoTimeouts:
    """Waits for an answer for ever."""

    def __init__(self, inner: Clock) -> None:
        self.inner = inner

    def now(self) -> datetime:
        return self.inner.now()

    def monotonic_ns(self) -> int:
        return self.inner.monotonic_ns()

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        # The engine's own waits go on: what it waits for there is the next message.
        in_attempt = seconds in {getattr(DELIVERY, name) for name in ("greeting_s", "command_s", "data_s", "content_s")}
        return nullcontext() if in_attempt or seconds == DELIVERY.attempt_s else self.inner.timeout(seconds)


class MixesUpConnections(Deliverer):
    """Sends the next message over whatever connection is open, whichever host the message is to go to."""

    async def _takes_more(self, kept: Conversation, target: Target, transcript: list[str]) -> bool:
        return await kept.again(transcript)


class Deaf(Engine):
    """Does not listen when it is told of a new message."""

    def wake(self) -> None:
        pass


SHORT_LEASE = replace(DELIVERY, lease=timedelta(minutes=2))

MUTANTS: tuple[Mutant, ...] = (
    Mutant("a 5xx is retried", OUTCOME, Parts(deliverer=RetriesRefusals)),
    Mutant("a 4xx bounces", OUTCOME, Parts(deliverer=BouncesDeferrals)),
    Mutant("a lost connection bounces", OUTCOME, Parts(deliverer=BouncesLostConnections)),
    Mutant("a lost reply to the dot counts as success", OUTCOME, Parts(deliverer=TakesLostReplyForSuccess)),
    Mutant("a lost reply to the dot counts as refusal", OUTCOME, Parts(deliverer=TakesLostReplyForFailure)),
    Mutant("a DNS that does not answer bounces", OUTCOME, Parts(deliverer=BouncesSilentDns), seed=2),
    Mutant("gives up at the first deferral", OUTCOME, Parts(deliverer=GivesUpAtOnce)),
    Mutant("gives up after five attempts", OUTCOME, Parts(deliverer=GivesUpAfterFiveAttempts)),
    Mutant("gives up after two days", SCHEDULE, _settings(give_up_after=timedelta(days=2))),
    Mutant("never gives up", SCHEDULE, _settings(give_up_after=timedelta(days=400))),
    Mutant("retries every minute", SCHEDULE, _settings(retry_ladder=(timedelta(minutes=1),))),
    Mutant("retries without jitter", SCHEDULE, _settings(jitter=0.0)),
    Mutant("retries with three times the jitter", SCHEDULE, _settings(jitter=0.45)),
    Mutant("counts the schedule from the acceptance", SCHEDULE, Parts(deliverer=SchedulesFromAcceptance)),
    Mutant("deliveredAt is the time of the acceptance", OUTCOME, Parts(deliverer=SaysDeliveredAtAcceptance)),
    Mutant("deliveredAt is not kept", OUTCOME, Parts(deliverer=ForgetsWhenDelivered)),
    Mutant("a bounce is called failed", OUTCOME, Parts(deliverer=SaysFailedForBounced)),
    Mutant("what is delivered is sent again", OUTCOME, Parts(deliverer=SendsAgainWhatIsDelivered)),
    Mutant("the worst mail host comes first", DNS, Parts(resolver=WorstFirst), seed=6),
    Mutant("preferences are ignored", DNS, Parts(resolver=NoPreference), seed=6),
    Mutant("only the best mail host is tried", DNS, Parts(resolver=OnlyTheBest), seed=2),
    Mutant("a null MX is ignored", DNS, Parts(resolver=NullMxIgnored), seed=15),
    Mutant("the address is tried although there is an MX", DNS, Parts(resolver=AddressBesideMx)),
    Mutant("a domain that does not exist is retried", DNS, Parts(resolver=NoSuchDomainIsTemporary), seed=4),
    Mutant("SERVFAIL bounces", DNS, Parts(resolver=ServfailIsPermanent), seed=2),
    Mutant("delivered before the reply to the dot", CONVERSATION, _on(DeliveredBeforeTheReply)),
    Mutant("delivered without sending the message", CONVERSATION, _on(DeliveredAtRcpt)),
    Mutant("a 4xx to the dot counts as success", CONVERSATION, _on(LaterAtTheDotIsYes), seed=8),
    Mutant("a 5xx to the dot counts as success", CONVERSATION, _on(NoAtTheDotIsYes)),
    Mutant("another host is asked after a 5xx", CONVERSATION, _on(AsksTheNextAfterNo), seed=3),
    Mutant("leading dots are lost", CONVERSATION, _on(StripsLeadingDots)),
    Mutant("a bare line feed goes out", CONVERSATION, _on(BareLineFeeds)),
    Mutant("the message changes between attempts", CONVERSATION, _on(AddsReceived)),
    Mutant("somebody else is the recipient", CONVERSATION, _on(AnotherRecipient)),
    Mutant("the message is not signed", SIGNING, Parts(signer=Unsigned)),
    Mutant("the envelope sender is the From address", SIGNING, Parts(signer=BareEnvelope)),
    Mutant("a verified domain is taken for unverified", SIGNING, Parts(signer=NeverVerified)),
    Mutant("the attempt is not recorded before the dot", QUEUE, Parts(queue=NotRecordedBeforeTheDot)),
    Mutant("sends although the lease is lost", QUEUE, Parts(settings=SHORT_LEASE, queue=SendsWithoutTheLease)),
    Mutant("records without a fence", QUEUE, Parts(settings=SHORT_LEASE, queue=FinishesWithoutFence)),
    Mutant("takes what another worker has leased", QUEUE, Parts(queue=TakesWhatIsLeased)),
    Mutant("a lease of a hundred days", QUEUE, _settings(lease=timedelta(days=100)), seed=3),
    Mutant("looks at the queue too late", QUEUE, Parts(queue=LooksAnHourLate)),
    Mutant("tries half a minute early", SCHEDULE, Parts(queue=TriesEarly)),
    Mutant("a deferral is not recorded", QUEUE, Parts(queue=ForgetsDeferrals)),
    Mutant("gives up on the dot after two seconds", TIME, _settings(content_s=2.0), seed=2),
    Mutant("waits for ever on a silent host", TIME, Parts(clock=NoTimeouts)),
    Mutant("reads the machine's clock", TIME, Parts(clock=WallClock)),
    Mutant("any number of messages to a domain at once", CONVERSATION, _settings(per_domain=20), seed=2),
    Mutant(
        "the open connection is taken, whoever it is with",
        CONVERSATION,
        Parts(deliverer=MixesUpConnections),
        messages=60,
        seed=7,
    ),
    Mutant("does not notice new messages", QUEUE, Parts(engine=Deaf)),
)

WITNESSES: Mapping[str, str] = {
    OUTCOME: "a 5xx is retried",
    SCHEDULE: "retries every minute",
    DNS: "the address is tried although there is an MX",
    CONVERSATION: "leading dots are lost",
    SIGNING: "the message is not signed",
    QUEUE: "records without a fence",
    TIME: "waits for ever on a silent host",
}
"""One mutant of each family, which `make test` hunts; `make hunt` hunts all of them."""
