"""The invariants of delivery, one function each, in the order of their numbers.

Every rule is given the ledger as it was before the entry. The schedule is written down here a second time, from
CHOICE-22 and not from the engine's settings: a rule that read them would believe whatever they say.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from email import message_from_bytes, policy
from itertools import pairwise

from fakemx.mx.received import Received
from justemails_contract.delivery import Event, IllegalMoveError, Status, is_terminal, next_status
from justemails_simulation.history import (
    Accepted,
    Claimed,
    Entry,
    Finished,
    InDoubt,
    MailKept,
    MxDid,
    Shown,
)
from justemails_simulation.invariants.base import Rule
from justemails_simulation.ledger import MOST_TO_A_DOMAIN, MOST_UNDER_WAY, Copy, Facts, Ledger
from justemails_simulation.routes import Fate, Route

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LADDER = (MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR)
JITTER = 0.15
GIVE_UP = timedelta(days=4)
LEASE = HOUR  # a message whose worker has died comes back when this is over
PROMPT = timedelta(seconds=1)
DOT_PATIENCE = timedelta(minutes=10)  # RFC 5321 4.5.3.2.6: a sender that waits less makes copies
MOST_ADDRESSES = 5
LONGEST_ATTEMPT = 40 * MINUTE  # one that takes longer may be cut off before all hosts were asked
SIGNATURES = [("rsa-sha256", "pass"), ("ed25519-sha256", "pass")]  # CHOICE-27
LONGEST_LINE = 998  # RFC 5322 2.1.1, without its CRLF


def step_of(attempt: int) -> timedelta:
    """Return the wait that follows an attempt, before jitter."""
    return LADDER[min(attempt, len(LADDER)) - 1]


def every_id_exists(ledger: Ledger, entry: Entry) -> Iterator[str]:  # I1
    match entry.happening:
        case Accepted(message_id=message_id) if message_id in ledger.messages:
            yield f"the id {message_id} was given out twice"
        case Shown(message_id=message_id, status=None) if message_id in ledger.messages:
            yield f"{message_id} was accepted and is unknown now"


def one_terminal_status(ledger: Ledger, entry: Entry) -> Iterator[str]:  # I2
    match entry.happening:
        case Finished(recorded=True) as done:
            before = ledger.messages[done.message_id].status
            if is_terminal(before):
                yield f"{done.message_id} was {before} and an attempt was recorded: {done.status}"
        case Shown(message_id=message_id, status=str(status)) if message_id in ledger.messages:
            if status != ledger.messages[message_id].status:
                yield f"{message_id} is {ledger.messages[message_id].status}, and is shown as {status}"


def legal_moves(ledger: Ledger, entry: Entry) -> Iterator[str]:  # I3
    match entry.happening:
        case Finished(recorded=True) as done:
            before = ledger.messages[done.message_id].status
            try:
                after = next_status(before, done.outcome)
            except IllegalMoveError as ex:
                yield f"{done.message_id}: {ex}"
                return
            if after is not done.status:
                yield f"{done.message_id}: {before} by {done.outcome} makes {after}, not {done.status}"
            if (done.due_at is None) != is_terminal(done.status):
                yield f"{done.message_id} is {done.status} and its next attempt is due at {done.due_at}"


def delivered_at_is_true(ledger: Ledger, entry: Entry) -> Iterator[str]:  # I4
    match entry.happening:
        case Finished(recorded=True) as done:
            if (done.delivered_at is not None) != (done.status is Status.DELIVERED):
                yield f"{done.message_id} is {done.status} with a delivery time of {done.delivered_at}"
        case Shown(message_id=message_id, delivered_at=shown) as seen if message_id in ledger.messages:
            known = ledger.messages[message_id]
            if shown != (known.delivered_at and known.delivered_at.replace(microsecond=0)):
                yield f"{message_id} was delivered at {known.delivered_at}, and deliveredAt says {shown}"
            if shown is not None and seen.created_at is not None and shown < seen.created_at:
                yield f"{message_id} was delivered at {shown}, before it was created at {seen.created_at}"


def delivered_was_said(ledger: Ledger, entry: Entry) -> Iterator[str]:  # I5
    match entry.happening:
        case Finished(recorded=True, outcome=Event.ACCEPTED) as done:
            facts = ledger.messages[done.message_id]
            said = [copy.answered_at for copy in facts.copies_of(facts.attempts) if copy.answered_at]
            if not said:
                yield f"{done.message_id} is delivered, and no host has said 2xx to its final dot in this attempt"
            elif done.delivered_at is None or not min(said) <= done.delivered_at <= entry.at:
                yield f"{done.message_id} was taken at {min(said)}, and its delivery time is {done.delivered_at}"


def bounced_was_said(ledger: Ledger, entry: Entry) -> Iterator[str]:  # I6
    match entry.happening:
        case Finished(recorded=True, outcome=Event.REFUSED) as done:
            facts = ledger.messages[done.message_id]
            by_dns = {facts.route.fate, ledger.route_of(facts.recipient_domain).fate}
            refused = facts.refused_on is not None or _cannot_take_it(facts, done) or _nobody_is_willing(done)
            if not refused and (done.dialled or Fate.PERMANENT not in by_dns):
                yield f"{done.message_id} bounced, and neither a host nor DNS has refused it: {done.text!r}"
        case Finished(recorded=True, outcome=Event.WITHDRAWN) as done:
            yield f"{done.message_id} was withdrawn, and its domain is verified"


def _nobody_is_willing(done: Finished) -> bool:
    """Say whether every host that was asked has said 5xx to EHLO and to HELO."""
    starts = [at for at, line in enumerate(done.transcript) if re.match(r"-- \S+ \[", line)]
    talks = [done.transcript[start:end] for start, end in pairwise([*starts, None])]
    last_words = [next((line for line in reversed(talk) if line.startswith("S: ")), "") for talk in talks]
    return bool(talks) and all(
        any(line.startswith("C: HELO") for line in talk) and last.startswith("S: 5")
        for talk, last in zip(talks, last_words, strict=True)
    )


def _cannot_take_it(facts: Facts, done: Finished) -> bool:
    """Say whether the last host told in its reply to EHLO that the message is not for it (RFC 1870, RFC 6531)."""
    greeting = max((at for at, line in enumerate(done.transcript) if line.startswith("C: EHLO")), default=None)
    if greeting is None or done.phase != "MAIL" or done.code is not None:
        return False
    offered = [line.removeprefix("S:     ") for line in done.transcript[greeting:]]
    limits = [int(line.removeprefix("SIZE ")) for line in offered if re.fullmatch("SIZE [1-9][0-9]*", line)]
    accepted = facts.accepted
    most_octets = 20_000 + 8 * len(accepted.subject + (accepted.text or "") + (accepted.html or ""))
    return any(limit < most_octets for limit in limits) or (
        not accepted.recipient.isascii() and "SMTPUTF8" not in offered
    )


def who_is_told_no_stops(ledger: Ledger, entry: Entry) -> Iterator[str]:  # I6
    match entry.happening:
        case Finished(recorded=True, outcome=Event.DEFERRED | Event.EXPIRED) as done:
            facts = ledger.messages[done.message_id]
            if facts.refused_on is not None and done.code is not None and done.code >= 500:
                yield f"{done.message_id} was refused with {done.code} at {done.phase}, and is {done.outcome}"
            by_dns = {facts.route.fate, ledger.route_of(facts.recipient_domain).fate}
            if by_dns == {Fate.PERMANENT} and not _not_told(ledger, facts):
                yield f"{done.message_id} has nowhere to go, says DNS for good, and is {done.outcome}"
        case MxDid(did) if did.what == "replied":
            spoken_of = ledger.of_sender(did.sender)
            # Of a message that was taken over, the worker that has lost it may still be speaking too.
            if spoken_of is None or spoken_of.refused_on is None or spoken_of.taken_over:
                return
            if spoken_of.refused_on != did.connection:
                yield f"{spoken_of.accepted.message_id} was refused for good, and another host is asked: {did.host}"


def on_schedule(ledger: Ledger, entry: Entry) -> Iterator[str]:  # I7
    match entry.happening:
        case Claimed() as claim:
            facts = ledger.messages[claim.message_id]
            if is_terminal(facts.status):
                yield f"{claim.message_id} is {facts.status}, and is tried again"
            if claim.attempt != facts.attempts + 1:
                yield f"{claim.message_id}: attempt {claim.attempt} follows attempt {facts.attempts}"
            if facts.lease is not None and entry.at < facts.lease.lease_until:
                yield f"{claim.message_id} is leased to {facts.lease.worker}, and {claim.worker} takes it"
            elif facts.lease is None and entry.at < facts.due_at:
                yield f"{claim.message_id} is due at {facts.due_at}, and is tried {facts.due_at - entry.at} early"
            if facts.lease is not None and _neglected(ledger, facts, facts.lease):
                yield f"{claim.message_id}: {facts.lease.worker} lives, and let its lease run out"
            yield from _late(ledger, facts, claim, entry)
            yield from _too_many(ledger, facts, claim)
        case Finished(recorded=True) as done:
            lease = ledger.messages[done.message_id].lease
            if lease is None or (lease.worker, lease.attempt) != (done.worker, done.attempt):
                yield f"{done.message_id}: {done.worker} recorded attempt {done.attempt} without the lease"


def _neglected(ledger: Ledger, facts: Facts, lease: Claimed) -> bool:
    """Say whether a lease ran out although its worker was there all the time."""
    paused, claimed = ledger.last_pause.get(lease.worker), facts.claimed_at
    stood_still = paused is not None and claimed is not None and paused >= claimed
    return lease.message_id in ledger.under_way.get(lease.worker, ()) and not stood_still


def _late(ledger: Ledger, facts: Facts, claim: Claimed, entry: Entry) -> Iterator[str]:
    due = facts.lease.lease_until if facts.lease else facts.due_at
    if ledger.working_since is not None:
        due = max(due, ledger.working_since)
    # A worker that dies takes its plans along; another one looks again when a lease runs out, at the latest.
    died = ledger.last_crash is not None and ledger.last_crash >= due - LEASE
    allowed = (LEASE if died else timedelta(0)) + PROMPT
    if entry.at > due + allowed and not _all_full(ledger, facts.recipient_domain, entry):
        yield f"{claim.message_id} was due at {due}, and is tried {entry.at - due} late"


def _too_many(ledger: Ledger, facts: Facts, claim: Claimed) -> Iterator[str]:
    others = ledger.under_way.get(claim.worker, set()) - {claim.message_id}
    if len(others) >= MOST_UNDER_WAY:
        yield f"{claim.worker} has {len(others)} messages under way, and takes {claim.message_id}"
    to_domain = sum(ledger.messages[one].recipient_domain == facts.recipient_domain for one in others)
    if to_domain >= MOST_TO_A_DOMAIN:
        yield f"{claim.worker} has {to_domain} messages to {facts.recipient_domain} under way, and takes one more"


def _all_full(ledger: Ledger, domain: str, entry: Entry) -> bool:
    """Say whether no worker that is not new here had room for one more, or for one more to a domain, until now."""

    def is_full(worker: str) -> bool:
        if len(ledger.under_way[worker]) >= MOST_UNDER_WAY or ledger.under_way_to(worker, domain) >= MOST_TO_A_DOMAIN:
            return True
        last = (ledger.last_full.get(worker), ledger.last_full.get((worker, domain)))
        return any(full is not None and full >= entry.at - PROMPT for full in last)

    return all(is_full(worker) for worker, since in ledger.at_work_since.items() if since < entry.at - PROMPT)


def waits_as_said(ledger: Ledger, entry: Entry) -> Iterator[str]:  # I7
    match entry.happening:
        case Finished(recorded=True, outcome=Event.DEFERRED, due_at=due_at) as done if due_at is not None:
            wait, step = due_at - entry.at, step_of(done.attempt)
            if not step * (1 - JITTER) - PROMPT <= wait <= step * (1 + JITTER) + PROMPT:
                yield f"{done.message_id}: attempt {done.attempt} is followed by a wait of {wait}, not {step} ± 15 %"
            if due_at > ledger.messages[done.message_id].at + GIVE_UP + PROMPT:
                yield f"{done.message_id} is not given up after four days: the next attempt is due at {due_at}"
        case Finished(recorded=True, outcome=Event.EXPIRED) as done:
            latest = entry.at + step_of(done.attempt) * (1 + JITTER)
            if latest < ledger.messages[done.message_id].at + GIVE_UP - PROMPT:
                yield f"{done.message_id} is given up early: there was time until {latest}"


def recorded_before_the_dot(ledger: Ledger, entry: Entry) -> Iterator[str]:  # I7
    match entry.happening:
        case MailKept(mail):
            facts = ledger.of_sender(mail.sender)
            if facts is None:
                return
            doubt = facts.in_doubt
            if doubt is None:
                yield f"{facts.accepted.message_id} was sent, and the attempt was not recorded before the final dot"
            elif not doubt.granted:
                yield f"{facts.accepted.message_id} was sent by {doubt.worker}, which had lost its lease"
        case InDoubt(granted=True) as doubt:
            lease = ledger.messages[doubt.message_id].lease
            if lease is None or lease.worker != doubt.worker or lease.attempt != doubt.attempt:
                yield f"{doubt.message_id}: {doubt.worker} was let send in attempt {doubt.attempt} without the lease"


def no_copy_too_many(ledger: Ledger, entry: Entry) -> Iterator[str]:  # I8
    match entry.happening:
        case MailKept(mail) if mail.sender:  # the null sender's are reports that come back
            facts = ledger.of_sender(mail.sender)
            if facts is None:
                yield f"a mail arrived from {mail.sender!r}, which belongs to no accepted message"
                return
            if facts.terminal_at is not None and not any(copy.cut_by_crash for copy in facts.copies):
                yield f"{facts.accepted.message_id} is {facts.status}, and a copy was sent"
            for copy in facts.copies:
                if not _excused(copy, entry):
                    yield (
                        f"{facts.accepted.message_id} was kept and acknowledged at {copy.answered_at} by "
                        f"{copy.mail.host}, and was sent again"
                    )


def _excused(copy: Copy, entry: Entry) -> bool:
    if copy.cut_by_host or copy.cut_by_network or copy.cut_by_crash:
        return True
    return (copy.answered_at or entry.at) - copy.at >= DOT_PATIENCE


def hosts_in_order(ledger: Ledger, entry: Entry) -> Iterator[str]:  # I9
    match entry.happening:
        case Finished(dialled=dialled) as done if dialled:
            facts = ledger.messages[done.message_id]
            if facts.route != ledger.route_of(facts.recipient_domain) or _not_told(ledger, facts):
                return
            yield from (f"{done.message_id}: {problem}" for problem in _out_of_order(facts.route, dialled))
            put_off = done.outcome in {Event.DEFERRED, Event.EXPIRED} and done.attempt == facts.attempts
            if put_off and facts.claimed_at and entry.at - facts.claimed_at < LONGEST_ATTEMPT:
                yield from (f"{done.message_id}: {problem}" for problem in _left_out(facts.route, dialled))


def _not_told(ledger: Ledger, facts: Facts) -> bool:
    """Say whether a look-up of a host failed since the attempt began, so that it may be unknown to it."""
    names = {facts.recipient_domain, *facts.route.names}
    failed = [ledger.failed_look_ups.get(name) for name in names]
    return facts.claimed_at is not None and any(at is not None and at >= facts.claimed_at for at in failed)


def _out_of_order(route: Route, dialled: tuple[str, ...]) -> Iterator[str]:
    preference = {ip: index for index, group in enumerate(route.groups) for ip in group}
    unknown = [ip for ip in dialled if ip not in preference]
    if unknown:
        yield f"DNS does not name {unknown[0]} as a mail host, and it was dialled"
        return
    order = [preference[ip] for ip in dialled]
    if order != sorted(order):
        yield f"hosts were tried in the order {list(dialled)}, which is not that of their preferences"
    if len(set(dialled)) < MOST_ADDRESSES:
        skipped = [ip for ip, index in preference.items() if index < order[-1] and ip not in dialled]
        if skipped:
            yield f"{dialled[-1]} was tried, and the better {skipped[0]} was not"


def _left_out(route: Route, dialled: tuple[str, ...]) -> Iterator[str]:
    left = [ip for group in route.groups for ip in group if ip not in dialled]
    if left and len(set(dialled)) < MOST_ADDRESSES:
        yield f"it is put off, and {left[0]} was not asked"


def what_arrives_is_what_was_sent(ledger: Ledger, entry: Entry) -> Iterator[str]:  # I10
    match entry.happening:
        case MailKept(mail):
            facts = ledger.of_sender(mail.sender)
            if facts is None:
                return
            number = facts.accepted.message_id
            if any(copy.mail.data != mail.data for copy in facts.copies):
                yield f"{number}: a copy differs from the one before"
            if [(one.algorithm, one.result) for one in mail.auth.dkim] != SIGNATURES:
                yield f"{number}: its DKIM signatures are {[(one.algorithm, one.result) for one in mail.auth.dkim]}"
            if mail.auth.spf.result != "pass":
                yield f"{number}: SPF says {mail.auth.spf.result}"
            lines = mail.data.split(b"\r\n")
            if any(b"\r" in line or b"\n" in line or len(line) > LONGEST_LINE for line in lines):
                yield f"{number}: it has a bare CR or LF, or a line of more than 998 octets"
            yield from (f"{number}: {problem}" for problem in _altered(facts.accepted, mail))


def _altered(accepted: Accepted, mail: Received) -> Iterator[str]:
    message = message_from_bytes(mail.data, policy=policy.default)
    for name, wanted in (("From", accepted.sender), ("To", accepted.recipient), ("Subject", accepted.subject)):
        if str(message[name]) != wanted:
            yield f"its {name} was {wanted!r} and is {message[name]!r}"
    bodies: Mapping[str, str | None] = {"plain": accepted.text, "html": accepted.html}
    for kind, body in bodies.items():
        part = message.get_body((kind,))
        found = None if part is None else str(part.get_content()).replace("\r\n", "\n").rstrip("\n")
        if found != (None if body is None else body.replace("\r\n", "\n").rstrip("\n")):
            yield f"its {kind} body was {body!r} and is {found!r}"


def nobody_else_gets_it(ledger: Ledger, entry: Entry) -> Iterator[str]:  # I11
    match entry.happening:
        case MailKept(mail):
            facts = ledger.of_sender(mail.sender)
            if facts is not None and mail.recipients != (facts.accepted.recipient,):
                yield f"{facts.accepted.message_id} is to {facts.accepted.recipient}, and went to {mail.recipients}"


RULES: Mapping[str, tuple[Rule, ...]] = {
    "I1": (every_id_exists,),
    "I2": (one_terminal_status,),
    "I3": (legal_moves,),
    "I4": (delivered_at_is_true,),
    "I5": (delivered_was_said,),
    "I6": (bounced_was_said, who_is_told_no_stops),
    "I7": (on_schedule, waits_as_said, recorded_before_the_dot),
    "I8": (no_copy_too_many,),
    "I9": (hosts_in_order,),
    "I10": (what_arrives_is_what_was_sent,),
    "I11": (nobody_else_gets_it,),
}
